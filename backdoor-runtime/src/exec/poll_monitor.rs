//! Whether a runtime polls a future, and how the future ended, for the code that waits for it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use crate::base::clock;
use crate::exec::catch_panic::Panic;

/// The future was not woken since its last poll.
const ASLEEP: u64 = 0;
/// It is being polled, or dropped.
const POLLED: u64 = 1;
/// The same, and the future was woken meanwhile.
const WOKEN_SINCE: u64 = 2;

/// The state of one future. It is also the waker that the future is polled with, so that it sees each wake-up.
pub(crate) struct PollMonitor {
    /// The panic in the drop of an aborted future; no caller gets its output.
    pub(crate) panic_in_drop: OnceLock<Panic>,
    /// One of the states above, or the time of the wake-up.
    state: AtomicU64,
    /// The runtime's waker. It gives a task the same one for all its life.
    waker: OnceLock<Waker>,
}

impl PollMonitor {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { panic_in_drop: OnceLock::new(), state: ASLEEP.into(), waker: OnceLock::new() })
    }

    /// Polls the future, and records that.
    pub(crate) fn poll<T>(
        self: &Arc<Self>,
        context: &mut Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        if !self.waker.get_or_init(|| context.waker().clone()).will_wake(context.waker()) {
            self.state.store(ASLEEP, Ordering::Release);
            return poll(context);
        }
        self.note_reached();
        let polled = poll(&mut Context::from_waker(&Waker::from(self.clone())));
        if polled.is_pending() && !self.becomes(POLLED, ASLEEP) {
            self.state.store(now(), Ordering::Release);
        }
        polled
    }

    /// Records that the future is to be polled.
    pub(crate) fn note_woken(&self) {
        match self.state.load(Ordering::Acquire) {
            ASLEEP => self.becomes(ASLEEP, now()),
            POLLED => self.becomes(POLLED, WOKEN_SINCE) || self.becomes(ASLEEP, now()),
            _ => true,
        };
    }

    /// Records that the runtime polls or drops the future.
    pub(crate) fn note_reached(&self) {
        self.state.store(POLLED, Ordering::Release);
    }

    /// How long the future was woken and not polled.
    pub(crate) fn unpolled_for(&self) -> Option<Duration> {
        match self.state.load(Ordering::Acquire) {
            ASLEEP | POLLED | WOKEN_SINCE => None,
            woken => Some(clock::since(woken)),
        }
    }

    fn becomes(&self, from: u64, to: u64) -> bool {
        self.state.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

fn now() -> u64 {
    clock::now().max(WOKEN_SINCE + 1)
}

impl Wake for PollMonitor {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.note_woken();
        if let Some(waker) = self.waker.get() {
            waker.wake_by_ref();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::sync::atomic::AtomicUsize;

    #[derive(Default)]
    struct Counts(AtomicUsize);

    impl Wake for Counts {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn wait_lasts_from_the_wake_up_to_the_poll() {
        let (report, counts) = (PollMonitor::new(), Arc::<Counts>::default());
        let runtime = Waker::from(counts.clone());
        let mut woken = None;
        let mut poll = |wakes: bool| {
            let pending = report.poll(&mut Context::from_waker(&runtime), |context| {
                assert_eq!(report.unpolled_for(), None, "it is being polled");
                woken = Some(context.waker().clone());
                if wakes {
                    context.waker().wake_by_ref();
                    assert_eq!(report.unpolled_for(), None, "it is still being polled");
                }
                Poll::<()>::Pending
            });
            assert!(pending.is_pending());
            woken.clone().unwrap()
        };
        assert_eq!(report.unpolled_for(), None);
        let waker = poll(false);
        assert_eq!(report.unpolled_for(), None, "nobody wants it polled");
        waker.wake_by_ref();
        waker.wake();
        let first = report.unpolled_for().expect("it was woken");
        assert!(report.unpolled_for().unwrap() >= first);
        poll(true);
        assert!(report.unpolled_for().is_some(), "it was woken while it was polled");
        poll(false);
        assert_eq!(report.unpolled_for(), None);
        assert_eq!(counts.0.load(Ordering::Relaxed), 3, "the runtime is woken each time");
    }

    #[test]
    fn future_is_polled_under_another_waker_too() {
        let report = PollMonitor::new();
        let (first, other) = (Waker::from(Arc::<Counts>::default()), Arc::<Counts>::default());
        let poll = |waker: &Waker| {
            report.poll(&mut Context::from_waker(waker), |context| {
                context.waker().wake_by_ref();
                Poll::<()>::Pending
            })
        };
        assert!(poll(&first).is_pending());
        assert!(poll(&Waker::from(other.clone())).is_pending());
        assert_eq!(other.0.load(Ordering::Relaxed), 1);
        assert_eq!(report.unpolled_for(), None, "what is not known is not said");
    }
}
