//! Guards of a part of the locked value. The owner of such a guard is still shown as the holder of the lock.

use std::panic::Location;
use std::sync::Arc;

use tokio::sync;

use super::mutex::{Mutex, MutexGuard, OwnedMutexGuard};
use super::owned::Owned;
use super::rwlock::{
    OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock, RwLockReadGuard, RwLockWriteGuard, shared,
};
use crate::views::sync::access::guard;
use crate::views::sync::place::Place;
use crate::views::sync::record::{Hold, Record};

/// Access to a part of the value of a [`Mutex`], until it is dropped.
///
/// ```
/// use backdoor_runtime::sync::asynch::{Mutex, MutexGuard};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let both = Mutex::new((1, 2));
/// let mut one = MutexGuard::map(both.lock().await, |both| &mut both.0);
/// *one += 1;
/// drop(one);
/// assert_eq!(*both.lock().await, (2, 2));
/// # }
/// ```
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct MappedMutexGuard<'a, T: ?Sized> {
    /// Dropped before the lock is released.
    hold: Hold<&'a Record>,
    inner: sync::MappedMutexGuard<'a, T>,
}

/// Access to a part of the value of a [`Mutex`] that it keeps alive, until it is dropped.
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct OwnedMappedMutexGuard<T: ?Sized + 'static, U: ?Sized + 'static = T>(
    Owned<Mutex<T>, MappedMutexGuard<'static, U>>,
);

/// Exclusive access to a part of the value of an [`RwLock`], until it is dropped.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockMappedWriteGuard<'a, T: ?Sized> {
    /// Dropped before the lock is released.
    hold: Hold<&'a Record>,
    inner: sync::RwLockMappedWriteGuard<'a, T>,
}

/// Exclusive access to a part of the value of an [`RwLock`] that it keeps alive, until it is dropped.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct OwnedRwLockMappedWriteGuard<T: ?Sized + 'static, U: ?Sized + 'static = T>(
    Owned<RwLock<T>, RwLockMappedWriteGuard<'static, U>>,
);

/// Maps a guard by tokio's function. If the author's function panics, the hold is dropped before the lock is released.
macro_rules! mapped {
    ($map:path, $inner:expr, $hold:expr, $part:expr) => {{
        let (hold, part) = ($hold, $part);
        let mut kept = None;
        let keeps = &mut kept;
        let inner = $map($inner, move |value| {
            let value = part(value);
            *keeps = Some(hold);
            value
        });
        (kept.expect("a guard is only mapped by what was called"), inner)
    }};
}

/// `map` and `try_map` from a guard to a guard of a part, by the methods of tokio's guard inside.
macro_rules! maps {
    (
        impl<$($lifetime:lifetime,)? $value:ident> $guard:ty, $inner:ident =>
        $part:ident<$($of:lifetime)?>, $access:ty => $part_access:ty, U $(: $bound:tt Sized)?
    ) => {
        impl<$($lifetime,)? $value: ?Sized> $guard {
            /// A guard of a part of the value.
            pub fn map<U $(: $bound Sized)?>(
                this: Self,
                part: impl FnOnce($access) -> $part_access,
            ) -> $part<$($of,)? U> {
                let (hold, inner) = mapped!(sync::$inner::map, this.inner, this.hold, part);
                $part { hold, inner }
            }

            /// A guard of a part of the value, if there is one.
            ///
            /// # Errors
            /// There is no such part; the guard is in the error.
            pub fn try_map<U $(: $bound Sized)?>(
                mut this: Self,
                part: impl FnOnce($access) -> Option<$part_access>,
            ) -> Result<$part<$($of,)? U>, Self> {
                match mapped!(sync::$inner::try_map, this.inner, this.hold, part) {
                    (hold, Ok(inner)) => Ok($part { hold, inner }),
                    (hold, Err(inner)) => {
                        (this.hold, this.inner) = (hold, inner);
                        Err(this)
                    }
                }
            }
        }
    };
}

maps!(impl<'a, T> MutexGuard<'a, T>, MutexGuard => MappedMutexGuard<'a>, &mut T => &mut U, U: ?Sized);
maps!(impl<'a, T> MappedMutexGuard<'a, T>, MappedMutexGuard => MappedMutexGuard<'a>, &mut T => &mut U, U);
maps!(impl<'a, T> RwLockReadGuard<'a, T>, RwLockReadGuard => RwLockReadGuard<'a>, &T => &U, U: ?Sized);
maps!(
    impl<'a, T> RwLockWriteGuard<'a, T>, RwLockWriteGuard =>
    RwLockMappedWriteGuard<'a>, &mut T => &mut U, U: ?Sized
);
maps!(
    impl<'a, T> RwLockMappedWriteGuard<'a, T>, RwLockMappedWriteGuard =>
    RwLockMappedWriteGuard<'a>, &mut T => &mut U, U: ?Sized
);

/// The same for a guard that keeps its lock alive, by the methods of tokio's guard inside.
macro_rules! maps_owned {
    (
        impl<$($value:ident),+> $guard:ty, $inner:ident =>
        $part:ident, $access:ty => $part_access:ty, U $(: $bound:tt Sized)?
    ) => {
        impl<$($value: ?Sized),+> $guard {
            /// A guard of a part of the value.
            pub fn map<U $(: $bound Sized)?>(
                this: Self,
                part: impl FnOnce($access) -> $part_access,
            ) -> $part<T, U> {
                $part(this.0.map(|guard| $inner::map(guard, part)))
            }

            /// A guard of a part of the value, if there is one.
            ///
            /// # Errors
            /// There is no such part; the guard is in the error.
            pub fn try_map<U $(: $bound Sized)?>(
                this: Self,
                part: impl FnOnce($access) -> Option<$part_access>,
            ) -> Result<$part<T, U>, Self> {
                this.0.try_map(|guard| $inner::try_map(guard, part)).map($part).map_err(Self)
            }
        }
    };
}

maps_owned!(impl<T> OwnedMutexGuard<T>, MutexGuard => OwnedMappedMutexGuard, &mut T => &mut U, U: ?Sized);
maps_owned!(
    impl<T, V> OwnedMappedMutexGuard<T, V>, MappedMutexGuard =>
    OwnedMappedMutexGuard, &mut V => &mut U, U
);
maps_owned!(
    impl<T, V> OwnedRwLockReadGuard<T, V>, RwLockReadGuard =>
    OwnedRwLockReadGuard, &V => &U, U: ?Sized
);
maps_owned!(
    impl<T> OwnedRwLockWriteGuard<T>, RwLockWriteGuard =>
    OwnedRwLockMappedWriteGuard, &mut T => &mut U, U: ?Sized
);
maps_owned!(
    impl<T, V> OwnedRwLockMappedWriteGuard<T, V>, RwLockMappedWriteGuard =>
    OwnedRwLockMappedWriteGuard, &mut V => &mut U, U: ?Sized
);

impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    /// A guard of the whole value, with the type of a guard of a part.
    pub fn into_mapped(this: Self) -> RwLockMappedWriteGuard<'a, T> {
        Self::map(this, |value| value)
    }

    /// Turns this into a read guard of a part of the value, and lets other readers in.
    #[track_caller]
    pub fn downgrade_map<U: ?Sized>(this: Self, part: impl FnOnce(&T) -> &U) -> RwLockReadGuard<'a, U> {
        this.downgrade_map_at(Location::caller(), part)
    }

    /// The same, if there is such a part.
    ///
    /// # Errors
    /// There is no such part; the guard is in the error.
    #[track_caller]
    pub fn try_downgrade_map<U: ?Sized>(
        this: Self,
        part: impl FnOnce(&T) -> Option<&U>,
    ) -> Result<RwLockReadGuard<'a, U>, Self> {
        this.try_downgrade_map_at(Location::caller(), part)
    }

    fn downgrade_map_at<U: ?Sized>(
        self,
        place: Place,
        part: impl FnOnce(&T) -> &U,
    ) -> RwLockReadGuard<'a, U> {
        let (hold, inner) = mapped!(sync::RwLockWriteGuard::downgrade_map, self.inner, self.hold, part);
        RwLockReadGuard { hold: shared(hold, place), inner }
    }

    fn try_downgrade_map_at<U: ?Sized>(
        self,
        place: Place,
        part: impl FnOnce(&T) -> Option<&U>,
    ) -> Result<RwLockReadGuard<'a, U>, Self> {
        match mapped!(sync::RwLockWriteGuard::try_downgrade_map, self.inner, self.hold, part) {
            (hold, Ok(inner)) => Ok(RwLockReadGuard { hold: shared(hold, place), inner }),
            (hold, Err(inner)) => Err(Self { hold, inner }),
        }
    }
}

impl<T: ?Sized> OwnedRwLockWriteGuard<T> {
    /// A guard of the whole value, with the type of a guard of a part.
    pub fn into_mapped(this: Self) -> OwnedRwLockMappedWriteGuard<T> {
        Self::map(this, |value| value)
    }

    /// Turns this into a read guard of a part of the value, and lets other readers in.
    #[track_caller]
    pub fn downgrade_map<U: ?Sized>(this: Self, part: impl FnOnce(&T) -> &U) -> OwnedRwLockReadGuard<T, U> {
        let place = Location::caller();
        OwnedRwLockReadGuard(this.0.map(|guard| guard.downgrade_map_at(place, part)))
    }

    /// The same, if there is such a part.
    ///
    /// # Errors
    /// There is no such part; the guard is in the error.
    #[track_caller]
    pub fn try_downgrade_map<U: ?Sized>(
        this: Self,
        part: impl FnOnce(&T) -> Option<&U>,
    ) -> Result<OwnedRwLockReadGuard<T, U>, Self> {
        let place = Location::caller();
        let mapped = this.0.try_map(|guard| guard.try_downgrade_map_at(place, part));
        mapped.map(OwnedRwLockReadGuard).map_err(Self)
    }
}

impl<T: ?Sized, U: ?Sized> OwnedRwLockMappedWriteGuard<T, U> {
    /// The lock of this guard.
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        this.0.owner()
    }
}

guard!(MappedMutexGuard<'_, T>, |guard| &guard.inner, |guard| &mut guard.inner);
guard!(OwnedMappedMutexGuard<L, T>, of L, |guard| guard.0.dependent(), |guard| guard.0.dependent_mut());
guard!(RwLockMappedWriteGuard<'_, T>, |guard| &guard.inner, |guard| &mut guard.inner);
guard!(OwnedRwLockMappedWriteGuard<L, T>, of L, |guard| guard.0.dependent(), |guard| guard.0.dependent_mut());
