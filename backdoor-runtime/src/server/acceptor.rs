//! Accepts connections and gives each a session, until the console ends.

use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::panic::resume_unwind;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::Interest;
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio::task::{JoinSet, yield_now};
use tokio::time::{sleep, timeout};

use crate::audit::{Audit, Topic};
use crate::base::reserve;
use crate::call::failure::REPORT;
use crate::call::output_event::OutputEvent;
use crate::call::peer::Peer;
use crate::console::{LINGER, SessionConfig, Times, Transport, linger, serve};
use crate::dispatch::Dispatcher;
use crate::exec::catch_panic::catch_panic_async;
use crate::reply::text;
use crate::server::admission::{Admission, Slot, Want};
use crate::server::bound_listener::{BoundListener, Closed, Listener};
use crate::server::limits::Limits;
use crate::server::reserve_fd::{Backoff, ReserveFd};
use crate::server::stream::Stream;

/// How many peers at once are told why they get no session or lose it. Further peers of a flood are closed without a message.
const REJECTIONS: usize = 32;

/// The state that all listeners of a console share.
pub(crate) struct Acceptor {
    pub(crate) dispatcher: Arc<Dispatcher>,
    pub(crate) config: SessionConfig,
    pub(crate) times: Times,
    /// How long a session may send nothing.
    pub(crate) idle: Duration,
    pub(crate) admission: Arc<Admission>,
    pub(crate) ending: watch::Receiver<bool>,
    rejections: Arc<Semaphore>,
    numbers: AtomicU64,
    reserve_fd: Option<ReserveFd>,
    /// The longest pause after a connection could not be accepted.
    pause: Duration,
    /// A connection was closed, so a descriptor may be free: this ends the pause.
    closed: Notify,
}

/// The result of accepting a connection with a reserved descriptor.
enum InReserve {
    Stays(Stream),
    TurnedAway,
    /// No connection was waiting.
    Nobody,
}

/// Held by everything that must end before the console has ended.
type Alive = mpsc::Sender<Infallible>;

/// Why the console ends a session.
#[derive(Debug)]
enum CloseReason {
    /// Another peer gets its slot or its descriptor.
    MadeRoom(Want),
    Idle,
    /// A bug in the console, with the message of the panic.
    Panicked(String),
}

/// Serves all addresses until the console ends and every session has said goodbye.
///
/// # Panics
/// The task of an address has panicked.
pub(crate) async fn serve_all(
    acceptor: Arc<Acceptor>,
    listeners: Vec<(Arc<BoundListener>, Option<Listener>)>,
) {
    let (alive, mut gone) = mpsc::channel::<Infallible>(1);
    let mut tasks = JoinSet::new();
    for (bound, listener) in listeners {
        tasks.spawn(serve_listener(acceptor.clone(), bound, listener, alive.clone()));
    }
    drop(alive);
    while let Some(ended) = tasks.join_next().await {
        if let Err(panic) = ended.map_err(tokio::task::JoinError::try_into_panic)
            && let Ok(panic) = panic
        {
            resume_unwind(panic);
        }
    }
    // Nothing is ever sent: the wait ends when the last session has dropped its sender.
    let _ = gone.recv().await;
}

async fn serve_listener(
    acceptor: Arc<Acceptor>,
    bound: Arc<BoundListener>,
    listener: Option<Listener>,
    alive: Alive,
) {
    let mut ending = acceptor.ending.clone();
    let serve = async {
        let mut closed = Closed::Held;
        let mut listener = listener;
        loop {
            let open = match listener.take() {
                Some(open) => open,
                None => acceptor.open(&bound, closed).await,
            };
            acceptor.serve(&open, bound.is_plain(), &alive).await;
            closed = Closed::Removed;
        }
    };
    tokio::select! {
        () = serve => {}
        _ = ending.changed() => {}
    }
}

impl Acceptor {
    pub(crate) fn new(
        dispatcher: Arc<Dispatcher>,
        config: SessionConfig,
        limits: &Limits,
        admission: Admission,
        ending: watch::Receiver<bool>,
    ) -> Self {
        Self {
            dispatcher,
            config,
            times: limits.times,
            idle: limits.session_idle,
            admission: Arc::new(admission),
            ending,
            rejections: Arc::new(Semaphore::new(REJECTIONS)),
            numbers: AtomicU64::new(1),
            reserve_fd: limits.reserve_fd.then(ReserveFd::new),
            pause: limits.max_accept_backoff,
            closed: Notify::new(),
        }
    }

    /// Waits until the address is bound.
    async fn open(&self, bound: &BoundListener, closed: Closed) -> Listener {
        let Dispatcher { shared, audit, .. } = &*self.dispatcher;
        let (address, listener) = bound.opens(closed, &shared.service.name, audit).await;
        shared.addresses.get().into_iter().for_each(|addresses| addresses.add(address.clone()));
        listener
    }

    /// Gives connections their sessions, until the listener is closed or its file is removed.
    async fn serve(self: &Arc<Self>, listener: &Listener, plain: bool, alive: &Alive) {
        let mut watch = listener.watch();
        loop {
            let stream = tokio::select! {
                // Peers that connected before the file was removed are still accepted.
                biased;
                stream = self.take(listener) => stream,
                () = watch.sees_it_gone() => return,
            };
            self.admit(stream, plain, alive);
            // The input of the last session is read before the next one is accepted: a burst must not evict a session that has just sent a
            // line.
            yield_now().await;
        }
    }

    /// Waits for the next connection, also while there is no descriptor for it.
    async fn take(&self, listener: &Listener) -> Stream {
        let mut backoff = Backoff::up_to(self.pause);
        loop {
            let error = match listener.accept().await {
                Ok(stream) => return stream,
                Err(error) => error,
            };
            // Its peer disconnected before it was accepted, which is no error.
            if error.kind() == ErrorKind::ConnectionAborted {
                continue;
            }
            let audit = &self.dispatcher.audit;
            match self.reserve_fd.as_ref().filter(|_| reserve::helps(&error)) {
                Some(reserve_fd) => match self.take_in_reserve(listener, reserve_fd, &error).await {
                    InReserve::Stays(stream) => {
                        audit.warn_rarely(Topic::Reserve, || {
                            format!("a connection was accepted with a reserved descriptor: {error}")
                        });
                        return stream;
                    }
                    InReserve::TurnedAway => audit.warn_rarely(Topic::Accept, || not_taken(&error)),
                    InReserve::Nobody => {}
                },
                None => audit.warn_rarely(Topic::Accept, || not_taken(&error)),
            }
            let _ = timeout(backoff.next(), self.closed.notified()).await;
        }
    }

    /// Accepts one connection with a reserved descriptor. It stays if another descriptor is left for the next one, or if an unestablished
    /// session is closed for it; otherwise it is told the reason.
    async fn take_in_reserve(
        &self,
        listener: &Listener,
        reserve_fd: &ReserveFd,
        error: &io::Error,
    ) -> InReserve {
        let may_stay = reserve_fd.give_up();
        // Without an await in between, no other task on this thread takes the descriptor.
        let Ok(Ok(stream)) = timeout(Duration::ZERO, listener.accept()).await else {
            reserve_fd.renew();
            return InReserve::Nobody;
        };
        if may_stay {
            return InReserve::Stays(stream);
        }
        if let Some(left) = self.admission.make_room() {
            self.note_left(&left, Want::Descriptor);
            return InReserve::Stays(stream);
        }
        tell(
            &stream,
            &format!("the service cannot accept a connection now: {error}; try again later\n"),
            LINGER,
        )
        .await;
        drop(stream);
        reserve_fd.renew();
        InReserve::TurnedAway
    }

    fn note_left(&self, left: &Peer, want: Want) {
        self.dispatcher.audit.warn_rarely(Topic::Eviction, || {
            let Peer { id, name, .. } = left;
            format!(
                "session {id} of {name} was closed to make room for another: {}, and it had sent no line",
                want.reason()
            )
        });
    }

    /// A connection was closed, so a descriptor may be free again.
    fn has_closed(&self) {
        if let Some(reserve_fd) = &self.reserve_fd {
            reserve_fd.renew();
            self.closed.notify_one();
        }
    }

    /// Gives a connection its session, if a slot is free.
    fn admit(self: &Arc<Self>, stream: Stream, plain: bool, alive: &Alive) {
        stream.prepare(&self.config.bounds);
        let (name, uid) = stream.peer();
        let own = stream.is_own();
        let (output, pieces) = mpsc::channel(self.config.bounds.pieces());
        let id = self.numbers.fetch_add(1, Ordering::Relaxed);
        let peer = Arc::new(Peer::new(id, name, uid, output));
        if stream.is_unix() {
            peer.set_trusted();
        }
        let audit = &self.dispatcher.audit;
        let (acceptor, alive) = (self.clone(), alive.clone());
        match self.admission.take(&peer, own) {
            Ok((slot, left)) => {
                if let Some(left) = left {
                    self.note_left(&left, Want::Slot);
                }
                self.dispatcher.shared.add_peer(&peer);
                tokio::spawn(async move {
                    let _left = Left { audit: &acceptor.dispatcher.audit, peer: &peer };
                    acceptor.attend(&stream, peer.clone(), pieces, slot, plain).await;
                    drop(stream);
                    acceptor.has_closed();
                    drop(alive);
                });
            }
            Err(rejected) => {
                audit.warn_rarely(Topic::Refusal, || {
                    format!("{} was rejected: {}", peer.name, rejected.message())
                });
                tokio::spawn(async move {
                    acceptor.rejection(&stream, &format!("{}\n", rejected.message()), LINGER).await;
                    drop(stream);
                    acceptor.has_closed();
                    drop(alive);
                });
            }
        }
    }

    /// A session from its begin to its end.
    async fn attend(
        &self,
        stream: &impl Transport,
        peer: Arc<Peer>,
        pieces: mpsc::Receiver<OutputEvent>,
        mut slot: Slot,
        plain: bool,
    ) {
        let config = SessionConfig { plain, ..self.config.clone() };
        let cut = {
            let ending = self.ending.clone();
            let session = serve(stream, &self.dispatcher, peer.clone(), pieces, config, self.times, ending);
            let mut session = pin!(session);
            tokio::select! {
                biased;
                want = slot.is_wanted() => CloseReason::MadeRoom(want),
                served = catch_panic_async(session.as_mut()) => match served {
                    Ok(()) => return,
                    Err(panic) => CloseReason::Panicked(panic),
                },
                () = is_idle(&peer, self.idle) => CloseReason::Idle,
            }
        };
        drop(slot);
        if let CloseReason::Panicked(panic) = &cut {
            self.dispatcher.shared.tally.note_bug();
            self.dispatcher.audit.warn(format!(
                "session {} of {} was ended by a panic, which is a bug in the console, {REPORT}; the panic: {panic}",
                peer.id, peer.name
            ));
        }
        let newline = if peer.speaks_telnet() || (peer.is_prompted() && !plain) { "\r\n" } else { "\n" };
        // After a prompt it begins a new line.
        let begin = if peer.is_prompted() { newline } else { "" };
        // The next peer waits for this descriptor only as long as the message takes.
        let linger =
            if matches!(cut, CloseReason::MadeRoom(Want::Descriptor)) { Duration::ZERO } else { LINGER };
        self.rejection(stream, &format!("{begin}{}{newline}", cut.message(self.idle)), linger).await;
    }

    /// Tells a peer why it has no session, unless too many other peers are being told.
    async fn rejection(&self, stream: &impl Transport, message: &str, linger: Duration) {
        if let Ok(_turn) = self.rejections.try_acquire() {
            tell(stream, message, linger).await;
        }
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
    /// The message for the peer.
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
}

/// Waits until a peer has sent nothing for this long, and no command runs in its session.
async fn is_idle(peer: &Peer, limit: Duration) {
    while let Some(left) = limit.checked_sub(peer.idle_for()).filter(|left| !left.is_zero()) {
        sleep(left).await;
    }
}

fn not_taken(error: &io::Error) -> String {
    format!("a connection could not be accepted: {error}")
}

/// Sends one message, and delays the close so that a peer that is still sending can read it.
async fn tell(stream: &impl Transport, message: &str, time: Duration) {
    // A new socket has room for one line, but tokio knows that only after it was asked.
    if let Ok(Ok(_)) = timeout(LINGER, stream.ready(Interest::WRITABLE)).await {
        let _ = stream.try_write(message.as_bytes());
    }
    linger(stream, time).await;
}

#[cfg(test)]
mod tests;
