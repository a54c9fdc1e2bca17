//! The waker for a poll that records the task's stack: a future that clones the waker is a leaf that the task waits for, and the native
//! stack at that moment leads from the task to the leaf.
//!
//! A leaf clones under a lock of its own, so only addresses are recorded here.

use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{RawWaker, RawWakerVTable, Waker};

use tokio::sync::Notify;

use crate::views::tasks::own_stack;

/// The most frames of one leaf; the innermost ones are kept.
const FRAMES: usize = 96;

/// The most leaves of one task.
const LEAVES: usize = 64;

/// Stacks that were requested together. The requester is woken once, by the last of them, because each wake-up costs the service time.
pub(crate) struct Together {
    left: AtomicUsize,
    all: Notify,
}

/// The request for one stack.
pub(crate) struct Trace {
    found: Mutex<Found>,
    /// Notified when the poll has ended.
    together: Arc<Together>,
}

/// The result of a traced poll.
#[derive(Clone, Default)]
pub(crate) struct Found {
    pub(crate) is_polled: bool,
    pub(crate) leaves: Vec<Leaf>,
    /// The number of leaves beyond the limit.
    pub(crate) more: usize,
}

/// A place where the task waits.
#[derive(Clone)]
pub(crate) struct Leaf {
    /// Addresses, innermost first.
    pub(crate) frames: Vec<usize>,
    /// It woke the task itself, instead of waiting to be woken.
    pub(crate) woke: bool,
    /// Whether there were more frames.
    pub(crate) is_cut: bool,
}

impl Together {
    pub(crate) fn new(count: usize) -> Arc<Self> {
        Arc::new(Self { left: count.into(), all: Notify::new() })
    }

    /// Waits until all results are complete.
    pub(crate) async fn are_there(&self) {
        if self.left.load(Ordering::Acquire) > 0 {
            self.all.notified().await;
        }
    }
}

impl Trace {
    pub(crate) fn new(together: Arc<Together>) -> Self {
        Self { found: Mutex::default(), together }
    }

    pub(crate) fn found(&self) -> Found {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Calls `poll` with a waker that records here, and otherwise acts as `waker`.
    pub(crate) fn poll<T>(&self, waker: &Waker, poll: impl FnOnce(&Waker) -> T) -> T {
        let probe = Probe { trace: self, waker };
        let raw = RawWaker::new((&raw const probe).cast(), &VTABLE);
        // SAFETY: the table's functions keep the contract of `RawWaker`: they read a `Probe` that outlives the waker in the next line;
        // `poll` gets only a reference to the waker, and its clones point to what `waker` points to, not to the probe.
        let probing = ManuallyDrop::new(unsafe { Waker::from_raw(raw) });
        let polled = poll(&probing);
        self.found.lock().unwrap_or_else(PoisonError::into_inner).is_polled = true;
        self.tell();
        polled
    }

    /// Reports that the result is complete.
    pub(crate) fn tell(&self) {
        if self.together.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.together.all.notify_one();
        }
    }

    fn record(&self, woke: bool, outermost: usize) {
        let mut frames = Vec::with_capacity(FRAMES);
        let mut is_cut = false;
        own_stack::walk(|address, end| {
            if end > outermost {
                return false;
            }
            is_cut = frames.len() == FRAMES;
            if !is_cut {
                frames.push(address);
            }
            !is_cut
        });
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        match found.leaves.len() < LEAVES {
            true => found.leaves.push(Leaf { frames, woke, is_cut }),
            false => found.more += 1,
        }
    }
}

struct Probe<'a> {
    trace: &'a Trace,
    waker: &'a Waker,
}

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake, drop);

/// # Safety
/// `probe` points to a `Probe`.
unsafe fn clone(probe: *const ()) -> RawWaker {
    // SAFETY: as the caller promises.
    let Probe { trace, waker } = unsafe { &*probe.cast::<Probe<'_>>() };
    trace.record(false, probe as usize);
    let cloned = ManuallyDrop::new((*waker).clone());
    RawWaker::new(cloned.data(), cloned.vtable())
}

/// # Safety
/// `probe` points to a `Probe`.
unsafe fn wake(probe: *const ()) {
    // SAFETY: as the caller promises.
    let Probe { trace, waker } = unsafe { &*probe.cast::<Probe<'_>>() };
    trace.record(true, probe as usize);
    waker.wake_by_ref();
}

/// A probe is only borrowed.
unsafe fn drop(_: *const ()) {}

/// Also run under Miri, by `cargo xtask sanitize`.
#[cfg(test)]
mod tests {
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Counts(AtomicUsize);

    impl Wake for Counts {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn cloning_and_waking_futures_are_leaves() {
        let counts = Arc::<Counts>::default();
        let waker = Waker::from(counts.clone());
        let together = Together::new(1);
        let trace = Trace::new(together.clone());
        let clones = trace.poll(&waker, |probing| {
            let clone = probing.clone();
            probing.wake_by_ref();
            [clone.clone(), clone]
        });
        assert_eq!(together.left.load(Ordering::Relaxed), 0);
        let found = trace.found();
        assert!(found.is_polled);
        // The clone of a clone does not belong to the probe.
        assert_eq!(found.leaves.iter().map(|leaf| leaf.woke).collect::<Vec<_>>(), [false, true]);
        std::mem::drop((trace, waker));
        for clone in clones {
            clone.wake();
        }
        assert_eq!(counts.0.load(Ordering::Relaxed), 3);
        assert_eq!(Arc::strong_count(&counts), 1, "each clone was dropped once");
    }

    #[test]
    fn leaves_beyond_the_limit_are_counted() {
        let trace = Trace::new(Together::new(1));
        trace.poll(Waker::noop(), |probing| {
            for _ in 0..LEAVES + 3 {
                std::mem::drop(probing.clone());
            }
        });
        assert_eq!((trace.found().leaves.len(), trace.found().more), (LEAVES, 3));
    }
}
