//! Combines the output of a line and its end on a screen: as text for a person, or as one line of JSON. Sessions and unit tests of authors
//! use this code, and no other.

use crate::call::failure::Failure;
use crate::call::output_event::Output;
use crate::console::json_line::JsonLine;
use crate::console::screen::Screen;
use crate::dispatch::Outcome;

/// The most output that waits for the end of a line of JSON, in bytes.
const ASIDE: usize = 64 * 1024;

/// The answer to one line, as far as it is shown.
pub(crate) struct ReplyAssembler {
    json: JsonLine,
    /// The text right before the cursor is not part of the reply.
    reply_begins: bool,
    /// Output that is shown after a line of JSON.
    aside: String,
    aside_lost: usize,
}

/// The requested form of an answer.
#[derive(Clone, Copy)]
pub(crate) struct Wanted {
    /// As one line of JSON.
    pub(crate) json: bool,
    /// The reply unescaped, for a terminal.
    pub(crate) raw: bool,
}

impl ReplyAssembler {
    pub(crate) fn new() -> Self {
        Self { json: JsonLine::default(), reply_begins: true, aside: String::new(), aside_lost: 0 }
    }

    /// Shows text of the command. Returns the piece if it is no such text.
    pub(crate) fn show(&mut self, output: Output, wanted: Wanted, screen: &mut Screen) -> Option<Output> {
        match output {
            Output::Printed(text) if wanted.json => screen.show(&self.json.printed(&text)),
            Output::Reply { text, boundary } if wanted.json => {
                screen.show(&self.json.reply(&text, boundary));
            }
            Output::Printed(text) => {
                self.reply_begins = true;
                screen.show(&text);
            }
            Output::Reply { text, .. } => {
                if std::mem::take(&mut self.reply_begins) {
                    screen.end_line();
                }
                match wanted.raw {
                    true => screen.show_raw(&text),
                    false => screen.show(&text),
                }
            }
            other => return Some(other),
        }
        None
    }

    /// Shows the end of the answer: the last text of the reply if it is wanted, the error, and output of other runs meanwhile.
    pub(crate) fn end(
        mut self,
        outcome: &Outcome,
        tail_is_wanted: bool,
        raw: bool,
        message: impl FnOnce(&Failure, &Screen) -> String,
        screen: &mut Screen,
    ) {
        let failure = outcome.failure.as_ref();
        if outcome.json {
            let mut json = std::mem::take(&mut self.json);
            let (rest, lost) = json.take_rest();
            self.show_later(&rest);
            self.aside_lost += lost;
            let mut text = if tail_is_wanted { json.reply(&outcome.tail, true) } else { String::new() };
            text.push_str(&json.end(failure));
            screen.show(&text);
        } else {
            if tail_is_wanted {
                if self.reply_begins {
                    screen.end_line();
                }
                if raw {
                    screen.show_raw(&outcome.tail);
                    screen.end_raw();
                } else {
                    screen.show(&outcome.tail);
                }
                screen.end_line();
            }
            if let Some(failure) = failure {
                let message = message(failure, screen);
                screen.show_fresh(&message);
            }
        }
        let aside = self.into_aside();
        if !aside.is_empty() {
            screen.show_fresh(&aside);
        }
    }

    /// Keeps text until the answer is complete.
    pub(crate) fn show_later(&mut self, text: &str) {
        if self.aside.len() + text.len() <= ASIDE {
            self.aside.push_str(text);
        } else {
            self.aside_lost += text.len();
        }
    }

    fn into_aside(mut self) -> String {
        if self.aside_lost > 0 {
            if !self.aside.is_empty() && !self.aside.ends_with('\n') {
                self.aside.push('\n');
            }
            self.aside.push_str(&format!(
                "{} bytes of output were dropped: the buffer was full\n",
                self.aside_lost
            ));
        }
        self.aside
    }
}
