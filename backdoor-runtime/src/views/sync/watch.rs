//! The part inside each lock that the console reads.

use std::sync::{Arc, OnceLock};

use super::place::Place;
use super::record::{Kind, Record, RecordRef};
use super::registry;

/// It can be made in a constant, and has a record from its first use on.
pub(super) struct Watch {
    kind: Kind,
    name: Option<&'static str>,
    made: Place,
    /// The permits of a semaphore at its creation.
    permits: usize,
    record: OnceLock<RecordRef>,
}

impl Watch {
    pub(super) const fn new(kind: Kind, name: Option<&'static str>, made: Place) -> Self {
        Self { kind, name, made, permits: 0, record: OnceLock::new() }
    }

    pub(super) const fn semaphore(name: Option<&'static str>, made: Place, permits: usize) -> Self {
        Self { kind: Kind::Semaphore, name, made, permits, record: OnceLock::new() }
    }

    /// The record, made and listed at the first use.
    #[inline]
    pub(super) fn record(&self) -> &RecordRef {
        self.record.get_or_init(|| {
            let record = Arc::new(Record::new(self.kind, self.name, self.made, self.permits));
            registry::add(&record);
            record
        })
    }

    /// The record, if the lock was used.
    pub(super) fn used(&self) -> Option<&RecordRef> {
        self.record.get()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(record) = self.record.get() {
            registry::remove(record.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sizes in the documentation of [`sync`](crate::views::sync).
    #[test]
    #[cfg(target_pointer_width = "64")]
    fn locks_have_their_documented_size() {
        assert_eq!(size_of::<Watch>(), 56);
    }
}
