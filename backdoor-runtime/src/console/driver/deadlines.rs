//! The deadlines of one session.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use crate::console::conversation::Conversation;
use crate::limits::{FOREVER, Times};

/// How long a command may continue when the console shuts down, and again after it was told to stop.
const GRACE: Duration = Duration::from_millis(50);

/// When a peer that has closed its sending half is checked first.
const PROBE: Duration = Duration::from_millis(250);

/// The longest pause between two checks; each pause is twice as long as the one before.
const PROBES: Duration = Duration::from_secs(8);

/// How long the queue may stay full before input is searched for an interrupt.
const SCAN: Duration = Duration::from_secs(1);

/// How many times an empty line may restart the silence.
pub(super) const EMPTY_LINES: u32 = 10;

/// The event of a deadline.
#[derive(Clone, Copy)]
pub(super) enum Due {
    /// The peer was silent, as a person is before a prompt.
    Silence,
    /// The peer has read nothing of its answer.
    Stall,
    /// A script has stayed silent after its answers.
    ScriptIdle,
    /// A peer that has closed its sending half has to be checked.
    Probe,
    /// Input behind a full queue has to be searched for an interrupt.
    Scan,
    /// The rest of a line has not come.
    Unfinished,
    /// The prompt after an answer.
    Prompt,
    /// The console shuts down, and waits no longer.
    Leave,
}

/// When each deadline is due. One timer serves them all, because each timer would be a part of every idle session; it is moved only if
/// another deadline is next, because registering a timer costs more than moving it.
pub(super) struct Deadlines<'a> {
    times: Times,
    alarm: Pin<&'a mut Sleep>,
    next: Option<Due>,
    silence: Instant,
    /// Empty lines delay the end of the silence until then.
    silence_at_most: Instant,
    stall: Option<Instant>,
    script_idle: Option<Instant>,
    probe: Option<Instant>,
    probe_pause: Duration,
    scan: Option<Instant>,
    leave: Option<Instant>,
}

impl<'a> Deadlines<'a> {
    /// The deadlines of a session that begins now, with its timer.
    pub(super) fn begin(times: Times, alarm: Pin<&'a mut Sleep>) -> Self {
        let silence = Instant::now() + times.detect_timeout;
        let put_off = times.detect_timeout.saturating_mul(EMPTY_LINES).min(FOREVER);
        Self {
            times,
            alarm,
            next: None,
            silence,
            silence_at_most: silence + put_off,
            stall: None,
            script_idle: None,
            probe: None,
            probe_pause: PROBE,
            scan: None,
            leave: None,
        }
    }

    /// Starts the deadlines that have a reason now, ends those that have none, and sets the timer. Returns whether any deadline is set.
    pub(super) fn set(&mut self, conversation: &mut Conversation) -> bool {
        let writes = !conversation.output().is_empty();
        let is_idle_script = conversation.is_idle_script() && !writes;
        keep(&mut self.stall, writes, self.times.stall);
        keep(&mut self.script_idle, is_idle_script, self.times.script_idle);
        keep(&mut self.probe, conversation.is_in_doubt(), self.probe_pause);
        keep(&mut self.scan, conversation.hides_interrupt(), SCAN);
        let all = [
            (conversation.is_undecided().then_some(self.silence), Due::Silence),
            (self.stall, Due::Stall),
            (self.script_idle, Due::ScriptIdle),
            (self.probe, Due::Probe),
            (self.scan, Due::Scan),
            (conversation.unfinished_at().map(Instant::from_std), Due::Unfinished),
            (conversation.prompt_at().map(Instant::from_std), Due::Prompt),
            (self.leave, Due::Leave),
        ];
        let all = all.into_iter().filter_map(|(time, due)| Some((time?, due)));
        let next = all.min_by_key(|&(time, _)| time);
        if let Some((time, _)) = next
            && time != self.alarm.deadline()
        {
            self.alarm.as_mut().reset(time);
        }
        self.next = next.map(|(_, due)| due);
        self.next.is_some()
    }

    /// Waits for the next deadline that was [`set`](Self::set).
    pub(super) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Due>> {
        self.alarm.as_mut().poll(context).map(|()| self.next)
    }

    /// An empty line came first: the silence starts again, because the lines of a script may follow.
    pub(super) fn restart_silence(&mut self) {
        self.silence = self.silence_at_most.min(Instant::now() + self.times.detect_timeout);
    }

    /// The peer has read something of its answer.
    pub(super) fn note_progress(&mut self) {
        self.stall = None;
    }

    /// The peer has sent something. Returns whether it is a script that has paused before.
    pub(super) fn ends_pause(&mut self) -> bool {
        let Times { detect_timeout, script_idle, .. } = self.times;
        let idle_at = self.script_idle.take();
        idle_at.is_some_and(|at| Instant::now() + script_idle >= at + detect_timeout)
    }

    /// The peer is checked now. Returns how long that may take.
    pub(super) fn begin_probe(&mut self) -> Duration {
        self.probe = None;
        self.probe_pause = PROBES.min(self.probe_pause * 2);
        PROBE
    }

    /// A running command gets a moment to end.
    pub(super) fn begin_grace(&mut self) {
        self.leave = Some(Instant::now() + GRACE);
    }

    /// Clears all deadlines.
    pub(super) fn end_grace(&mut self) {
        self.leave = None;
    }
}

/// Starts a deadline if it is wanted and not started, and ends it if it is not wanted.
fn keep(deadline: &mut Option<Instant>, is_wanted: bool, time: Duration) {
    *deadline = match is_wanted {
        true => deadline.or_else(|| Some(Instant::now() + time)),
        false => None,
    };
}
