//! Counters since the start: lines by how they ended and how long they took, and failures of the console itself.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::base::sort;
use crate::dispatch::Status;
use crate::reply::record;

record! {
    /// The lines of one status.
    pub struct StatusCount {
        /// The status.
        pub status: &'static str,
        /// Their number.
        pub count: u64,
        /// Their total time.
        pub total: Duration,
        /// The longest time.
        pub longest: Duration,
    }
}

/// Counts of one console.
#[derive(Default)]
pub(crate) struct Tally {
    lines: Mutex<Vec<StatusCount>>,
    bugs: AtomicU64,
}

impl Tally {
    /// Notes a line that has ended.
    pub(crate) fn note(&self, status: Status, took: Duration) {
        let mut counts = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let status = status.as_str();
        let at = counts.iter().position(|count| count.status == status).unwrap_or_else(|| {
            counts.push(StatusCount { status, count: 0, total: Duration::ZERO, longest: Duration::ZERO });
            counts.len() - 1
        });
        let count = &mut counts[at];
        count.count += 1;
        count.total += took;
        count.longest = count.longest.max(took);
    }

    /// The most frequent first.
    pub(crate) fn counts(&self) -> Vec<StatusCount> {
        let mut counts = self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone();
        sort::sort_by(&mut counts, |left, right| {
            right.count.cmp(&left.count).then(left.status.cmp(right.status))
        });
        counts
    }

    /// Notes a panic in the console's own code.
    pub(crate) fn note_bug(&self) {
        self.bugs.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn bugs(&self) -> u64 {
        self.bugs.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_by_outcome() {
        let tally = Tally::default();
        for milliseconds in [1, 5, 3] {
            tally.note(Status::Done, Duration::from_millis(milliseconds));
        }
        tally.note(Status::Usage, Duration::ZERO);
        let counts = tally.counts();
        assert_eq!((counts[0].status, counts[0].count), ("done", 3));
        assert_eq!(
            (counts[0].total, counts[0].longest),
            (Duration::from_millis(9), Duration::from_millis(5))
        );
        assert_eq!((counts[1].status, counts[1].count), ("usage", 1));
    }
}
