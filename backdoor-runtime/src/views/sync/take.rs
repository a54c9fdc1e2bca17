//! How a thread takes a lock that poisons, and the guard that it gets.

use std::panic::Location;
use std::sync::{LockResult, PoisonError, TryLockError, TryLockResult};

use super::place::Place;
use super::poison::Poison;
use super::record::{Hold, Record, Wanted};
use super::watch::Watch;
use super::who::Owner;

/// An acquisition: its owner, its place, and the record of the lock.
#[derive(Clone, Copy)]
pub(super) struct Acquire<'a> {
    pub(super) record: &'a Record,
    pub(super) who: Owner,
    pub(super) place: Place,
}

/// The exclusive holder of a lock, with the lock's own guard inside.
pub(super) struct Alone<'a, G> {
    // Fields are dropped in this order: first the record is updated, then the lock is released.
    poison: Poison<'a>,
    hold: Hold<&'a Record>,
    pub(super) inner: G,
}

impl<'a> Acquire<'a> {
    #[track_caller]
    #[inline]
    pub(super) fn here(watch: &'a Watch) -> Self {
        Self::of(watch.record(), Location::caller())
    }

    #[inline]
    pub(super) fn of(record: &'a Record, place: Place) -> Self {
        Self { record, who: Owner::here(false), place }
    }

    /// Takes the lock at once, or records the wait.
    #[inline]
    pub(super) fn take<I, G>(
        self,
        wanted: Wanted,
        at_once: impl FnOnce() -> TryLockResult<I>,
        wait: impl FnOnce() -> LockResult<I>,
        guard: impl FnOnce(Self, I) -> G,
    ) -> LockResult<G> {
        let taken = match at_once() {
            Ok(inner) => Ok(inner),
            Err(TryLockError::Poisoned(poisoned)) => Err(poisoned),
            Err(TryLockError::WouldBlock) => {
                let _wait = self.record.wait(self.who, wanted, self.place);
                wait()
            }
        };
        map_guard(taken, |inner| guard(self, inner))
    }

    /// Makes our guard from the result of an attempt.
    #[inline]
    pub(super) fn try_take<I, G>(
        self,
        taken: TryLockResult<I>,
        guard: impl FnOnce(Self, I) -> G,
    ) -> TryLockResult<G> {
        match taken {
            Ok(inner) => Ok(guard(self, inner)),
            Err(TryLockError::Poisoned(poisoned)) => {
                Err(PoisonError::new(guard(self, poisoned.into_inner())).into())
            }
            Err(TryLockError::WouldBlock) => Err(TryLockError::WouldBlock),
        }
    }
}

/// Makes one of our guards of one of std's, poisoned or not.
pub(super) fn map_guard<A, B>(result: LockResult<A>, make: impl FnOnce(A) -> B) -> LockResult<B> {
    match result {
        Ok(guard) => Ok(make(guard)),
        Err(poisoned) => Err(PoisonError::new(make(poisoned.into_inner()))),
    }
}

impl<'a, G> Alone<'a, G> {
    #[inline]
    pub(super) fn new(Acquire { record, who, place }: Acquire<'a>, inner: G) -> Self {
        Self { poison: Poison::new(record), hold: Record::hold_alone(record, who, place), inner }
    }

    /// Records that the lock is free, and leaves releasing it to the caller.
    pub(super) fn note_free(self) -> (&'a Record, G) {
        let Self { poison, hold, inner } = self;
        let record = *hold.record();
        drop((poison, hold));
        (record, inner)
    }
}
