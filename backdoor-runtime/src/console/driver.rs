//! The I/O of one session: reads, writes, and runs one line after the other; none of the three blocks the others.

mod deadlines;
mod incoming;
mod outgoing;

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{Interest, Ready};
use tokio::sync::{mpsc, watch};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};

use crate::audit::Topic;
use crate::call::output_event::OutputEvent;
use crate::call::peer::Peer;
use crate::console::conversation::{Conversation, SessionConfig};
use crate::console::driver::deadlines::{Deadlines, Due};
use crate::console::driver::incoming::read;
use crate::console::driver::outgoing::Outgoing;
use crate::console::transport::{LINGER, LINGER_AT_SHUTDOWN, Transport, linger};
use crate::dispatch::{Dispatcher, Outcome};
use crate::limits::Times;
use crate::reply::Form;

/// Lines that one session may run before other sessions get their turn.
const LINES_IN_A_ROW: usize = 32;

/// Serves one peer until it or the console ends.
pub(crate) async fn serve(
    transport: &impl Transport,
    dispatcher: &Dispatcher,
    peer: Arc<Peer>,
    output: mpsc::Receiver<OutputEvent>,
    config: SessionConfig,
    times: Times,
    mut ending: watch::Receiver<bool>,
) {
    let alarm = pin!(sleep_until(Instant::now() + times.detect_timeout));
    let mut driver = Driver {
        transport,
        dispatcher,
        peer: &peer,
        conversation: Conversation::new(peer.clone(), config),
        running: None,
        output,
        deadlines: Deadlines::begin(times, alarm),
        outgoing: Outgoing::default(),
        times,
        lines_in_a_row: 0,
        is_shutting_down: false,
    };
    // One wait for all turns: registering a timer costs more than moving it.
    let mut shutdown = pin!(ending.changed());
    loop {
        let Some(event) = driver.next_event(shutdown.as_mut()).await else { break };
        match driver.handle(event) {
            Then::Write => {}
            Then::Gather => continue,
            Then::Yield => yield_now().await,
            Then::Probe => driver.probe().await,
        }
        driver.write().await;
    }
    driver.close().await;
}

/// One session with its connection.
struct Driver<'a, T> {
    transport: &'a T,
    dispatcher: &'a Dispatcher,
    peer: &'a Arc<Peer>,
    conversation: Conversation,
    running: Option<Line<'a>>,
    /// The output of commands.
    output: mpsc::Receiver<OutputEvent>,
    deadlines: Deadlines<'a>,
    outgoing: Outgoing,
    times: Times,
    /// Lines that were run since other sessions had their turn.
    lines_in_a_row: usize,
    is_shutting_down: bool,
}

/// The running line.
type Line<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// What a session waits for.
enum Event {
    LineEnded(Outcome),
    /// A command has output.
    Output(OutputEvent),
    /// The connection is ready, or has failed.
    Io(io::Result<Ready>),
    Due(Due),
    /// Other sessions had their turn.
    Turn,
    /// The console shuts down.
    Shutdown,
}

/// What follows an event. Writing comes last, so that all output leaves in one write.
enum Then {
    Write,
    /// More output may come before the write.
    Gather,
    /// Other sessions get their turn before the write.
    Yield,
    /// The peer is checked before the write.
    Probe,
}

impl<'a, T: Transport> Driver<'a, T> {
    /// Begins the next line, shows what is due, and waits. `None` if the session is over and everything is written.
    async fn next_event(&mut self, mut shutdown: Pin<&mut impl Future>) -> Option<Event> {
        // Many lines end at once, and need none of the rest.
        if let Some(outcome) = poll_fn(|context| Poll::Ready(self.begin_line(context))).await {
            return Some(Event::LineEnded(outcome));
        }
        self.ask_when_all_is_read();
        self.conversation.flush_prompt();
        let Self { transport, conversation, running, output, deadlines, is_shutting_down, .. } = self;
        let writes = !conversation.output().is_empty();
        if running.is_none() && conversation.is_over() && !writes {
            return None;
        }
        let reads = conversation.takes_input();
        let has_turn = conversation.has_lines() || (conversation.has_question() && reads);
        let has_deadline = deadlines.set(conversation);
        let takes_output = conversation.takes_output();
        let (mut ready, mut turn) = (pin!(transport.ready(interest(reads, writes))), pin!(yield_now()));
        let next = poll_fn(|context| {
            if let Some(running) = running
                && let Poll::Ready(outcome) = running.as_mut().poll(context)
            {
                return Poll::Ready(Event::LineEnded(outcome));
            }
            if takes_output && let Poll::Ready(Some(piece)) = output.poll_recv(context) {
                return Poll::Ready(Event::Output(piece));
            }
            if !*is_shutting_down && shutdown.as_mut().poll(context).is_ready() {
                return Poll::Ready(Event::Shutdown);
            }
            if (reads || writes)
                && let Poll::Ready(ready) = ready.as_mut().poll(context)
            {
                return Poll::Ready(Event::Io(ready));
            }
            if has_deadline && let Poll::Ready(Some(due)) = deadlines.poll_next(context) {
                return Poll::Ready(Event::Due(due));
            }
            if has_turn && turn.as_mut().poll(context).is_ready() {
                return Poll::Ready(Event::Turn);
            }
            Poll::Pending
        });
        Some(next.await)
    }

    /// Begins the next line, if none runs. Returns its outcome if it has ended at once.
    fn begin_line(&mut self, context: &mut Context<'_>) -> Option<Outcome> {
        if self.running.is_some() || self.lines_in_a_row >= LINES_IN_A_ROW {
            return None;
        }
        let (line, at_prompt) = self.conversation.next_line()?;
        self.lines_in_a_row += 1;
        let run = self.dispatcher.prepare(line, Form::text(self.peer.width()), self.peer.id);
        self.conversation.begin(&run, at_prompt);
        let mut running: Line<'a> = Box::pin(self.dispatcher.run(run, self.peer));
        match running.as_mut().poll(context) {
            Poll::Ready(outcome) => Some(outcome),
            Poll::Pending => {
                self.running = Some(running);
                None
            }
        }
    }

    /// Asks the question of a command, if all earlier input was read: that cannot be its answer.
    fn ask_when_all_is_read(&mut self) {
        if !self.conversation.has_question() {
            return;
        }
        if read(self.transport, &mut self.conversation) {
            self.conversation.ask();
        } else {
            self.conversation.refuse_early_lines();
        }
    }

    /// An event has come. No event is stored across a wait, because it would be a part of every idle session.
    fn handle(&mut self, event: Event) -> Then {
        match event {
            Event::LineEnded(outcome) => return self.end_line(&outcome),
            Event::Output(piece) => return self.take_output(piece),
            Event::Io(Ok(ready)) => return self.receive(ready),
            Event::Io(Err(_)) => self.conversation.disconnect(),
            Event::Due(due) => return self.act_on(due),
            Event::Turn => self.lines_in_a_row = 0,
            Event::Shutdown => self.begin_shutdown(),
        }
        Then::Write
    }

    fn end_line(&mut self, outcome: &Outcome) -> Then {
        self.running = None;
        // The run's output was sent before its end. Output of other runs may be endless.
        for _ in 0..self.output.max_capacity() {
            let Ok(piece) = self.output.try_recv() else { break };
            self.conversation.piece(piece);
        }
        self.conversation.ended(outcome);
        // Lines that have already been read are answered before the write.
        if self.conversation.has_lines() && self.lines_in_a_row < LINES_IN_A_ROW {
            return Then::Gather;
        }
        self.conversation.flush_prompt();
        Then::Write
    }

    /// Takes a piece of output, and further pieces as far as there is room.
    fn take_output(&mut self, piece: OutputEvent) -> Then {
        self.conversation.piece(piece);
        while self.conversation.takes_output()
            && let Ok(piece) = self.output.try_recv()
        {
            self.conversation.piece(piece);
        }
        Then::Gather
    }

    fn receive(&mut self, ready: Ready) -> Then {
        self.lines_in_a_row = 0;
        if self.deadlines.ends_pause() {
            self.conversation.converse();
        }
        let is_all = !ready.is_readable() || read(self.transport, &mut self.conversation);
        if self.conversation.came_empty() {
            self.deadlines.restart_silence();
        }
        if is_all { Then::Write } else { Then::Yield }
    }

    fn act_on(&mut self, due: Due) -> Then {
        match due {
            Due::Silence => self.conversation.end_detection(),
            Due::Stall => self.end_stalled(),
            Due::ScriptIdle => self.conversation.end_script(self.times.script_idle),
            Due::Scan => self.conversation.scan(),
            Due::Unfinished => self.conversation.drop_unfinished(),
            Due::Prompt => self.conversation.show_prompt(),
            Due::Leave => self.end_grace(),
            Due::Probe => return Then::Probe,
        }
        Then::Write
    }

    fn begin_shutdown(&mut self) {
        self.is_shutting_down = true;
        self.deadlines.begin_grace();
        self.conversation.begin_shutdown();
    }

    /// The console shuts down, and the time of the running command is over: it is told to stop, and abandoned if it was told before.
    fn end_grace(&mut self) {
        if self.conversation.cancel_for_shutdown() {
            self.deadlines.begin_grace();
            return;
        }
        self.deadlines.end_grace();
        self.running = None;
        self.conversation.leave();
    }

    /// Checks whether a peer that has closed its sending half has disconnected.
    async fn probe(&mut self) {
        let limit = self.deadlines.begin_probe();
        if self.conversation.probe() {
            return;
        }
        // On the heap; otherwise it would be a part of every idle session.
        let asked = Box::pin(self.dispatcher.shared.probing.ask(limit, self.transport.whether_gone()));
        if asked.await == Ok(true) {
            self.conversation.disconnect();
        }
    }

    fn end_stalled(&mut self) {
        let stall = self.times.stall;
        self.dispatcher.audit.warn_rarely(Topic::Stall, || {
            let seconds = stall.as_secs();
            format!("session {} was closed: its client read nothing for {seconds} s", self.peer.id)
        });
        self.transport.write_last(&self.conversation.cut_short(stall));
    }

    /// Writes as much as the peer takes, and lets other sessions have their turn after much output.
    async fn write(&mut self) {
        if self.outgoing.write(self.transport, &mut self.conversation) > 0 {
            self.deadlines.note_progress();
        }
        if self.outgoing.has_had_its_share(self.transport) {
            yield_now().await;
        }
    }

    /// Closes the connection so that the written output reaches its peer. A client of another protocol gets nothing.
    async fn close(&mut self) {
        if let Some(protocol) = self.conversation.foreign() {
            self.dispatcher.audit.warn_rarely(Topic::Foreign, || {
                format!("{} sent {protocol} and was disconnected; nothing of it was run", self.peer.name)
            });
            return;
        }
        linger(self.transport, if self.is_shutting_down { LINGER_AT_SHUTDOWN } else { LINGER }).await;
    }
}

fn interest(reads: bool, writes: bool) -> Interest {
    match (reads, writes) {
        (true, true) => Interest::READABLE.add(Interest::WRITABLE),
        (false, true) => Interest::WRITABLE,
        (_, false) => Interest::READABLE,
    }
}

#[cfg(test)]
mod tests;
