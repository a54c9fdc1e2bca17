//! The output of a session: escaped text with the peer's line ends, the prompt, and protocol bytes, in one buffer that is written at once.

use crate::base::escape::{Encoder, Newline, escape_line};

/// SGR 0 (ECMA-48, 8.3.117): resets the terminal's attributes.
const RESET: &[u8] = b"\x1b[0m";

/// The output of one session.
pub(crate) struct Screen {
    bytes: Vec<u8>,
    encoder: Encoder,
    prompt: String,
    /// The cursor is after something that does not count as text: the prompt, a question, an echo.
    at_prompt: bool,
}

impl Screen {
    pub(crate) fn new(name: &str) -> Self {
        let prompt = format!("{}> ", escape_line(name));
        Self { bytes: Vec::new(), encoder: Encoder::new(Newline::Lf), prompt, at_prompt: false }
    }

    /// The output to write; the writer takes it from the front.
    pub(crate) fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// The length of the output to write.
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

    /// Shows text, escaped. If a prompt is shown and no line was entered, the text begins on a new line.
    pub(crate) fn show(&mut self, text: &str) {
        if !text.is_empty() {
            if self.at_prompt {
                self.fresh_line();
            }
            self.encoder.encode(text, &mut self.bytes);
        }
    }

    /// Shows text that the author declares safe, unescaped.
    pub(crate) fn show_raw(&mut self, text: &str) {
        if !text.is_empty() {
            if self.at_prompt {
                self.fresh_line();
            }
            self.encoder.pass(text, &mut self.bytes);
        }
    }

    /// The end of such text: resets the attributes before the prompt.
    pub(crate) fn end_raw(&mut self) {
        self.bytes.extend(RESET);
    }

    /// Shows text at the start of a line.
    pub(crate) fn show_fresh(&mut self, text: &str) {
        self.fresh_line();
        self.show(text);
    }

    /// Goes to the start of a line, unless the cursor is there.
    pub(crate) fn fresh_line(&mut self) {
        if std::mem::take(&mut self.at_prompt) {
            self.encoder.encode("\n", &mut self.bytes);
        }
        self.end_line();
    }

    /// Ends the line of the last text; a prompt stays.
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

    /// Whether the cursor is after the prompt.
    pub(crate) fn is_at_prompt(&self) -> bool {
        self.at_prompt
    }

    /// A line came; the peer's own echo of it ended the line on the screen.
    pub(crate) fn line_entered(&mut self) {
        self.encoder.finish(&mut self.bytes);
        self.encoder.line_entered();
        self.at_prompt = false;
    }

    /// Ctrl-C was typed, and the peer's own echo of it (`^C`) is on the screen.
    pub(crate) fn interrupted(&mut self) {
        // If the cursor's line is not ended, such as at a question, the echo changes nothing.
        self.at_prompt = self.encoder.at_line_start();
    }

    /// Protocol bytes, at this place in the output.
    pub(crate) fn command(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// For any sequence of calls, the peer gets only text, tabs and line ends.
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
