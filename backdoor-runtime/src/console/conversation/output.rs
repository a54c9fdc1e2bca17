//! Output to the peer: output of commands, their results, questions and prompts.

use std::sync::Arc;
use std::time::Instant;

use super::{Conversation, PASTE, Style};
use crate::base::escape::escape_line;
use crate::call::failure::Failure;
use crate::call::output_event::{Output, OutputEvent};
use crate::console::diagnostic::{self, EchoedAt};
use crate::console::foreground::{Question, Running};
use crate::console::line_discipline::Rejection;
use crate::console::reply_assembler::Wanted;
use crate::console::screen::Screen;
use crate::dispatch::Outcome;
use crate::reply::wrap;

/// How many lines that came before a question are named one by one; the others are counted.
const NAMED: usize = 3;

impl Conversation {
    /// Takes a piece of a run's output.
    pub(crate) fn piece(&mut self, piece: OutputEvent) {
        if self.over {
            return;
        }
        let own = self.running.as_mut().filter(|running| running.is(piece.run));
        let Some(running) = own else { return self.late(*piece.what) };
        if running.is_muted {
            running.has_gap = true;
            return;
        }
        let is_prompted = self.style == Style::Prompted;
        let wanted = Wanted { json: running.is_json(), raw: running.is_raw() && is_prompted };
        match running.reply.show(*piece.what, wanted, &mut self.screen) {
            Some(Output::Notice(text)) if is_prompted && !wanted.json => {
                self.screen.show_fresh(&wrap::lines(&format!("{text}\n"), self.peer.width()));
            }
            // No answer will come.
            Some(Output::Question { .. }) if self.input_ended => {}
            Some(Output::Question { text, answer }) => {
                running.question = Some(Question::Due { text, answer });
            }
            _ => {}
        }
    }

    /// Whether a question waits, before which all earlier input must be read.
    pub(crate) fn has_question(&self) -> bool {
        !self.over && self.running.as_ref().is_some_and(Running::has_question)
    }

    /// Rejects the lines that came before the question: they cannot be meant as its answer, and their sender did not know of it.
    pub(crate) fn refuse_early_lines(&mut self) {
        let Some(running) = &mut self.running else { return };
        while let Some(early) = self.queue.pop() {
            running.early_lines += 1;
            if running.early_lines <= NAMED {
                let line = early.line.map(|line| self.config.shared.masked(&line));
                self.screen.show_fresh(&refusal(&line));
            } else {
                self.thrown_away += 1;
            }
        }
    }

    /// Asks the question. Only a later line answers it.
    pub(crate) fn ask(&mut self) {
        self.lines.erase_line();
        self.refuse_early_lines();
        self.report_thrown_away();
        let Some(running) = &mut self.running else { return };
        if let Some(Question::Due { text, answer }) = running.question.take() {
            running.question = Some(Question::Asked { answer });
            self.screen.show_fresh(&wrap::lines(&text, self.peer.width()));
        }
    }

    /// The running line has ended.
    pub(crate) fn ended(&mut self, outcome: &Outcome) {
        let Some(running) = self.running.take() else { return };
        let failure = outcome.failure.as_ref();
        self.accepted |= failure.is_none_or(|failure| failure.range.is_none());
        if self.over {
            return;
        }
        self.answered_json = outcome.json;
        // The last output of an interrupted run is shown too (rows that were held back, a partial reply), unless earlier output was dropped
        // to make the interrupt quick.
        let tail_is_wanted = if outcome.json { !running.is_muted } else { !running.has_gap };
        let raw = running.is_raw() && self.style == Style::Prompted;
        let Running { run, at_prompt, reply, .. } = running;
        let width = self.peer.width();
        let message = |failure: &Failure, screen: &Screen| {
            let seen = if at_prompt { EchoedAt::AtPrompt(screen.prompt()) } else { EchoedAt::Elsewhere };
            diagnostic::render(failure, &run.line, outcome.line.as_ref(), &seen, width)
        };
        reply.end(outcome, tail_is_wanted, raw, message, &mut self.screen);
        self.report_thrown_away();
        if self.peer.is_closing() {
            self.over = true;
        } else if self.leaving {
            self.farewell();
        } else if !self.input_ended || !self.queue.is_empty() {
            self.prompt();
        }
    }

    /// Shows the prompt that is due, unless a line is about to run. Called before any output.
    pub(crate) fn flush_prompt(&mut self) {
        if self.prompt_due && self.running.is_none() && self.queue.is_empty() && !self.is_over() {
            self.report_thrown_away();
            self.show_prompt();
        }
    }

    /// Shows a message of the console at the start of a line, broken between words if it is too wide.
    pub(super) fn say(&mut self, text: &str) {
        self.screen.show_fresh(&wrap::lines(text, self.peer.width()));
    }

    /// Shows text that does not belong to the run in the foreground.
    pub(super) fn aside(&mut self, text: &str) {
        match &mut self.running {
            Some(running) if running.is_json() => running.reply.show_later(text),
            _ => {
                self.say(text);
                self.prompt_due = true;
            }
        }
    }

    /// An answer has ended, and a prompt follows.
    pub(super) fn prompt(&mut self) {
        match self.peer.speaks_telnet() {
            true => self.prompt_at = Some(Instant::now() + PASTE),
            false => self.show_prompt(),
        }
    }

    /// When a prompt that is delayed for pasted lines is to be shown.
    pub(crate) fn prompt_at(&self) -> Option<Instant> {
        self.prompt_at
    }

    /// Shows the prompt, unless a queued line is shown after it.
    pub(crate) fn show_prompt(&mut self) {
        self.prompt_due = false;
        self.prompt_at = None;
        if self.style == Style::Prompted && !self.over && self.queue.is_empty() {
            self.screen.show_prompt();
        }
    }

    fn report_thrown_away(&mut self) {
        if self.queue.is_empty() && self.scanned_away > 0 {
            let count = std::mem::take(&mut self.scanned_away);
            self.say(&format!("{count} further lines were not run; the queue was full\n"));
        }
        match std::mem::take(&mut self.thrown_away) {
            0 => {}
            1 => self.screen.show_fresh("1 queued line was not run\n"),
            count => self.screen.show_fresh(&format!("{count} queued lines were not run\n")),
        }
    }

    /// Output of a run after its end.
    fn late(&mut self, what: Output) {
        match what {
            Output::Printed(text) | Output::Notice(text) => self.aside(&text),
            Output::Reply { .. } | Output::Value(_) | Output::Question { .. } => {}
        }
    }
}

fn refusal(line: &Result<Arc<str>, Rejection>) -> String {
    match line {
        Ok(line) => {
            format!(
                "`{}` was typed before the question, so it is not the answer; it was not run\n",
                escape_line(line)
            )
        }
        Err(rejection) => format!("{rejection}\n"),
    }
}
