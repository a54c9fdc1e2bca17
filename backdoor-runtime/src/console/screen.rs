//! What the peer sees: text escaped and with its line ends, the prompt, and bytes of the protocol, in one buffer that is written at
//! once.

use crate::base::escape::{Encoder, Newline, escape_line};

/// SGR 0 (ECMA-48, 8.3.117): as the terminal was.
const RESET: &[u8] = b"\x1b[0m";

/// The output of one session.
pub(crate) struct Screen {
    bytes: Vec<u8>,
    encoder: Encoder,
    prompt: String,
    /// The cursor stands behind something that is not counted as text: the prompt, a question, an echo.
    at_prompt: bool,
}

impl Screen {
    pub(crate) fn new(name: &str) -> Self {
        let prompt = format!("{}> ", escape_line(name));
        Self { bytes: Vec::new(), encoder: Encoder::new(Newline::Lf), prompt, at_prompt: false }
    }

    /// What is to be written. The writer takes from its front.
    pub(crate) fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// How much is to be written.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn set_newline(&mut self, newline: Newline) {
        self.encoder.set_newline(newline);
    }

    /// The prompt's text.
    pub(crate) fn prompt(&self) -> &str {
        &self.prompt
    }

    /// Shows text, escaped. It never stands behind a prompt where no line was entered.
    pub(crate) fn show(&mut self, text: &str) {
        if !text.is_empty() {
            if self.at_prompt {
                self.fresh_line();
            }
            self.encoder.encode(text, &mut self.bytes);
        }
    }

    /// Shows text that an author vouches for, as it is.
    pub(crate) fn show_raw(&mut self, text: &str) {
        if !text.is_empty() {
            if self.at_prompt {
                self.fresh_line();
            }
            self.encoder.pass(text, &mut self.bytes);
        }
    }

    /// Its end: no colour of it is left to the prompt.
    pub(crate) fn end_raw(&mut self) {
        self.bytes.extend(RESET);
    }

    /// Shows text at the start of a line.
    pub(crate) fn show_fresh(&mut self, text: &str) {
        self.fresh_line();
        self.show(text);
    }

    /// Goes to the start of a line, where it is not there yet.
    pub(crate) fn fresh_line(&mut self) {
        if std::mem::take(&mut self.at_prompt) {
            self.encoder.encode("\n", &mut self.bytes);
        }
        self.end_line();
    }

    /// Ends the line that text was shown on; a prompt stays where it is.
    pub(crate) fn end_line(&mut self) {
        self.encoder.finish(&mut self.bytes);
        if !self.encoder.at_line_start() {
            self.encoder.encode("\n", &mut self.bytes);
        }
    }

    /// Shows the prompt at the start of a line.
    pub(crate) fn show_prompt(&mut self) {
        self.fresh_line();
        self.bytes.extend(self.prompt.as_bytes());
        self.at_prompt = true;
    }

    /// Shows a prompt and the line that was entered for it, as if it had been typed there.
    pub(crate) fn show_entered(&mut self, line: &str) {
        self.show_prompt();
        self.at_prompt = false;
        self.encoder.encode(&format!("{}\n", escape_line(line)), &mut self.bytes);
    }

    /// Whether the cursor stands behind the prompt.
    pub(crate) fn is_at_prompt(&self) -> bool {
        self.at_prompt
    }

    /// A line came, and the peer's own echo of it ended the line on the screen.
    pub(crate) fn line_entered(&mut self) {
        self.encoder.finish(&mut self.bytes);
        self.encoder.line_entered();
        self.at_prompt = false;
    }

    /// Ctrl-C was typed, and the peer's own echo of it (`^C`) stands on the screen.
    pub(crate) fn interrupted(&mut self) {
        // On a line that is not ended, such as a question, the echo changes nothing.
        self.at_prompt = self.encoder.at_line_start();
    }

    /// Bytes of the telnet protocol, at this place in the output.
    pub(crate) fn command(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever is shown in whatever order, by whatever name: what reaches the peer is text, tabs and line ends.
        #[test]
        fn nothing_moves_the_cursor(
            name in any::<String>(),
            texts in prop::collection::vec((0..6_u8, any::<String>()), 0..20),
            telnet in any::<bool>(),
        ) {
            let mut screen = Screen::new(&name);
            if telnet {
                screen.set_newline(Newline::CrLf);
            }
            for (how, text) in texts {
                match how {
                    0 => screen.show_fresh(&text),
                    1 => screen.show_prompt(),
                    2 => screen.line_entered(),
                    3 => screen.interrupted(),
                    _ => screen.show(&text),
                }
            }
            screen.end_line();
            let text = String::from_utf8(std::mem::take(screen.bytes())).expect("text stays text");
            let text = if telnet { text.replace("\r\n", "\n") } else { text };
            for harmless in text.split(['\n', '\t']) {
                prop_assert_eq!(escape_line(harmless), harmless);
            }
        }
    }
}
