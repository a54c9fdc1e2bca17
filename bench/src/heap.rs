//! An allocator that counts, for the servers whose heap is measured.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, counted.
#[derive(Debug)]
pub struct Counting;

/// What was counted; all zero in a program without [`Counting`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Count {
    /// Bytes in use.
    pub(crate) live: usize,
    /// The most bytes in use since the last [`reset_peak`].
    pub(crate) peak: usize,
    /// Calls that gave memory, or other memory, since the start.
    pub(crate) allocations: usize,
}

pub(crate) fn count() -> Count {
    let read = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
    Count { live: read(&LIVE), peak: read(&PEAK), allocations: read(&ALLOCATIONS) }
}

pub(crate) fn reset_peak() {
    PEAK.store(LIVE.load(Ordering::Relaxed), Ordering::Relaxed);
}

fn grown(by: usize) {
    let live = LIVE.fetch_add(by, Ordering::Relaxed) + by;
    PEAK.fetch_max(live, Ordering::Relaxed);
}

// SAFETY: every call goes to `System` unchanged, which keeps the contract; beside it only counters are changed.
#[expect(unsafe_code, reason = "a global allocator is an unsafe trait; there is no other way to count")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        grown(layout.size());
        // SAFETY: the caller's promises on `layout` are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: `pointer` came from `System` by the functions here, with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        grown(size);
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as for `dealloc`; the caller's promise on `size` is passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}
