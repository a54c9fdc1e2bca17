//! Binds the addresses of a console: with a backlog that loses no connection of a burst, and errors with a remedy.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::sync::Arc;

use rustix::io::Errno;
use socket2::{Domain, Socket, Type};

use crate::base::fork::Ours;
use crate::server::bind_error::{BindError, Failure};
use crate::server::socket_directory;
use crate::server::socket_file::{self, SocketFile};
use crate::service::address::{Address, Endpoint, Host, Place};

/// Connections that may wait to be accepted. The 128 of tokio's own `bind` lose some connections of a burst, which are retried only after
/// seconds; the system lowers the value to `net.core.somaxconn`.
const BACKLOG: i32 = 1024;

/// A socket that listens, non-blocking and closed on exec.
#[derive(Debug)]
pub(crate) struct Bound {
    /// Its address, with the chosen port.
    pub(crate) address: Address,
    pub(crate) socket: BoundSocket,
    /// A warning, although the address is bound.
    pub(crate) warning: Option<String>,
}

/// The listening socket; of a unix one also its file, which is removed when the last of its [`SocketFile`] is dropped.
#[derive(Debug)]
pub(crate) enum BoundSocket {
    Tcp(TcpListener),
    Unix(UnixListener, Arc<SocketFile>),
}

impl BoundSocket {
    /// A forked child closes it.
    pub(super) fn ours(&self) -> Ours {
        match self {
            Self::Tcp(socket) => Ours::new(socket),
            Self::Unix(socket, _) => Ours::new(socket),
        }
    }
}

/// Listens at `endpoint`.
pub(crate) fn bind(endpoint: &Endpoint) -> Result<Bound, BindError> {
    let bound = match &endpoint.place {
        Place::Tcp { host, first, last } => bind_host(*host, *first, *last),
        Place::Unix { path } => bind_path(path),
    };
    let (address, socket) = bound.map_err(|failure| failure.at(endpoint.place.to_string()))?;
    let warning = match &address {
        Address::Tcp(_) => None,
        Address::Unix(path) => socket_directory::who_may_replace(path)
            .map(|who| format!("{address} can be replaced by another user: {who}; choose a directory that only its own user may write")),
    };
    Ok(Bound { address, socket, warning })
}

fn bind_path(template: &str) -> Result<(Address, BoundSocket), Failure> {
    let bound = socket_file::bind(&Place::path_of(template), other_path(template), BACKLOG);
    bound.map(|(listener, file)| {
        (Address::Unix(file.path().to_owned()), BoundSocket::Unix(listener, Arc::new(file)))
    })
}

/// The advice if another process has the path.
fn other_path(template: &str) -> &'static str {
    match (template.contains("{pid}"), template.contains("{host}")) {
        (false, _) => "put `{pid}` in the path",
        // Each container may have a process with id 1.
        (true, false) => "put `{host}` in the path, since containers may have the same process ids",
        (true, true) => "choose another path",
    }
}

fn bind_host(host: Host, first: u16, last: u16) -> Result<(Address, BoundSocket), Failure> {
    let mut bound = Err(Failure::from("it has no address"));
    for host in host.candidates() {
        bound = bind_first_free(host, first, last);
        if !bound.as_ref().is_err_and(|failure| failure.source().is_some_and(is_no_address)) {
            break;
        }
    }
    bound
}

/// Whether the machine has no such address, because a family is switched off or the loopback interface is down.
fn is_no_address(error: &io::Error) -> bool {
    Errno::from_io_error(error)
        .is_some_and(|error| [Errno::ADDRNOTAVAIL, Errno::AFNOSUPPORT].contains(&error))
}

/// The correction for a host that this machine does not have.
fn other_family(host: IpAddr, first: u16, last: u16) -> String {
    let (family, other): (_, IpAddr) = match host {
        IpAddr::V4(_) => ("IPv4", Ipv6Addr::LOCALHOST.into()),
        IpAddr::V6(_) => ("IPv6", Ipv4Addr::LOCALHOST.into()),
    };
    match bind_tcp(SocketAddr::new(other, 0)) {
        Ok(_) => {
            let instead = Place::Tcp { host: Host::Address(other), first, last };
            format!("this host has no {family}; write `{instead}`")
        }
        Err(_) => "the interface `lo` of this host has no address".to_owned(),
    }
}

fn bind_first_free(host: IpAddr, first: u16, last: u16) -> Result<(Address, BoundSocket), Failure> {
    let mut taken = None;
    for port in first..=last {
        match bind_tcp(SocketAddr::new(host, port)) {
            Ok(listener) => {
                let address =
                    listener.local_addr().map_err(|e| Failure::system("its address is not known", e))?;
                return Ok((Address::Tcp(address), BoundSocket::Tcp(listener)));
            }
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => taken = Some(error),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied && port < 1024 => {
                return Err(Failure::system("ports below 1024 need a privilege; choose one above", error));
            }
            Err(error) if is_no_address(&error) => {
                return Err(Failure::system(other_family(host, first, last), error));
            }
            Err(error) => return Err(Failure::system("the port cannot be bound", error)),
        }
    }
    let reason = match (first, last) {
        (0, _) => "no port is free",
        _ if first == last => {
            "the port is taken; choose another, a range such as `3000:3010`, or `0` for any free one"
        }
        _ => "every port of the range is taken; choose a wider one, or `0` for any free one",
    };
    Err(Failure::held(reason, taken))
}

fn bind_tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // Without it a restart fails for a minute while connections of the last run are in TIME-WAIT. A second listener on the same port is
    // still refused: by `bind`, or by `listen` if both are started at once.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests;
