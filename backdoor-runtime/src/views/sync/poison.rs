//! Poisoning as the standard library does it, noted where the console sees it.

use std::sync::{LockResult, PoisonError};
use std::thread;

use super::record::Record;

/// Notes that a lock is poisoned when a panic unwinds through its guard. It stands before the guard of std's, which does the same.
pub(super) struct Poison<'a> {
    record: &'a Record,
    /// A guard that is taken while a panic unwinds does not poison.
    panicking: bool,
}

impl<'a> Poison<'a> {
    #[inline]
    pub(super) fn new(record: &'a Record) -> Self {
        Self { record, panicking: thread::panicking() }
    }
}

impl Drop for Poison<'_> {
    #[inline]
    fn drop(&mut self) {
        if !self.panicking && thread::panicking() {
            self.record.set_poisoned(true);
        }
    }
}

/// Makes one of our guards of one of std's, poisoned or not.
pub(super) fn map<A, B>(result: LockResult<A>, make: impl FnOnce(A) -> B) -> LockResult<B> {
    match result {
        Ok(guard) => Ok(make(guard)),
        Err(poisoned) => Err(PoisonError::new(make(poisoned.into_inner()))),
    }
}
