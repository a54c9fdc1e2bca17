//! The I/O of one session: reads, writes, and runs one line after the other; none of the three blocks the others.

use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind};
use std::mem::{self, MaybeUninit};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{Interest, Ready};
use tokio::sync::{mpsc, watch};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until, timeout};

use crate::audit::Topic;
use crate::call::output_event::OutputEvent;
use crate::call::peer::Peer;
use crate::call::stopwatch::FOREVER;
use crate::console::conversation::{Conversation, SessionConfig};
use crate::dispatch::{Dispatcher, Outcome};
use crate::reply::Form;

/// A connected byte stream.
pub(crate) trait Transport: Sync {
    /// Whether it can be read or written. If not, the task that asked last is woken when it can.
    fn poll_ready(&self, interest: Interest, context: &mut Context<'_>) -> Poll<io::Result<Ready>>;
    /// Waits until it can be read or written.
    fn ready(&self, interest: Interest) -> impl Future<Output = io::Result<Ready>> + Send {
        poll_fn(move |context| self.poll_ready(interest, context))
    }
    /// Reads the available input, into a buffer that may be uninitialised.
    fn try_read<'b>(&self, buffer: &'b mut [MaybeUninit<u8>]) -> io::Result<&'b [u8]>;
    /// The same, but a read that does not fill the buffer counts as all available input, which saves one read. Not for a peer that sends
    /// urgent data, where a read stops.
    fn try_read_all<'b>(&self, buffer: &'b mut [MaybeUninit<u8>]) -> io::Result<&'b [u8]> {
        self.try_read(buffer)
    }
    /// Asks the kernel whether a peer that closed its sending half has gone. To be called on a thread that may wait.
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

/// The times of a session.
#[derive(Clone, Copy)]
pub(crate) struct Times {
    /// How long a peer must be silent to count as a person.
    pub(crate) detect_timeout: Duration,
    /// How long a peer may read nothing of its answer.
    pub(crate) stall: Duration,
    /// How long a script may stay silent after its answers.
    pub(crate) script_idle: Duration,
}

/// Lines that one session may run before other sessions get their turn.
const LINES_IN_A_ROW: usize = 32;

/// The most that is read at once.
const READ: usize = 8 * 1024;

/// The most that is read from one session before others get their turn.
const READ_IN_A_ROW: usize = 64 * 1024;

/// How long a peer may still send after the end of its session, so that a reset does not lose the last message.
pub(crate) const LINGER: Duration = Duration::from_millis(200);

/// The same when the console shuts down, which has little time.
const LINGER_AT_END: Duration = Duration::from_millis(50);

/// How long a command may run on when the console shuts down, and again after it was told so.
const GRACE: Duration = Duration::from_millis(50);

/// When a peer that has closed its sending half is checked first.
const PROBE: Duration = Duration::from_millis(250);

/// The longest pause between two checks; each pause is twice as long as the one before.
const PROBES: Duration = Duration::from_secs(8);

/// How long the queue may stay full before input is searched for an interrupt.
const SCAN: Duration = Duration::from_secs(1);

/// The most that is written to one session before others get their turn.
const WRITTEN_IN_A_ROW: usize = 64 * 1024;

/// How many times an empty line may restart the silence.
const EMPTY_LINES: u32 = 10;

/// The largest buffer that an idle session keeps, for short answers.
const KEPT: usize = 64;

/// Serves one peer until it or the console ends.
pub(crate) async fn serve(
    transport: &impl Transport,
    dispatcher: &Dispatcher,
    peer: Arc<Peer>,
    mut pieces: mpsc::Receiver<OutputEvent>,
    config: SessionConfig,
    times: Times,
    mut ending: watch::Receiver<bool>,
) {
    let mut conversation = Conversation::new(peer.clone(), config);
    let mut silent_until = Instant::now() + times.detect_timeout;
    let silent_at_most = silent_until + times.detect_timeout.saturating_mul(EMPTY_LINES).min(FOREVER);
    // One timer for all that has a time, since each would be a part of every idle session; and one for all turns, as is the wait for
    // the end: to register them costs more than to put them off.
    let mut alarm = pin!(sleep_until(silent_until));
    let mut ended = pin!(ending.changed());
    let mut running: Option<Line<'_>> = None;
    let mut stalled_at: Option<Instant> = None;
    let mut idle_at: Option<Instant> = None;
    let mut probe_at: Option<Instant> = None;
    let mut probe_every = PROBE;
    let mut scan_at: Option<Instant> = None;
    let mut leave_at: Option<Instant> = None;
    let mut in_a_row = 0;
    let mut written_in_a_row = 0;
    let mut is_bounded = false;
    let mut dismissed = false;
    'turns: loop {
        let next = 'next: {
            if running.is_none()
                && in_a_row < LINES_IN_A_ROW
                && let Some((line, at_prompt)) = conversation.next_line()
            {
                in_a_row += 1;
                let form = Form::text(peer.width());
                let run = dispatcher.prepare(line, form, peer.id);
                conversation.begin(&run, at_prompt);
                let mut run: Line<'_> = Box::pin(dispatcher.run(run, &peer));
                // Many lines end where they begin, and need nothing of what follows.
                if let Poll::Ready(outcome) = poll_fn(|context| Poll::Ready(run.as_mut().poll(context))).await
                {
                    break 'next Next::Ended(outcome);
                }
                running = Some(run);
            }
            if conversation.has_question() {
                if read(transport, &mut conversation) {
                    conversation.ask();
                } else {
                    conversation.refuse_early_lines();
                }
            }
            conversation.flush_prompt();
            if running.is_none() && conversation.is_over() && conversation.output().is_empty() {
                break 'turns;
            }
            let writes = !conversation.output().is_empty();
            let reads = conversation.takes_input();
            let has_turn = conversation.has_lines() || (conversation.has_question() && reads);
            let after = |wanted: bool, begun: Option<Instant>, time| match wanted {
                true => begun.or_else(|| Some(Instant::now() + time)),
                false => None,
            };
            stalled_at = after(writes, stalled_at, times.stall);
            idle_at = after(conversation.is_idle_script() && !writes, idle_at, times.script_idle);
            probe_at = after(conversation.is_in_doubt(), probe_at, probe_every);
            scan_at = after(conversation.hides_interrupt(), scan_at, SCAN);
            let due = [
                (conversation.is_undecided().then_some(silent_until), Due::Silence),
                (stalled_at, Due::Stalled),
                (idle_at, Due::IdleScript),
                (probe_at, Due::Probe),
                (scan_at, Due::Scan),
                (conversation.unfinished_at().map(Instant::from_std), Due::Unfinished),
                (conversation.prompt_at().map(Instant::from_std), Due::Prompt),
                (leave_at, Due::Leave),
            ];
            let due =
                due.into_iter().filter_map(|(time, what)| Some((time?, what))).min_by_key(|&(time, _)| time);
            if let Some((time, _)) = due
                && time != alarm.deadline()
            {
                alarm.as_mut().reset(time);
            }
            tokio::select! {
                biased;
                outcome = poll(&mut running) => Next::Ended(outcome),
                Some(piece) = pieces.recv(), if conversation.takes_output() => Next::OutputEvent(piece),
                _ = &mut ended, if !dismissed => Next::Ending,
                ready = transport.ready(interest(reads, writes)), if reads || writes => Next::Io(ready),
                () = &mut alarm, if due.is_some() => Next::Due(due.map(|(_, what)| what)),
                () = yield_now(), if has_turn => Next::Turn,
            }
        };
        match next {
            Next::Ended(outcome) => {
                running = None;
                // What it said was sent before it ended. What others say may have no end.
                for _ in 0..pieces.max_capacity() {
                    let Ok(piece) = pieces.try_recv() else { break };
                    conversation.piece(piece);
                }
                conversation.ended(&outcome);
                // Lines that are in already are answered before anything is written, for one write in all.
                if conversation.has_lines() && in_a_row < LINES_IN_A_ROW {
                    continue;
                }
                conversation.flush_prompt();
            }
            Next::OutputEvent(piece) => {
                conversation.piece(piece);
                while conversation.takes_output()
                    && let Ok(piece) = pieces.try_recv()
                {
                    conversation.piece(piece);
                }
                continue;
            }
            Next::Ending => {
                dismissed = true;
                leave_at = Some(Instant::now() + GRACE);
                conversation.begin_shutdown();
            }
            Next::Due(Some(Due::Leave)) if conversation.cancel_for_shutdown() => {
                leave_at = Some(Instant::now() + GRACE);
            }
            Next::Due(Some(Due::Leave)) => {
                leave_at = None;
                running = None;
                conversation.leave();
            }
            Next::Turn => in_a_row = 0,
            Next::Due(None) => {}
            Next::Due(Some(Due::Silence)) => conversation.end_detection(),
            Next::Due(Some(Due::IdleScript)) => conversation.end_script(times.script_idle),
            Next::Due(Some(Due::Probe)) => {
                probe_at = None;
                probe_every = PROBES.min(probe_every * 2);
                if !conversation.probe() {
                    // On the heap, since it would be a part of every idle session.
                    let asked = Box::pin(dispatcher.shared.probing.ask(PROBE, transport.whether_gone()));
                    if asked.await == Ok(true) {
                        conversation.disconnect();
                    }
                }
            }
            Next::Due(Some(Due::Scan)) => conversation.scan(),
            Next::Due(Some(Due::Unfinished)) => conversation.drop_unfinished(),
            Next::Due(Some(Due::Prompt)) => conversation.show_prompt(),
            Next::Due(Some(Due::Stalled)) => {
                dispatcher.audit.warn_rarely(Topic::Stall, || {
                    format!(
                        "session {} was closed: its client read nothing for {} s",
                        peer.id,
                        times.stall.as_secs()
                    )
                });
                transport.write_last(&conversation.cut_short(times.stall));
            }
            Next::Io(Err(_)) => conversation.disconnect(),
            Next::Io(Ok(ready)) => {
                in_a_row = 0;
                if idle_at
                    .take()
                    .is_some_and(|at| Instant::now() + times.script_idle >= at + times.detect_timeout)
                {
                    conversation.converse();
                }
                if ready.is_readable() && !read(transport, &mut conversation) {
                    yield_now().await;
                }
                if conversation.came_empty() {
                    silent_until = silent_at_most.min(Instant::now() + times.detect_timeout);
                }
            }
        }
        let written = write(transport, &mut conversation);
        if written > 0 {
            stalled_at = None;
            written_in_a_row += written;
        }
        if written_in_a_row >= WRITTEN_IN_A_ROW {
            written_in_a_row = 0;
            if !mem::replace(&mut is_bounded, true) {
                transport.bound_send_buffer();
            }
            yield_now().await;
        }
    }
    if let Some(protocol) = conversation.foreign() {
        dispatcher.audit.warn_rarely(Topic::Foreign, || {
            format!("{} sent {protocol} and was disconnected; nothing of it was run", peer.name)
        });
        return;
    }
    linger(transport, if dismissed { LINGER_AT_END } else { LINGER }).await;
}

/// Closes a connection so that the written output arrives: closing it with unread input would reset it.
pub(crate) async fn linger(transport: &impl Transport, limit: Duration) {
    transport.end_writing();
    drop(timeout(limit, swallow(transport)).await);
}

/// The running line.
type Line<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

enum Next {
    Turn,
    Ended(Outcome),
    OutputEvent(OutputEvent),
    Ending,
    Io(io::Result<Ready>),
    Due(Option<Due>),
}

/// A timer that is due.
#[derive(Clone, Copy)]
enum Due {
    Silence,
    Stalled,
    IdleScript,
    Probe,
    Scan,
    Unfinished,
    Prompt,
    Leave,
}

/// Polls the running line, or waits forever.
async fn poll(running: &mut Option<Line<'_>>) -> Outcome {
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

/// Reads available input, within the room and the fair share of this session. Returns whether that was all. The buffer is on the stack, so
/// that an idle session has none, and is not zeroed first.
fn read(transport: &impl Transport, conversation: &mut Conversation) -> bool {
    let mut buffer = [MaybeUninit::uninit(); READ];
    let mut left = READ_IN_A_ROW;
    let now = std::time::Instant::now();
    while conversation.takes_input() && left > 0 {
        let read = match conversation.speaks_telnet() {
            true => transport.try_read(&mut buffer),
            false => transport.try_read_all(&mut buffer),
        };
        match read {
            Ok([]) => {
                conversation.end_of_input();
                return true;
            }
            Ok(bytes) => {
                conversation.receive(bytes, now);
                left = left.saturating_sub(bytes.len());
                if bytes.len() < READ {
                    return true;
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => {
                conversation.disconnect();
                return true;
            }
        }
    }
    false
}

/// Writes as much as fits, and returns how much.
fn write(transport: &impl Transport, conversation: &mut Conversation) -> usize {
    let mut progress = 0;
    while !conversation.output().is_empty() {
        match transport.try_write(conversation.output()) {
            Ok(count) => {
                progress += count;
                conversation.output().drain(..count);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return progress,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => {
                conversation.disconnect();
                return progress;
            }
        }
    }
    if conversation.output().capacity() > KEPT {
        *conversation.output() = Vec::new();
    }
    progress
}

/// Reads and drops the peer's input, up to a bound, until it closes its half too.
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
    transport.try_read(&mut [MaybeUninit::uninit(); READ]).map(<[u8]>::len)
}

#[cfg(test)]
mod tests;
