//! The types of statics that can be variables: how each is read without initialising it, and how it is locked for a change.

use std::any::Any;
use std::mem;
use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{
    AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicU8, AtomicU16, AtomicU32,
    AtomicU64, AtomicUsize, Ordering,
};
use std::sync::{Arc, LazyLock, Mutex, OnceLock, RwLock, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use crate::readable::Kept;
use crate::views::sync;
use crate::views::vars::Reading;
use crate::views::vars::typable::Typable;

/// How long to wait for a lock that another thread holds.
pub(crate) const WAIT: Duration = Duration::from_millis(50);

/// The result of reading a value.
pub enum Looked<R> {
    /// The value.
    Seen(R),
    /// The value, behind a lock that a panic has poisoned.
    Poisoned(R),
    /// There is no value yet.
    NotSet,
    /// Another thread held the lock.
    Held,
}

/// A type with a value that can be read while other threads use it.
pub trait Holder: Sync + 'static {
    /// The type of the value.
    type Value: 'static;

    /// Reads the value, under its lock if it has one. Never initialises it.
    fn look<R>(&self, look: impl FnOnce(&Self::Value) -> R) -> Looked<R>;
}

/// A type whose value an operator may change.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be `settable`",
    label = "not a type that can be changed atomically",
    note = "use an atomic, or put the value into a `Mutex` or an `RwLock`; with the feature `arc-swap`, also into an `ArcSwap`"
)]
pub trait Settable: Holder {
    /// Locks the value for a change, and waits for its lock until `end`.
    #[doc(hidden)]
    fn hold(&'static self, until: Instant) -> Result<Box<dyn Holding>, NotHeld>
    where
        Self::Value: SetValue;
}

/// A value in the form that an operator types.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the value of a `settable` variable",
    label = "not a type that an operator can set",
    note = "it needs `FromArg`, as parameters do, and `Clone`, `PartialEq`, `Send` and `Sync`: numbers, `bool`, `String`, `Duration`, enums with `#[derive(Choice, Clone, PartialEq)]`, and an `Option` of those"
)]
pub trait SetValue: Typable + Clone + PartialEq + Send + Sync {}

#[diagnostic::do_not_recommend]
impl<T: Typable + Clone + PartialEq + Send + Sync> SetValue for T {}

/// A type whose value is set once and stays.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a backdoor variable",
    label = "not a type that a variable can live in",
    note = "use an atomic, or put the value into a `Mutex`, an `RwLock`, a `OnceLock` or a `LazyLock`; any other type implements `backdoor_runtime::vars::Readable`"
)]
pub trait Lasting: Sync + 'static {
    /// The type of the value.
    #[doc(hidden)]
    type Value: 'static;

    /// The value, if it is set.
    #[doc(hidden)]
    fn get(&self) -> Option<&Self::Value>;
}

/// A value that is locked for a change.
pub trait Holding {
    /// Whether the value equals this one.
    fn is(&self, expected: &Kept) -> bool;

    /// Stores a new value and returns the old one; runs no code of the value's type. Does nothing if the value is no longer `only_over`.
    fn put(&mut self, new: Box<dyn Any>, only_over: Option<&Kept>) -> Option<Kept>;
}

/// Why a value could not be locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotHeld {
    /// Another thread holds its lock.
    Busy,
    /// There is no value yet.
    NotSet,
}

impl<R> Looked<R> {
    pub(crate) fn map<S>(self, map: impl FnOnce(R) -> S) -> Looked<S> {
        match self {
            Self::Seen(value) => Looked::Seen(map(value)),
            Self::Poisoned(value) => Looked::Poisoned(map(value)),
            Self::NotSet => Looked::NotSet,
            Self::Held => Looked::Held,
        }
    }

    pub(crate) fn seen(self) -> Option<R> {
        match self {
            Self::Seen(value) | Self::Poisoned(value) => Some(value),
            Self::NotSet | Self::Held => None,
        }
    }
}

impl From<Looked<crate::Value>> for Reading {
    fn from(looked: Looked<crate::Value>) -> Self {
        match looked {
            Looked::Seen(value) => Self::Value(value),
            Looked::Poisoned(value) => Self::Poisoned(value),
            Looked::NotSet => Self::NotSet,
            Looked::Held => Self::Held,
        }
    }
}

/// Unboxes a new value that the macro's code made.
pub(crate) fn typed<T: 'static>(new: Box<dyn Any>) -> T {
    *new.downcast().expect("a variable makes values of its own type")
}

pub(crate) fn is<T: PartialEq + 'static>(value: &T, expected: &Kept) -> bool {
    expected.downcast_ref() == Some(value)
}

macro_rules! atomics {
    ($($atomic:ident $value:ident),*) => {$(
        #[diagnostic::do_not_recommend]
        impl Holder for $atomic {
            type Value = $value;

            fn look<R>(&self, look: impl FnOnce(&$value) -> R) -> Looked<R> {
                Looked::Seen(look(&self.load(Ordering::Relaxed)))
            }
        }

        #[diagnostic::do_not_recommend]
        impl Settable for $atomic {
            fn hold(&'static self, _until: Instant) -> Result<Box<dyn Holding>, NotHeld> {
                Ok(Box::new(self))
            }
        }

        impl Holding for &'static $atomic {
            fn is(&self, expected: &Kept) -> bool {
                is(&self.load(Ordering::Acquire), expected)
            }

            fn put(&mut self, new: Box<dyn Any>, only_over: Option<&Kept>) -> Option<Kept> {
                let new = typed(new);
                match only_over {
                    None => Some(Arc::new(self.swap(new, Ordering::AcqRel))),
                    Some(expected) => {
                        let expected = *expected.downcast_ref()?;
                        let put = self.compare_exchange(expected, new, Ordering::AcqRel, Ordering::Acquire);
                        put.ok().map(|old| Arc::new(old) as Kept)
                    }
                }
            }
        }
    )*};
}

atomics! {
    AtomicBool bool,
    AtomicI8 i8, AtomicI16 i16, AtomicI32 i32, AtomicI64 i64, AtomicIsize isize,
    AtomicU8 u8, AtomicU16 u16, AtomicU32 u32, AtomicU64 u64, AtomicUsize usize
}

/// The guard of a lock: no other thread changes the value meanwhile.
struct Guarded<G>(G);

impl<T: SetValue, G: DerefMut<Target = T>> Holding for Guarded<G> {
    fn is(&self, expected: &Kept) -> bool {
        is(&*self.0, expected)
    }

    fn put(&mut self, new: Box<dyn Any>, _only_over: Option<&Kept>) -> Option<Kept> {
        Some(Arc::new(mem::replace(&mut *self.0, typed(new))))
    }
}

macro_rules! locks {
    ($($($path:ident)::+: $try_read:ident $try_write:ident ($($sync:tt)*);)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<T: Send + $($sync)* 'static> Holder for $($path)::+<T> {
            type Value = T;

            fn look<R>(&self, look: impl FnOnce(&T) -> R) -> Looked<R> {
                let found = until(Instant::now() + WAIT, || match self.$try_read() {
                    Ok(guard) => Some((guard, false)),
                    Err(TryLockError::Poisoned(error)) => Some((error.into_inner(), true)),
                    Err(TryLockError::WouldBlock) => None,
                });
                match found {
                    Some((guard, false)) => Looked::Seen(unharmed(guard, look)),
                    Some((guard, true)) => Looked::Poisoned(unharmed(guard, look)),
                    None => Looked::Held,
                }
            }
        }

        #[diagnostic::do_not_recommend]
        impl<T: Send + $($sync)* 'static> Settable for $($path)::+<T> {
            fn hold(&'static self, end: Instant) -> Result<Box<dyn Holding>, NotHeld>
            where
                T: SetValue,
            {
                let guard = until(end, || match self.$try_write() {
                    Ok(guard) => Some(guard),
                    Err(TryLockError::Poisoned(error)) => Some(error.into_inner()),
                    Err(TryLockError::WouldBlock) => None,
                });
                Ok(Box::new(Guarded(guard.ok_or(NotHeld::Busy)?)))
            }
        }
    )*};
}

locks! {
    Mutex: try_lock try_lock ();
    RwLock: try_read try_write (Sync +);
    sync::Mutex: try_lock try_lock ();
    sync::RwLock: try_read try_write (Sync +);
}

/// Reads through a guard. A panic there must not poison the service's lock, so the panic resumes after the guard is dropped.
fn unharmed<T, R>(guard: impl Deref<Target = T>, look: impl FnOnce(&T) -> R) -> R {
    let looked = catch_unwind(AssertUnwindSafe(|| look(&guard)));
    drop(guard);
    looked.unwrap_or_else(|panic| resume_unwind(panic))
}

/// Repeats the attempt until the deadline: no lock of the standard library has a wait with a deadline.
fn until<T>(end: Instant, mut attempt: impl FnMut() -> Option<T>) -> Option<T> {
    const LONGEST: Duration = Duration::from_millis(1);
    let mut pause = Duration::from_micros(10);
    loop {
        if let Some(done) = attempt() {
            return Some(done);
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        thread::sleep(pause.min(left));
        pause = (pause * 2).min(LONGEST);
    }
}

macro_rules! made_later {
    ($(($($generics:tt)*) $late:ty;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<T: Holder + Send, $($generics)*> Holder for $late {
            type Value = T::Value;

            fn look<R>(&self, look: impl FnOnce(&T::Value) -> R) -> Looked<R> {
                <$late>::get(self).map_or(Looked::NotSet, |place| place.look(look))
            }
        }

        #[diagnostic::do_not_recommend]
        impl<T: Settable + Send, $($generics)*> Settable for $late {
            fn hold(&'static self, until: Instant) -> Result<Box<dyn Holding>, NotHeld>
            where
                T::Value: SetValue,
            {
                <$late>::get(self).ok_or(NotHeld::NotSet)?.hold(until)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<T: Sync + Send + 'static, $($generics)*> Lasting for $late {
            type Value = T;

            fn get(&self) -> Option<&T> {
                <$late>::get(self)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<T: crate::views::vars::Readable + Send, $($generics)*> crate::views::vars::Readable for $late {
            fn read(&self) -> Reading {
                <$late>::get(self).map_or(Reading::NotSet, crate::views::vars::Readable::read)
            }
        }
    )*};
}

made_later! {
    () OnceLock<T>;
    (F: Send + 'static) LazyLock<T, F>;
}
