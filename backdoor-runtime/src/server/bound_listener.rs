//! A place where a console listens, or will: another process may hold it still, and the file of a unix socket may be removed.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, UnixListener};
use tokio::time::sleep;

use crate::audit::{Audit, Topic};
use crate::base::fork::Ours;
use crate::server::Error;
use crate::server::bind_error::BindError;
use crate::server::file_watch::FileWatch;
use crate::server::listener::{self, Bound, BoundSocket};
use crate::server::socket_file::SocketFile;
use crate::server::stream::Stream;
use crate::service::Address;
use crate::service::address::{Endpoint, Place};

/// How often a place is tried that could not be bound.
pub(super) const AGAIN: Duration = Duration::from_secs(5);

/// How long a place stays closed whose file was removed: somebody may do so all the time.
const PAUSE: Duration = Duration::from_millis(200);

/// A place, whatever becomes of the runtime that takes its connections.
pub(super) struct BoundListener {
    endpoint: Endpoint,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Dropped before the socket is closed.
    ours: Option<Ours>,
    socket: Option<BoundSocket>,
    has_ended: bool,
}

/// What takes a door's connections, on a runtime.
pub(super) struct Listener {
    _ours: Ours,
    socket: Accepting,
    file: Option<Arc<SocketFile>>,
}

enum Accepting {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// Why nothing listens at a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    /// The place could not be had.
    Held,
    /// The file of its socket is gone.
    Removed,
}

/// The doors of a console that starts.
#[derive(Default)]
pub(super) struct BoundListeners {
    pub(super) listeners: Vec<Arc<BoundListener>>,
    /// Where the open ones listen.
    pub(super) addresses: Vec<Address>,
    /// What somebody should look at.
    pub(super) warnings: Vec<String>,
}

impl BoundListeners {
    /// Opens all.
    ///
    /// # Errors
    /// A place cannot be bound.
    pub(super) fn open_all(endpoints: Vec<Endpoint>) -> Result<Self, BindError> {
        let mut listeners = Self::default();
        for endpoint in endpoints {
            let bound = listener::bind(&endpoint)?;
            listeners.add(endpoint, bound);
        }
        Ok(listeners)
    }

    /// Opens those that can be. One that another process holds is tried again, since that may end.
    ///
    /// # Errors
    /// There is no place left.
    pub(super) fn open_some(endpoints: Vec<Endpoint>, service: &str) -> Result<Self, BindError> {
        let mut listeners = Self::default();
        let mut errors = Vec::new();
        for endpoint in endpoints {
            match listener::bind(&endpoint) {
                Ok(bound) => listeners.add(endpoint, bound),
                Err(error) if error.is_held() => {
                    let seconds = AGAIN.as_secs();
                    listeners.listeners.push(BoundListener::new(endpoint, None));
                    listeners.warnings.push(format!(
                        "the console of {service} waits for an address: {}; it is tried again every {seconds} s",
                        Error::Bind(error).chain()
                    ));
                }
                Err(error) => errors.push(error),
            }
        }
        // Without a door the first is the reason, and the others are as good.
        let mut errors = errors.into_iter();
        if listeners.listeners.is_empty()
            && let Some(first) = errors.next()
        {
            return Err(first);
        }
        listeners.warnings.extend(errors.map(|error| {
            format!("the console of {service} does without an address: {}", Error::Bind(error).chain())
        }));
        Ok(listeners)
    }

    fn add(&mut self, endpoint: Endpoint, mut bound: Bound) {
        self.warnings.extend(bound.warning.take());
        self.addresses.push(bound.address.clone());
        self.listeners.push(BoundListener::new(endpoint, Some(bound)));
    }
}

impl BoundListener {
    /// A door that is open, if its place was bound.
    pub(super) fn new(endpoint: Endpoint, bound: Option<Bound>) -> Arc<Self> {
        let this = Self { endpoint, state: Mutex::default() };
        if let Some(bound) = bound {
            this.state().open(bound.socket);
        }
        Arc::new(this)
    }

    /// Whether no telnet byte is sent first to who comes here.
    pub(super) fn is_plain(&self) -> bool {
        self.endpoint.plain
    }

    /// Whether only local processes come here whose user the kernel names.
    pub(super) fn is_unix(&self) -> bool {
        matches!(self.endpoint.place, Place::Unix { .. })
    }

    /// What takes its connections, on the runtime that this is called on; nothing while it is closed.
    ///
    /// # Errors
    /// It cannot be had, for want of descriptors.
    pub(super) fn listener(&self) -> io::Result<Option<Listener>> {
        self.state().socket.as_ref().map(Listener::of).transpose()
    }

    /// Waits until it is open, and tells the log of that.
    pub(super) async fn opens(
        &self,
        mut closed: Closed,
        service: &str,
        audit: &Audit,
    ) -> (Address, Listener) {
        let place = &self.endpoint.place;
        loop {
            sleep(if closed == Closed::Held { AGAIN } else { PAUSE }).await;
            match (self.bind(), closed) {
                (Ok((address, listener, warning)), Closed::Held) => {
                    audit.inform(format!("the console of {service} listens on {address} now"));
                    warning.into_iter().for_each(|warning| audit.warn(warning));
                    return (address, listener);
                }
                (Ok((address, listener, _)), Closed::Removed) => {
                    audit.warn_rarely(Topic::Removal, || {
                        format!("the file of {address} was removed; the console of {service} made it again")
                    });
                    return (address, listener);
                }
                (Err(_), Closed::Held) => {}
                (Err(why), Closed::Removed) => {
                    audit.warn_rarely(Topic::Removal, || {
                        let seconds = AGAIN.as_secs();
                        format!("the file of {place} was removed: {why}; it is tried again every {seconds} s")
                    });
                    closed = Closed::Held;
                }
            }
        }
    }

    /// Binds it anew. Gives what somebody should look at, too.
    fn bind(&self) -> Result<(Address, Listener, Option<String>), String> {
        let mut state = self.state();
        if state.has_ended {
            return Err("the console has ended".to_owned());
        }
        state.close();
        let Bound { address, socket, warning, .. } =
            listener::bind(&self.endpoint).map_err(|error| Error::Bind(error).chain())?;
        let listener = Listener::of(&socket).map_err(|error| format!("{address}: {error}"))?;
        state.open(socket);
        Ok((address, listener, warning))
    }

    /// Closes it for good.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.has_ended = true;
        state.close();
    }

    /// The same, where the thread that may use it is not waited for: it is not bound again, and its file is removed.
    pub(super) fn give_up(&self) {
        // Who holds it now is about to see that its file is gone, or that of a door that is closed.
        let Ok(mut state) = self.state.try_lock() else { return };
        state.has_ended = true;
        if let Some(BoundSocket::Unix(_, file)) = &state.socket {
            file.remove();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn open(&mut self, socket: BoundSocket) {
        self.ours = Some(socket.ours());
        self.socket = Some(socket);
    }

    fn close(&mut self) {
        self.ours = None;
        self.socket = None;
    }
}

impl Listener {
    fn of(socket: &BoundSocket) -> io::Result<Self> {
        Ok(match socket {
            BoundSocket::Tcp(socket) => {
                let socket = TcpListener::from_std(socket.try_clone()?)?;
                Self { _ours: Ours::new(&socket), socket: Accepting::Tcp(socket), file: None }
            }
            BoundSocket::Unix(socket, file) => {
                let socket = UnixListener::from_std(socket.try_clone()?)?;
                Self { _ours: Ours::new(&socket), socket: Accepting::Unix(socket), file: Some(file.clone()) }
            }
        })
    }

    /// What notices that nobody finds it any more.
    pub(super) fn watch(&self) -> FileWatch {
        FileWatch::of(self.file.clone())
    }

    pub(super) async fn accept(&self) -> io::Result<Stream> {
        match &self.socket {
            Accepting::Tcp(listener) => listener.accept().await.map(|(stream, _)| stream.into()),
            Accepting::Unix(listener) => listener.accept().await.map(|(stream, _)| stream.into()),
        }
    }
}
