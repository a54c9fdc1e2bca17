//! One address of a console: bound, or not bound yet because another process holds it or the file of its socket was removed.

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

/// How often an address is tried again.
pub(super) const AGAIN: Duration = Duration::from_secs(5);

/// How long an address stays closed after its file was removed, because the file may be removed repeatedly.
const PAUSE: Duration = Duration::from_millis(200);

/// An address, independent of the runtime that accepts its connections.
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

/// The listener of an address, on a runtime.
pub(super) struct Listener {
    _ours: Ours,
    socket: Accepting,
    file: Option<Arc<SocketFile>>,
}

enum Accepting {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// Why an address is not bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    /// The address could not be bound.
    Held,
    /// The file of its socket is gone.
    Removed,
}

/// The addresses of a console that starts.
#[derive(Default)]
pub(super) struct BoundListeners {
    pub(super) listeners: Vec<Arc<BoundListener>>,
    /// The addresses that are bound.
    pub(super) addresses: Vec<Address>,
    /// Warnings for the log.
    pub(super) warnings: Vec<String>,
}

impl BoundListeners {
    /// Binds all addresses.
    ///
    /// # Errors
    /// An address cannot be bound.
    pub(super) fn open_all(endpoints: Vec<Endpoint>) -> Result<Self, BindError> {
        let mut listeners = Self::default();
        for endpoint in endpoints {
            let bound = listener::bind(&endpoint)?;
            listeners.add(endpoint, bound);
        }
        Ok(listeners)
    }

    /// Binds the addresses that can be bound. An address that another process holds is tried again later.
    ///
    /// # Errors
    /// No address can be bound.
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
                        "the console of {service} cannot use an address yet: {}; it tries again every {seconds} s",
                        Error::Bind(error).chain()
                    ));
                }
                Err(error) => errors.push(error),
            }
        }
        // If no address can be bound, the first error is reported; the others are similar.
        let mut errors = errors.into_iter();
        if listeners.listeners.is_empty()
            && let Some(first) = errors.next()
        {
            return Err(first);
        }
        listeners.warnings.extend(errors.map(|error| {
            format!("the console of {service} skips an address: {}", Error::Bind(error).chain())
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
    /// An address, bound or not.
    pub(super) fn new(endpoint: Endpoint, bound: Option<Bound>) -> Arc<Self> {
        let this = Self { endpoint, state: Mutex::default() };
        if let Some(bound) = bound {
            this.state().open(bound.socket);
        }
        Arc::new(this)
    }

    /// Whether no telnet byte is sent before the peer sends one.
    pub(super) fn is_plain(&self) -> bool {
        self.endpoint.plain
    }

    /// Whether all peers are local processes whose user the kernel reports.
    pub(super) fn is_unix(&self) -> bool {
        matches!(self.endpoint.place, Place::Unix { .. })
    }

    /// The listener, on the runtime that this is called on; nothing while the address is not bound.
    ///
    /// # Errors
    /// The listener cannot be made, for want of descriptors.
    pub(super) fn listener(&self) -> io::Result<Option<Listener>> {
        self.state().socket.as_ref().map(Listener::of).transpose()
    }

    /// Waits until the address is bound, and logs that.
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
                        format!("the file of {place} was removed: {why}; the console tries again every {seconds} s")
                    });
                    closed = Closed::Held;
                }
            }
        }
    }

    /// Binds it anew. Returns a warning for the log, too.
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

    /// The same without waiting for the thread that may use it: it is not bound again, and its file is removed.
    pub(super) fn give_up(&self) {
        // The thread that uses it will notice that its file or its listener is gone.
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

    /// Watches the file of the socket for its removal.
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
