//! A number in several parts, so that threads that count the same thing do not take a cache line from each other.

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

/// Which part is this thread's, of this many (a power of two): threads take them in turn.
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
