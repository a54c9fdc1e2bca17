//! A mutex that may be held across an await, and records its holder.

use std::panic::Location;
use std::sync::Arc;

use tokio::sync::TryLockError;

use super::owned::Owned;
use super::take;
use crate::views::sync::access::{guard, lock};
use crate::views::sync::place::Place;
use crate::views::sync::record::{Hold, Kind, Record, Wanted};
use crate::views::sync::watch::Watch;
use crate::views::sync::who::Owner;

/// A replacement for [`tokio::sync::Mutex`], shown by the commands `locks` and `waits`.
///
/// ```
/// use std::sync::Arc;
/// use backdoor_runtime::sync::{self, asynch::Mutex};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let cache = Arc::new(Mutex::named("cache", 1));
/// let mut held = cache.lock().await;
/// *held += 1;
///
/// let other = tokio::spawn({
///     let cache = cache.clone();
///     async move { *cache.lock_owned().await }
/// });
/// tokio::task::yield_now().await;
/// let all = sync::locks();
/// let seen = all.iter().find(|lock| lock.name == Some("cache")).expect("it was used");
/// assert_eq!((seen.holders.len(), seen.waiting), (1, 1));
/// drop(held);
/// assert_eq!(other.await.unwrap(), 2);
/// # }
/// ```
pub struct Mutex<T: ?Sized> {
    watch: Watch,
    inner: tokio::sync::Mutex<T>,
}

/// Access to the value of a [`Mutex`], until it is dropped.
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct MutexGuard<'a, T: ?Sized> {
    /// Dropped before the lock is released.
    pub(super) hold: Hold<&'a Record>,
    pub(super) lock: &'a Mutex<T>,
    pub(super) inner: tokio::sync::MutexGuard<'a, T>,
}

/// Access to the value of a [`Mutex`] that it keeps alive, until it is dropped.
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct OwnedMutexGuard<T: ?Sized + 'static>(pub(super) Owned<Mutex<T>, MutexGuard<'static, T>>);

impl<T> Mutex<T> {
    /// A mutex without a name, shown by the place of its creation.
    #[track_caller]
    pub const fn new(value: T) -> Self {
        Self::watched(Watch::new(Kind::AsyncMutex, None, Location::caller()), value)
    }

    /// As [`new`](Self::new), which is constant here, too.
    #[track_caller]
    pub const fn const_new(value: T) -> Self {
        Self::watched(Watch::new(Kind::AsyncMutex, None, Location::caller()), value)
    }

    /// A mutex with a name. Several may have the same.
    #[track_caller]
    pub const fn named(name: &'static str, value: T) -> Self {
        Self::watched(Watch::new(Kind::AsyncMutex, Some(name), Location::caller()), value)
    }

    const fn watched(watch: Watch, value: T) -> Self {
        Self { watch, inner: tokio::sync::Mutex::const_new(value) }
    }

    /// The value.
    pub fn into_inner(self) -> T {
        self.inner.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Locks the mutex. The lock is given in the order of requests; a dropped wait loses its place in the queue.
    #[track_caller]
    pub fn lock(&self) -> impl Future<Output = MutexGuard<'_, T>> {
        self.lock_at(Location::caller())
    }

    async fn lock_at(&self, place: Place) -> MutexGuard<'_, T> {
        let (at_once, wait) = (|| self.inner.try_lock().ok(), || self.inner.lock());
        let inner = take(self.watch.record(), Wanted::Alone, place, at_once, wait).await;
        self.guard(Owner::here(true), place, inner)
    }

    /// Blocks this thread until the mutex is free, and locks it.
    ///
    /// # Panics
    /// It is called in a task, which must not block.
    #[track_caller]
    pub fn blocking_lock(&self) -> MutexGuard<'_, T> {
        let (place, who) = (Location::caller(), Owner::here(false));
        // A free lock is taken and released again: whether this thread may block is decided below in any case.
        let wait = match self.inner.try_lock() {
            Ok(_) => None,
            Err(_) => Some(self.watch.record().wait(who, Wanted::Alone, place)),
        };
        let inner = self.inner.blocking_lock();
        drop(wait);
        self.guard(who, place, inner)
    }

    /// Locks the mutex if it is free.
    ///
    /// # Errors
    /// It is locked.
    #[track_caller]
    pub fn try_lock(&self) -> Result<MutexGuard<'_, T>, TryLockError> {
        let inner = self.inner.try_lock()?;
        Ok(self.guard(Owner::here(true), Location::caller(), inner))
    }

    /// As [`lock`](Self::lock), with a guard that keeps the mutex alive.
    #[track_caller]
    pub fn lock_owned(self: Arc<Self>) -> impl Future<Output = OwnedMutexGuard<T>>
    where
        T: 'static,
    {
        let place = Location::caller();
        async move { OwnedMutexGuard(Owned::new(self, |lock| lock.lock_at(place)).await) }
    }

    /// As [`blocking_lock`](Self::blocking_lock), with a guard that keeps the mutex alive.
    ///
    /// # Panics
    /// It is called in a task, which must not block.
    #[track_caller]
    pub fn blocking_lock_owned(self: Arc<Self>) -> OwnedMutexGuard<T>
    where
        T: 'static,
    {
        match Owned::try_new(self, |lock| Ok::<_, std::convert::Infallible>(lock.blocking_lock())) {
            Ok(guard) => OwnedMutexGuard(guard),
            Err(never) => match never {},
        }
    }

    /// As [`try_lock`](Self::try_lock), with a guard that keeps the mutex alive.
    ///
    /// # Errors
    /// It is locked.
    #[track_caller]
    pub fn try_lock_owned(self: Arc<Self>) -> Result<OwnedMutexGuard<T>, TryLockError>
    where
        T: 'static,
    {
        Owned::try_new(self, Self::try_lock).map(OwnedMutexGuard)
    }

    /// The value, without a lock: the exclusive reference proves that it is free.
    pub fn get_mut(&mut self) -> &mut T {
        self.inner.get_mut()
    }

    fn guard<'a>(
        &'a self,
        who: Owner,
        place: Place,
        inner: tokio::sync::MutexGuard<'a, T>,
    ) -> MutexGuard<'a, T> {
        MutexGuard { hold: Record::hold_alone(self.watch.record(), who, place), lock: self, inner }
    }
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// The mutex of this guard.
    pub fn mutex(this: &Self) -> &'a Mutex<T> {
        this.lock
    }
}

impl<T: ?Sized> OwnedMutexGuard<T> {
    /// The mutex of this guard.
    pub fn mutex(this: &Self) -> &Arc<Mutex<T>> {
        this.0.owner()
    }
}

lock!(Mutex);
guard!(MutexGuard<'_, T>, |guard| &guard.inner, |guard| &mut guard.inner);
guard!(OwnedMutexGuard<T>, |guard| guard.0.dependent(), |guard| guard.0.dependent_mut());
