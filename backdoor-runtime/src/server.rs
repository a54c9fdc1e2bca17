//! The way in for operators, in the order in which it happens: start, accept, session, shutdown. The files of this folder have the
//! details.

mod accept;
mod admission;
mod bind_error;
mod bound_listener;
mod builder;
mod environment;
mod error;
mod file_watch;
mod limit_knobs;
mod listener;
mod rejection;
mod reserve_fd;
mod running;
mod session;
mod socket_directory;
mod socket_file;
mod start_steps;
pub(crate) mod startup_check;
mod stream;
mod supervisor;
pub(crate) mod unregistered;

use std::convert::Infallible;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use tokio::task::{JoinSet, yield_now};

use crate::base::process::Process;
use crate::base::race::{First, race};
use crate::changes::lease;
use crate::console::{LINGER, SessionConfig};
use crate::dispatch::Dispatcher;
use crate::limits::Times;
use crate::server::accept::Shortage;
use crate::server::admission::Admission;
use crate::server::bound_listener::{BoundListener, BoundListeners, Closed, Listener};
use crate::server::rejection::Rejections;
use crate::server::running::{End, Parts};
use crate::server::start_steps::StartLog;
use crate::server::stream::Stream;
use crate::server::supervisor::Supervisor;
use crate::service::address::Endpoint;
use crate::views;

pub use bind_error::BindError;
pub use builder::Builder;
pub use error::Error;
pub use running::Backdoor;

/// What the listeners and the sessions of a console share.
struct Server {
    dispatcher: Arc<Dispatcher>,
    config: SessionConfig,
    times: Times,
    /// How long a session may send nothing.
    idle: Duration,
    admission: Arc<Admission>,
    rejections: Rejections,
    shortage: Shortage,
    ending: watch::Receiver<bool>,
    /// The number of the next session.
    numbers: AtomicU64,
}

/// Held by everything that must end before the console has ended.
type Alive = mpsc::Sender<Infallible>;

/// Starts a console that listens on all of its addresses.
fn start_all(builder: Builder) -> Result<Backdoor, Error> {
    start(builder, |endpoints, _| BoundListeners::open_all(endpoints))
}

/// Starts a console that listens on those of its addresses that it can bind.
fn start_some(builder: Builder) -> Result<Backdoor, Error> {
    start(builder, BoundListeners::open_some)
}

/// Start: the commands are checked and the addresses bound, and then the thread of the console serves them.
fn start(
    mut builder: Builder,
    open: impl FnOnce(Vec<Endpoint>, &str) -> Result<BoundListeners, BindError>,
) -> Result<Backdoor, Error> {
    let Some(endpoints) = builder.endpoints()? else { return Ok(Backdoor::off()) };
    let hint = environment::hint_on(&endpoints);
    let shared = builder.checked()?;
    let bound = open(endpoints, &shared.service.name).map_err(Error::Bind)?;
    let (priority, why_not_lower) = builder.set_up_process();
    let has_builtin_trends = builder.limits.builtin_trends;
    let (ending, ends) = watch::channel(false);
    let server = Arc::new(builder.server(&shared, &bound, ends)?);
    let dispatcher = server.dispatcher.clone();
    let (end, ended) = sync_channel(1);
    let serve = move |listeners| serve_all(server.clone(), listeners);
    let warn = start_steps::warn_with(&dispatcher);
    let supervisor = Supervisor::start(bound.listeners.clone(), priority, serve, warn, move || drop(end))
        .map_err(Error::Thread)?;
    let no_helper = start_steps::attach_views(&shared, priority, has_builtin_trends);
    StartLog { bound: &bound, no_helper, hint, why_not_lower }.write(&shared);
    Ok(Backdoor::of(Parts {
        process: Process::this(),
        started: Instant::now(),
        ending,
        ended: Mutex::new(Some(ended)),
        dispatcher,
        _supervisor: supervisor,
        listeners: bound.listeners,
    }))
}

/// Accept: a task for each address, until the console ends and every session has said goodbye.
///
/// # Panics
/// The task of an address has panicked.
async fn serve_all(server: Arc<Server>, listeners: Vec<(Arc<BoundListener>, Option<Listener>)>) {
    let (alive, mut gone) = mpsc::channel::<Infallible>(1);
    let mut addresses = JoinSet::new();
    for (bound, listener) in listeners {
        let (server, alive) = (server.clone(), alive.clone());
        addresses.spawn(async move {
            let mut ending = server.ending.clone();
            race(server.serve_address(&bound, listener, &alive), ending.changed()).await;
        });
    }
    drop(alive);
    // It resumes a panic.
    addresses.join_all().await;
    // Nothing is ever sent: the wait ends when the last session has dropped its sender.
    let _ = gone.recv().await;
}

impl Server {
    /// Serves an address, and opens its listener again each time it is closed or its file is removed.
    async fn serve_address(
        self: &Arc<Self>,
        bound: &BoundListener,
        mut listener: Option<Listener>,
        alive: &Alive,
    ) {
        let mut closed = Closed::Held;
        loop {
            let open = match listener.take() {
                Some(open) => open,
                None => self.open(bound, closed).await,
            };
            self.serve_listener(&open, bound.is_plain(), alive).await;
            closed = Closed::Removed;
        }
    }

    /// Gives connections their sessions, until the listener is closed or its file is removed.
    async fn serve_listener(self: &Arc<Self>, listener: &Listener, plain: bool, alive: &Alive) {
        let mut watch = listener.watch();
        loop {
            // Peers that connected before the file was removed are still accepted.
            let First::Left(stream) = race(self.accept(listener), watch.sees_it_gone()).await else { return };
            self.begin_session(stream, plain, alive.clone());
            // The input of the last session is read before the next one is accepted: a burst must not evict a session that has just sent a
            // line.
            yield_now().await;
        }
    }

    /// Session: a task that serves a connection if a slot is free, and otherwise says why not.
    fn begin_session(self: &Arc<Self>, stream: Stream, plain: bool, alive: Alive) {
        let (peer, output) = self.peer_of(&stream);
        let admitted = self.admit(&peer, &stream);
        let server = self.clone();
        match admitted {
            Ok(slot) => drop(tokio::spawn(async move {
                server.serve_session(&stream, peer, output, slot, plain).await;
                server.close(stream);
                drop(alive);
            })),
            Err(rejected) => drop(tokio::spawn(async move {
                server.rejections.tell(&stream, &format!("{}\n", rejected.message()), LINGER).await;
                server.close(stream);
                drop(alive);
            })),
        }
    }
}

impl Parts {
    /// Shutdown: sessions and commands are told to end, and have this long. Only the first call does anything.
    fn end(&self, limit: Duration, end: End) {
        let Some(ended) = self.take_ended() else { return };
        let until = Instant::now() + limit;
        let left = || until.saturating_duration_since(Instant::now());
        let is_at_once = self.is_at_once(end);
        let Dispatcher { shared, audit, pool, .. } = &*self.dispatcher;
        views::detach(shared);
        self.ending.send_replace(true);
        pool.end();
        // After the time limit, everything that still runs is abandoned.
        let _ = ended.recv_timeout(limit);
        lease::end_of(shared.owner, left());
        self.log_end(is_at_once);
        audit.end(left());
    }
}
