//! The record of what was run, as `tracing` events.
//!
//! A subscriber is the author's code and may block: on a full pipe behind stdout, on a lock. So the events are emitted on a thread
//! of their own, from a bounded queue, and what does not fit is counted and said.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::{io, thread};

use tracing::dispatcher::{self, Dispatch};
use tracing::subscriber::NoSubscriber;

use crate::console::escape::escape_line;
use crate::dispatch::contain::contain;
use crate::dispatch::failure::Status;
use crate::dispatch::peer::Peer;

/// How many events wait for a slow subscriber.
const QUEUE: usize = 1024;

/// Hands events to the thread that emits them.
pub(crate) struct Audit {
    queue: Mutex<Option<SyncSender<Event>>>,
    lost: Arc<AtomicU64>,
    ended: Mutex<Option<Receiver<()>>>,
}

enum Event {
    Begins { session: u64, peer: String, line: String },
    Ended { session: u64, peer: String, line: String, result: Status, milliseconds: u64 },
    Warning(String),
}

impl Audit {
    /// Starts the thread. Events go to the subscriber that is in force here, or to the global one where there is none yet.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub(crate) fn start() -> io::Result<Self> {
        let (queue, events) = sync_channel(QUEUE);
        let (end, ended) = sync_channel::<()>(0);
        let lost = Arc::new(AtomicU64::new(0));
        let counted = lost.clone();
        let dispatch = dispatcher::get_default(Dispatch::clone);
        thread::Builder::new().name("backdoor-log".to_owned()).spawn(move || {
            if dispatch.is::<NoSubscriber>() {
                emit_all(&events, &counted);
            } else {
                dispatcher::with_default(&dispatch, || emit_all(&events, &counted));
            }
            drop(end);
        })?;
        Ok(Self { queue: Mutex::new(Some(queue)), lost, ended: Mutex::new(Some(ended)) })
    }

    pub(crate) fn begins(&self, peer: &Peer, line: &str) {
        self.send(|| Event::Begins { session: peer.id, peer: peer.name.clone(), line: line.to_owned() });
    }

    pub(crate) fn ended(&self, peer: &Peer, line: &str, result: Status, took: Duration) {
        self.send(|| Event::Ended {
            session: peer.id,
            peer: peer.name.clone(),
            line: line.to_owned(),
            result,
            milliseconds: took.as_millis() as u64,
        });
    }

    /// Something about the console itself that somebody should look at.
    pub(crate) fn warn(&self, text: String) {
        self.send(|| Event::Warning(text));
    }

    /// Emits what is queued, and waits for that no longer than `limit`.
    pub(crate) fn end(&self, limit: Duration) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        if let Some(ended) = self.ended.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // Both outcomes are fine: the thread has ended, or it is stuck in the subscriber.
            let _ = ended.recv_timeout(limit);
        }
    }

    fn send(&self, event: impl FnOnce() -> Event) {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(queue) = &*queue else { return };
        if queue.try_send(event()).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn emit_all(events: &Receiver<Event>, lost: &AtomicU64) {
    for event in events {
        // A subscriber that panics has said so by the service's panic hook, and may take the next one.
        let _ = contain(|| emit(event));
        let lost = lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let _ = contain(|| {
                tracing::warn!(target: "backdoor", lost, "events were lost: the subscriber is too slow");
            });
        }
    }
}

fn emit(event: Event) {
    match event {
        Event::Begins { session, peer, line } => {
            let line = escape_line(&line);
            tracing::info!(target: "backdoor", session, peer, %line, "command begins");
        }
        Event::Ended { session, peer, line, result, milliseconds } => {
            let line = escape_line(&line);
            tracing::info!(target: "backdoor", session, peer, %line, %result, milliseconds, "command ended");
        }
        Event::Warning(text) => tracing::warn!(target: "backdoor", "{}", escape_line(&text)),
    }
}
