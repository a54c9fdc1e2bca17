//! A lock for many readers or one writer that records them.

use std::panic::Location;
use std::sync::{self, LockResult, TryLockResult};

use super::access::{guard, lock};
use super::record::{Hold, Kind, Record, Wanted};
use super::take::{Acquire, Alone};
use super::watch::Watch;

/// A replacement for [`std::sync::RwLock`], shown by the commands `locks` and `waits`.
///
/// Up to eight readers are listed, and the others counted.
///
/// ```
/// use backdoor_runtime::sync::{self, RwLock};
///
/// let routes = RwLock::named("routes", vec!["/"]);
/// let reader = routes.read().unwrap();
/// assert_eq!(reader.len(), 1);
/// assert!(routes.try_write().is_err(), "it is being read");
///
/// let all = sync::locks();
/// let seen = all.iter().find(|lock| lock.name == Some("routes")).expect("it was used");
/// assert_eq!(seen.holders[0].mode, "read");
/// drop(reader);
/// routes.write().unwrap().push("/health");
/// ```
pub struct RwLock<T: ?Sized> {
    watch: Watch,
    inner: sync::RwLock<T>,
}

/// Shared access to the value of an [`RwLock`], until it is dropped.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockReadGuard<'a, T: ?Sized> {
    /// Dropped before the lock is released.
    _hold: Hold<&'a Record>,
    inner: sync::RwLockReadGuard<'a, T>,
}

/// Exclusive access to the value of an [`RwLock`], until it is dropped.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockWriteGuard<'a, T: ?Sized>(Alone<'a, sync::RwLockWriteGuard<'a, T>>);

impl<T> RwLock<T> {
    /// A lock without a name, shown by the place of its creation.
    #[track_caller]
    pub const fn new(value: T) -> Self {
        Self { watch: Watch::new(Kind::RwLock, None, Location::caller()), inner: sync::RwLock::new(value) }
    }

    /// A lock with a name. Several may have the same.
    #[track_caller]
    pub const fn named(name: &'static str, value: T) -> Self {
        let watch = Watch::new(Kind::RwLock, Some(name), Location::caller());
        Self { watch, inner: sync::RwLock::new(value) }
    }

    /// The value.
    ///
    /// # Errors
    /// It is poisoned; the value is in the error.
    pub fn into_inner(self) -> LockResult<T> {
        self.inner.into_inner()
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Waits until there is no writer, and reads.
    ///
    /// # Errors
    /// It is poisoned: a writer panicked. The guard is in the error.
    #[track_caller]
    pub fn read(&self) -> LockResult<RwLockReadGuard<'_, T>> {
        Acquire::here(&self.watch).take(
            Wanted::Read,
            || self.inner.try_read(),
            || self.inner.read(),
            RwLockReadGuard::new,
        )
    }

    /// Reads, if there is no writer.
    ///
    /// # Errors
    /// There is a writer, or the lock is poisoned.
    #[track_caller]
    pub fn try_read(&self) -> TryLockResult<RwLockReadGuard<'_, T>> {
        Acquire::here(&self.watch).try_take(self.inner.try_read(), RwLockReadGuard::new)
    }

    /// Waits until there is no reader and no writer, and writes.
    ///
    /// # Errors
    /// It is poisoned: a writer panicked. The guard is in the error.
    #[track_caller]
    pub fn write(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
        Acquire::here(&self.watch).take(
            Wanted::Alone,
            || self.inner.try_write(),
            || self.inner.write(),
            RwLockWriteGuard::new,
        )
    }

    /// Writes, if there is no reader and no writer.
    ///
    /// # Errors
    /// There is a reader or a writer, or the lock is poisoned.
    #[track_caller]
    pub fn try_write(&self) -> TryLockResult<RwLockWriteGuard<'_, T>> {
        Acquire::here(&self.watch).try_take(self.inner.try_write(), RwLockWriteGuard::new)
    }

    /// Whether a writer panicked.
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

impl<'a, T: ?Sized> RwLockReadGuard<'a, T> {
    fn new(Acquire { record, who, place }: Acquire<'a>, inner: sync::RwLockReadGuard<'a, T>) -> Self {
        Self { _hold: Record::hold_shared(record, who, place, 1), inner }
    }
}

impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    fn new(taker: Acquire<'a>, inner: sync::RwLockWriteGuard<'a, T>) -> Self {
        Self(Alone::new(taker, inner))
    }

    /// Turns this into a read guard, and lets other readers in.
    #[track_caller]
    pub fn downgrade(guard: Self) -> RwLockReadGuard<'a, T> {
        let (record, inner) = guard.0.note_free();
        let inner = sync::RwLockWriteGuard::downgrade(inner);
        RwLockReadGuard::new(Acquire::of(record, Location::caller()), inner)
    }
}

lock!(RwLock);
guard!(RwLockReadGuard<'_, T>, |guard| &guard.inner);
guard!(RwLockWriteGuard<'_, T>, |guard| &guard.0.inner, |guard| &mut guard.0.inner);
