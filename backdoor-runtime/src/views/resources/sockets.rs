//! The sockets of the process: their peers, states and queues.

use std::collections::HashMap;
use std::fmt::Write;
use std::io;

use super::links::links;
use crate::procfs::files::read;
use crate::procfs::internet::Row;
use crate::procfs::system_call;
use crate::reply::record;

/// The state of a listener.
const LISTENS: &str = "listens";

record! {
    /// One socket of the process (`/proc/self/net`; proc(5)).
    pub(crate) struct Socket {
        /// Its descriptor; the lowest if it has several.
        pub fd: u32,
        /// `tcp`, `udp`, `unix`; `other` for kinds without a table in `/proc`.
        pub kind: &'static str,
        /// The local address; empty if there is none.
        pub local: String,
        /// The address of the peer; empty if there is none, and for unix sockets, for which `/proc` does not show it.
        pub peer: String,
        /// `listens`, `established`, `close-wait`, ..
        pub state: &'static str,
        /// Received bytes that the service has not read; for a listener, connections that wait for `accept`.
        pub receive_queue: u64,
        /// Sent bytes that the peer has not acknowledged.
        pub send_queue: u64,
        /// For a TCP listener: the most connections that may wait (`listen(2)`, bounded by `net.core.somaxconn`). The kernel shows it for no
        /// other kind.
        pub backlog: Option<u64>,
    }
}

impl Socket {
    /// The socket in one line, for a list of descriptors.
    pub(super) fn summary(&self) -> String {
        let mut text = self.kind.to_owned();
        for (before, part) in [(" ", self.local.as_str()), (" - ", &self.peer), (" ", self.state)] {
            if !part.is_empty() {
                let _ = write!(text, "{before}{part}");
            }
        }
        text
    }
}

/// The sockets of the process, by descriptor. Those of another network namespace are `other`.
///
/// # Errors
/// `/proc` is not mounted, or hidden.
pub(crate) fn sockets() -> io::Result<Vec<Socket>> {
    let mut known = sockets_by_inode()?;
    let mut sockets = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for (fd, link) in links()? {
        let Some(inode) = inode(&link).filter(|inode| seen.insert(*inode)) else { continue };
        let socket = known.remove(&inode).unwrap_or_else(|| Socket {
            fd,
            kind: "other",
            local: String::new(),
            peer: String::new(),
            state: "",
            receive_queue: 0,
            send_queue: 0,
            backlog: None,
        });
        let is_listener = (socket.kind, socket.state) == ("tcp", LISTENS);
        let backlog = is_listener.then(|| system_call::backlog(fd)).flatten();
        sockets.push(Socket { fd, backlog, ..socket });
    }
    Ok(sockets)
}

/// The number in `socket:[123]`.
pub(super) fn inode(link: &str) -> Option<u64> {
    link.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

/// Every socket of the network namespace by its inode; the descriptor is not known here.
pub(super) fn sockets_by_inode() -> io::Result<HashMap<u64, Socket>> {
    let mut sockets = HashMap::new();
    for (kind, files) in [("tcp", ["tcp", "tcp6"]), ("udp", ["udp", "udp6"])] {
        for file in files {
            // A machine without IPv6 has no tables for it.
            let Ok(table) = read(format!("/proc/self/net/{file}")) else { continue };
            sockets.extend(table.lines().skip(1).filter_map(|line| internet(kind, line)));
        }
    }
    match read("/proc/self/net/unix") {
        Ok(table) => sockets.extend(table.lines().skip(1).filter_map(unix)),
        // The tables that were read are still shown.
        Err(error) if sockets.is_empty() => return Err(error),
        Err(_) => {}
    }
    Ok(sockets)
}

/// A socket of the internet's protocols: a line of `tcp`, `tcp6`, `udp` or `udp6`.
fn internet(kind: &'static str, line: &str) -> Option<(u64, Socket)> {
    let row = Row::parse(line)?;
    let state = match (kind, row.state) {
        ("udp", 1) => "connected",
        ("udp", _) => "bound",
        (_, state) => tcp_state(state),
    };
    let peer = if row.peer.port() == 0 { String::new() } else { row.peer.to_string() };
    let (receive_queue, send_queue) = (row.receive_queue, row.send_queue);
    let local = row.local.to_string();
    Some((row.inode, Socket { fd: 0, kind, local, peer, state, receive_queue, send_queue, backlog: None }))
}

/// The states of the kernel's `tcp_states.h`.
fn tcp_state(number: u8) -> &'static str {
    match number {
        1 => "established",
        2 => "syn-sent",
        3 => "syn-received",
        4 => "fin-wait-1",
        5 => "fin-wait-2",
        6 => "time-wait",
        7 => "closed",
        8 => "close-wait",
        9 => "last-ack",
        10 => LISTENS,
        11 => "closing",
        _ => "unknown",
    }
}

/// `0000000000000000: 00000002 00000000 00010000 0001 01 12345 /run/x.sock`
fn unix(line: &str) -> Option<(u64, Socket)> {
    let mut words = line.split_ascii_whitespace();
    let flags = u32::from_str_radix(words.nth(3)?, 16).ok()?;
    let state = u8::from_str_radix(words.nth(1)?, 16).ok()?;
    let inode = words.next()?.parse().ok()?;
    let local = words.collect::<Vec<_>>().join(" ");
    const ACCEPTS: u32 = 1 << 16;
    let state = match state {
        _ if flags & ACCEPTS != 0 => LISTENS,
        1 => "unconnected",
        2 => "connecting",
        3 => "connected",
        4 => "disconnecting",
        _ => "unknown",
    };
    let socket = Socket {
        fd: 0,
        kind: "unix",
        local,
        peer: String::new(),
        state,
        receive_queue: 0,
        send_queue: 0,
        backlog: None,
    };
    Some((inode, socket))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::net::{TcpListener, TcpStream, UdpSocket};
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn both_ends_of_a_connection_and_queues_are_read() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (far, _) = listener.accept().unwrap();
        let waits = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        near.write_all(b"unread").unwrap();
        let sockets = sockets().unwrap();
        let of = |fd: i32| sockets.iter().find(|socket| socket.fd == fd as u32).unwrap();
        let far = of(far.as_raw_fd());
        assert_eq!((far.kind, far.state, far.receive_queue), ("tcp", "established", 6));
        assert_eq!(far.peer, near.local_addr().unwrap().to_string());
        let listener = of(listener.as_raw_fd());
        assert_eq!((listener.state, listener.receive_queue, listener.peer.as_str()), ("listens", 1, ""));
        drop(waits);
    }

    #[test]
    fn a_listener_tells_how_many_may_wait() {
        let listener = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        listener.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        listener.listen(5).unwrap();
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let sockets = sockets().unwrap();
        let of = |fd: i32| sockets.iter().find(|socket| socket.fd == fd as u32).unwrap().backlog;
        assert_eq!((of(listener.as_raw_fd()), of(udp.as_raw_fd())), (Some(5), None));
    }

    #[test]
    fn datagrams_and_unix_sockets_are_seen() {
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let (unix, _other) = UnixStream::pair().unwrap();
        let sockets = sockets().unwrap();
        let of = |fd: i32| sockets.iter().find(|socket| socket.fd == fd as u32).unwrap();
        assert_eq!((of(udp.as_raw_fd()).kind, of(udp.as_raw_fd()).state), ("udp", "bound"));
        assert_eq!((of(unix.as_raw_fd()).kind, of(unix.as_raw_fd()).state), ("unix", "connected"));
        assert!(of(udp.as_raw_fd()).summary().starts_with("udp 127.0.0.1:"));
    }
}
