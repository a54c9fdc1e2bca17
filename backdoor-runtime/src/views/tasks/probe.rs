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

/// The most frames of one leaf, where those of a recursion count once; the innermost ones are kept.
const FRAMES: usize = 96;

/// The most frames that are walked: the leaf's lock is held meanwhile, and each takes about a microsecond.
const WALKED: usize = 1024;

/// The most frames that one level of a recursion has.
const LEVEL: usize = 16;

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
    pub(crate) path: Path,
    /// It woke the task itself, instead of waiting to be woken.
    pub(crate) woke: bool,
    /// Whether there were more frames.
    pub(crate) is_cut: bool,
}

/// The frames between the task and a leaf.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Path {
    /// Addresses, innermost first; those of a recursion once.
    pub(crate) frames: Vec<usize>,
    pub(crate) recursions: Vec<Recursion>,
}

/// Frames that repeat.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Recursion {
    start: usize,
    len: usize,
    times: usize,
}

impl Path {
    fn push(&mut self, address: usize) {
        self.frames.push(address);
        let count = self.frames.len();
        let is_level = |len: &usize| self.frames[count - len..] == self.frames[count - 2 * len..count - len];
        let Some(len) = (1..=LEVEL.min(count / 2)).find(is_level) else { return };
        let (start, left) = (count - 2 * len, count - len);
        self.frames.truncate(left);
        self.recursions.retain(|known| known.start + known.len <= left);
        match self.recursions.iter_mut().find(|known| (known.start, known.len) == (start, len)) {
            Some(known) => known.times += 1,
            None => self.recursions.push(Recursion { start, len, times: 2 }),
        }
    }

    /// How many times the frame at this position is on the stack.
    pub(crate) fn times(&self, at: usize) -> usize {
        let of = self.recursions.iter().filter(|of| (of.start..of.start + of.len).contains(&at));
        of.map(|of| of.times).product()
    }
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

    /// Calls `poll` with a waker that records here, and otherwise acts as `waker`. [`tell`](Self::tell) belongs after it.
    pub(crate) fn poll<T>(&self, waker: &Waker, poll: impl FnOnce(&Waker) -> T) -> T {
        let probe = Probe { trace: self, waker };
        let raw = RawWaker::new((&raw const probe).cast(), &VTABLE);
        // SAFETY: the table's functions keep the contract of `RawWaker`: they read a `Probe` that outlives the waker in the next line;
        // `poll` gets only a reference to the waker, and its clones point to what `waker` points to, not to the probe.
        let probing = ManuallyDrop::new(unsafe { Waker::from_raw(raw) });
        let polled = poll(&probing);
        self.found.lock().unwrap_or_else(PoisonError::into_inner).is_polled = true;
        polled
    }

    /// Reports that the result is complete.
    pub(crate) fn tell(&self) {
        if self.together.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.together.all.notify_one();
        }
    }

    fn record(&self, woke: bool, outermost: usize) {
        let mut path = Path { frames: Vec::with_capacity(FRAMES), recursions: Vec::new() };
        let (mut is_cut, mut walked) = (false, 0);
        own_stack::walk(|address, end| {
            if end > outermost {
                return false;
            }
            is_cut = path.frames.len() == FRAMES || walked == WALKED;
            if !is_cut {
                path.push(address);
                walked += 1;
            }
            !is_cut
        });
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        match found.leaves.len() < LEAVES {
            true => found.leaves.push(Leaf { path, woke, is_cut }),
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
        trace.tell();
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
    fn levels_of_a_recursion_are_counted() {
        let path = |addresses: &[usize]| {
            let mut path = Path::default();
            addresses.iter().for_each(|address| path.push(*address));
            path
        };
        let ninety = [&[1, 2][..], &[3, 4, 5].repeat(90), &[6]].concat();
        let found = path(&ninety);
        assert_eq!(found.frames, [1, 2, 3, 4, 5, 6]);
        let times = |path: &Path| (0..path.frames.len()).map(|at| path.times(at)).collect::<Vec<_>>();
        assert_eq!(times(&found), [1, 1, 90, 90, 90, 1]);
        assert_eq!(times(&path(&[7, 7, 7, 8])), [3, 1]);
        assert_eq!(times(&path(&[1, 2, 3])), [1, 1, 1]);
        // A recursion within another's level.
        let nested = path(&[1, 2, 2, 1, 2, 2, 1, 2, 2]);
        assert_eq!(nested.frames, [1, 2]);
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
