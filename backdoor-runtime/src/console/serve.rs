//! The I/O of one session: reads, writes, and runs one line after the other, so that none of the three holds up the others.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{Interest, Ready};
use tokio::sync::{mpsc, watch};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until, timeout};

use crate::console::conversation::{Conversation, Manners};
use crate::dispatch::peer::Peer;
use crate::dispatch::session::Piece;
use crate::dispatch::{Dispatcher, Outcome};
use crate::reply::Form;

/// A connected byte stream.
pub(crate) trait Transport {
    /// Waits until it can be read or written.
    fn ready(&self, interest: Interest) -> impl Future<Output = io::Result<Ready>> + Send;
    /// Reads what is there.
    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize>;
    /// Writes what fits.
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize>;
    /// Says that nothing more will be written.
    fn end_writing(&self);
}

/// The times of a session.
#[derive(Clone, Copy)]
pub(crate) struct Times {
    /// How long a peer must be silent to be taken for a person.
    pub(crate) silence: Duration,
    /// How long a peer may take no byte of what it asked for.
    pub(crate) stall: Duration,
    /// How long a script that has its answers may stay silent.
    pub(crate) script_idle: Duration,
}

/// Above this, no more output is taken from a command.
const OUTPUT: usize = 32 * 1024;

/// Lines that one session may run before others get their turn.
const LINES_IN_A_ROW: usize = 32;

/// How long a peer that was told of the end may go on sending, so that what it was told is not lost to a reset.
const LINGER: Duration = Duration::from_millis(200);

/// Serves one peer until it or the console ends.
pub(crate) async fn serve(
    transport: &impl Transport,
    dispatcher: &Dispatcher,
    peer: Arc<Peer>,
    mut pieces: mpsc::Receiver<Piece>,
    manners: Manners,
    times: Times,
    mut ending: watch::Receiver<bool>,
) {
    let mut conversation = Conversation::new(peer.clone(), manners);
    let silent_until = Instant::now() + times.silence;
    let mut running: Option<Pin<Box<dyn Future<Output = Outcome> + Send + '_>>> = None;
    let mut stalled_at: Option<Instant> = None;
    let mut idle_at: Option<Instant> = None;
    let mut in_a_row = 0;
    let mut dismissed = false;
    loop {
        if running.is_none()
            && in_a_row < LINES_IN_A_ROW
            && conversation.output().len() < OUTPUT
            && let Some((line, at_prompt)) = conversation.next_line()
        {
            in_a_row += 1;
            let form = Form { text: true, value: false, width: peer.width() };
            let run = dispatcher.prepare(line, form);
            conversation.begin(&run, at_prompt);
            let peer = &peer;
            running = Some(Box::pin(async move { dispatcher.run(run, peer).await }));
        }
        if running.is_none() && conversation.is_over() && conversation.output().is_empty() {
            break;
        }
        if conversation.has_question() {
            read(transport, &mut conversation);
            conversation.ask();
        }
        let writes = !conversation.output().is_empty();
        let reads = conversation.takes_input();
        let has_turn = running.is_none() && conversation.has_lines() && conversation.output().len() < OUTPUT;
        stalled_at = if writes { stalled_at.or(Some(Instant::now() + times.stall)) } else { None };
        idle_at = match conversation.is_idle_script() && !writes {
            true => idle_at.or(Some(Instant::now() + times.script_idle)),
            false => None,
        };
        let next = tokio::select! {
            biased;
            outcome = poll(&mut running) => Next::Ended(outcome),
            Some(piece) = pieces.recv(), if conversation.output().len() < OUTPUT => Next::Piece(piece),
            _ = ending.changed(), if !dismissed => Next::Ending,
            ready = transport.ready(interest(reads, writes)), if reads || writes => Next::Io(ready),
            () = sleep_until(silent_until), if conversation.is_undecided() => Next::Silence,
            () = sleep_until(stalled_at.unwrap_or(silent_until)), if stalled_at.is_some() => Next::Stalled,
            () = sleep_until(idle_at.unwrap_or(silent_until)), if idle_at.is_some() => Next::IdleScript,
            () = yield_now(), if has_turn => Next::Turn,
        };
        match next {
            // Lines that are in already are answered before anything is written, for one write in all.
            Next::Ended(outcome) => {
                running = None;
                while let Ok(piece) = pieces.try_recv() {
                    conversation.piece(piece);
                }
                conversation.ended(&outcome);
                continue;
            }
            Next::Piece(piece) => {
                conversation.piece(piece);
                continue;
            }
            Next::Ending => {
                dismissed = true;
                while let Ok(piece) = pieces.try_recv() {
                    conversation.piece(piece);
                }
                running = None;
                conversation.dismiss();
            }
            Next::Turn => in_a_row = 0,
            Next::Silence => conversation.silence(),
            Next::IdleScript => conversation.end_script(),
            Next::Stalled => {
                dispatcher.audit.warn(format!(
                    "session {} was closed: its client took no byte for {} s",
                    peer.id,
                    times.stall.as_secs()
                ));
                conversation.vanish();
            }
            Next::Io(Err(_)) => conversation.vanish(),
            Next::Io(Ok(ready)) => {
                in_a_row = 0;
                idle_at = None;
                if ready.is_readable() || ready.is_read_closed() {
                    read(transport, &mut conversation);
                }
            }
        }
        if write(transport, &mut conversation) {
            stalled_at = None;
        }
        if let Some(protocol) = conversation.foreign() {
            dispatcher
                .audit
                .warn(format!("{} spoke {protocol} and was cut off; nothing of it was run", peer.name));
            return;
        }
    }
    transport.end_writing();
    if !dismissed {
        drop(timeout(LINGER, swallow(transport)).await);
    }
}

enum Next {
    Turn,
    Ended(Outcome),
    Piece(Piece),
    Ending,
    Io(io::Result<Ready>),
    Silence,
    IdleScript,
    Stalled,
}

/// Polls the line that runs, or waits forever.
async fn poll(running: &mut Option<Pin<Box<dyn Future<Output = Outcome> + Send + '_>>>) -> Outcome {
    match running {
        Some(running) => running.await,
        None => std::future::pending().await,
    }
}

fn interest(reads: bool, writes: bool) -> Interest {
    match (reads, writes) {
        (true, true) => Interest::READABLE.add(Interest::WRITABLE),
        (false, true) => Interest::WRITABLE,
        (_, false) => Interest::READABLE,
    }
}

/// Reads what is there, and no more than fits. The buffer is on the stack, so that an idle session costs none.
fn read(transport: &impl Transport, conversation: &mut Conversation) {
    let mut buffer = [0; 8 * 1024];
    while conversation.takes_input() {
        match transport.try_read(&mut buffer) {
            Ok(0) => return conversation.end_of_input(),
            Ok(count) => {
                conversation.receive(&buffer[..count]);
                if count < buffer.len() {
                    return;
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return conversation.vanish(),
        }
    }
}

/// Writes what fits, and says whether anything did.
fn write(transport: &impl Transport, conversation: &mut Conversation) -> bool {
    let mut progress = false;
    while !conversation.output().is_empty() {
        match transport.try_write(conversation.output()) {
            Ok(count) => {
                progress |= count > 0;
                conversation.output().drain(..count);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return progress,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => {
                conversation.vanish();
                return progress;
            }
        }
    }
    // An idle session keeps no buffer.
    *conversation.output() = Vec::new();
    progress
}

/// Takes what a peer still sends, up to a bound, until it closes its half too.
async fn swallow(transport: &impl Transport) {
    let mut left: usize = 1 << 20;
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
    transport.try_read(&mut [0; 8 * 1024])
}
