//! One session without its I/O: bytes, pieces and results in, bytes and lines to run out.
//!
//! The first input decides the kind of a peer. A peer that sends text at once is a script: it gets only answers. A peer that stays silent
//! may be a person: it gets a banner and a prompt, and on TCP one telnet question (`DO NAWS`), which a telnet client answers.

mod input;
mod output;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::call::failure::Failure;
use crate::call::peer::Peer;
use crate::call::run_state::{RunState, Stop};
use crate::console::foreground::Running;
use crate::console::json_line::JsonLine;
use crate::console::line_discipline::LineAssembler;
use crate::console::pasted::{self, Front};
use crate::console::screen::Screen;
use crate::console::sniff;
use crate::console::telnet::Telnet;
use crate::console::type_ahead::{Queue, Typed};
use crate::dispatch::{ConsoleState, Outcome};
use crate::limits::Bounds;
use crate::reply::{text, wrap};

/// How long a telnet client's prompt is delayed after an answer: without the delay, a pasted line cannot be told from one that is typed at
/// the prompt. A person does not notice it.
const PASTE: Duration = Duration::from_millis(10);

/// The settings of a listener's sessions.
#[derive(Clone)]
pub(crate) struct SessionConfig {
    pub(crate) shared: Arc<ConsoleState>,
    /// Whether no telnet byte is sent before the peer sends one.
    pub(crate) plain: bool,
    /// The sessions share them; a copy would be a part of every idle session.
    pub(crate) bounds: Arc<Bounds>,
}

/// One session.
pub(crate) struct Conversation {
    peer: Arc<Peer>,
    config: SessionConfig,
    telnet: Telnet,
    lines: LineAssembler,
    queue: Queue,
    screen: Screen,
    style: Style,
    running: Option<Running>,
    /// The number of dropped lines to report.
    thrown_away: usize,
    /// Whether input is only searched for an interrupt, and the number of its dropped lines.
    scans: bool,
    scanned_away: usize,
    /// A line was accepted, so the peer is not a client of another protocol.
    accepted: bool,
    /// A line was rejected unread: too long, or not text.
    refused: bool,
    /// The unfinished line contains a NUL.
    has_nul: bool,
    /// The first line was empty, so the kind of the peer is still undecided.
    came_empty: bool,
    /// A script has sent more after a pause, and may do so again.
    converses: bool,
    /// The last answer was a line of JSON.
    answered_json: bool,
    /// The first bytes, while they may be the opening of another protocol.
    opening: Vec<u8>,
    /// No more lines are accepted; further input may only interrupt.
    input_ended: bool,
    /// The peer has closed its sending half.
    half_closed: bool,
    /// A prompt is shown as soon as nothing runs.
    prompt_due: bool,
    /// When the prompt after an answer is shown, if no line comes before.
    prompt_at: Option<Instant>,
    foreign: Option<&'static str>,
    /// The console is shutting down; the session ends as soon as nothing runs.
    leaving: bool,
    over: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Style {
    /// No input yet.
    Undecided,
    Script,
    Prompted,
}

impl Conversation {
    pub(crate) fn new(peer: Arc<Peer>, config: SessionConfig) -> Self {
        Self {
            peer,
            telnet: Telnet::new(config.bounds.subnegotiation, config.bounds.option_commands),
            lines: LineAssembler::new(config.bounds.first_line, config.bounds.line),
            queue: Queue::new(config.bounds.lines_ahead, config.bounds.bytes_ahead),
            screen: Screen::new(&config.shared.service.name),
            style: Style::Undecided,
            running: None,
            thrown_away: 0,
            scans: false,
            scanned_away: 0,
            accepted: false,
            refused: false,
            has_nul: false,
            came_empty: false,
            converses: false,
            answered_json: false,
            opening: Vec::new(),
            input_ended: false,
            half_closed: false,
            prompt_due: false,
            prompt_at: None,
            foreign: None,
            leaving: false,
            over: false,
            config,
        }
    }

    /// The output to write; the writer takes it from the front.
    pub(crate) fn output(&mut self) -> &mut Vec<u8> {
        self.screen.bytes()
    }

    /// Whether there is room for more output of commands.
    pub(crate) fn takes_output(&self) -> bool {
        self.screen.len() < self.config.bounds.rendered()
    }

    /// Whether there is room for more input. Input can cause output (AYT, rejected lines), and a peer that reads no answers needs no more
    /// input.
    pub(crate) fn takes_input(&self) -> bool {
        !self.half_closed
            && !self.over
            && (self.queue.has_room() || self.scans)
            && self.screen.len() < self.config.bounds.output
    }

    /// Whether an interrupt may be stuck behind more lines than are read. Only a person types one; a script gets all its lines answered.
    pub(crate) fn hides_interrupt(&self) -> bool {
        let is_full = !self.queue.has_room() && !self.scans && !self.half_closed;
        is_full && self.running.is_some() && self.style == Style::Prompted && !self.over
    }

    /// Searches further input for an interrupt. Its lines are dropped until all queued lines have had their turn: running lines after a gap
    /// would be worse than running none.
    pub(crate) fn scan(&mut self) {
        self.scans = true;
    }

    /// Whether the peer has spoken telnet.
    pub(crate) fn speaks_telnet(&self) -> bool {
        self.peer.speaks_telnet()
    }

    /// Whether the kind of the peer is undecided.
    pub(crate) fn is_undecided(&self) -> bool {
        self.style == Style::Undecided && !self.is_over()
    }

    /// Whether the only work left is to write the output.
    pub(crate) fn is_over(&self) -> bool {
        self.over || (self.running.is_none() && self.input_ended && self.queue.is_empty())
    }

    /// Whether an empty line came first, since the last call: a person may have pressed Enter to see a prompt, or lines of a script may
    /// follow.
    pub(crate) fn came_empty(&mut self) -> bool {
        std::mem::take(&mut self.came_empty)
    }

    /// Whether the peer is a script that has its answers and may be finished.
    pub(crate) fn is_idle_script(&self) -> bool {
        let is_script = self.style == Style::Script && !self.converses;
        is_script && self.running.is_none() && self.queue.is_empty() && !self.is_over()
    }

    /// The script has paused and continued: it does not send everything at once.
    pub(crate) fn converse(&mut self) {
        self.converses = true;
    }

    /// Whether a line waits and can be run or answered.
    pub(crate) fn has_lines(&self) -> bool {
        self.running.is_none() && !self.queue.is_empty() && !self.over && !self.leaving && self.takes_output()
    }

    /// Whether the peer may be gone: it has closed its sending half, as a leaving client does, but also a client that still reads.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.half_closed && self.running.is_some() && !self.over
    }

    /// The foreign protocol that a first line belongs to.
    fn foreign_line(&self, line: &str) -> Option<&'static str> {
        // A browser may connect before its request, and its request line may be too long to be kept: then the headers show the protocol.
        let may_be_person = self.style == Style::Prompted && (!self.refused || self.peer.speaks_telnet());
        if may_be_person { sniff::line(line) } else { sniff::line_of_script(line) }
    }

    /// Whether a NUL shows that the peer is neither a person nor a script. A telnet client may send one.
    fn is_binary(&self) -> bool {
        !self.accepted && !self.peer.speaks_telnet()
    }

    /// The foreign protocol that the peer speaks.
    pub(crate) fn foreign(&self) -> Option<&'static str> {
        self.foreign
    }

    /// The next line to run, if none runs. Lines that cannot run are answered here.
    pub(crate) fn next_line(&mut self) -> Option<(String, bool)> {
        while self.has_lines() {
            let Typed { line, mut at_prompt, has_nul } = self.queue.pop()?;
            self.prompt_at = None;
            if has_nul && self.is_binary() {
                self.cut(sniff::BINARY);
                return None;
            }
            match line {
                Ok(mut line) => {
                    let Front { bytes, is_comment } = pasted::front(&line, self.screen.prompt());
                    if bytes > 0 {
                        line.drain(..bytes);
                    }
                    if !self.accepted
                        && let Some(protocol) = self.foreign_line(&line)
                    {
                        self.cut(protocol);
                        return None;
                    }
                    let says_something = !is_comment && line.contains(|c: char| !c.is_whitespace());
                    if says_something {
                        self.peer.establish();
                    }
                    // The peer's own echo of an early line may be anywhere on the screen.
                    if !at_prompt && self.style == Style::Prompted {
                        let shown = self.config.shared.masked(&line);
                        self.screen.show_entered(&shown);
                        // If dots replace a part of it, its words have other positions.
                        at_prompt = *shown == *line;
                    } else if bytes > 0 {
                        // The line is elsewhere on the screen.
                        at_prompt = false;
                    }
                    if says_something {
                        return Some((line, at_prompt));
                    }
                }
                Err(_)
                    if let Some(protocol) = sniff::request(&self.opening)
                        && !self.accepted =>
                {
                    self.cut(protocol);
                    return None;
                }
                Err(rejection) => {
                    self.refused = true;
                    self.say(&format!("{rejection}\n"));
                }
            }
            self.prompt();
        }
        None
    }

    /// A line begins to run.
    pub(crate) fn begin(&mut self, run: &Arc<RunState>, at_prompt: bool) {
        self.running = Some(Running::new(run, at_prompt));
    }

    /// The peer has disconnected, or does not read any more.
    pub(crate) fn disconnect(&mut self) {
        self.queue.clear();
        self.screen.bytes().clear();
        self.over = true;
        if let Some(running) = &self.running {
            running.stop(Stop::Disconnected);
        }
    }

    /// The peer does not read its answer, and the session is over. Returns the text after the part that was written, in case it continues
    /// to read.
    pub(crate) fn cut_short(&mut self, waited: Duration) -> Vec<u8> {
        let is_json = self.running.as_ref().map_or(self.answered_json, Running::is_json);
        // A character whose first bytes were written is completed.
        let is_inside = |byte: &&u8| **byte & 0b1100_0000 == 0b1000_0000;
        let begun: Vec<u8> = self.screen.bytes().iter().take_while(is_inside).copied().collect();
        self.disconnect();
        self.screen.bytes().extend(begun);
        let waited = text::duration(&waited);
        let text = format!("the rest is left out: nothing was read for {waited}; this session is closed");
        // The column at which the written part ended is unknown.
        self.screen.show("\n");
        self.screen.show(&self.closing(text, is_json));
        std::mem::take(self.screen.bytes())
    }

    /// The reason for which the console ends a session, in the form of its answers.
    fn closing(&self, text: String, is_json: bool) -> String {
        match is_json {
            true => JsonLine::default().end(Some(&Failure::cancelled(text))),
            false => wrap::lines(&format!("{text}\n"), self.peer.width()).into_owned(),
        }
    }

    /// The console is shutting down: no further line is begun, and a running command may end by itself for a moment.
    pub(crate) fn begin_shutdown(&mut self) {
        self.leaving = true;
        self.input_ended = true;
        if self.running.is_none() {
            self.farewell();
        }
    }

    /// Tells the running command that the console is shutting down. Returns whether one runs.
    pub(crate) fn cancel_for_shutdown(&mut self) -> bool {
        match &self.running {
            Some(running) if !running.is_stopped() => {
                running.stop(Stop::Ending);
                true
            }
            _ => false,
        }
    }

    /// Stops waiting for the running command.
    pub(crate) fn leave(&mut self) {
        let json = self.running.as_ref().is_some_and(Running::is_json);
        let failure =
            Failure::cancelled("the console is shutting down; the command keeps running".to_owned());
        let status = failure.status;
        self.ended(&Outcome { status, failure: Some(failure), tail: String::new(), json, line: None });
        self.farewell();
    }

    fn farewell(&mut self) {
        if self.style == Style::Prompted && !self.over {
            self.say(&format!("{} ends this session; goodbye\n", self.config.shared.service.name));
        }
        self.over = true;
    }

    /// Ends the session without a message: no received line may run.
    fn cut(&mut self, protocol: &'static str) {
        self.foreign = Some(protocol);
        self.disconnect();
    }
}
