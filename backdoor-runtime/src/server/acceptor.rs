//! Takes connections and gives each a session, until the console ends.

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

/// How many peers at once are told why they get no session or lose it. The others of a flood are not.
const REJECTIONS: usize = 32;

/// What every listener of a console shares.
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
    /// How long no connection is taken after one could not be, at most.
    pause: Duration,
    /// A connection was closed, which ends that pause: there may be a descriptor.
    closed: Notify,
}

/// What became of a connection for which a descriptor in reserve was given up.
enum InReserve {
    Stays(Stream),
    TurnedAway,
    /// Nobody was there.
    Nobody,
}

/// Kept by all that has to end before the console has.
type Alive = mpsc::Sender<Infallible>;

/// Why a session ends that did not end by itself.
#[derive(Debug)]
enum CloseReason {
    /// Another peer gets its place or its descriptor.
    MadeRoom(Want),
    Idle,
    /// A bug of ours, with what the panic said.
    Panicked(String),
}

/// Serves all doors until the console ends and every session has said goodbye.
///
/// # Panics
/// A door's task has panicked.
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
    // Nothing is ever sent: it ends when the last session has dropped its sender.
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

    /// Waits until a door is open.
    async fn open(&self, bound: &BoundListener, closed: Closed) -> Listener {
        let Dispatcher { shared, audit, .. } = &*self.dispatcher;
        let (address, listener) = bound.opens(closed, &shared.service.name, audit).await;
        shared.addresses.get().into_iter().for_each(|addresses| addresses.add(address.clone()));
        listener
    }

    /// Gives connections their sessions, until nobody finds the listener any more.
    async fn serve(self: &Arc<Self>, listener: &Listener, plain: bool, alive: &Alive) {
        let mut watch = listener.watch();
        loop {
            let stream = tokio::select! {
                // Who came before its file was removed is let in.
                biased;
                stream = self.take(listener) => stream,
                () = watch.sees_it_gone() => return,
            };
            self.admit(stream, plain, alive);
            // What has come in is read before the next one is taken: a burst must not push out who has just sent a line.
            yield_now().await;
        }
    }

    /// The next connection, however long it takes until there is a descriptor for it.
    async fn take(&self, listener: &Listener) -> Stream {
        let mut backoff = Backoff::up_to(self.pause);
        loop {
            let error = match listener.accept().await {
                Ok(stream) => return stream,
                Err(error) => error,
            };
            // Its peer was gone before it was taken, which is nobody's trouble.
            if error.kind() == ErrorKind::ConnectionAborted {
                continue;
            }
            let audit = &self.dispatcher.audit;
            match self.reserve_fd.as_ref().filter(|_| reserve::helps(&error)) {
                Some(reserve_fd) => match self.take_in_reserve(listener, reserve_fd, &error).await {
                    InReserve::Stays(stream) => {
                        audit.warn_rarely(Topic::Reserve, || {
                            format!("a connection was taken with a descriptor in reserve: {error}")
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

    /// Takes one connection with a descriptor in reserve. It stays if another is left for the next one, or a session makes room that has
    /// shown nothing; otherwise it is told why there is none for it.
    async fn take_in_reserve(
        &self,
        listener: &Listener,
        reserve_fd: &ReserveFd,
        error: &io::Error,
    ) -> InReserve {
        let may_stay = reserve_fd.give_up();
        // Without a wait in between nobody else on this thread gets the descriptor.
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
            &format!("the service cannot take a connection now: {error}; try again later\n"),
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
                "session {id} of {name} made room for another: {}, and it had sent no line",
                want.reason()
            )
        });
    }

    /// A connection was closed, so that there may be a descriptor again.
    fn has_closed(&self) {
        if let Some(reserve_fd) = &self.reserve_fd {
            reserve_fd.renew();
            self.closed.notify_one();
        }
    }

    /// Gives a connection its session, if there is a place for it.
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
                    format!("{} was turned away: {}", peer.name, rejected.message())
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

    /// A session from its beginning to its end.
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
                "session {} of {} was ended by a panic in the console, which is a bug of it, {REPORT}; it said: {panic}",
                peer.id, peer.name
            ));
        }
        let newline = if peer.speaks_telnet() || (peer.is_prompted() && !plain) { "\r\n" } else { "\n" };
        // Behind a prompt it begins a line of its own.
        let begin = if peer.is_prompted() { newline } else { "" };
        // Who waits for its descriptor waits no longer than it takes to say so.
        let linger =
            if matches!(cut, CloseReason::MadeRoom(Want::Descriptor)) { Duration::ZERO } else { LINGER };
        self.rejection(stream, &format!("{begin}{}{newline}", cut.message(self.idle)), linger).await;
    }

    /// Tells a peer why it has no session, where not many others have to be told at the same time.
    async fn rejection(&self, stream: &impl Transport, message: &str, linger: Duration) {
        if let Ok(_turn) = self.rejections.try_acquire() {
            tell(stream, message, linger).await;
        }
    }
}

/// Puts the end of a session on record, also where its task is dropped.
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
    /// What the peer is told.
    fn message(&self, idle: Duration) -> String {
        match self {
            Self::MadeRoom(want) => {
                format!("{}; this session had sent no line and makes room for another", want.message())
            }
            Self::Idle => format!("nothing was sent for {}; this session is closed", text::duration(&idle)),
            Self::Panicked(_) => format!(
                "the console failed, which is a bug of it, {REPORT}; this session ends, the service goes on"
            ),
        }
    }
}

/// Waits until a peer has sent nothing for so long, and runs nothing.
async fn is_idle(peer: &Peer, limit: Duration) {
    while let Some(left) = limit.checked_sub(peer.idle_for()).filter(|left| !left.is_zero()) {
        sleep(left).await;
    }
}

fn not_taken(error: &io::Error) -> String {
    format!("a connection could not be taken: {error}")
}

/// Says one thing, and closes, so much later that a peer that is still sending reads it.
async fn tell(stream: &impl Transport, message: &str, time: Duration) {
    // A new socket has room for one line, which tokio knows only after it was asked.
    if let Ok(Ok(_)) = timeout(LINGER, stream.ready(Interest::WRITABLE)).await {
        let _ = stream.try_write(message.as_bytes());
    }
    linger(stream, time).await;
}

#[cfg(test)]
mod tests;
