//! A panic in the console's own code, and the parts that keep working after it.

use super::*;

use std::io::{self, ErrorKind};
use std::mem::MaybeUninit;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::task::{Context, Poll};

use tokio::io::{Interest, Ready};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::audit::Audit;
use crate::command::States;
use crate::command::registry::Registry;
use crate::dispatch::{ConsoleState, Dispatcher};
use crate::limits::Limits;
use crate::limits::RECURRING;
use crate::server::admission::Admission;
use crate::service::Service;

/// A peer whose bytes make the console panic, as a bug in it would.
#[derive(Default)]
struct Broken {
    has_panicked: AtomicBool,
    written: Mutex<Vec<u8>>,
}

impl Transport for Broken {
    fn poll_ready(&self, interest: Interest, _context: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        Poll::Ready(Ok(if interest.is_writable() { Ready::WRITABLE } else { Ready::READABLE }))
    }

    fn try_read<'b>(&self, _buffer: &'b mut [MaybeUninit<u8>]) -> io::Result<&'b [u8]> {
        assert!(self.has_panicked.swap(true, Ordering::Relaxed), "a bug, as a test has it");
        // It closes its half after the message about the end.
        Ok(&[])
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.written.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn end_writing(&self) {}
}

/// A silent peer.
struct Silent;

impl Transport for Silent {
    fn poll_ready(&self, _interest: Interest, _context: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        Poll::Pending
    }

    fn try_read<'b>(&self, _buffer: &'b mut [MaybeUninit<u8>]) -> io::Result<&'b [u8]> {
        Err(ErrorKind::WouldBlock.into())
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn end_writing(&self) {}
}

/// A server, which ends with the sender that is returned beside it.
fn server() -> (Server, watch::Sender<bool>) {
    let limits = Limits::default();
    let service = Service::new("test".to_owned(), None);
    let shared = Arc::new(ConsoleState::new(Registry::linked(), service, limits.max_words));
    let audit = Audit::start(RECURRING).unwrap();
    let dispatcher = Dispatcher::new(shared, States::default(), audit, None, limits.commands());
    let admission = Admission::new(2, 0, Duration::ZERO);
    let (end, ending) = watch::channel(false);
    (Server::new(Arc::new(dispatcher), &limits, admission, ending), end)
}

fn peer(server: &Server, id: u64) -> (Arc<Peer>, mpsc::Receiver<OutputEvent>, Slot) {
    let (output, pieces) = mpsc::channel(1);
    let peer = Arc::new(Peer::new(id, format!("peer {id}"), None, output));
    let (place, left) = server.admission.take(&peer, false).unwrap();
    assert!(left.is_none(), "there was room");
    (peer, pieces, place)
}

#[tokio::test(start_paused = true)]
async fn a_console_panic_ends_one_session_and_is_reported() {
    let (server, _end) = server();
    let (other, pieces, place) = peer(&server, 1);
    let neighbour = server.serve_session(&Silent, other.clone(), pieces, place, true);
    let mut neighbour = std::pin::pin!(neighbour);
    let broken = Broken::default();
    let (failing, pieces, place) = peer(&server, 2);
    tokio::select! {
        () = &mut neighbour => panic!("the neighbour ended, too"),
        () = server.serve_session(&broken, failing, pieces, place, true) => {}
    }
    let said = String::from_utf8(broken.written.into_inner().unwrap()).unwrap();
    let message = CloseReason::Panicked(String::new()).message(Duration::ZERO);
    assert_eq!(said, format!("{message}\n"));
    // Its slot is free, and the other session still works.
    peer(&server, 3);
    assert!(timeout(Duration::from_secs(1), neighbour).await.is_err());
}
