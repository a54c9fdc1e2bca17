//! What the shop counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the start. A clone counts into the same.
#[derive(Clone, Default)]
pub(crate) struct Counters(Arc<Numbers>);

#[derive(Default)]
struct Numbers {
    requests: AtomicU64,
    unknown: AtomicU64,
    refused: AtomicU64,
}

impl Counters {
    pub(crate) fn request(&self) {
        self.0.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// A request for what is not there.
    pub(crate) fn unknown(&self) {
        self.0.unknown.fetch_add(1, Ordering::Relaxed);
    }

    /// An order that found no place in the queue.
    pub(crate) fn refused(&self) {
        self.0.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// All counts by name.
    pub(crate) fn all(&self) -> [(&'static str, u64); 3] {
        let Numbers { requests, unknown, refused } = &*self.0;
        let count = |number: &AtomicU64| number.load(Ordering::Relaxed);
        [("requests", count(requests)), ("unknown", count(unknown)), ("refused orders", count(refused))]
    }
}
