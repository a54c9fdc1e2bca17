//! The tables of internet sockets in `/proc/self/net`: `tcp`, `tcp6`, `udp`, `udp6` (proc(5)).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::procfs::files::read;

/// A line of such a table.
pub(crate) struct Row {
    pub(crate) local: SocketAddr,
    pub(crate) peer: SocketAddr,
    /// A state of the kernel's `tcp_states.h`.
    pub(crate) state: u8,
    /// Bytes that the peer has not acknowledged.
    pub(crate) send_queue: u64,
    /// Received bytes that the service has not read; for a listener, connections that wait for `accept`.
    pub(crate) receive_queue: u64,
    /// 0 if the socket has no owner any more.
    pub(crate) inode: u64,
}

impl Row {
    /// `0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 1000 0 12345 ..`
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let (send, receive) = words.get(4)?.split_once(':')?;
        let queue = |hexadecimal| u64::from_str_radix(hexadecimal, 16).ok();
        Some(Self {
            local: address(words.get(1)?)?,
            peer: address(words.get(2)?)?,
            state: u8::from_str_radix(words.get(3)?, 16).ok()?,
            send_queue: queue(send)?,
            receive_queue: queue(receive)?,
            inode: words.get(9)?.parse().ok()?,
        })
    }
}

/// Whether the TCP socket of these two ends has no owner any more: the kernel still closes the connection, without an inode. A connection
/// outside of the tables of the kernel belongs to another machine or namespace and counts as owned.
pub(crate) fn is_orphan(local: SocketAddr, peer: SocketAddr) -> bool {
    let ends = [local, peer].map(|end| SocketAddr::new(end.ip().to_canonical(), end.port()));
    ["tcp", "tcp6"].iter().filter_map(|file| read(format!("/proc/self/net/{file}")).ok()).any(|table| {
        let mut rows = table.lines().skip(1).filter_map(Row::parse);
        rows.any(|row| [row.local, row.peer] == ends && row.inode == 0)
    })
}

/// Words of 32 bits in the machine's byte order, the port in network byte order.
fn address(text: &str) -> Option<SocketAddr> {
    let (host, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let mut bytes = Vec::with_capacity(16);
    for word in host.as_bytes().chunks(8) {
        let word = u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok()?;
        bytes.extend(word.to_ne_bytes());
    }
    let ip = match *bytes.as_slice() {
        [a, b, c, d] => IpAddr::V4(Ipv4Addr::new(a, b, c, d)),
        _ => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?)),
    };
    Some(SocketAddr::new(ip.to_canonical(), port))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn addresses_of_both_kinds_are_read() {
        assert_eq!(address("0100007F:1F90").unwrap().to_string(), "127.0.0.1:8080");
        assert_eq!(address("00000000000000000000000001000000:0050").unwrap().to_string(), "[::1]:80");
        let mapped = address("0000000000000000FFFF00000100007F:0050").unwrap();
        assert_eq!(mapped.to_string(), "127.0.0.1:80");
        assert_eq!(address("7F:1"), Some(SocketAddr::from(([127, 0, 0, 0], 1))));
        assert_eq!(address("xyz"), None);
    }

    #[test]
    fn a_socket_without_a_process_is_an_orphan() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (own, from) = listener.accept().unwrap();
        let ends = (from, own.local_addr().unwrap());
        assert!(!is_orphan(ends.0, ends.1));
        peer.shutdown(std::net::Shutdown::Write).unwrap();
        assert!(!is_orphan(ends.0, ends.1), "it still reads");
        drop(peer);
        assert!(is_orphan(ends.0, ends.1));
        drop(own);
    }
}
