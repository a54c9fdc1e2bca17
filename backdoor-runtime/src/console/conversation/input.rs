//! Input of the peer: bytes, silence, and the end of both.

use std::time::{Duration, Instant};

use super::{Conversation, Style};
use crate::base::escape::Newline;
use crate::call::run_state::Stop;
use crate::console::foreground::Running;
use crate::console::line_discipline::{Input, LineAssembler};
use crate::console::sniff;
use crate::console::telnet::{Event, NO_OPERATION, TIMING_MARK_REPLY, Telnet};
use crate::console::type_ahead::Typed;
use crate::reply::text;

/// Bytes that identify a binary protocol: the longest signature is that of PROXY.
const OPENING: usize = 12;

impl Conversation {
    /// The peer was silent for longer than a script would be.
    pub(crate) fn end_detection(&mut self) {
        if self.style == Style::Undecided {
            self.begin_prompting();
        }
    }

    /// Takes bytes from the peer.
    pub(crate) fn receive(&mut self, bytes: &[u8], now: Instant) {
        if self.over || bytes.is_empty() {
            return;
        }
        self.peer.note_input(now);
        if self.opening.len() < OPENING {
            self.opening.extend(bytes.iter().take(OPENING - self.opening.len()));
            if let Some(protocol) = sniff::opening(&self.opening) {
                return self.cut(protocol);
            }
        }
        self.with_telnet(|telnet, sink| telnet.feed(bytes, now, &mut |event| sink(event)));
        if self.telnet.is_telnet() && !self.peer.speaks_telnet() {
            self.promote();
        }
    }

    /// When an open telnet subnegotiation has exceeded its time limit.
    pub(crate) fn unfinished_at(&self) -> Option<Instant> {
        self.telnet.unfinished_since()?.checked_add(self.config.bounds.subnegotiation_time)
    }

    /// The time limit of the subnegotiation is over.
    pub(crate) fn drop_unfinished(&mut self) {
        self.with_telnet(|telnet, sink| telnet.drop_unfinished(&mut |event| sink(event)));
    }

    fn with_telnet(&mut self, take: impl FnOnce(&mut Telnet, &mut dyn FnMut(Event<'_>))) {
        let mut telnet = std::mem::replace(&mut self.telnet, Telnet::new(0, 0));
        take(&mut telnet, &mut |event| self.event(event));
        self.telnet = telnet;
    }

    /// The peer has closed its sending half.
    pub(crate) fn end_of_input(&mut self) {
        self.half_closed = true;
        // A script may leave out its last newline. A telnet client sends whole lines, so an incomplete line was never finished.
        if self.peer.speaks_telnet() {
            self.lines.erase_line();
        } else if let Some(input) = self.lines.finish() {
            self.input(input);
        }
        self.end_lines();
        self.probe();
    }

    /// Sends a byte that a telnet client ignores, to find out whether the client disconnected. Returns whether it was sent: other peers would
    /// take the byte for an answer.
    pub(crate) fn probe(&mut self) -> bool {
        let asks = self.is_in_doubt() && self.peer.speaks_telnet();
        if asks {
            self.screen.command(&NO_OPERATION);
        }
        asks
    }

    /// A script was silent for its time limit: a script whose client does not close its half (`nc` without `-N`) ends here. It is told the
    /// reason, because it may have more to send. An unfinished line is not run: its rest may still be on its way.
    pub(crate) fn end_script(&mut self, waited: Duration) {
        if !self.lines.is_empty() {
            self.lines.erase_line();
            self.screen.show_fresh("incomplete line ignored\n");
        }
        let text = format!("no further input for {}; this session is closed", text::duration(&waited));
        self.screen.show_fresh(&self.closing(text, self.answered_json));
        self.end_lines();
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Data(bytes) => {
                let mut lines = std::mem::replace(&mut self.lines, LineAssembler::new(0, 0));
                lines.feed(bytes, &mut |input| self.input(input));
                self.lines = lines;
                if self.style == Style::Undecided && !self.lines.is_empty() {
                    self.style = Style::Script;
                }
            }
            Event::Reply(reply) => self.screen.command(&reply),
            Event::Interrupt | Event::Break | Event::Abort => {
                self.lines.erase_line();
                self.interrupt(true);
            }
            Event::AbortOutput => {
                if let Some(running) = &mut self.running {
                    running.is_muted = true;
                    running.has_gap = true;
                }
            }
            Event::AreYouThere => {
                let service = &self.config.shared.service;
                let text = format!("[{} runs, pid {}]\n", service.name, service.pid);
                self.aside(&text);
            }
            Event::EraseCharacter => self.lines.erase_character(),
            Event::EraseLine => self.lines.erase_line(),
            Event::EndOfFile => self.end_lines(),
            Event::Suspend => {}
            // RFC 860: the client drops everything until it sees this, even a prompt.
            Event::TimingMark => {
                self.screen.command(&TIMING_MARK_REPLY);
                self.prompt_due |= self.screen.is_at_prompt();
            }
            Event::Unfinished => {
                // Input that was typed meanwhile may be a part of a line.
                self.lines.erase_line();
                self.aside("an unterminated telnet subnegotiation and the input after it were dropped\n");
            }
            Event::WindowSize { columns, rows } => self.peer.set_size(columns.into(), rows.into()),
        }
    }

    fn input(&mut self, input: Input) {
        if self.over {
            return;
        }
        if self.style == Style::Undecided {
            match &input {
                // It shows nothing about the peer, and if it is the only input, the peer wants a prompt.
                Input::Line(line) if line.trim().is_empty() => {
                    self.came_empty = true;
                    return;
                }
                Input::Line(_) | Input::Rejected(_) => self.style = Style::Script,
                Input::Nul | Input::Interrupt | Input::EndOfInput => {}
            }
        }
        let line = match input {
            Input::Interrupt => return self.interrupt(true),
            Input::EndOfInput => return self.end_lines(),
            // A queued line before it may still be accepted, and a peer that waited for a prompt may still speak telnet.
            Input::Nul
                if self.style != Style::Prompted
                    && self.running.is_none()
                    && self.queue.is_empty()
                    && self.is_binary() =>
            {
                return self.cut(sniff::BINARY);
            }
            Input::Nul => {
                self.has_nul = true;
                return;
            }
            _ if self.input_ended => return,
            Input::Rejected(rejection) => Err(rejection),
            Input::Line(line) => Ok(line),
        };
        let has_nul = std::mem::take(&mut self.has_nul);
        if self.style == Style::Prompted {
            self.screen.line_entered();
        }
        if let Some(answer) = self.running.as_mut().and_then(Running::take_asked) {
            // The dispatcher may have stopped waiting.
            let _ = answer.send(line.is_ok_and(|line| line.trim() == "yes"));
            return;
        }
        if self.style == Style::Prompted
            && self.running.as_ref().is_some_and(Running::is_endless)
            && line.as_ref().is_ok_and(|line| line.trim().is_empty())
        {
            return self.interrupt(false);
        }
        self.scans &= !self.queue.is_empty();
        if self.scans {
            self.scanned_away += 1;
            return;
        }
        let is_idle = self.running.is_none() && self.queue.is_empty();
        let at_prompt = self.style == Style::Prompted && is_idle && self.prompt_at.is_none();
        self.queue.push(Typed { line, at_prompt, has_nul });
    }

    /// Ctrl-C in any form whose echo is on the screen, or its replacement.
    fn interrupt(&mut self, is_echoed: bool) {
        self.thrown_away += self.queue.clear() + std::mem::take(&mut self.scanned_away);
        match &mut self.running {
            Some(running) => {
                running.is_muted = true;
                running.stop(Stop::Interrupted);
                // A line of JSON stays one line.
                if is_echoed && self.style == Style::Prompted && !running.is_json() {
                    self.screen.interrupted();
                }
            }
            None => self.prompt_due = true,
        }
    }

    /// No more lines are accepted: the end of input, or Ctrl-D. Queued lines are still run.
    fn end_lines(&mut self) {
        self.input_ended = true;
        self.prompt_at = None;
        if let Some(running) = &mut self.running {
            // No answer will come.
            running.question = None;
        } else if self.style == Style::Prompted && self.queue.is_empty() {
            self.screen.fresh_line();
        }
    }

    /// The peer speaks telnet after all.
    fn promote(&mut self) {
        self.peer.set_telnet();
        self.screen.set_newline(Newline::CrLf);
        if let Some(request) = self.telnet.request_binary() {
            self.screen.command(&request);
        }
        match self.style {
            Style::Undecided => self.begin_prompting(),
            Style::Script => {
                self.style = Style::Prompted;
                self.peer.set_prompted();
                self.ask_for_window_size();
                self.prompt_due = true;
            }
            Style::Prompted => self.ask_for_window_size(),
        }
    }

    fn begin_prompting(&mut self) {
        self.style = Style::Prompted;
        self.peer.set_prompted();
        if !self.config.plain || self.peer.speaks_telnet() {
            self.screen.set_newline(Newline::CrLf);
            self.ask_for_window_size();
        }
        let banner = self.config.shared.service.banner();
        self.screen.show(&banner);
        self.show_prompt();
    }

    fn ask_for_window_size(&mut self) {
        if let Some(request) = self.telnet.request_window_size() {
            self.screen.command(&request);
        }
    }
}
