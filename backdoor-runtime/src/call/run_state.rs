//! One run of a command, as the dispatcher, the session and the command itself share it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::audit::Begin;
use crate::call::reply_buffer::ReplyBuffer;
use crate::call::stopwatch::Clock;

/// One run of a command.
pub(crate) struct RunState {
    /// Unique in the process.
    pub(crate) id: u64,
    pub(crate) begin: Instant,
    /// Why it was asked to stop, once it was.
    stop: OnceLock<Stop>,
    /// Wakes who waits for that.
    stopped: Notify,
    pub(crate) clock: Clock,
    /// Wakes the dispatcher, which keeps the time for the run: a runtime of the service's may have no timers.
    pub(crate) attention: Notify,
    /// What has become of its reply and is not sent yet.
    pub(crate) held: ReplyBuffer,
    /// Whether its function has been reached by a thread or a runtime.
    pub(crate) reached: Claim,
    /// Whether its answer is one line of JSON.
    pub(crate) json: AtomicBool,
    /// Whether its reply, which comes whole, goes to a terminal as it is.
    pub(crate) raw: AtomicBool,
    /// Whether it runs until it is told to end.
    pub(crate) endless: AtomicBool,
    /// For its begin to be put on record, where that is wanted.
    pub(crate) begins: OnceLock<Begin>,
}

/// Why a run is asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Ctrl-C, IAC IP, BRK.
    Interrupted,
    /// Its client has gone.
    Disconnected,
    /// Its time is up.
    TimedOut,
    /// The console ends.
    Ending,
    /// `kill`, in the session of this number.
    Killed(u64),
}

impl RunState {
    pub(crate) fn new(id: u64, begin: Instant) -> Self {
        Self {
            id,
            begin,
            stop: OnceLock::new(),
            stopped: Notify::new(),
            clock: Clock::start(begin),
            attention: Notify::new(),
            held: ReplyBuffer::default(),
            reached: Claim::default(),
            json: false.into(),
            raw: false.into(),
            endless: false.into(),
            begins: OnceLock::new(),
        }
    }

    /// Asks the run to stop. The first reason stays.
    pub(crate) fn stop(&self, reason: Stop) {
        if self.stop.set(reason).is_ok() {
            self.stopped.notify_waiters();
        }
    }

    /// Why it was asked to stop, if it was.
    pub(crate) fn stopped(&self) -> Option<Stop> {
        self.stop.get().copied()
    }

    /// Waits until it is asked to stop.
    pub(crate) async fn until_stopped(&self) -> Stop {
        loop {
            // Made before the question, so that a reason that comes in between wakes it.
            let stopped = self.stopped.notified();
            if let Some(reason) = self.stopped() {
                return reason;
            }
            stopped.await;
        }
    }
}

/// Whether a thread or a runtime has come to a run, or nobody waits for that any more. Both sides decide at the same instant, so it
/// is one or the other.
#[derive(Default)]
pub(crate) struct Claim(AtomicU8);

impl Claim {
    const NOT_YET: u8 = 0;
    const BEGUN: u8 = 1;
    const GIVEN_UP: u8 = 2;

    /// A thread or a runtime has come to it. Gives false where it is too late.
    pub(crate) fn begin(&self) -> bool {
        self.leave(Self::BEGUN) || self.has_begun()
    }

    /// Nobody waits any more. Gives false where it has begun.
    pub(crate) fn give_up(&self) -> bool {
        self.leave(Self::GIVEN_UP)
    }

    /// A further call of the same run is on its way.
    pub(crate) fn again(&self) {
        self.0.store(Self::NOT_YET, Ordering::Release);
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.0.load(Ordering::Acquire) == Self::BEGUN
    }

    fn leave(&self, to: u8) -> bool {
        self.0.compare_exchange(Self::NOT_YET, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

/// How long rows of a streamed table are held back to find the columns' widths.
pub(crate) const HOLD: Duration = Duration::from_millis(200);
