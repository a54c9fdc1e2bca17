//! A mutex that says who holds it.

use std::panic::Location;
use std::sync::{LockResult, TryLockError, TryLockResult};

use super::access::{guard, lock};
use super::place::Place;
use super::poison::{self, Poison};
use super::watch::{Hold, Kind, Record, Wanted, Watch};
use super::who::Who;

/// A twin of [`std::sync::Mutex`] that the commands `locks` and `waits` know.
///
/// It has the same functions, poisons in the same way, and can be made in a constant. Beyond that it knows its name, where it was made,
/// who holds it and since when, and who waits for it.
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
pub struct MutexGuard<'a, T: ?Sized> {
    // The order in which they are dropped: first it is noted, then the lock is let go.
    poison: Poison<'a>,
    hold: Hold<&'a Record>,
    inner: std::sync::MutexGuard<'a, T>,
}

impl<T> Mutex<T> {
    /// A mutex that is known by where it was made.
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
    /// Waits until nobody else holds it, and holds it.
    ///
    /// # Errors
    /// It is poisoned: who held it panicked. The guard is in the error.
    #[track_caller]
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        let (record, place, who) = (&**self.watch.record(), Location::caller(), Who::here(false));
        let taken = match self.inner.try_lock() {
            Ok(inner) => Ok(inner),
            Err(TryLockError::Poisoned(poisoned)) => Err(poisoned),
            Err(TryLockError::WouldBlock) => {
                let _wait = record.wait(who, Wanted::Alone, place);
                self.inner.lock()
            }
        };
        poison::map(taken, |inner| MutexGuard::new(record, who, place, inner))
    }

    /// Holds it, unless somebody else does.
    ///
    /// # Errors
    /// Somebody holds it, or it is poisoned.
    #[track_caller]
    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        let (record, place, who) = (&**self.watch.record(), Location::caller(), Who::here(false));
        let taken = match self.inner.try_lock() {
            Ok(inner) => Ok(inner),
            Err(TryLockError::Poisoned(poisoned)) => Err(poisoned),
            Err(TryLockError::WouldBlock) => return Err(TryLockError::WouldBlock),
        };
        Ok(poison::map(taken, |inner| MutexGuard::new(record, who, place, inner))?)
    }

    /// Whether somebody panicked who held it.
    pub fn is_poisoned(&self) -> bool {
        self.inner.is_poisoned()
    }

    /// Says that the value is sound again.
    pub fn clear_poison(&self) {
        self.inner.clear_poison();
        if let Some(record) = self.watch.used() {
            record.set_poisoned(false);
        }
    }

    /// The value, without a lock: nobody else can hold it.
    ///
    /// # Errors
    /// It is poisoned; the value is in the error.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        self.inner.get_mut()
    }
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    fn new(record: &'a Record, who: Who, place: Place, inner: std::sync::MutexGuard<'a, T>) -> Self {
        Self { poison: Poison::new(record), hold: Record::hold_alone(record, who, place), inner }
    }
}

impl<'a, T> MutexGuard<'a, T> {
    /// Lets the mutex go while `wait` waits for a condition, and notes that it is held again behind it.
    pub(super) fn while_released<R>(
        self,
        place: Place,
        wait: impl FnOnce(std::sync::MutexGuard<'a, T>) -> R,
    ) -> (R, impl FnOnce(std::sync::MutexGuard<'a, T>) -> Self) {
        let Self { poison, hold, inner } = self;
        let record = *hold.record();
        drop((poison, hold));
        let waited = wait(inner);
        (waited, move |inner| Self::new(record, Who::here(false), place, inner))
    }
}

lock!(Mutex);
guard!(MutexGuard<'_, T>, |guard| &guard.inner, |guard| &mut guard.inner);
