//! Takes connections and gives each a session, until the console ends.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::Interest;
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::{sleep, timeout};

use crate::console::{LINGER, Manners, Times, Transport, linger, serve};
use crate::dispatch::Dispatcher;
use crate::dispatch::peer::Peer;
use crate::server::stream::Stream;

/// How long no connection is taken after one could not be: descriptors or memory ran out, and haste would only burn CPU.
const PAUSE: Duration = Duration::from_millis(100);

/// How many peers at once are told that there is no room for them.
pub(crate) const REFUSALS: usize = 32;

/// A socket that takes connections.
pub(crate) enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// What every listener of a console shares.
pub(crate) struct Reception {
    pub(crate) dispatcher: Arc<Dispatcher>,
    pub(crate) manners: Manners,
    pub(crate) times: Times,
    pub(crate) places: Arc<Semaphore>,
    pub(crate) limit: usize,
    /// For peers that are told that there is no room.
    pub(crate) refusals: Arc<Semaphore>,
    pub(crate) ending: watch::Receiver<bool>,
    pub(crate) numbers: AtomicU64,
}

impl Listener {
    async fn accept(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(listener) => listener.accept().await.map(|(stream, _)| Stream::Tcp(stream)),
            Self::Unix(listener) => listener.accept().await.map(|(stream, _)| Stream::Unix(stream)),
        }
    }
}

/// Serves all listeners until the console ends and every session has said goodbye.
pub(crate) async fn serve_all(reception: Reception, listeners: Vec<(Listener, bool)>) {
    let reception = Arc::new(reception);
    let (alive, mut gone) = mpsc::channel::<Infallible>(1);
    for (listener, plain) in listeners {
        tokio::spawn(serve_listener(reception.clone(), listener, plain, alive.clone()));
    }
    drop(alive);
    // Nothing is ever sent: it ends when the last listener and the last session have dropped their sender.
    let _ = gone.recv().await;
}

async fn serve_listener(
    reception: Arc<Reception>,
    listener: Listener,
    plain: bool,
    alive: mpsc::Sender<Infallible>,
) {
    let mut ending = reception.ending.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = ending.changed() => return,
        };
        let stream = match accepted {
            Ok(stream) => stream,
            Err(error) => {
                reception.dispatcher.audit.warn(format!("a connection could not be taken: {error}"));
                sleep(PAUSE).await;
                continue;
            }
        };
        match reception.places.clone().try_acquire_owned() {
            Ok(place) => {
                tokio::spawn(serve_stream(reception.clone(), stream, plain, place, alive.clone()));
            }
            Err(_) => {
                // A flood of connections is not told one by one.
                if let Ok(place) = reception.refusals.clone().try_acquire_owned() {
                    tokio::spawn(refuse(stream, reception.limit, place, alive.clone()));
                }
            }
        }
    }
}

/// Tells a peer that there is no room for it.
async fn refuse(stream: Stream, limit: usize, place: OwnedSemaphorePermit, alive: mpsc::Sender<Infallible>) {
    let message = format!("the console has {limit} sessions already, which is its limit\n");
    // A new socket has room for one line, which tokio knows only after it was asked.
    if let Ok(Ok(_)) = timeout(LINGER, stream.ready(Interest::WRITABLE)).await {
        let _ = stream.try_write(message.as_bytes());
    }
    linger(&stream, LINGER).await;
    drop((place, alive));
}

async fn serve_stream(
    reception: Arc<Reception>,
    stream: Stream,
    plain: bool,
    place: OwnedSemaphorePermit,
    alive: mpsc::Sender<Infallible>,
) {
    stream.prepare();
    let (name, uid) = stream.peer();
    let (output, pieces) = mpsc::channel(reception.manners.bounds.pieces());
    let id = reception.numbers.fetch_add(1, Ordering::Relaxed);
    let peer = Arc::new(Peer::new(id, name, uid, output));
    if matches!(stream, Stream::Unix(_)) {
        peer.set_trusted();
    }
    let dispatcher = &reception.dispatcher;
    dispatcher.shared.add_peer(&peer);
    let manners = Manners { plain, ..reception.manners.clone() };
    serve(&stream, dispatcher, peer, pieces, manners, reception.times, reception.ending.clone()).await;
    drop((place, alive));
}
