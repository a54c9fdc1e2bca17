//! One session without its I/O: bytes, pieces and outcomes in, bytes and lines to run out.
//!
//! A peer is judged by how it begins. One that sends text at once is a script: it gets answers and nothing else. One that stays
//! silent may be a person: it gets a banner and a prompt, and on TCP the one question (DO NAWS) that makes a telnet client speak up.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::oneshot;

use crate::console::answer::{self, Seen};
use crate::console::escape::{Newline, escape_line};
use crate::console::foreign;
use crate::console::json_line::JsonLine;
use crate::console::lines::{Input, LineAssembler, Rejection};
use crate::console::screen::Screen;
use crate::console::telnet::{Event, TIMING_MARK_REPLY, Telnet};
use crate::dispatch::peer::Peer;
use crate::dispatch::session::{Piece, RunState, Stop, What};
use crate::dispatch::{Outcome, Run, Service};

/// How a listener's sessions behave.
#[derive(Clone)]
pub(crate) struct Manners {
    pub(crate) service: Arc<Service>,
    /// Never to send a telnet byte first.
    pub(crate) plain: bool,
    /// The longest line, in bytes.
    pub(crate) line: usize,
}

/// Lines and bytes that may wait for their turn; then nothing more is read.
const WAITING_LINES: usize = 4096;
const WAITING_BYTES: usize = 256 * 1024;

/// One session.
pub(crate) struct Conversation {
    peer: Arc<Peer>,
    manners: Manners,
    telnet: Telnet,
    lines: LineAssembler,
    waiting: VecDeque<Typed>,
    waiting_bytes: usize,
    screen: Screen,
    style: Style,
    running: Option<Running>,
    /// Lines that an interrupt threw away.
    thrown_away: usize,
    /// A line was understood, so that the peer is no stray client of another protocol.
    accepted: bool,
    /// The first bytes, as long as they may be the opening of another protocol.
    opening: Vec<u8>,
    input_ended: bool,
    /// A prompt has to be shown behind what the input asked for.
    prompt_due: bool,
    foreign: Option<&'static str>,
    over: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Style {
    /// Nothing has come yet.
    Undecided,
    Script,
    Prompted,
}

/// A line that came.
pub(crate) struct Typed {
    line: Result<String, Rejection>,
    /// It was typed at the prompt, and stands right behind it.
    at_prompt: bool,
}

struct Running {
    state: Arc<RunState>,
    line: Arc<str>,
    at_prompt: bool,
    json: JsonLine,
    /// What it says is not wanted any more.
    muted: bool,
    /// Nothing of the reply stands right before the cursor.
    reply_begins: bool,
    question: Option<Question>,
}

enum Question {
    /// To be asked when everything that was sent before is in.
    Due {
        text: String,
        answer: oneshot::Sender<bool>,
    },
    Asked {
        answer: oneshot::Sender<bool>,
    },
}

impl Conversation {
    pub(crate) fn new(peer: Arc<Peer>, manners: Manners) -> Self {
        Self {
            peer,
            telnet: Telnet::new(),
            lines: LineAssembler::new(manners.line),
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            screen: Screen::new(&manners.service.name),
            style: Style::Undecided,
            running: None,
            thrown_away: 0,
            accepted: false,
            opening: Vec::new(),
            input_ended: false,
            prompt_due: false,
            foreign: None,
            over: false,
            manners,
        }
    }

    /// What is to be written; the writer takes from its front.
    pub(crate) fn output(&mut self) -> &mut Vec<u8> {
        self.screen.bytes()
    }

    /// Whether it is still open how the peer begins.
    pub(crate) fn is_undecided(&self) -> bool {
        self.style == Style::Undecided
    }

    /// Whether there is room for more input.
    pub(crate) fn takes_input(&self) -> bool {
        !self.input_ended
            && !self.over
            && self.waiting.len() < WAITING_LINES
            && self.waiting_bytes < WAITING_BYTES
    }

    /// Whether nothing is left to do but to write what is there.
    pub(crate) fn is_over(&self) -> bool {
        self.over || (self.running.is_none() && self.input_ended && self.waiting.is_empty())
    }

    /// Whether the peer is a script that has its answers and may have nothing more to ask.
    pub(crate) fn is_idle_script(&self) -> bool {
        self.style == Style::Script && self.running.is_none() && self.waiting.is_empty() && !self.is_over()
    }

    /// A script was silent for long: one whose client does not close its half (`nc` without `-N`) ends here.
    pub(crate) fn end_script(&mut self) {
        self.end_of_input();
    }

    /// Whether a line waits to be run.
    pub(crate) fn has_lines(&self) -> bool {
        !self.over && !self.waiting.is_empty()
    }

    /// The foreign protocol that the peer turned out to speak.
    pub(crate) fn foreign(&self) -> Option<&'static str> {
        self.foreign
    }

    /// The peer was silent for as long as a script would not be.
    pub(crate) fn silence(&mut self) {
        if self.style == Style::Undecided {
            self.begin_prompting();
        }
    }

    /// Takes bytes from the peer.
    pub(crate) fn receive(&mut self, bytes: &[u8]) {
        if self.over || bytes.is_empty() {
            return;
        }
        if self.opening.len() < OPENING {
            self.opening.extend(&bytes[..bytes.len().min(OPENING)]);
            if let Some(protocol) = foreign::opening(&self.opening) {
                return self.cut(protocol);
            }
        }
        let mut telnet = std::mem::take(&mut self.telnet);
        telnet.feed(bytes, &mut |event| self.event(event));
        self.telnet = telnet;
        if self.telnet.is_telnet() && !self.peer.speaks_telnet() {
            self.promote();
        }
        if std::mem::take(&mut self.prompt_due) && self.running.is_none() && self.waiting.is_empty() {
            self.screen.fresh_line();
            self.report_thrown_away();
            self.prompt();
        }
    }

    /// The peer will send nothing more.
    pub(crate) fn end_of_input(&mut self) {
        if let Some(input) = self.lines.finish() {
            self.input(input);
        }
        // A telnet client closes both halves at once: its operator has gone. A script reads on.
        if self.peer.speaks_telnet() {
            return self.vanish();
        }
        self.end_input();
    }

    /// The peer has gone, or takes nothing any more.
    pub(crate) fn vanish(&mut self) {
        self.waiting.clear();
        self.screen.bytes().clear();
        self.over = true;
        if let Some(running) = &self.running {
            running.state.stop(Stop::Disconnected);
        }
    }

    /// The console ends.
    pub(crate) fn dismiss(&mut self) {
        if let Some(running) = self.running.take() {
            running.state.stop(Stop::Ending);
        }
        if self.style == Style::Prompted && !self.over {
            self.screen.show_fresh(&format!("{} ends this session; goodbye\n", self.manners.service.name));
        }
        self.over = true;
    }

    /// The next line to run, if none runs. Lines that cannot run are answered here.
    pub(crate) fn next_line(&mut self) -> Option<(String, bool)> {
        if self.running.is_some() || self.over {
            return None;
        }
        while let Some(Typed { line, at_prompt }) = self.waiting.pop_front() {
            match line {
                Ok(line) => {
                    self.waiting_bytes -= line.len();
                    if !line.trim().is_empty() {
                        return Some((line, at_prompt));
                    }
                }
                Err(rejection) => self.screen.show_fresh(&format!("{rejection}\n")),
            }
            self.prompt();
        }
        None
    }

    /// A line begins to run.
    pub(crate) fn begin(&mut self, run: &Run, at_prompt: bool) {
        self.running = Some(Running {
            state: run.state.clone(),
            line: run.line.clone(),
            at_prompt,
            json: JsonLine::default(),
            muted: false,
            reply_begins: true,
            question: None,
        });
    }

    /// Takes a piece of what some run says.
    pub(crate) fn piece(&mut self, piece: Piece) {
        let own = self.running.as_mut().filter(|running| running.state.id == piece.run);
        let Some(running) = own else { return self.late(piece.what) };
        if running.muted {
            return;
        }
        let json = running.state.json.load(Ordering::Relaxed);
        match piece.what {
            What::Printed(text) if json => self.screen.show(&running.json.printed(&text)),
            What::Reply { text, boundary } if json => self.screen.show(&running.json.reply(&text, boundary)),
            What::Printed(text) => {
                running.reply_begins = true;
                self.screen.show(&text);
            }
            What::Reply { text, .. } => {
                if std::mem::take(&mut running.reply_begins) {
                    self.screen.fresh_line();
                }
                self.screen.show(&text);
            }
            What::Notice(text) if self.style == Style::Prompted && !json => {
                self.screen.show_fresh(&format!("{text}\n"));
            }
            What::Notice(_) | What::Value(_) => {}
            What::Question { text, answer } => running.question = Some(Question::Due { text, answer }),
        }
    }

    /// Whether a question waits to be asked, for which everything that was sent before has to be read first.
    pub(crate) fn has_question(&self) -> bool {
        self.running.as_ref().is_some_and(|running| matches!(running.question, Some(Question::Due { .. })))
    }

    /// Asks the question. Only a line that comes from now on answers it.
    pub(crate) fn ask(&mut self) {
        let Some(running) = &mut self.running else { return };
        let Some(Question::Due { text, answer }) = running.question.take() else { return };
        running.question = Some(Question::Asked { answer });
        self.lines.erase_line();
        self.waiting_bytes = 0;
        for early in self.waiting.drain(..) {
            let line = early.line.unwrap_or_default();
            self.screen.show_fresh(&format!(
                "`{}` came before the question and is not its answer; it was not run\n",
                escape_line(&line)
            ));
        }
        self.screen.ask(&text);
    }

    /// The line that ran has ended.
    pub(crate) fn ended(&mut self, outcome: &Outcome) {
        let Some(running) = self.running.take() else { return };
        let failure = outcome.failure.as_ref();
        if outcome.json {
            let mut json = running.json;
            let mut text = if running.muted { String::new() } else { json.reply(&outcome.tail, true) };
            text.push_str(&json.end(failure));
            self.screen.show(&text);
        } else {
            if !running.muted {
                if running.reply_begins {
                    self.screen.fresh_line();
                }
                self.screen.show(&outcome.tail);
                self.screen.fresh_line();
            }
            if let Some(failure) = failure {
                let seen = match running.at_prompt {
                    true => Seen::AtPrompt(self.screen.prompt()),
                    false => Seen::Elsewhere,
                };
                let complaint = answer::complaint(failure, &running.line, &seen, self.peer.width());
                self.screen.show_fresh(&complaint);
            }
        }
        self.accepted |= failure.is_none_or(|failure| failure.range.is_none());
        self.report_thrown_away();
        if self.peer.is_closing() {
            self.over = true;
        } else if !self.input_ended || !self.waiting.is_empty() {
            self.prompt();
        }
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Data(bytes) => {
                if self.style == Style::Undecided {
                    self.style = Style::Script;
                }
                let mut lines = std::mem::replace(&mut self.lines, LineAssembler::new(self.manners.line));
                lines.feed(bytes, &mut |input| self.input(input));
                self.lines = lines;
            }
            Event::Reply(reply) => self.screen.command(reply),
            Event::Interrupt | Event::Break | Event::Abort => {
                self.lines.erase_line();
                self.interrupt();
            }
            Event::AbortOutput => {
                if let Some(running) = &mut self.running {
                    running.muted = true;
                }
            }
            Event::AreYouThere => {
                let service = &self.manners.service;
                self.screen.show_fresh(&format!("[{} is here, pid {}]\n", service.name, service.pid));
                if self.running.is_none() {
                    self.prompt();
                }
            }
            Event::EraseCharacter => self.lines.erase_character(),
            Event::EraseLine => self.lines.erase_line(),
            Event::EndOfFile => self.end_input(),
            Event::Suspend => {}
            // RFC 860: the client throws away what comes until it sees this, a prompt too.
            Event::TimingMark => {
                self.screen.command(TIMING_MARK_REPLY);
                self.prompt_due |= self.running.is_none() && self.screen.is_at_prompt();
            }
            Event::WindowSize { columns, .. } => self.peer.set_width(columns.into()),
        }
    }

    fn input(&mut self, input: Input) {
        if self.over || self.input_ended {
            return;
        }
        let line = match input {
            Input::Interrupt => return self.interrupt(),
            Input::EndOfInput => return self.end_input(),
            Input::Rejected(rejection) => Err(rejection),
            Input::Line(line) => Ok(line),
        };
        if let Ok(line) = &line
            && !self.accepted
            && let Some(protocol) = foreign::line(line)
        {
            return self.cut(protocol);
        }
        self.screen.line_entered();
        let running = self.running.as_mut();
        if let Some(Running { question: question @ Some(Question::Asked { .. }), .. }) = running {
            if let Some(Question::Asked { answer }) = question.take() {
                // The dispatcher may have given up waiting.
                let _ = answer.send(line.is_ok_and(|line| line.trim() == "yes"));
            }
            return;
        }
        let at_prompt = self.style == Style::Prompted && self.running.is_none() && self.waiting.is_empty();
        self.waiting_bytes += line.as_ref().map_or(0, String::len);
        self.waiting.push_back(Typed { line, at_prompt });
    }

    /// Ctrl-C in whatever form it came.
    fn interrupt(&mut self) {
        self.thrown_away += self.waiting.len();
        self.waiting.clear();
        self.waiting_bytes = 0;
        match &mut self.running {
            Some(running) => {
                running.muted = true;
                running.state.stop(Stop::Interrupted);
                if self.style == Style::Prompted {
                    self.screen.interrupted();
                }
            }
            None => self.prompt_due = true,
        }
    }

    fn report_thrown_away(&mut self) {
        match std::mem::take(&mut self.thrown_away) {
            0 => {}
            1 => self.screen.show_fresh("1 line that waited was not run\n"),
            count => self.screen.show_fresh(&format!("{count} lines that waited were not run\n")),
        }
    }

    /// What a run says after it has ended, or one that is not in front.
    fn late(&mut self, what: What) {
        let text = match what {
            What::Printed(text) | What::Notice(text) => text,
            What::Reply { .. } | What::Value(_) | What::Question { .. } => return,
        };
        self.screen.show_fresh(&text);
        if self.running.is_none() && !self.over {
            self.prompt();
        }
    }

    fn end_input(&mut self) {
        self.input_ended = true;
        if let Some(running) = &mut self.running {
            // Nobody will answer.
            running.question = None;
        }
        if self.style == Style::Prompted && self.running.is_none() && self.waiting.is_empty() {
            self.screen.fresh_line();
        }
    }

    /// The peer speaks telnet after all.
    fn promote(&mut self) {
        self.peer.set_telnet();
        self.screen.set_newline(Newline::CrLf);
        match self.style {
            Style::Undecided => self.begin_prompting(),
            Style::Script => {
                self.style = Style::Prompted;
                self.peer.set_prompted();
                self.ask_for_window_size();
                if self.running.is_none() && self.waiting.is_empty() {
                    self.prompt();
                }
            }
            Style::Prompted => self.ask_for_window_size(),
        }
    }

    fn begin_prompting(&mut self) {
        self.style = Style::Prompted;
        self.peer.set_prompted();
        if !self.manners.plain || self.peer.speaks_telnet() {
            self.screen.set_newline(Newline::CrLf);
            self.ask_for_window_size();
        }
        let banner = self.manners.service.banner();
        self.screen.show(&banner);
        self.prompt();
    }

    fn ask_for_window_size(&mut self) {
        if let Some(request) = self.telnet.request_window_size() {
            self.screen.command(request);
        }
    }

    fn prompt(&mut self) {
        if self.style == Style::Prompted && !self.over {
            self.screen.show_prompt();
        }
    }

    /// Ends the session without a word: nothing of what came may run.
    fn cut(&mut self, protocol: &'static str) {
        self.foreign = Some(protocol);
        self.vanish();
    }
}

/// Bytes that tell a binary protocol.
const OPENING: usize = 2;
