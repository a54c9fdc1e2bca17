//! A semaphore that records the holders of its permits.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use tokio::sync::{self, AcquireError, TryAcquireError};

use super::take;
use crate::views::sync::place::Place;
use crate::views::sync::record::{Hold, Record, RecordRef, Wanted};
use crate::views::sync::watch::Watch;
use crate::views::sync::who::Owner;

/// A replacement for [`tokio::sync::Semaphore`], shown by the commands `locks` and `waits`.
///
/// Up to 32 holders of permits are listed, each with the place that took them; the others are counted. The standard library has no
/// semaphore; `blocking_acquire` is for threads.
///
/// ```
/// use backdoor_runtime::sync::{self, Semaphore};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let connections = Semaphore::named("connections", 2);
/// let one = connections.acquire().await.unwrap();
/// assert_eq!(connections.available_permits(), 1);
///
/// let all = sync::locks();
/// let seen = all.iter().find(|lock| lock.name == Some("connections")).expect("it was used");
/// assert_eq!((seen.permits, seen.holders[0].permits), (Some(2), 1));
/// # drop(one);
/// # }
/// ```
pub struct Semaphore {
    watch: Watch,
    inner: sync::Semaphore,
}

/// Permits of a [`Semaphore`], returned when this is dropped.
#[must_use]
pub struct SemaphorePermit<'a> {
    /// Dropped before the permits are returned.
    hold: Hold<&'a Record>,
    lock: &'a Semaphore,
    inner: sync::SemaphorePermit<'a>,
}

/// Permits of a [`Semaphore`] that they keep alive, returned when this is dropped.
#[must_use]
pub struct OwnedSemaphorePermit {
    /// Dropped first, so that no task is shown with permits that another task has.
    hold: Option<Hold<RecordRef>>,
    lock: Arc<Semaphore>,
    permits: u32,
}

impl Semaphore {
    /// The most permits there can be.
    pub const MAX_PERMITS: usize = sync::Semaphore::MAX_PERMITS;

    /// A semaphore without a name, shown by the place of its creation.
    ///
    /// # Panics
    /// There are more permits than [`MAX_PERMITS`](Self::MAX_PERMITS).
    #[track_caller]
    pub const fn new(permits: usize) -> Self {
        Self::watched(None, permits, Location::caller())
    }

    /// As [`new`](Self::new), which is constant here, too.
    ///
    /// # Panics
    /// There are more permits than [`MAX_PERMITS`](Self::MAX_PERMITS).
    #[track_caller]
    pub const fn const_new(permits: usize) -> Self {
        Self::watched(None, permits, Location::caller())
    }

    /// A semaphore with a name. Several may have the same.
    ///
    /// # Panics
    /// There are more permits than [`MAX_PERMITS`](Self::MAX_PERMITS).
    #[track_caller]
    pub const fn named(name: &'static str, permits: usize) -> Self {
        Self::watched(Some(name), permits, Location::caller())
    }

    const fn watched(name: Option<&'static str>, permits: usize, made: Place) -> Self {
        Self { watch: Watch::semaphore(name, made, permits), inner: sync::Semaphore::const_new(permits) }
    }

    /// The number of free permits.
    pub fn available_permits(&self) -> usize {
        self.inner.available_permits()
    }

    /// Adds permits.
    ///
    /// # Panics
    /// There would be more than [`MAX_PERMITS`](Self::MAX_PERMITS).
    pub fn add_permits(&self, permits: usize) {
        self.watch.record().add_permits(permits);
        self.inner.add_permits(permits);
    }

    /// Removes free permits for good, and returns how many there were.
    pub fn forget_permits(&self, permits: usize) -> usize {
        let forgotten = self.inner.forget_permits(permits);
        self.watch.record().remove_permits(forgotten);
        forgotten
    }

    /// Waits for a permit. Permits are given in the order of requests; a dropped wait loses its place in the queue.
    ///
    /// # Errors
    /// The semaphore was closed.
    #[track_caller]
    pub fn acquire(&self) -> impl Future<Output = Result<SemaphorePermit<'_>, AcquireError>> {
        self.acquire_at(1, Location::caller())
    }

    /// Waits for several permits.
    ///
    /// # Errors
    /// The semaphore was closed.
    #[track_caller]
    pub fn acquire_many(
        &self,
        permits: u32,
    ) -> impl Future<Output = Result<SemaphorePermit<'_>, AcquireError>> {
        self.acquire_at(permits, Location::caller())
    }

    async fn acquire_at(&self, permits: u32, place: Place) -> Result<SemaphorePermit<'_>, AcquireError> {
        let inner = self.take(permits, place).await?;
        Ok(self.permit(Owner::here(true), place, inner))
    }

    /// Blocks this thread until it gets a permit.
    ///
    /// # Errors
    /// The semaphore was closed.
    ///
    /// # Panics
    /// It is called in a task, which must not block.
    #[track_caller]
    pub fn blocking_acquire(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        self.blocking_acquire_many(1)
    }

    /// Blocks this thread until it gets several permits.
    ///
    /// # Errors
    /// The semaphore was closed.
    ///
    /// # Panics
    /// It is called in a task, which must not block.
    #[track_caller]
    pub fn blocking_acquire_many(&self, permits: u32) -> Result<SemaphorePermit<'_>, AcquireError> {
        let (place, who) = (Location::caller(), Owner::here(false));
        let wait = match self.inner.try_acquire_many(permits) {
            Ok(_) => None,
            Err(_) => Some(self.watch.record().wait(who, Wanted::Permits(permits), place)),
        };
        let inner = self.inner.blocking_acquire_many(permits)?;
        drop(wait);
        Ok(self.permit(who, place, inner))
    }

    /// Takes a permit if one is free.
    ///
    /// # Errors
    /// No permit is free, or the semaphore was closed.
    #[track_caller]
    pub fn try_acquire(&self) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        self.try_acquire_many(1)
    }

    /// Takes several permits if they are free.
    ///
    /// # Errors
    /// They are not free, or the semaphore was closed.
    #[track_caller]
    pub fn try_acquire_many(&self, permits: u32) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        let inner = self.inner.try_acquire_many(permits)?;
        Ok(self.permit(Owner::here(true), Location::caller(), inner))
    }

    /// As [`acquire`](Self::acquire), with a permit that keeps the semaphore alive.
    ///
    /// # Errors
    /// The semaphore was closed.
    #[track_caller]
    pub fn acquire_owned(
        self: Arc<Self>,
    ) -> impl Future<Output = Result<OwnedSemaphorePermit, AcquireError>> {
        self.acquire_many_owned(1)
    }

    /// As [`acquire_many`](Self::acquire_many), with permits that keep the semaphore alive.
    ///
    /// # Errors
    /// The semaphore was closed.
    #[track_caller]
    pub fn acquire_many_owned(
        self: Arc<Self>,
        permits: u32,
    ) -> impl Future<Output = Result<OwnedSemaphorePermit, AcquireError>> {
        let place = Location::caller();
        async move {
            self.take(permits, place).await?.forget();
            Ok(self.owned(permits, place))
        }
    }

    /// As [`blocking_acquire`](Self::blocking_acquire), with a permit that keeps the semaphore alive.
    ///
    /// # Errors
    /// The semaphore was closed.
    ///
    /// # Panics
    /// It is called in a task, which must not block.
    #[track_caller]
    pub fn blocking_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, AcquireError> {
        self.blocking_acquire_many_owned(1)
    }

    /// As [`blocking_acquire_many`](Self::blocking_acquire_many), with permits that keep the semaphore alive.
    ///
    /// # Errors
    /// The semaphore was closed.
    ///
    /// # Panics
    /// It is called in a task, which must not block.
    #[track_caller]
    pub fn blocking_acquire_many_owned(
        self: Arc<Self>,
        permits: u32,
    ) -> Result<OwnedSemaphorePermit, AcquireError> {
        let (place, who) = (Location::caller(), Owner::here(false));
        let SemaphorePermit { hold, inner, .. } = self.blocking_acquire_many(permits)?;
        drop(hold);
        inner.forget();
        let hold = Record::hold_shared(self.watch.record().clone(), who, place, permits);
        Ok(OwnedSemaphorePermit { hold: Some(hold), lock: self, permits })
    }

    /// As [`try_acquire`](Self::try_acquire), with a permit that keeps the semaphore alive.
    ///
    /// # Errors
    /// No permit is free, or the semaphore was closed.
    #[track_caller]
    pub fn try_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        self.try_acquire_many_owned(1)
    }

    /// As [`try_acquire_many`](Self::try_acquire_many), with permits that keep the semaphore alive.
    ///
    /// # Errors
    /// They are not free, or the semaphore was closed.
    #[track_caller]
    pub fn try_acquire_many_owned(
        self: Arc<Self>,
        permits: u32,
    ) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        self.inner.try_acquire_many(permits)?.forget();
        Ok(self.owned(permits, Location::caller()))
    }

    /// Ends all current and later waits with an error.
    pub fn close(&self) {
        self.inner.close();
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }

    async fn take(&self, permits: u32, place: Place) -> Result<sync::SemaphorePermit<'_>, AcquireError> {
        let at_once = || self.inner.try_acquire_many(permits).ok().map(Ok);
        let wait = || self.inner.acquire_many(permits);
        take(self.watch.record(), Wanted::Permits(permits), place, at_once, wait).await
    }

    fn permit<'a>(
        &'a self,
        who: Owner,
        place: Place,
        inner: sync::SemaphorePermit<'a>,
    ) -> SemaphorePermit<'a> {
        let permits = inner.num_permits() as u32;
        SemaphorePermit {
            hold: Record::hold_shared(self.watch.record(), who, place, permits),
            lock: self,
            inner,
        }
    }

    /// Permits for a guard: they were taken and forgotten, so only the guard returns them.
    fn owned(self: Arc<Self>, permits: u32, place: Place) -> OwnedSemaphorePermit {
        let hold = Record::hold_shared(self.watch.record().clone(), Owner::here(true), place, permits);
        OwnedSemaphorePermit { hold: Some(hold), lock: self, permits }
    }
}

impl<'a> SemaphorePermit<'a> {
    /// Adds the permits of another guard to this one.
    ///
    /// # Panics
    /// They belong to another semaphore.
    #[track_caller]
    pub fn merge(&mut self, mut other: Self) {
        assert!(std::ptr::eq(self.lock, other.lock), "permits of two semaphores cannot be merged");
        if !self.hold.is_listed() {
            std::mem::swap(&mut self.hold, &mut other.hold);
        }
        let Self { hold, inner, .. } = other;
        drop(hold);
        self.inner.merge(inner);
        self.hold.amend(self.inner.num_permits() as u32);
    }

    /// Splits off this many of the permits; nothing if there are fewer.
    #[track_caller]
    pub fn split(&mut self, permits: usize) -> Option<Self> {
        let inner = self.inner.split(permits)?;
        let left = self.inner.num_permits() as u32;
        let hold = self.hold.split(left, permits as u32, Location::caller());
        Some(Self { hold, lock: self.lock, inner })
    }

    /// Removes the permits from the semaphore for good.
    pub fn forget(self) {
        let Self { hold, lock, inner } = self;
        lock.watch.record().remove_permits(inner.num_permits());
        drop(hold);
        inner.forget();
    }

    /// The semaphore of these permits.
    pub fn semaphore(&self) -> &'a Semaphore {
        self.lock
    }

    /// The number of permits.
    pub fn num_permits(&self) -> usize {
        self.inner.num_permits()
    }
}

impl OwnedSemaphorePermit {
    /// Adds the permits of another guard to this one.
    ///
    /// # Panics
    /// They belong to another semaphore.
    #[track_caller]
    pub fn merge(&mut self, mut other: Self) {
        assert!(Arc::ptr_eq(&self.lock, &other.lock), "permits of two semaphores cannot be merged");
        if !self.hold.as_ref().is_some_and(Hold::is_listed) {
            std::mem::swap(&mut self.hold, &mut other.hold);
        }
        drop(other.hold.take());
        self.permits += std::mem::take(&mut other.permits);
        if let Some(hold) = &self.hold {
            hold.amend(self.permits);
        }
    }

    /// Splits off this many of the permits; nothing if there are fewer.
    #[track_caller]
    pub fn split(&mut self, permits: usize) -> Option<Self> {
        let apart = u32::try_from(permits).ok().filter(|apart| *apart <= self.permits)?;
        self.permits -= apart;
        let place = Location::caller();
        let hold = self.hold.as_ref().map(|hold| hold.split(self.permits, apart, place));
        Some(Self { hold, lock: self.lock.clone(), permits: apart })
    }

    /// Removes the permits from the semaphore for good.
    pub fn forget(mut self) {
        self.lock.watch.record().remove_permits(self.num_permits());
        self.permits = 0;
    }

    /// The semaphore of these permits.
    pub fn semaphore(&self) -> &Arc<Semaphore> {
        &self.lock
    }

    /// The number of permits.
    pub fn num_permits(&self) -> usize {
        self.permits as usize
    }
}

impl Drop for OwnedSemaphorePermit {
    fn drop(&mut self) {
        drop(self.hold.take());
        self.lock.inner.add_permits(self.permits as usize);
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl fmt::Debug for SemaphorePermit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SemaphorePermit").field("permits", &self.num_permits()).finish_non_exhaustive()
    }
}

impl fmt::Debug for OwnedSemaphorePermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedSemaphorePermit").field("permits", &self.permits).finish_non_exhaustive()
    }
}
