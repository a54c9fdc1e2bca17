//! The record of what was run, as `tracing` events.
//!
//! A subscriber is the author's code and may block: on a full pipe behind stdout, on a lock. So the events are emitted on a thread
//! of their own, from a bounded queue, and what does not fit is counted and said.
//!
//! A line is one event at its end, at DEBUG where its command only reads. One at its begin comes before it where a command may change
//! something, and where it runs for more than a second. Of lines that only read, a session has some
//! in each second on record, and a count of the others.
//!
//! That a command of the author's begins wakes that thread at once, so that the record is out before the command can end the process,
//! unless it does so faster than a thread wakes: a command that waited for its record would wait for the subscriber. Everything else
//! may be some milliseconds late and comes in batches, since waking a thread for each event would cost a short command more than it
//! takes itself. Where no subscriber takes our events, none is made.

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

/// How many events wait for a slow subscriber.
const QUEUE: usize = 1024;

/// How many lines that run nothing are logged in one second.
const REFUSED_IN_A_SECOND: u32 = 5;

/// How many lines of one session that only read are logged in one second. What may change something is always on record.
const READS_IN_A_SECOND: u32 = 20;

/// A line that runs for so long is on record in any case, since its begin is.
const LASTS: Duration = Duration::from_secs(1);

/// How long the thread sleeps over events that are not urgent.
const GATHER: Duration = Duration::from_millis(5);

/// How often a recurring warning is logged, unless the builder says otherwise.
pub(crate) const RECURRING: Duration = Duration::from_secs(60);

/// Hands events to the thread that emits them.
pub(crate) struct Audit {
    notes: Notes,
    recurring: Mutex<Recurring>,
    /// `None` where every line that runs nothing is logged, and every one that only reads.
    refused: Option<Mutex<PerSecond>>,
    ended: Mutex<Option<Receiver<()>>>,
}

/// Hands events to that thread from where the audit itself is not at hand.
#[derive(Clone)]
pub(crate) struct Notes {
    queue: Arc<Queue<Entry>>,
    lost: Arc<AtomicU64>,
    /// Our events reach the `log` crate where there is no subscriber, so that they are always wanted.
    reaches_log: bool,
}

/// What some other part of the console has to say to the log.
pub(crate) trait Event: Send {
    /// Says it, on the thread of the log.
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
    /// So many lines that ran nothing were not logged.
    Unlogged(u64),
    /// So many lines of a session that only read were not logged.
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
    /// As logs name it.
    pub(crate) peer: &'a Arc<str>,
    /// As others may see it.
    pub(crate) text: &'a Arc<str>,
    /// It changes nothing.
    pub(crate) reads: bool,
    /// It was neither wrong nor refused.
    pub(crate) ran: bool,
    /// The word for how it ended.
    pub(crate) result: &'static str,
    pub(crate) took: Duration,
    /// The lines of its session that only read.
    pub(crate) reads_of_session: &'a Mutex<PerSecond>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Audit {
    /// Starts the thread. Events go to the subscriber that is in force here, or to the global one where there is none yet. A warning
    /// of one topic is logged once in `every`.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub(crate) fn start(every: Duration) -> io::Result<Self> {
        let queue = Arc::new(Queue::new(QUEUE, GATHER));
        let (end, ended) = sync_channel::<()>(0);
        let lost = Arc::new(AtomicU64::new(0));
        let (events, counted) = (queue.clone(), lost.clone());
        let dispatch = dispatcher::get_default(Dispatch::clone);
        // A subscriber may hold a lock of the service's, which would then wait for what goes behind it.
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

    /// For a line that begins to run, where somebody takes that. It is `urgent` where it may end the process.
    pub(crate) fn begin(&self, line: &Arc<str>, reads: bool, urgent: bool) -> Option<Begin> {
        let is_wanted = self.notes.is_wanted(level(reads));
        is_wanted.then(|| Begin::new(self.notes.clone(), line.clone(), reads, urgent))
    }

    /// A line has ended. One that ran nothing, or that only read, is only counted where there were many.
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

    /// A session is over.
    pub(crate) fn left(&self, session: u64, reads: &Mutex<PerSecond>) {
        let untold = lock(reads).untold();
        self.unlogged_reads(session, untold);
    }

    fn unlogged_reads(&self, session: u64, lines: u64) {
        if lines > 0 {
            self.notes.send(LevelFilter::DEBUG, false, || Entry::UnloggedReads { session, lines });
        }
    }

    /// Something about the console itself that somebody should look at.
    pub(crate) fn warn(&self, text: String) {
        self.notes.warn(text);
    }

    /// Something about the console itself that is as it should be.
    pub(crate) fn inform(&self, text: String) {
        self.notes.send(LevelFilter::INFO, true, || Entry::Note(text));
    }

    /// A run was told to end by another session.
    pub(crate) fn killed(&self, run: u64, line: &str, session: u64, by: u64) {
        self.warn(format!("run {run}, `{}` of session {session}, was killed by session {by}", logged(line)));
    }

    /// For who logs what the console does, on other threads.
    pub(crate) fn notes(&self) -> Notes {
        self.notes.clone()
    }

    /// The same, of a kind that a peer or the system can bring about at any rate: it is logged once a minute and topic, and the next
    /// one says how many were not.
    pub(crate) fn warn_rarely(&self, topic: Topic, text: impl FnOnce() -> String) {
        let admitted = lock(&self.recurring).admit(topic, Instant::now());
        if let Some(suppressed) = admitted {
            self.warn(suppressed.told_after(text()));
        }
    }

    /// Emits what is queued, and waits for that no longer than `limit`.
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
        // Both outcomes are fine: the thread has ended, or it is stuck in the subscriber.
        let _ = ended.recv_timeout(limit);
    }
}

impl Notes {
    /// What another part of the console says at INFO.
    pub(crate) fn tell(&self, event: impl Event + 'static) {
        self.send(LevelFilter::INFO, false, || Entry::Event(Box::new(event)));
    }

    /// Something about the console itself that somebody should look at.
    pub(crate) fn warn(&self, text: String) {
        self.send(LevelFilter::WARN, true, || Entry::Warning(text));
    }

    fn send(&self, level: LevelFilter, urgent: bool, entry: impl FnOnce() -> Entry) {
        if self.is_wanted(level) && !self.queue.push(entry(), urgent) {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether anybody may take an event of this level. The level is the highest that any live subscriber of the process asks for, ours
    /// among them, so that it may say yes where ours says no, but never the other way round.
    fn is_wanted(&self, level: LevelFilter) -> bool {
        level <= STATIC_MAX_LEVEL && (self.reaches_log || level <= LevelFilter::current())
    }
}

impl Drop for Audit {
    fn drop(&mut self) {
        // The thread emits what is queued, and ends.
        self.notes.queue.close();
    }
}

/// Whether `tracing` was built with its feature `log`, by which events reach the `log` crate where there is no subscriber. It shows in
/// that a span which nobody takes still knows what it is.
fn reaches_log() -> bool {
    !dispatcher::has_been_set() && tracing::trace_span!(target: "backdoor", "unseen").metadata().is_some()
}

fn emit_all(events: &Queue<Entry>, lost: &AtomicU64) {
    while let Some(batch) = events.next() {
        for entry in batch {
            // A subscriber that panics has said so by the service's panic hook, and may take the next one.
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
