//! A connection as the console sees it: TCP on loopback or a unix socket.

use std::io::{self, ErrorKind};
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd};
use std::task::{Context, Poll};

use rustix::event::{PollFd, PollFlags, Timespec};
use socket2::SockRef;
use tokio::io::{Interest, Ready};
use tokio::net::{TcpStream, UnixStream};

use crate::base::fork::Ours;
use crate::base::kernel_ids;
use crate::console::Transport;
use crate::limits::Bounds;
use crate::procfs::internet::is_orphan;

/// The smallest receive buffer: with less than a packet of the loopback device, TCP waits for timers.
const LEAST: usize = 64 * 1024;

/// How many bytes of an unread answer the kernel may buffer, and the same with room for one more line. The kernel also counts its own
/// overhead and doubles both values (socket(7)); the larger is the default maximum.
const SEND_BUFFER: usize = 104 * 1024;
const LAST_SEND_BUFFER: usize = 2 * SEND_BUFFER;

/// A connected peer's stream.
pub(crate) struct Stream {
    /// A forked child closes it: otherwise its peer would not see the end.
    _ours: Ours,
    socket: Socket,
}

enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl From<TcpStream> for Stream {
    fn from(stream: TcpStream) -> Self {
        Self { _ours: Ours::new(&stream), socket: Socket::Tcp(stream) }
    }
}

impl From<UnixStream> for Stream {
    fn from(stream: UnixStream) -> Self {
        Self { _ours: Ours::new(&stream), socket: Socket::Unix(stream) }
    }
}

impl Stream {
    /// Prepares the socket. A failure here leaves a connection that works, but is slower, ignores urgent data, or has a send buffer that
    /// only the system bounds.
    pub(crate) fn prepare(&self, bounds: &Bounds) {
        if let Socket::Tcp(stream) = &self.socket {
            let _ = stream.set_nodelay(true);
            // RFC 854 sends SYNCH as urgent data; without this option its mark would be removed from the stream.
            let _ = self.socket().set_out_of_band_inline(true);
            // By default the buffer grows to megabytes (tcp(7), `tcp_rmem`). The kernel doubles the requested size, for its own overhead
            // (socket(7)). For a unix socket it counts the data as the sender's.
            if bounds.bytes_ahead != usize::MAX {
                let _ = self.socket().set_recv_buffer_size(bounds.bytes_ahead.max(LEAST) / 2);
            }
        }
    }

    /// Whether it is a unix socket, which no web page can connect to.
    pub(crate) fn is_unix(&self) -> bool {
        matches!(self.socket, Socket::Unix(_))
    }

    /// The peer's name in logs and `who`, and its user if the kernel reports it.
    pub(crate) fn peer(&self) -> (String, Option<u32>) {
        match &self.socket {
            Socket::Tcp(stream) => {
                let name =
                    stream.peer_addr().map_or_else(|_| "a disconnected peer".to_owned(), |a| a.to_string());
                (name, None)
            }
            Socket::Unix(stream) => match stream.peer_cred() {
                Ok(peer) => {
                    let process = match peer.pid() {
                        // The kernel has no id for a process in a PID namespace that is not visible here.
                        Some(0) => " in another PID namespace".to_owned(),
                        Some(pid) => format!(" pid {pid}"),
                        None => String::new(),
                    };
                    (format!("unix uid {}{process}", peer.uid()), Some(peer.uid()))
                }
                Err(_) => ("unix".to_owned(), None),
            },
        }
    }

    /// Whether the kernel reports the service's own user, or root, as the peer's user.
    pub(crate) fn is_own(&self) -> bool {
        match &self.socket {
            Socket::Tcp(_) => false,
            Socket::Unix(stream) => stream
                .peer_cred()
                .is_ok_and(|peer| peer.uid() == 0 || peer.uid() == kernel_ids::effective_user()),
        }
    }

    fn socket(&self) -> SockRef<'_> {
        match &self.socket {
            Socket::Tcp(stream) => SockRef::from(stream),
            Socket::Unix(stream) => SockRef::from(stream),
        }
    }

    fn poll_read_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &self.socket {
            Socket::Tcp(stream) => stream.poll_read_ready(context),
            Socket::Unix(stream) => stream.poll_read_ready(context),
        }
    }

    fn poll_write_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &self.socket {
            Socket::Tcp(stream) => stream.poll_write_ready(context),
            Socket::Unix(stream) => stream.poll_write_ready(context),
        }
    }

    /// Reads if input may be available. An empty socket is not read again before the kernel reports more input.
    fn if_readable<'b>(
        &self,
        read: impl FnOnce(BorrowedFd<'_>) -> io::Result<&'b [u8]>,
    ) -> io::Result<&'b [u8]> {
        match &self.socket {
            Socket::Tcp(stream) => stream.try_io(Interest::READABLE, || read(stream.as_fd())),
            Socket::Unix(stream) => stream.try_io(Interest::READABLE, || read(stream.as_fd())),
        }
    }
}

impl Transport for Stream {
    fn poll_ready(&self, interest: Interest, context: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        let mut ready = Ready::EMPTY;
        // The end of the input also counts as ready.
        if interest.is_readable() && self.poll_read_ready(context)?.is_ready() {
            ready |= Ready::READABLE;
        }
        if interest.is_writable() && self.poll_write_ready(context)?.is_ready() {
            ready |= Ready::WRITABLE;
        }
        if ready.is_empty() { Poll::Pending } else { Poll::Ready(Ok(ready)) }
    }

    fn try_read<'b>(&self, buffer: &'b mut [MaybeUninit<u8>]) -> io::Result<&'b [u8]> {
        self.if_readable(|socket| receive(socket, buffer))
    }

    fn try_read_all<'b>(&self, buffer: &'b mut [MaybeUninit<u8>]) -> io::Result<&'b [u8]> {
        let size = buffer.len();
        let mut short = None;
        // A short read has emptied the socket. Tokio treats it like an empty one, which saves another read.
        let read = self.if_readable(|socket| {
            let read = receive(socket, buffer)?;
            if (1..size).contains(&read.len()) {
                short = Some(read);
                return Err(ErrorKind::WouldBlock.into());
            }
            Ok(read)
        });
        short.map_or(read, Ok)
    }

    fn whether_gone(&self) -> Box<dyn FnOnce() -> bool + Send> {
        match &self.socket {
            Socket::Tcp(stream) => match (stream.local_addr(), stream.peer_addr()) {
                (Ok(local), Ok(peer)) => Box::new(move || is_orphan(peer, local)),
                _ => Box::new(|| true),
            },
            Socket::Unix(stream) => {
                // For a unix socket the kernel reports both halves separately.
                let mut ask = [PollFd::new(stream, PollFlags::empty())];
                let is_told = rustix::event::poll(&mut ask, Some(&Timespec::default())).is_ok();
                let gone = is_told && ask[0].revents().contains(PollFlags::HUP);
                Box::new(move || gone)
            }
        }
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match &self.socket {
            Socket::Tcp(stream) => stream.try_write(bytes),
            Socket::Unix(stream) => stream.try_write(bytes),
        }
    }

    fn bound_send_buffer(&self) {
        // If it fails, a reader that pauses for too long gets no message.
        let _ = self.socket().set_send_buffer_size(SEND_BUFFER);
    }

    fn write_last(&self, bytes: &[u8]) {
        let socket = self.socket();
        // Tokio would not try it, because it does not know of the additional room.
        if socket.set_send_buffer_size(LAST_SEND_BUFFER).is_ok() {
            let _ = socket.send_with_flags(bytes, libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT);
        }
    }

    fn end_writing(&self) {
        // It fails if the peer has already disconnected, which is fine.
        let _ = self.socket().shutdown(Shutdown::Write);
    }
}

fn receive<'b>(socket: BorrowedFd<'_>, buffer: &'b mut [MaybeUninit<u8>]) -> io::Result<&'b [u8]> {
    let (read, _) = rustix::io::read(socket, buffer)?;
    Ok(read)
}
