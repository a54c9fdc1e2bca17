//! One session without its I/O: bytes, pieces and outcomes in, bytes and lines to run out.
//!
//! A peer is judged by how it begins. One that sends text at once is a script: it gets answers and nothing else. One that stays
//! silent may be a person: it gets a banner and a prompt, and on TCP the one question (DO NAWS) that makes a telnet client speak up.

mod input;
mod output;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::call::failure::Failure;
use crate::call::peer::Peer;
use crate::call::run_state::Stop;
use crate::console::bounds::Bounds;
use crate::console::foreground::Running;
use crate::console::json_line::JsonLine;
use crate::console::line_discipline::LineAssembler;
use crate::console::pasted::{self, Front};
use crate::console::screen::Screen;
use crate::console::sniff;
use crate::console::telnet::Telnet;
use crate::console::type_ahead::{Queue, Typed};
use crate::dispatch::{ConsoleState, Outcome, Run};
use crate::reply::{text, wrap};

/// How long a telnet client's prompt is held back behind an answer: nothing else tells a line that was pasted with the one before from
/// one that is typed at the prompt. Nobody sees it.
const PASTE: Duration = Duration::from_millis(10);

/// How a listener's sessions behave.
#[derive(Clone)]
pub(crate) struct SessionConfig {
    pub(crate) shared: Arc<ConsoleState>,
    /// Never to send a telnet byte first.
    pub(crate) plain: bool,
    /// The sessions share them, since each of them would be a part of every idle one.
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
    /// Lines that were thrown away and are to be reported.
    thrown_away: usize,
    /// Whether what comes is only looked through for an interrupt, and the lines that were thrown away of it.
    scans: bool,
    scanned_away: usize,
    /// A line was understood, so that the peer is no stray client of another protocol.
    accepted: bool,
    /// A line was refused unseen: too long, or no text.
    refused: bool,
    /// There was a NUL in the line that is not complete yet.
    has_nul: bool,
    /// An empty line came before anything else, and how the peer begins is open once more.
    came_empty: bool,
    /// A script has sent something after a pause, and may do so again.
    converses: bool,
    /// The last answer was a line of JSON.
    answered_json: bool,
    /// The first bytes, as long as they may be the opening of another protocol.
    opening: Vec<u8>,
    /// No more lines are taken; what still comes may interrupt.
    input_ended: bool,
    /// The peer has closed its sending half.
    half_closed: bool,
    /// A prompt has to be shown as soon as nothing runs.
    prompt_due: bool,
    /// When the prompt is to be shown that is behind an answer, if no line comes before.
    prompt_at: Option<Instant>,
    foreign: Option<&'static str>,
    /// The console ends, and the session with it as soon as nothing runs.
    leaving: bool,
    over: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Style {
    /// Nothing has come yet.
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

    /// What is to be written; the writer takes from its front.
    pub(crate) fn output(&mut self) -> &mut Vec<u8> {
        self.screen.bytes()
    }

    /// Whether there is room for more output of commands.
    pub(crate) fn takes_output(&self) -> bool {
        self.screen.len() < self.config.bounds.rendered()
    }

    /// Whether there is room for more input. What a peer sends can make output (AYT, lines that are refused), and who takes no answer
    /// needs no other.
    pub(crate) fn takes_input(&self) -> bool {
        !self.half_closed
            && !self.over
            && (self.queue.has_room() || self.scans)
            && self.screen.len() < self.config.bounds.output
    }

    /// Whether an interrupt may be stuck behind more lines than are read: a person types one, while a script has none to type and
    /// finds all its lines answered in the end.
    pub(crate) fn hides_interrupt(&self) -> bool {
        let is_full = !self.queue.has_room() && !self.scans && !self.half_closed;
        is_full && self.running.is_some() && self.style == Style::Prompted && !self.over
    }

    /// Reads on for an interrupt. The lines that come are thrown away until all that wait have had their turn: running those behind
    /// a gap would be worse than running none.
    pub(crate) fn scan(&mut self) {
        self.scans = true;
    }

    /// Whether the peer has spoken telnet.
    pub(crate) fn speaks_telnet(&self) -> bool {
        self.peer.speaks_telnet()
    }

    /// Whether it is still open how the peer begins.
    pub(crate) fn is_undecided(&self) -> bool {
        self.style == Style::Undecided && !self.is_over()
    }

    /// Whether nothing is left to do but to write what is there.
    pub(crate) fn is_over(&self) -> bool {
        self.over || (self.running.is_none() && self.input_ended && self.queue.is_empty())
    }

    /// Whether an empty line came first, since this was asked last: somebody may have pressed Enter to see a prompt, or the lines of a
    /// script follow.
    pub(crate) fn came_empty(&mut self) -> bool {
        std::mem::take(&mut self.came_empty)
    }

    /// Whether the peer is a script that has its answers and may have nothing more to ask.
    pub(crate) fn is_idle_script(&self) -> bool {
        let is_script = self.style == Style::Script && !self.converses;
        is_script && self.running.is_none() && self.queue.is_empty() && !self.is_over()
    }

    /// The script has paused and goes on: it is not one that has sent all it has at once.
    pub(crate) fn converse(&mut self) {
        self.converses = true;
    }

    /// Whether a line waits and can be run or answered.
    pub(crate) fn has_lines(&self) -> bool {
        self.running.is_none() && !self.queue.is_empty() && !self.over && !self.leaving && self.takes_output()
    }

    /// Whether it is open if the peer is still there: it has closed its sending half, which a client does that leaves as well as one
    /// that still reads.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.half_closed && self.running.is_some() && !self.over
    }

    /// The foreign protocol that a first line belongs to.
    fn foreign_line(&self, line: &str) -> Option<&'static str> {
        // A browser may connect ahead of its request, and its request line may be too long to be seen: then headers tell.
        let may_be_person = self.style == Style::Prompted && (!self.refused || self.peer.speaks_telnet());
        if may_be_person { sniff::line(line) } else { sniff::line_of_script(line) }
    }

    /// Whether a NUL shows that no person and no script is there. A telnet client may send one.
    fn is_binary(&self) -> bool {
        !self.accepted && !self.peer.speaks_telnet()
    }

    /// The foreign protocol that the peer turned out to speak.
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
                    // The peer's own echo of a line that came ahead stands anywhere.
                    if !at_prompt && self.style == Style::Prompted {
                        let shown = self.config.shared.masked(&line);
                        self.screen.show_entered(&shown);
                        // Where dots stand for a part of it, its words have other places.
                        at_prompt = *shown == *line;
                    } else if bytes > 0 {
                        // What is complained about stands elsewhere on the screen.
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
    pub(crate) fn begin(&mut self, run: &Run, at_prompt: bool) {
        self.running = Some(Running::new(run, at_prompt));
    }

    /// The peer has gone, or takes nothing any more.
    pub(crate) fn disconnect(&mut self) {
        self.queue.clear();
        self.screen.bytes().clear();
        self.over = true;
        if let Some(running) = &self.running {
            running.stop(Stop::Disconnected);
        }
    }

    /// The peer takes nothing of its answer, and the session is over. Gives what it is to read behind the part that was written, should it
    /// read on.
    pub(crate) fn cut_short(&mut self, waited: Duration) -> Vec<u8> {
        let is_json = self.running.as_ref().map_or(self.answered_json, Running::is_json);
        // A character whose first bytes were written is finished.
        let is_inside = |byte: &&u8| **byte & 0b1100_0000 == 0b1000_0000;
        let begun: Vec<u8> = self.screen.bytes().iter().take_while(is_inside).copied().collect();
        self.disconnect();
        self.screen.bytes().extend(begun);
        let waited = text::duration(&waited);
        let text = format!("the rest is left out: nothing was read for {waited}; this session is closed");
        // Nobody knows where on its line the written part ended.
        self.screen.show("\n");
        self.screen.show(&self.closing(text, is_json));
        std::mem::take(self.screen.bytes())
    }

    /// Why the console ends a session, in the form of its answers.
    fn closing(&self, text: String, is_json: bool) -> String {
        match is_json {
            true => JsonLine::default().end(Some(&Failure::cancelled(text))),
            false => wrap::lines(&format!("{text}\n"), self.peer.width()).into_owned(),
        }
    }

    /// The console ends: nothing more is begun, and what runs may end by itself for a moment.
    pub(crate) fn begin_shutdown(&mut self) {
        self.leaving = true;
        self.input_ended = true;
        if self.running.is_none() {
            self.farewell();
        }
    }

    /// Tells what still runs that the console ends. It says whether there was anything to tell.
    pub(crate) fn cancel_for_shutdown(&mut self) -> bool {
        match &self.running {
            Some(running) if !running.is_stopped() => {
                running.stop(Stop::Ending);
                true
            }
            _ => false,
        }
    }

    /// Leaves what runs behind.
    pub(crate) fn leave(&mut self) {
        let json = self.running.as_ref().is_some_and(Running::is_json);
        let failure =
            Failure::cancelled("the console ends; the command still runs and is left behind".to_owned());
        self.ended(&Outcome { failure: Some(failure), tail: String::new(), json, line: None });
        self.farewell();
    }

    fn farewell(&mut self) {
        if self.style == Style::Prompted && !self.over {
            self.say(&format!("{} ends this session; goodbye\n", self.config.shared.service.name));
        }
        self.over = true;
    }

    /// Ends the session without a word: nothing of what came may run.
    fn cut(&mut self, protocol: &'static str) {
        self.foreign = Some(protocol);
        self.disconnect();
    }
}
