//! The record of one task. Its poller writes with plain stores, the console reads at any time, and neither waits for the other.

use std::borrow::Cow;
use std::num::NonZeroU64;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::task::{Wake, Waker};

use tokio::runtime;
use tokio::task::AbortHandle;

use crate::views::tasks::places::Slots;
use crate::views::tasks::probe::Trace;
use crate::views::tasks::{long_polls, native};

/// A longer poll holds up its worker: 100 ms.
pub(crate) const LONG: u64 = 100_000_000;

/// One task, from its creation to its end. It is also the task's waker, so that it records whether the task was woken.
pub(crate) struct Record {
    pub(crate) id: NonZeroU64,
    pub(crate) name: Option<Cow<'static, str>>,
    pub(crate) spawned: &'static Location<'static>,
    pub(crate) parent: Option<NonZeroU64>,
    /// By the coarse clock.
    pub(crate) born: u64,
    counted: Counted,
    pub(crate) counts_in: Slots,
    /// The task was woken.
    woken: AtomicBool,
    /// It is being polled.
    running: AtomicBool,
    thread: AtomicU32,
    began: AtomicU64,
    polls: AtomicU64,
    busy: AtomicU64,
    longest: AtomicU64,
    /// The end of its last poll, or its creation.
    ended: AtomicU64,
    awaited_by: AtomicU64,
    abort: OnceLock<AbortHandle>,
    cancelled_by: OnceLock<String>,
    /// The executor's waker. In nearly all cases the first one stays the only one.
    first: OnceLock<Waker>,
    moved: AtomicBool,
    later: Mutex<Option<Arc<Waker>>>,
    /// For executors other than tokio: the task's waker, as long as any clone of it lives.
    elsewhere: Mutex<Option<Weak<Elsewhere>>>,
    asked: AtomicBool,
    trace: Mutex<Option<Arc<Trace>>>,
}

/// The waker of a task in an executor that drops a task when nothing can wake it any more. So neither the task nor its future keeps the
/// waker alive: only the objects that hold its clones do.
struct Elsewhere {
    record: Arc<Record>,
    waker: Waker,
}

/// The runtime that counts it among its tasks, if any; those of a `LocalSet` are not counted.
pub(crate) enum Counted {
    By(Option<runtime::Id>),
    /// Only a poll can tell; the first one records it.
    FoundOut(OnceLock<Option<runtime::Id>>),
}

/// The state of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Idle,
    Scheduled,
    /// On this thread, since this time.
    Running(u32, u64),
}

/// How a task has spent its time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spent {
    pub(crate) polls: u64,
    pub(crate) busy: u64,
    pub(crate) longest: u64,
}

impl Record {
    pub(crate) fn new(
        id: NonZeroU64,
        name: Option<Cow<'static, str>>,
        spawned: &'static Location<'static>,
        parent: Option<NonZeroU64>,
        born: u64,
        counted: Counted,
    ) -> Self {
        Self {
            id,
            counts_in: Slots::of(spawned, name.as_deref()),
            name,
            spawned,
            parent,
            born,
            counted,
            woken: AtomicBool::new(true),
            running: AtomicBool::new(false),
            thread: AtomicU32::new(0),
            began: AtomicU64::new(0),
            polls: AtomicU64::new(0),
            busy: AtomicU64::new(0),
            longest: AtomicU64::new(0),
            ended: AtomicU64::new(born),
            awaited_by: AtomicU64::new(0),
            abort: OnceLock::new(),
            cancelled_by: OnceLock::new(),
            first: OnceLock::new(),
            moved: AtomicBool::new(false),
            later: Mutex::new(None),
            elsewhere: Mutex::new(None),
            asked: AtomicBool::new(false),
            trace: Mutex::new(None),
        }
    }

    pub(crate) fn counted_by(&self) -> Option<runtime::Id> {
        match &self.counted {
            Counted::By(runtime) => *runtime,
            Counted::FoundOut(runtime) => runtime.get().copied().flatten(),
        }
    }

    /// Records the runtime that counts it, if that is not known yet.
    pub(crate) fn find_out_who_counts(&self, find: impl FnOnce() -> Option<runtime::Id>) {
        if let Counted::FoundOut(runtime) = &self.counted {
            runtime.get_or_init(find);
        }
    }

    /// Stores the waker of the current poll.
    #[inline]
    pub(crate) fn follow(&self, waker: &Waker) {
        let first = self.first.get_or_init(|| waker.clone());
        let moved = self.moved.load(Ordering::Acquire);
        if !first.will_wake(waker) || moved {
            self.follow_elsewhere(first, moved, waker);
        }
    }

    #[cold]
    fn follow_elsewhere(&self, first: &Waker, moved: bool, waker: &Waker) {
        let later = lock(&self.later).clone();
        if moved && later.is_some_and(|later| later.will_wake(waker)) {
            return;
        }
        // A probe's clone is a clone of the waker that the probe wraps.
        let waker = waker.clone();
        if first.will_wake(&waker) {
            return self.moved.store(false, Ordering::Release);
        }
        let replaced = lock(&self.later).replace(Arc::new(waker));
        self.moved.store(true, Ordering::Release);
        drop(replaced);
    }

    /// A waker for one poll in an executor other than tokio. It wakes the executor, and stays the same as long as any clone of it lives.
    pub(crate) fn waker_elsewhere(self: &Arc<Self>, waker: &Waker) -> Waker {
        let is_same = |known: &Arc<Elsewhere>| known.waker.will_wake(waker);
        if let Some(known) = self.elsewhere().filter(is_same) {
            return Waker::from(known);
        }
        let new = Arc::new(Elsewhere { record: self.clone(), waker: waker.clone() });
        *lock(&self.elsewhere) = Some(Arc::downgrade(&new));
        Waker::from(new)
    }

    fn elsewhere(&self) -> Option<Arc<Elsewhere>> {
        lock(&self.elsewhere).as_ref().and_then(Weak::upgrade)
    }

    #[inline]
    pub(crate) fn begin_poll(&self, now: u64) {
        self.thread.store(native::tid(), Ordering::Relaxed);
        self.began.store(now, Ordering::Relaxed);
        self.running.store(true, Ordering::Release);
        self.woken.store(false, Ordering::Release);
    }

    #[inline]
    pub(crate) fn end_poll(&self, began: u64, now: u64) {
        let took = now.saturating_sub(began);
        let add = |counter: &AtomicU64, more| {
            counter.store(counter.load(Ordering::Relaxed) + more, Ordering::Relaxed);
        };
        add(&self.polls, 1);
        add(&self.busy, took);
        // One comparison for both cases, which are rare.
        if took > self.longest.load(Ordering::Relaxed).min(LONG) {
            self.was_long(took, now);
        }
        self.ended.store(now, Ordering::Relaxed);
        self.running.store(false, Ordering::Release);
    }

    #[cold]
    fn was_long(&self, took: u64, now: u64) {
        self.longest.fetch_max(took, Ordering::Relaxed);
        if took > LONG {
            long_polls::add(self.id, self.name.clone(), self.spawned, took, now);
        }
    }

    /// The end of its last poll, or its creation.
    pub(crate) fn ended(&self) -> u64 {
        self.ended.load(Ordering::Relaxed)
    }

    /// The time since then; nothing while it is polled.
    pub(crate) fn idle(&self, now: u64) -> Option<u64> {
        let ended = self.ended();
        (!self.running.load(Ordering::Acquire)).then(|| now.saturating_sub(ended))
    }

    /// A poll that only a request for the stack has caused does not count.
    pub(crate) fn did_not_end(&self, before: u64) {
        self.ended.store(before, Ordering::Relaxed);
    }

    /// Whether the task was woken, and not by a request for its stack.
    pub(crate) fn is_woken(&self) -> bool {
        self.woken.load(Ordering::Acquire)
    }

    pub(crate) fn state(&self) -> State {
        if self.running.load(Ordering::Acquire) {
            State::Running(self.thread.load(Ordering::Relaxed), self.began.load(Ordering::Relaxed))
        } else if self.woken.load(Ordering::Acquire) {
            State::Scheduled
        } else {
            State::Idle
        }
    }

    /// Including the time of the current poll.
    pub(crate) fn spent(&self, now: u64) -> Spent {
        let running = match self.state() {
            State::Running(_, began) => now.saturating_sub(began),
            _ => 0,
        };
        Spent {
            polls: self.polls.load(Ordering::Relaxed),
            busy: self.busy.load(Ordering::Relaxed) + running,
            longest: self.longest.load(Ordering::Relaxed).max(running),
        }
    }

    pub(crate) fn polls(&self) -> u64 {
        self.polls.load(Ordering::Relaxed)
    }

    /// Requests the stack of the next poll, and wakes the task.
    pub(crate) fn ask(self: &Arc<Self>, trace: Arc<Trace>) {
        let before = lock(&self.trace).replace(trace);
        self.asked.store(true, Ordering::Release);
        drop(before);
        self.wake_executor();
    }

    /// Wakes the executor's task.
    fn wake_executor(&self) {
        if !self.moved.load(Ordering::Acquire) {
            if let Some(waker) = self.first.get() {
                waker.wake_by_ref();
            } else if let Some(elsewhere) = self.elsewhere() {
                elsewhere.waker.wake_by_ref();
            }
            return;
        }
        // No code of the executor runs under the lock.
        let waker = lock(&self.later).clone();
        if let Some(waker) = waker {
            waker.wake_by_ref();
        }
    }

    /// Withdraws a request without an answer.
    pub(crate) fn forget(&self, trace: &Arc<Trace>) {
        let mut asked = lock(&self.trace);
        if asked.as_ref().is_some_and(|asked| Arc::ptr_eq(asked, trace)) {
            *asked = None;
        }
    }

    #[inline]
    pub(crate) fn asked(&self) -> Option<Arc<Trace>> {
        if !self.asked.load(Ordering::Relaxed) || !self.asked.swap(false, Ordering::Acquire) {
            return None;
        }
        lock(&self.trace).take()
    }

    pub(crate) fn is_awaited_by(&self, task: Option<NonZeroU64>) {
        self.awaited_by.store(task.map_or(0, NonZeroU64::get), Ordering::Relaxed);
    }

    pub(crate) fn awaited_by(&self) -> Option<NonZeroU64> {
        NonZeroU64::new(self.awaited_by.load(Ordering::Relaxed))
    }

    pub(crate) fn can_be_aborted_by(&self, abort: AbortHandle) {
        let _ = self.abort.set(abort);
    }

    pub(crate) fn abort_handle(&self) -> Option<&AbortHandle> {
        self.abort.get()
    }

    /// Records who cancels the task. Only the first call counts.
    pub(crate) fn cancelled(&self, by: &str) {
        let _ = self.cancelled_by.set(by.to_owned());
    }

    pub(crate) fn cancelled_by(&self) -> Option<&str> {
        self.cancelled_by.get().map(String::as_str)
    }
}

impl Wake for Record {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        self.wake_executor();
    }
}

impl Wake for Elsewhere {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.record.woken.store(true, Ordering::Release);
        self.waker.wake_by_ref();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
