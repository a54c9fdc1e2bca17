//! The record of executed lines, as `tracing` events.
//!
//! A subscriber is code of the author and may block: on a full pipe behind stdout, or on a lock. So the events are emitted on a separate
//! thread, from a bounded queue, and events that do not fit are counted and reported.
//!
//! A line is one event at its end, at DEBUG if its command only reads. An event at its begin precedes it if the command may change
//! something, or if it runs for more than a second. Of lines that only read, a session has a limited number logged in each second, and the
//! others are counted.
//!
//! The begin of an author's command wakes that thread at once, so that the event is emitted before the command can end the process, unless
//! it does so faster than a thread wakes: a command that waited for its event would wait for the subscriber. All other events may be some
//! milliseconds late and are emitted in batches, because waking a thread for each event would cost a short command more than the command
//! itself. If no subscriber wants our events, none is made.

mod line;
mod queue;
mod recurring;

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tracing::dispatcher::{self, Dispatch};
use tracing::level_filters::{LevelFilter, STATIC_MAX_LEVEL};
use tracing::subscriber::NoSubscriber;

pub(crate) use crate::audit::line::Begin;
use crate::audit::line::{level, logged};
use crate::audit::queue::Queue;
use crate::audit::recurring::Recurring;
pub(crate) use crate::audit::recurring::Topic;
use crate::base::escape::escape_line;
use crate::base::per_second::PerSecond;
use crate::exec::catch_panic::catch_panic;
use crate::exec::own_thread::{self, Priority};

/// The most events that wait for a slow subscriber.
const QUEUE: usize = 1024;

/// The most lines without a command that are logged in a second.
const REFUSED_IN_A_SECOND: u32 = 5;

/// The most lines of one session that only read and are logged in a second. Lines that may change something are always logged.
const READS_IN_A_SECOND: u32 = 20;

/// A line that runs for this long is logged in any case, because its begin is.
const LASTS: Duration = Duration::from_secs(1);

/// How long the thread sleeps on events that are not urgent.
const GATHER: Duration = Duration::from_millis(5);

/// Sends events to the thread that emits them.
pub(crate) struct Audit {
    notes: Notes,
    recurring: Mutex<Recurring>,
    /// `None` if every line without a command and every line that only reads is logged.
    refused: Option<Mutex<PerSecond>>,
    ended: Mutex<Option<Receiver<()>>>,
}

/// Sends events to that thread for code without access to the audit.
#[derive(Clone)]
pub(crate) struct Notes {
    queue: Arc<Queue<Entry>>,
    lost: Arc<AtomicU64>,
    /// If there is no subscriber, our events reach the `log` crate, so they are always made.
    reaches_log: bool,
}

/// A message from another part of the console.
pub(crate) trait Event: Send {
    /// Emits it, on the thread of the log.
    fn emit(&self);
}

enum Entry {
    Begins {
        session: u64,
        peer: Arc<str>,
        line: Arc<str>,
        reads: bool,
    },
    Ended(Ended),
    /// The number of lines without a command that were not logged.
    Unlogged(u64),
    /// The number of lines of a session that only read and were not logged.
    UnloggedReads {
        session: u64,
        lines: u64,
    },
    Event(Box<dyn Event>),
    Warning(String),
    Note(String),
}

struct Ended {
    session: u64,
    peer: Arc<str>,
    line: Arc<str>,
    reads: bool,
    result: &'static str,
    milliseconds: u64,
}

/// A line that has ended.
pub(crate) struct Line<'a> {
    pub(crate) session: u64,
    /// The peer's name in logs.
    pub(crate) peer: &'a Arc<str>,
    /// The line as others may see it.
    pub(crate) text: &'a Arc<str>,
    /// Its command changes nothing.
    pub(crate) reads: bool,
    /// It was neither wrong nor refused.
    pub(crate) ran: bool,
    /// The word for its outcome.
    pub(crate) result: &'static str,
    pub(crate) took: Duration,
    /// The counter for its session's lines that only read.
    pub(crate) reads_of_session: &'a Mutex<PerSecond>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Audit {
    /// Starts the thread. Events go to the subscriber in force here, or to the global one if there is none yet. A warning of one topic is
    /// logged once in `every`.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub(crate) fn start(every: Duration) -> io::Result<Self> {
        let queue = Arc::new(Queue::new(QUEUE, GATHER));
        let (end, ended) = sync_channel::<()>(0);
        let lost = Arc::new(AtomicU64::new(0));
        let (events, counted) = (queue.clone(), lost.clone());
        let dispatch = dispatcher::get_default(Dispatch::clone);
        // A subscriber may hold a lock of the service, which would then wait for this thread, so it keeps the service's priority.
        own_thread::start("backdoor-log", Priority::OF_STARTER, move || {
            own_thread::survive_writes();
            if dispatch.is::<NoSubscriber>() {
                emit_all(&events, &counted);
            } else {
                dispatcher::with_default(&dispatch, || emit_all(&events, &counted));
            }
            drop(end);
        })?;
        let recurring = Mutex::new(Recurring::new(every));
        let refused = (!every.is_zero()).then(Mutex::default);
        let notes = Notes { queue, lost, reaches_log: reaches_log() };
        Ok(Self { notes, recurring, refused, ended: Mutex::new(Some(ended)) })
    }

    /// Records that a line begins, if a subscriber wants that. It is `urgent` if the line may end the process.
    pub(crate) fn begin(&self, line: &Arc<str>, reads: bool, urgent: bool) -> Option<Begin> {
        let is_wanted = self.notes.is_wanted(level(reads));
        is_wanted.then(|| Begin::new(self.notes.clone(), line.clone(), reads, urgent))
    }

    /// Records that a line has ended. A line without a command, or one that only read, is only counted if there were many.
    pub(crate) fn ended(&self, line: &Line<'_>) {
        let Line { session, peer, text, reads, ran, result, took, .. } = *line;
        if !self.notes.is_wanted(level(reads)) {
            return;
        }
        if !ran && let Some(refused) = &self.refused {
            let admitted = lock(refused).admit(REFUSED_IN_A_SECOND, Instant::now());
            let Some(unlogged) = admitted else { return };
            self.unlogged(unlogged);
        } else if reads && took < LASTS && self.refused.is_some() {
            let admitted = lock(line.reads_of_session).admit(READS_IN_A_SECOND, Instant::now());
            let Some(unlogged) = admitted else { return };
            self.unlogged_reads(session, unlogged);
        }
        self.notes.send(level(reads), false, || {
            let milliseconds = took.as_millis() as u64;
            Entry::Ended(Ended {
                session,
                peer: peer.clone(),
                line: text.clone(),
                reads,
                result,
                milliseconds,
            })
        });
    }

    fn unlogged(&self, lines: u64) {
        if lines > 0 {
            self.notes.send(LevelFilter::INFO, false, || Entry::Unlogged(lines));
        }
    }

    /// Records the end of a session.
    pub(crate) fn left(&self, session: u64, reads: &Mutex<PerSecond>) {
        let untold = lock(reads).untold();
        self.unlogged_reads(session, untold);
    }

    fn unlogged_reads(&self, session: u64, lines: u64) {
        if lines > 0 {
            self.notes.send(LevelFilter::DEBUG, false, || Entry::UnloggedReads { session, lines });
        }
    }

    /// Records a problem of the console.
    pub(crate) fn warn(&self, text: String) {
        self.notes.warn(text);
    }

    /// Records a normal event of the console.
    pub(crate) fn inform(&self, text: String) {
        self.notes.send(LevelFilter::INFO, true, || Entry::Note(text));
    }

    /// Records that another session stopped a run.
    pub(crate) fn killed(&self, run: u64, line: &str, session: u64, by: u64) {
        self.warn(format!("run {run}, `{}` of session {session}, was killed by session {by}", logged(line)));
    }

    /// A handle for other threads that log events of the console.
    pub(crate) fn notes(&self) -> Notes {
        self.notes.clone()
    }

    /// The same for warnings that a peer or the system can cause at any rate: one is logged for each topic and minute, and the next one
    /// reports how many were suppressed.
    pub(crate) fn warn_rarely(&self, topic: Topic, text: impl FnOnce() -> String) {
        let admitted = lock(&self.recurring).admit(topic, Instant::now());
        if let Some(suppressed) = admitted {
            self.warn(suppressed.told_after(text()));
        }
    }

    /// Emits the queued events, and waits for that at most `limit`.
    pub(crate) fn end(&self, limit: Duration) {
        let Some(ended) = lock(&self.ended).take() else { return };
        let untold = lock(&self.recurring).untold();
        if let Some(untold) = untold {
            self.warn(untold);
        }
        if let Some(refused) = &self.refused {
            self.unlogged(lock(refused).untold());
        }
        self.notes.queue.close();
        // Both outcomes are fine: the thread has ended, or it is blocked in the subscriber.
        let _ = ended.recv_timeout(limit);
    }
}

impl Notes {
    /// Records an event of another part of the console at INFO.
    pub(crate) fn tell(&self, event: impl Event + 'static) {
        self.send(LevelFilter::INFO, false, || Entry::Event(Box::new(event)));
    }

    /// Records a problem of the console.
    pub(crate) fn warn(&self, text: String) {
        self.send(LevelFilter::WARN, true, || Entry::Warning(text));
    }

    fn send(&self, level: LevelFilter, urgent: bool, entry: impl FnOnce() -> Entry) {
        if self.is_wanted(level) && !self.queue.push(entry(), urgent) {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether any subscriber may want an event of this level. The level is the highest that any live subscriber of the process wants,
    /// including ours, so it may be true although ours does not want the event, but never the other way round.
    fn is_wanted(&self, level: LevelFilter) -> bool {
        level <= STATIC_MAX_LEVEL && (self.reaches_log || level <= LevelFilter::current())
    }
}

impl Drop for Audit {
    fn drop(&mut self) {
        // The thread emits the queued events, and ends.
        self.notes.queue.close();
    }
}

/// Whether `tracing` was built with its feature `log`, by which events reach the `log` crate without a subscriber. It can be detected
/// because a disabled span still has its metadata then.
fn reaches_log() -> bool {
    !dispatcher::has_been_set() && tracing::trace_span!(target: "backdoor", "unseen").metadata().is_some()
}

fn emit_all(events: &Queue<Entry>, lost: &AtomicU64) {
    while let Some(batch) = events.next() {
        for entry in batch {
            // A panic in a subscriber was reported by the service's panic hook, and the subscriber may take the next event.
            let _ = catch_panic(|| emit(entry));
        }
        let lost = lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let _ = catch_panic(|| {
                tracing::warn!(target: "backdoor", lost, "events were lost: the subscriber is too slow");
            });
        }
    }
}

fn emit(entry: Entry) {
    match entry {
        Entry::Begins { session, peer, line, reads } => {
            let (peer, line) = (&*peer, logged(&line));
            match reads {
                true => tracing::debug!(target: "backdoor", session, peer, %line, "command begins"),
                false => tracing::info!(target: "backdoor", session, peer, %line, "command begins"),
            }
        }
        Entry::Ended(ended) => {
            let Ended { session, peer, line, reads, result, milliseconds } = ended;
            let (peer, line) = (&*peer, logged(&line));
            match reads {
                true => {
                    tracing::debug!(target: "backdoor", session, peer, %line, %result, milliseconds, "command ended");
                }
                false => {
                    tracing::info!(target: "backdoor", session, peer, %line, %result, milliseconds, "command ended");
                }
            }
        }
        Entry::Unlogged(lines) => {
            tracing::info!(target: "backdoor", lines, "further lines that ran no command were not logged");
        }
        Entry::UnloggedReads { session, lines } => {
            tracing::debug!(target: "backdoor", session, lines, "further commands that change nothing were not logged");
        }
        Entry::Event(event) => event.emit(),
        Entry::Warning(text) => tracing::warn!(target: "backdoor", "{}", escape_line(&text)),
        Entry::Note(text) => tracing::info!(target: "backdoor", "{}", escape_line(&text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::RECURRING;

    /// No test of this binary sets a subscriber.
    #[test]
    fn no_event_is_made_without_a_subscriber() {
        let audit = Audit::start(RECURRING).unwrap();
        assert!(!audit.notes.reaches_log, "the feature `log` of `tracing` is off here");
        audit.notes.send(LevelFilter::WARN, true, || panic!("it was made"));
        let mut logs = Audit::start(RECURRING).unwrap();
        logs.notes.reaches_log = true;
        assert!(logs.notes.is_wanted(LevelFilter::INFO), "where it is on, an event is wanted");
    }
}
