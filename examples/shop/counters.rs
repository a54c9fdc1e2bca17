//! What the shop counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

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

    /// What was counted so far.
    pub(crate) fn counts(&self) -> Counts {
        let Numbers { requests, unknown, refused } = &*self.0;
        let count = |number: &AtomicU64| number.load(Ordering::Relaxed);
        Counts { requests: count(requests), unknown: count(unknown), refused: count(refused) }
    }
}

/// The counts at one moment.
#[derive(Debug, Serialize)]
pub(crate) struct Counts {
    requests: u64,
    /// Asked for what is not there.
    unknown: u64,
    /// Orders that found no place in the queue.
    refused: u64,
}
