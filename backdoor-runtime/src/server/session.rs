//! The session of a connection, from the slot that it gets to the reason for which the console ends it.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::audit::{Audit, Topic};
use crate::base::race::{First, race};
use crate::call::failure::REPORT;
use crate::call::output_event::OutputEvent;
use crate::call::peer::Peer;
use crate::console::{LINGER, SessionConfig, Transport, serve};
use crate::exec::catch_panic::catch_panic_async;
use crate::reply::text;
use crate::server::Server;
use crate::server::admission::{Rejected, Slot, Want};
use crate::server::stream::Stream;

/// Why the console ends a session.
#[derive(Debug)]
enum CloseReason {
    /// Another peer gets its slot or its descriptor.
    MadeRoom(Want),
    Idle,
    /// A bug in the console, with the message of the panic.
    Panicked(String),
}

impl Server {
    /// The peer of a new connection, and the channel for what commands say to it.
    pub(super) fn peer_of(&self, stream: &Stream) -> (Arc<Peer>, mpsc::Receiver<OutputEvent>) {
        stream.prepare(&self.config.bounds);
        let (name, uid) = stream.peer();
        let (sender, output) = mpsc::channel(self.config.bounds.pieces());
        let id = self.numbers.fetch_add(1, Ordering::Relaxed);
        let peer = Arc::new(Peer::new(id, name, uid, sender));
        if stream.is_unix() {
            peer.set_trusted();
        }
        (peer, output)
    }

    /// A slot for a peer, if one is free or another peer has to leave for it.
    pub(super) fn admit(&self, peer: &Arc<Peer>, stream: &Stream) -> Result<Slot, Rejected> {
        match self.admission.take(peer, stream.is_own()) {
            Ok((slot, left)) => {
                if let Some(left) = left {
                    self.note_eviction(&left, Want::Slot);
                }
                self.dispatcher.shared.add_peer(peer);
                Ok(slot)
            }
            Err(rejected) => {
                self.dispatcher.audit.warn_rarely(Topic::Refusal, || {
                    format!("{} was rejected: {}", peer.name, rejected.message())
                });
                Err(rejected)
            }
        }
    }

    /// A session from its begin to its end.
    pub(super) async fn serve_session(
        &self,
        stream: &impl Transport,
        peer: Arc<Peer>,
        output: mpsc::Receiver<OutputEvent>,
        mut slot: Slot,
        plain: bool,
    ) {
        let _left = Left { audit: &self.dispatcher.audit, peer: &peer };
        let config = SessionConfig { plain, ..self.config.clone() };
        let reason = {
            let ending = self.ending.clone();
            let session = serve(stream, &self.dispatcher, peer.clone(), output, config, self.times, ending);
            let mut session = pin!(session);
            let served = race(catch_panic_async(session.as_mut()), is_idle(&peer, self.idle));
            match race(slot.is_wanted(), served).await {
                First::Left(want) => CloseReason::MadeRoom(want),
                First::Right(First::Left(Ok(()))) => return,
                First::Right(First::Left(Err(panic))) => CloseReason::Panicked(panic),
                First::Right(First::Right(())) => CloseReason::Idle,
            }
        };
        drop(slot);
        self.note_panic(&peer, &reason);
        let message = reason.line(&peer, plain, self.idle);
        self.rejections.tell(stream, &message, reason.linger()).await;
    }

    /// Logs that a peer had to leave for another one.
    pub(super) fn note_eviction(&self, left: &Peer, want: Want) {
        self.dispatcher.audit.warn_rarely(Topic::Eviction, || {
            let Peer { id, name, .. } = left;
            format!(
                "session {id} of {name} was closed to make room for another: {}, and it had sent no line",
                want.reason()
            )
        });
    }

    fn note_panic(&self, peer: &Peer, reason: &CloseReason) {
        let CloseReason::Panicked(panic) = reason else { return };
        self.dispatcher.shared.tally.note_bug();
        self.dispatcher.audit.warn(format!(
            "session {} of {} was ended by a panic, which is a bug in the console, {REPORT}; the panic: {panic}",
            peer.id, peer.name
        ));
    }
}

/// Logs the end of a session, also if its task is dropped.
struct Left<'a> {
    audit: &'a Audit,
    peer: &'a Peer,
}

impl Drop for Left<'_> {
    fn drop(&mut self) {
        self.audit.left(self.peer.id, &self.peer.reads);
    }
}

impl CloseReason {
    /// The message for the peer. After a prompt it begins a new line.
    fn line(&self, peer: &Peer, plain: bool, idle: Duration) -> String {
        let newline = if peer.speaks_telnet() || (peer.is_prompted() && !plain) { "\r\n" } else { "\n" };
        let begin = if peer.is_prompted() { newline } else { "" };
        format!("{begin}{}{newline}", self.message(idle))
    }

    fn message(&self, idle: Duration) -> String {
        match self {
            Self::MadeRoom(want) => {
                format!(
                    "{}; this session had sent no line and is closed to make room for another",
                    want.message()
                )
            }
            Self::Idle => format!("no input for {}; this session is closed", text::duration(&idle)),
            Self::Panicked(_) => format!(
                "the console failed, which is a bug in the console, {REPORT}; this session is closed, the service continues"
            ),
        }
    }

    /// How long the peer may still send.
    fn linger(&self) -> Duration {
        match self {
            // The next peer waits for this descriptor only as long as the message takes.
            Self::MadeRoom(Want::Descriptor) => Duration::ZERO,
            _ => LINGER,
        }
    }
}

/// Waits until a peer has sent nothing for this long, and no command runs in its session.
async fn is_idle(peer: &Peer, limit: Duration) {
    while let Some(left) = limit.checked_sub(peer.idle_for()).filter(|left| !left.is_zero()) {
        sleep(left).await;
    }
}

#[cfg(test)]
mod tests;
