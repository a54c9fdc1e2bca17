//! A lock for many readers or one writer that may be held across an await, and records them.

use std::panic::Location;
use std::sync::Arc;

use tokio::sync::{self, TryLockError};

use super::owned::Owned;
use super::take;
use crate::views::sync::access::{guard, lock};
use crate::views::sync::place::Place;
use crate::views::sync::record::{Hold, Kind, Record, Wanted};
use crate::views::sync::watch::Watch;
use crate::views::sync::who::Owner;

/// A replacement for [`tokio::sync::RwLock`], shown by the commands `locks` and `waits`.
///
/// Up to eight readers are listed, and the others counted.
///
/// ```
/// use backdoor_runtime::sync::asynch::RwLock;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let routes = RwLock::named("routes", vec!["/"]);
/// let (one, other) = (routes.read().await, routes.read().await);
/// assert_eq!(one.len() + other.len(), 2);
/// assert!(routes.try_write().is_err(), "it is being read");
/// drop((one, other));
/// routes.write().await.push("/health");
/// # }
/// ```
pub struct RwLock<T: ?Sized> {
    watch: Watch,
    inner: sync::RwLock<T>,
}

/// Shared access to the value of an [`RwLock`], until it is dropped.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockReadGuard<'a, T: ?Sized> {
    /// Dropped before the lock is released.
    pub(super) hold: Hold<&'a Record>,
    pub(super) inner: sync::RwLockReadGuard<'a, T>,
}

/// Exclusive access to the value of an [`RwLock`], until it is dropped.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockWriteGuard<'a, T: ?Sized> {
    /// Dropped before the lock is released.
    pub(super) hold: Hold<&'a Record>,
    pub(super) inner: sync::RwLockWriteGuard<'a, T>,
}

/// Shared access to the value of an [`RwLock`], or to a part of it, that it keeps alive until it is dropped.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct OwnedRwLockReadGuard<T: ?Sized + 'static, U: ?Sized + 'static = T>(
    pub(super) Owned<RwLock<T>, RwLockReadGuard<'static, U>>,
);

/// Exclusive access to the value of an [`RwLock`] that it keeps alive, until it is dropped.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct OwnedRwLockWriteGuard<T: ?Sized + 'static>(
    pub(super) Owned<RwLock<T>, RwLockWriteGuard<'static, T>>,
);

impl<T> RwLock<T> {
    /// A lock without a name, shown by the place of its creation.
    #[track_caller]
    pub const fn new(value: T) -> Self {
        Self::watched(Watch::new(Kind::AsyncRwLock, None, Location::caller()), value)
    }

    /// As [`new`](Self::new), which is constant here, too.
    #[track_caller]
    pub const fn const_new(value: T) -> Self {
        Self::watched(Watch::new(Kind::AsyncRwLock, None, Location::caller()), value)
    }

    /// A lock with a name. Several may have the same.
    #[track_caller]
    pub const fn named(name: &'static str, value: T) -> Self {
        Self::watched(Watch::new(Kind::AsyncRwLock, Some(name), Location::caller()), value)
    }

    /// A lock for at most this many readers at a time. The limit is at most `u32::MAX >> 3`.
    ///
    /// # Panics
    /// The limit is larger.
    #[track_caller]
    pub fn with_max_readers(value: T, readers: u32) -> Self {
        let watch = Watch::new(Kind::AsyncRwLock, None, Location::caller());
        Self { watch, inner: sync::RwLock::with_max_readers(value, readers) }
    }

    /// As [`with_max_readers`](Self::with_max_readers), which is constant here, too.
    ///
    /// # Panics
    /// The limit is larger.
    #[track_caller]
    pub const fn const_with_max_readers(value: T, readers: u32) -> Self {
        let watch = Watch::new(Kind::AsyncRwLock, None, Location::caller());
        Self { watch, inner: sync::RwLock::const_with_max_readers(value, readers) }
    }

    const fn watched(watch: Watch, value: T) -> Self {
        Self { watch, inner: sync::RwLock::const_new(value) }
    }

    /// The value.
    pub fn into_inner(self) -> T {
        self.inner.into_inner()
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Waits until there is no writer and no earlier writer in the queue, and reads.
    #[track_caller]
    pub fn read(&self) -> impl Future<Output = RwLockReadGuard<'_, T>> {
        self.read_at(Location::caller())
    }

    async fn read_at(&self, place: Place) -> RwLockReadGuard<'_, T> {
        let (at_once, wait) = (|| self.inner.try_read().ok(), || self.inner.read());
        let inner = take(self.watch.record(), Wanted::Read, place, at_once, wait).await;
        self.reads(Owner::here(true), place, inner)
    }

    /// Waits until there is no reader and no writer, and writes.
    #[track_caller]
    pub fn write(&self) -> impl Future<Output = RwLockWriteGuard<'_, T>> {
        self.write_at(Location::caller())
    }

    async fn write_at(&self, place: Place) -> RwLockWriteGuard<'_, T> {
        let (at_once, wait) = (|| self.inner.try_write().ok(), || self.inner.write());
        let inner = take(self.watch.record(), Wanted::Alone, place, at_once, wait).await;
        self.writes(Owner::here(true), place, inner)
    }

    /// As [`read`](Self::read), by blocking this thread.
    ///
    /// # Panics
    /// It is called in a task, which must not block.
    #[track_caller]
    pub fn blocking_read(&self) -> RwLockReadGuard<'_, T> {
        let (place, who) = (Location::caller(), Owner::here(false));
        let wait = match self.inner.try_read() {
            Ok(_) => None,
            Err(_) => Some(self.watch.record().wait(who, Wanted::Read, place)),
        };
        let inner = self.inner.blocking_read();
        drop(wait);
        self.reads(who, place, inner)
    }

    /// As [`write`](Self::write), by blocking this thread.
    ///
    /// # Panics
    /// It is called in a task, which must not block.
    #[track_caller]
    pub fn blocking_write(&self) -> RwLockWriteGuard<'_, T> {
        let (place, who) = (Location::caller(), Owner::here(false));
        let wait = match self.inner.try_write() {
            Ok(_) => None,
            Err(_) => Some(self.watch.record().wait(who, Wanted::Alone, place)),
        };
        let inner = self.inner.blocking_write();
        drop(wait);
        self.writes(who, place, inner)
    }

    /// Reads, if there is no writer and no writer in the queue.
    ///
    /// # Errors
    /// There is one.
    #[track_caller]
    pub fn try_read(&self) -> Result<RwLockReadGuard<'_, T>, TryLockError> {
        let inner = self.inner.try_read()?;
        Ok(self.reads(Owner::here(true), Location::caller(), inner))
    }

    /// Writes, if there is no reader and no writer.
    ///
    /// # Errors
    /// There is one.
    #[track_caller]
    pub fn try_write(&self) -> Result<RwLockWriteGuard<'_, T>, TryLockError> {
        let inner = self.inner.try_write()?;
        Ok(self.writes(Owner::here(true), Location::caller(), inner))
    }

    /// The value, without a lock: the exclusive reference proves that it is free.
    pub fn get_mut(&mut self) -> &mut T {
        self.inner.get_mut()
    }

    fn reads<'a>(
        &'a self,
        who: Owner,
        place: Place,
        inner: sync::RwLockReadGuard<'a, T>,
    ) -> RwLockReadGuard<'a, T> {
        RwLockReadGuard { hold: Record::hold_shared(self.watch.record(), who, place, 1), inner }
    }

    fn writes<'a>(
        &'a self,
        who: Owner,
        place: Place,
        inner: sync::RwLockWriteGuard<'a, T>,
    ) -> RwLockWriteGuard<'a, T> {
        RwLockWriteGuard { hold: Record::hold_alone(self.watch.record(), who, place), inner }
    }
}

/// With guards that keep the lock alive.
impl<T: ?Sized + 'static> RwLock<T> {
    /// As [`read`](Self::read).
    #[track_caller]
    pub fn read_owned(self: Arc<Self>) -> impl Future<Output = OwnedRwLockReadGuard<T>> {
        let place = Location::caller();
        async move { OwnedRwLockReadGuard(Owned::new(self, |lock| lock.read_at(place)).await) }
    }

    /// As [`write`](Self::write).
    #[track_caller]
    pub fn write_owned(self: Arc<Self>) -> impl Future<Output = OwnedRwLockWriteGuard<T>> {
        let place = Location::caller();
        async move { OwnedRwLockWriteGuard(Owned::new(self, |lock| lock.write_at(place)).await) }
    }

    /// As [`try_read`](Self::try_read).
    ///
    /// # Errors
    /// There is a writer, or one waits.
    #[track_caller]
    pub fn try_read_owned(self: Arc<Self>) -> Result<OwnedRwLockReadGuard<T>, TryLockError> {
        Owned::try_new(self, Self::try_read).map(OwnedRwLockReadGuard)
    }

    /// As [`try_write`](Self::try_write).
    ///
    /// # Errors
    /// There is a reader or a writer.
    #[track_caller]
    pub fn try_write_owned(self: Arc<Self>) -> Result<OwnedRwLockWriteGuard<T>, TryLockError> {
        Owned::try_new(self, Self::try_write).map(OwnedRwLockWriteGuard)
    }
}

impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    /// Turns this into a read guard, and lets other readers in.
    #[track_caller]
    pub fn downgrade(self) -> RwLockReadGuard<'a, T> {
        self.downgrade_at(Location::caller())
    }

    pub(super) fn downgrade_at(self, place: Place) -> RwLockReadGuard<'a, T> {
        let Self { hold, inner } = self;
        let inner = inner.downgrade();
        RwLockReadGuard { hold: shared(hold, place), inner }
    }
}

impl<T: ?Sized, U: ?Sized> OwnedRwLockReadGuard<T, U> {
    /// The lock of this guard.
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        this.0.owner()
    }
}

impl<T: ?Sized> OwnedRwLockWriteGuard<T> {
    /// The lock of this guard.
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        this.0.owner()
    }

    /// Turns this into a read guard, and lets other readers in.
    #[track_caller]
    pub fn downgrade(self) -> OwnedRwLockReadGuard<T> {
        let place = Location::caller();
        OwnedRwLockReadGuard(self.0.map(|guard| guard.downgrade_at(place)))
    }
}

/// Records that the writer is a reader from here on.
pub(super) fn shared(hold: Hold<&Record>, place: Place) -> Hold<&Record> {
    let record = *hold.record();
    drop(hold);
    Record::hold_shared(record, Owner::here(true), place, 1)
}

lock!(RwLock);
guard!(RwLockReadGuard<'_, T>, |guard| &guard.inner);
guard!(RwLockWriteGuard<'_, T>, |guard| &guard.inner, |guard| &mut guard.inner);
guard!(OwnedRwLockReadGuard<L, T>, of L, |guard| guard.0.dependent());
guard!(OwnedRwLockWriteGuard<T>, |guard| guard.0.dependent(), |guard| guard.0.dependent_mut());
