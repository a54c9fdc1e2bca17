//! The record of one run, which the dispatcher, the session and the command share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::audit::Begin;
use crate::call::reply_buffer::ReplyBuffer;
use crate::call::stopwatch::Clock;
use crate::exec::claim::Claim;
use crate::reply::Form;

/// One run: a line from its begin to its end, and to the end of the code of the author that it called.
pub(crate) struct RunState {
    /// Unique in the process.
    pub(crate) id: u64,
    /// The session that typed the line.
    pub(crate) session: u64,
    /// The line as it was typed.
    pub(crate) line: Arc<str>,
    /// Whether the line was read, so that it is known which words are secret.
    is_read: AtomicBool,
    /// The line with dots in place of secrets, if it has any.
    masked: OnceLock<Arc<str>>,
    /// The form of the reply, without regard to `--json`.
    pub(crate) form: Form,
    pub(crate) begin: Instant,
    /// How long its command may run, in nanoseconds, or [`UNKNOWN`] or [`ENDLESS`].
    limit: AtomicU64,
    /// Why it was told to stop, if it was.
    stop: OnceLock<Stop>,
    /// Wakes the code that waits for the stop.
    stopped: Notify,
    pub(crate) clock: Clock,
    /// Wakes the dispatcher, which keeps the time for the run: a runtime of the service may have no timers.
    pub(crate) attention: Notify,
    /// The unsent part of its reply.
    pub(crate) held: ReplyBuffer,
    /// Whether a thread or a runtime has begun it.
    pub(crate) reached: Claim,
    /// Whether its answer is one line of JSON.
    pub(crate) json: AtomicBool,
    /// Whether its whole reply goes to a terminal unescaped.
    pub(crate) raw: AtomicBool,
    /// Whether it has found a problem, as `doctor` does.
    pub(crate) found: AtomicBool,
    /// Requests the log record of its begin, if one is needed.
    pub(crate) begins: OnceLock<Begin>,
}

/// The time limit of a run before its command is known.
const UNKNOWN: u64 = u64::MAX;

/// The time limit of a run that has none.
const ENDLESS: u64 = u64::MAX - 1;

/// Why a run is told to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Ctrl-C, IAC IP, BRK.
    Interrupted,
    /// The client disconnected.
    Disconnected,
    /// Its time limit.
    TimedOut,
    /// The console is shutting down.
    Ending,
    /// `kill`, in the session of this number.
    Killed(u64),
}

impl RunState {
    /// A run of this session that begins now.
    pub(crate) fn new(id: u64, session: u64, line: Arc<str>, form: Form) -> Self {
        let begin = Instant::now();
        Self {
            id,
            session,
            line,
            is_read: false.into(),
            masked: OnceLock::new(),
            form,
            begin,
            limit: UNKNOWN.into(),
            stop: OnceLock::new(),
            stopped: Notify::new(),
            clock: Clock::start(begin),
            attention: Notify::new(),
            held: ReplyBuffer::default(),
            reached: Claim::default(),
            json: false.into(),
            raw: false.into(),
            found: false.into(),
            begins: OnceLock::new(),
        }
    }

    /// Records that its line was read, with the form that others may read.
    pub(crate) fn show_as(&self, shown: &Arc<str>) {
        if !Arc::ptr_eq(shown, &self.line) {
            let _ = self.masked.set(shown.clone());
        }
        self.is_read.store(true, Ordering::Release);
    }

    /// The line as others may read it; empty before it was read.
    pub(crate) fn shown(&self) -> &str {
        match self.is_read.load(Ordering::Acquire) {
            true => self.masked.get().unwrap_or(&self.line),
            false => "",
        }
    }

    /// Sets the time limit of its command.
    pub(crate) fn set_limit(&self, limit: Option<Duration>) {
        // A limit is a year at most.
        let limit = limit.map_or(ENDLESS, |limit| limit.as_nanos() as u64);
        self.limit.store(limit, Ordering::Relaxed);
    }

    /// Its time limit, if it has one.
    pub(crate) fn limit(&self) -> Option<Duration> {
        match self.limit.load(Ordering::Relaxed) {
            UNKNOWN | ENDLESS => None,
            limit => Some(Duration::from_nanos(limit)),
        }
    }

    /// Whether it runs until it is cancelled.
    pub(crate) fn is_endless(&self) -> bool {
        self.limit.load(Ordering::Relaxed) == ENDLESS
    }

    /// Tells the run to stop. The first reason stays.
    pub(crate) fn stop(&self, reason: Stop) {
        if self.stop.set(reason).is_ok() {
            self.stopped.notify_waiters();
        }
    }

    /// Why it was told to stop, if it was.
    pub(crate) fn stopped(&self) -> Option<Stop> {
        self.stop.get().copied()
    }

    /// Waits until it is told to stop.
    pub(crate) async fn until_stopped(&self) -> Stop {
        loop {
            // Made before the check, so that a reason in between wakes it.
            let stopped = self.stopped.notified();
            if let Some(reason) = self.stopped() {
                return reason;
            }
            stopped.await;
        }
    }
}

/// How long rows of a streamed table are held back to find the columns' widths.
pub(crate) const HOLD: Duration = Duration::from_millis(200);
