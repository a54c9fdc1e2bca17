//! A mutex that records its holder.

use std::panic::Location;
use std::sync::{LockResult, TryLockResult};

use super::access::{guard, lock};
use super::place::Place;
use super::record::{Kind, Wanted};
use super::take::{Acquire, Alone};
use super::watch::Watch;

/// A replacement for [`std::sync::Mutex`], shown by the commands `locks` and `waits`.
///
/// It has the same functions, poisons in the same way, and can be made in a constant. In addition it records its name, the place of its
/// creation, its holder with the time, and its waiters.
///
/// ```
/// use backdoor_runtime::sync::{self, Mutex};
///
/// static HITS: Mutex<u64> = Mutex::named("hits", 0);
///
/// let mut hits = HITS.lock().unwrap();
/// *hits += 1;
///
/// let all = sync::locks();
/// let seen = all.iter().find(|lock| lock.name == Some("hits")).expect("it was used");
/// assert_eq!(seen.kind, "mutex");
/// assert_eq!(seen.holders[0].thread, rustix::thread::gettid().as_raw_nonzero().get().unsigned_abs());
/// ```
///
/// A lock is listed from its first use until it is dropped.
pub struct Mutex<T: ?Sized> {
    watch: Watch,
    inner: std::sync::Mutex<T>,
}

/// Access to the value of a [`Mutex`], until it is dropped.
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct MutexGuard<'a, T: ?Sized>(Alone<'a, std::sync::MutexGuard<'a, T>>);

impl<T> Mutex<T> {
    /// A mutex without a name, shown by the place of its creation.
    #[track_caller]
    pub const fn new(value: T) -> Self {
        Self { watch: Watch::new(Kind::Mutex, None, Location::caller()), inner: std::sync::Mutex::new(value) }
    }

    /// A mutex with a name. Several may have the same.
    #[track_caller]
    pub const fn named(name: &'static str, value: T) -> Self {
        let watch = Watch::new(Kind::Mutex, Some(name), Location::caller());
        Self { watch, inner: std::sync::Mutex::new(value) }
    }

    /// The value.
    ///
    /// # Errors
    /// It is poisoned; the value is in the error.
    pub fn into_inner(self) -> LockResult<T> {
        self.inner.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Locks the mutex, and waits until it is free.
    ///
    /// # Errors
    /// It is poisoned: a holder panicked. The guard is in the error.
    #[track_caller]
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        Acquire::here(&self.watch).take(
            Wanted::Alone,
            || self.inner.try_lock(),
            || self.inner.lock(),
            MutexGuard::new,
        )
    }

    /// Locks the mutex if it is free.
    ///
    /// # Errors
    /// It is held, or it is poisoned.
    #[track_caller]
    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        Acquire::here(&self.watch).try_take(self.inner.try_lock(), MutexGuard::new)
    }

    /// Whether a holder panicked.
    pub fn is_poisoned(&self) -> bool {
        self.inner.is_poisoned()
    }

    /// Clears the poison.
    pub fn clear_poison(&self) {
        self.inner.clear_poison();
        if let Some(record) = self.watch.used() {
            record.set_poisoned(false);
        }
    }

    /// The value, without a lock: the exclusive reference proves that it is free.
    ///
    /// # Errors
    /// It is poisoned; the value is in the error.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        self.inner.get_mut()
    }
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    fn new(taker: Acquire<'a>, inner: std::sync::MutexGuard<'a, T>) -> Self {
        Self(Alone::new(taker, inner))
    }
}

impl<'a, T> MutexGuard<'a, T> {
    /// Releases the mutex while `wait` waits for a condition, and records the new hold after it.
    pub(super) fn while_released<R>(
        self,
        place: Place,
        wait: impl FnOnce(std::sync::MutexGuard<'a, T>) -> R,
    ) -> (R, impl FnOnce(std::sync::MutexGuard<'a, T>) -> Self) {
        let (record, inner) = self.0.note_free();
        let waited = wait(inner);
        (waited, move |inner| Self::new(Acquire::of(record, place), inner))
    }
}

lock!(Mutex);
guard!(MutexGuard<'_, T>, |guard| &guard.0.inner, |guard| &mut guard.0.inner);
