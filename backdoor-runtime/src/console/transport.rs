//! The connection of a session, as the session sees it, and how it is closed.

use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind};
use std::mem::MaybeUninit;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{Interest, Ready};
use tokio::time::timeout;

/// A connected byte stream.
pub(crate) trait Transport: Sync {
    /// Whether it can be read or written. If not, the last task that called this is woken when it can.
    fn poll_ready(&self, interest: Interest, context: &mut Context<'_>) -> Poll<io::Result<Ready>>;
    /// Waits until it can be read or written.
    fn ready(&self, interest: Interest) -> impl Future<Output = io::Result<Ready>> + Send {
        poll_fn(move |context| self.poll_ready(interest, context))
    }
    /// Reads the available input, into a buffer that may be uninitialised.
    fn try_read<'b>(&self, buffer: &'b mut [MaybeUninit<u8>]) -> io::Result<&'b [u8]>;
    /// The same, but a read that does not fill the buffer counts as the end of the available input, which saves one read. Not for a peer
    /// that sends urgent data, at which a read stops.
    fn try_read_all<'b>(&self, buffer: &'b mut [MaybeUninit<u8>]) -> io::Result<&'b [u8]> {
        self.try_read(buffer)
    }
    /// Asks the kernel whether a peer that closed its sending half has disconnected. Called on a thread that may wait.
    fn whether_gone(&self) -> Box<dyn FnOnce() -> bool + Send> {
        Box::new(|| false)
    }
    /// Writes as much as fits.
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize>;
    /// Closes the sending half.
    fn end_writing(&self);
    /// Bounds the kernel's buffer of unread output, with room kept for [`write_last`](Self::write_last).
    fn bound_send_buffer(&self) {}
    /// Writes one line although the kernel's buffer is full, if possible.
    fn write_last(&self, _bytes: &[u8]) {}
}

/// How long a peer may still send after the end of its session, so that a reset does not lose the last message.
pub(crate) const LINGER: Duration = Duration::from_millis(200);

/// The same when the console shuts down, which has little time.
pub(crate) const LINGER_AT_SHUTDOWN: Duration = Duration::from_millis(50);

/// The most input of a peer that is dropped after the end of its session.
const SWALLOWED: usize = 1 << 20;

/// The most that is dropped at once.
const AT_ONCE: usize = 8 * 1024;

/// Closes a connection so that the written output arrives: closing it with unread input would reset it.
pub(crate) async fn linger(transport: &impl Transport, limit: Duration) {
    transport.end_writing();
    drop(timeout(limit, swallow(transport)).await);
}

/// Reads and drops the peer's input, up to a bound, until it closes its half too.
async fn swallow(transport: &impl Transport) {
    let mut left = SWALLOWED;
    while left > 0 && transport.ready(Interest::READABLE).await.is_ok() {
        match swallow_some(transport) {
            Ok(0) => return,
            Ok(count) => left = left.saturating_sub(count),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}

fn swallow_some(transport: &impl Transport) -> io::Result<usize> {
    transport.try_read(&mut [MaybeUninit::uninit(); AT_ONCE]).map(<[u8]>::len)
}
