//! Splits a number into several parts, so that threads that count together do not contend for a cache line.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// The parts of a counter. More threads than this share some of them.
pub(super) const SHARDS: usize = 16;

/// One part, on a cache line of its own.
#[repr(align(64))]
pub(super) struct Shard(pub(super) AtomicU64);

impl Shard {
    pub(super) const fn new() -> Self {
        Self(AtomicU64::new(0))
    }
}

/// The index of this thread's part, out of `parts` (a power of two): threads take the parts in turn.
#[inline]
pub(super) fn mine(parts: usize) -> usize {
    thread_local!(static MINE: Cell<usize> = const { Cell::new(usize::MAX) });
    let number = match MINE.get() {
        usize::MAX => {
            let number = next();
            MINE.set(number);
            number
        }
        number => number,
    };
    number & (parts - 1)
}

#[cold]
fn next() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS
}
