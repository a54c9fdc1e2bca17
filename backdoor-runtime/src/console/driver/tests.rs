//! The times of a session, by a clock that the tests move.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::mem::{self, MaybeUninit};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use tokio::time::{advance, sleep};

use super::*;
use crate::audit::Audit;
use crate::command::States;
use crate::command::registry::Registry;
use crate::console::driver::deadlines::EMPTY_LINES;
use crate::dispatch::ConsoleState;
use crate::limits::Bounds;
use crate::limits::CommandLimits;
use crate::limits::FOREVER;
use crate::limits::RECURRING;
use crate::service::Service;

/// A stream between a test and a session.
#[derive(Clone, Default)]
struct Wire(Arc<Mutex<Ends>>);

#[derive(Default)]
struct Ends {
    sent: VecDeque<u8>,
    waker: Option<Waker>,
    shown: Vec<u8>,
    is_closed: bool,
}

impl Wire {
    fn ends(&self) -> MutexGuard<'_, Ends> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, bytes: &str) {
        let mut ends = self.ends();
        ends.sent.extend(bytes.as_bytes());
        if let Some(waker) = ends.waker.take() {
            waker.wake();
        }
    }

    /// The new output, and whether the session has ended.
    fn shown(&self) -> (String, bool) {
        let mut ends = self.ends();
        (String::from_utf8(mem::take(&mut ends.shown)).unwrap(), ends.is_closed)
    }
}

impl Transport for Wire {
    fn poll_ready(&self, interest: Interest, context: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        let mut ends = self.ends();
        if interest.is_writable() {
            return Poll::Ready(Ok(Ready::WRITABLE));
        }
        if !ends.sent.is_empty() {
            return Poll::Ready(Ok(Ready::READABLE));
        }
        ends.waker = Some(context.waker().clone());
        Poll::Pending
    }

    fn try_read<'b>(&self, buffer: &'b mut [MaybeUninit<u8>]) -> io::Result<&'b [u8]> {
        let mut ends = self.ends();
        let count = ends.sent.len().min(buffer.len());
        if count == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        let bytes: Vec<u8> = ends.sent.drain(..count).collect();
        Ok(buffer[..count].write_copy_of_slice(&bytes))
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.ends().shown.extend(bytes);
        Ok(bytes.len())
    }

    fn end_writing(&self) {
        self.ends().is_closed = true;
    }
}

const SILENCE: Duration = Duration::from_millis(200);
const SCRIPT_IDLE: Duration = Duration::from_secs(2);

/// A console, and the settings of its sessions.
fn console() -> (Dispatcher, SessionConfig) {
    let shared = Arc::new(ConsoleState::new(Registry::linked(), Service::new("t".to_owned(), None), 64));
    let config = SessionConfig { shared: shared.clone(), plain: true, bounds: Arc::new(Bounds::default()) };
    let audit = Audit::start(RECURRING).unwrap();
    (Dispatcher::new(shared, States::default(), audit, None, CommandLimits::default()), config)
}

fn peer() -> (Arc<Peer>, mpsc::Receiver<OutputEvent>) {
    let (output, pieces) = mpsc::channel(32);
    (Arc::new(Peer::new(1, "a peer".to_owned(), None, output)), pieces)
}

const TIMES: Times = Times { detect_timeout: SILENCE, stall: FOREVER, script_idle: SCRIPT_IDLE };

/// A session that has just begun.
fn begin() -> Wire {
    let wire = Wire::default();
    let of_session = wire.clone();
    tokio::spawn(async move {
        let ((dispatcher, config), (peer, pieces)) = (console(), peer());
        let (_end, ending) = watch::channel(false);
        serve(&of_session, &dispatcher, peer, pieces, config, TIMES, ending).await;
    });
    wire
}

/// Lets time pass, and runs everything that is due.
async fn pass(time: Duration) {
    sleep(Duration::from_nanos(1)).await;
    advance(time).await;
    sleep(Duration::from_nanos(1)).await;
}

const MOMENT: Duration = Duration::from_millis(10);

#[tokio::test(start_paused = true)]
async fn c12_a_lone_empty_line_gets_the_banner() {
    let wire = begin();
    pass(SILENCE - MOMENT).await;
    wire.send("\n");
    // The silence starts again, because the lines of a script may follow.
    pass(SILENCE - MOMENT).await;
    assert_eq!(wire.shown(), (String::new(), false));
    pass(2 * MOMENT).await;
    let (shown, _) = wire.shown();
    assert!(shown.starts_with("t, pid ") && shown.ends_with("\nt> "), "{shown}");
    assert_eq!(shown.matches("t> ").count(), 1, "{shown}");
}

#[tokio::test(start_paused = true)]
async fn c12_empty_lines_before_a_script_are_dropped() {
    let wire = begin();
    for line in ["\r\n", "\n", " \n"] {
        wire.send(line);
        pass(SILENCE - MOMENT).await;
    }
    wire.send("help version --json\n");
    pass(SILENCE).await;
    let (shown, _) = wire.shown();
    assert!(shown.starts_with('{') && !shown.contains("t> "), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn empty_lines_delay_the_banner_only_briefly() {
    let wire = begin();
    for _ in 0..2 * EMPTY_LINES {
        wire.send("\n");
        pass(SILENCE - MOMENT).await;
    }
    assert!(wire.shown().0.contains("t> "));
}

#[tokio::test(start_paused = true)]
async fn c13_an_idle_script_is_told_why_it_is_closed() {
    let wire = begin();
    wire.send("no-such\n");
    pass(MOMENT).await;
    wire.shown();
    pass(SCRIPT_IDLE - 2 * MOMENT).await;
    assert_eq!(wire.shown(), (String::new(), false));
    pass(2 * MOMENT).await;
    assert_eq!(wire.shown(), ("no further input for 2s; this session is closed\n".to_owned(), true));
}

#[tokio::test(start_paused = true)]
async fn c13_a_script_that_resumes_after_a_pause_stays_open() {
    let wire = begin();
    wire.send("no-such\n");
    pass(SILENCE + MOMENT).await;
    wire.send("no-such\n");
    pass(MOMENT).await;
    for _ in 0..10 {
        wire.shown();
        pass(10 * SCRIPT_IDLE).await;
        assert_eq!(wire.shown(), (String::new(), false));
        wire.send("no-such\n");
        pass(MOMENT).await;
        assert!(wire.shown().0.contains("unknown command"));
    }
}

/// Its lines came in several packets, which is no pause.
#[tokio::test(start_paused = true)]
async fn a_script_in_packets_is_closed_after_its_answers() {
    let wire = begin();
    for _ in 0..10 {
        wire.send("no-such\n");
        pass(MOMENT).await;
    }
    wire.shown();
    pass(SCRIPT_IDLE).await;
    assert!(wire.shown().1);
}

/// One future is allocated for each line. Above 1032 bytes glibc's malloc has no cached block, which costs more than reading the line.
#[test]
fn the_future_of_a_line_is_small() {
    let ((dispatcher, _), (peer, _)) = (console(), peer());
    let line = dispatcher.run(dispatcher.prepare(String::new(), Form::text(None), peer.id), &peer);
    assert!(size_of_val(&line) <= 1024, "{} bytes", size_of_val(&line));
}

#[test]
fn the_future_of_a_session_is_small() {
    let ((dispatcher, config), (peer, pieces)) = (console(), peer());
    let (wire, (_end, ending)) = (Wire::default(), watch::channel(false));
    let session = serve(&wire, &dispatcher, peer, pieces, config, TIMES, ending);
    assert!(size_of_val(&session) <= 1536, "{} bytes", size_of_val(&session));
}
