//! Poisoning as in the standard library, recorded for the console.

use std::thread;

use super::record::Record;

/// Records that a lock is poisoned when a panic unwinds through its guard. It is dropped before std's guard, which does the same.
pub(super) struct Poison<'a> {
    record: &'a Record,
    /// A guard that was taken during a panic does not poison.
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
