//! The line discipline for a peer that edits its own lines: bytes become finished lines. For a client in character mode a line editor takes
//! its place, with the same interface: data in, [`Input`] out.

use std::{fmt, mem, str};

/// Collects a peer's data into lines of valid UTF-8, with a limit on their length.
///
/// It holds no memory while no line has begun.
#[derive(Debug)]
pub(crate) struct LineAssembler {
    limit: usize,
    /// The limit from the first line on.
    later: usize,
    line: Vec<u8>,
    /// The line has exceeded the limit, and its rest is dropped.
    is_too_long: bool,
    /// A line was delivered at its CR; a following LF or NUL still belongs to it.
    after_carriage_return: bool,
}

/// One input of a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::enum_variant_names, reason = "end of input is one term, and `End` says less")]
pub(crate) enum Input {
    /// A line without its end; empty lines are delivered too.
    Line(String),
    /// A line that must not run.
    Rejected(Rejection),
    /// Ctrl-C from a client in character mode. The unfinished line is dropped.
    Interrupt,
    /// A NUL that ends no line (RFC 854: "no operation"). No terminal sends one by itself, and most binary protocols do.
    Nul,
    /// Ctrl-D on an empty line. The caller decides about the lines before it.
    EndOfInput,
}

/// Why a line was not taken; the text is for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rejection {
    /// The first byte that is not UTF-8, and how many bytes of the line come before it.
    NotUtf8 { byte: u8, offset: usize },
    /// The line has more bytes than `limit`, which grows once a line has come.
    TooLong { limit: usize, is_first: bool },
}

impl LineAssembler {
    /// Accepts lines of up to `limit` bytes without their ends; up to `first` bytes until one complete line that is not empty has come.
    pub(crate) fn new(first: usize, limit: usize) -> Self {
        Self {
            limit: first.min(limit),
            later: limit,
            line: Vec::new(),
            is_too_long: false,
            after_carriage_return: false,
        }
    }

    /// Adds data, and calls `sink` for each completed input, in order.
    ///
    /// CR LF, CR NUL (RFC 854, "The NVT Printer and Keyboard"), LF and CR each end one line. A line is delivered at its
    /// CR, because the LF may be in the next packet or never come.
    pub(crate) fn feed(&mut self, mut data: &[u8], sink: &mut impl FnMut(Input)) {
        while let Some(&byte) = data.first() {
            let follows_carriage_return = mem::take(&mut self.after_carriage_return);
            let mut used = 1;
            match byte {
                b'\n' | NUL if follows_carriage_return => {}
                b'\n' => sink(self.take()),
                b'\r' => {
                    self.after_carriage_return = true;
                    sink(self.take());
                }
                NUL => sink(Input::Nul),
                INTERRUPT => {
                    self.erase_line();
                    sink(Input::Interrupt);
                }
                END_OF_INPUT => {
                    if self.is_empty() {
                        sink(Input::EndOfInput);
                    }
                }
                BACKSPACE | DELETE => self.erase_character(),
                KILL_LINE => self.erase_line(),
                _ => {
                    used = data.iter().position(|&byte| is_meant_for_us(byte)).unwrap_or(data.len());
                    self.append(&data[..used]);
                }
            }
            data = &data[used..];
        }
    }

    /// Drops the last character of the line, all bytes of it: the peer's Backspace, or telnet's EC (RFC 854).
    ///
    /// It has no effect on a line that is too long, whose end is no longer known.
    pub(crate) fn erase_character(&mut self) {
        // A character has at most four bytes, and looking no further keeps a flood of Backspaces cheap.
        let last = self.line.len().saturating_sub(4);
        let start = last + self.line[last..].iter().rposition(|&byte| !is_continuation(byte)).unwrap_or(0);
        let is_one_character = match str::from_utf8(&self.line[start..]) {
            Ok(_) => true,
            Err(error) => error.error_len().is_none(),
        };
        if is_one_character {
            self.line.truncate(start);
        } else {
            // It is no character, so one byte is removed.
            self.line.pop();
        }
        if self.line.is_empty() {
            self.line = Vec::new();
        }
    }

    /// Drops the unfinished line, even if it is too long: the peer's Ctrl-U, or telnet's EL (RFC 854).
    pub(crate) fn erase_line(&mut self) {
        self.line = Vec::new();
        self.is_too_long = false;
    }

    /// Ends the input: returns the last line if it has no end, as for a script without a final newline.
    pub(crate) fn finish(&mut self) -> Option<Input> {
        self.after_carriage_return = false;
        if self.is_empty() { None } else { Some(self.take()) }
    }

    /// Whether no line has begun.
    pub(crate) fn is_empty(&self) -> bool {
        self.line.is_empty() && !self.is_too_long
    }

    fn append(&mut self, bytes: &[u8]) {
        if self.is_too_long {
            return;
        }
        if bytes.len() > self.limit - self.line.len() {
            self.line = Vec::new();
            self.is_too_long = true;
        } else {
            self.line.extend_from_slice(bytes);
        }
    }

    /// UTF-8 is checked only here, so that a character may be split over any number of reads.
    fn take(&mut self) -> Input {
        if mem::take(&mut self.is_too_long) {
            let is_first = self.limit < self.later;
            return Input::Rejected(Rejection::TooLong { limit: self.limit, is_first });
        }
        match String::from_utf8(mem::take(&mut self.line)) {
            Ok(line) => {
                if !line.trim().is_empty() {
                    self.limit = self.later;
                }
                Input::Line(line)
            }
            Err(error) => {
                let offset = error.utf8_error().valid_up_to();
                Input::Rejected(Rejection::NotUtf8 { byte: error.as_bytes()[offset], offset })
            }
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8 { byte, offset } => write!(
                f,
                "line not run: byte 0x{byte:02x} at offset {offset} is not UTF-8; set the terminal or the script to UTF-8"
            ),
            Self::TooLong { limit, is_first: true } => write!(
                f,
                "line not run: the first line of a session has at most {limit} bytes; send a short one before it"
            ),
            Self::TooLong { limit, is_first: false } => {
                write!(f, "line not run: it is longer than {limit} bytes; split it into several lines")
            }
        }
    }
}

const NUL: u8 = 0x00;
const INTERRUPT: u8 = 0x03;
const END_OF_INPUT: u8 = 0x04;
const BACKSPACE: u8 = 0x08;
const KILL_LINE: u8 = 0x15;
const DELETE: u8 = 0x7f;

fn is_meant_for_us(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r' | NUL | INTERRUPT | END_OF_INPUT | BACKSPACE | KILL_LINE | DELETE)
}

fn is_continuation(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMIT: usize = 10;

    fn line(text: &str) -> Input {
        Input::Line(text.to_owned())
    }

    fn not_utf8(byte: u8, offset: usize) -> Input {
        Input::Rejected(Rejection::NotUtf8 { byte, offset })
    }

    fn too_long() -> Input {
        Input::Rejected(Rejection::TooLong { limit: LIMIT, is_first: false })
    }

    /// Feeds the data whole, by single bytes and split once at every place, and ends the input: the result is always the same.
    fn check(data: &[u8], expected: &[Input]) {
        for cut in 0..=data.len() + 1 {
            let (mut lines, mut seen) = (LineAssembler::new(LIMIT, LIMIT), Vec::new());
            if cut > data.len() {
                data.chunks(1).for_each(|byte| lines.feed(byte, &mut |input| seen.push(input)));
            } else {
                lines.feed(&data[..cut], &mut |input| seen.push(input));
                lines.feed(&data[cut..], &mut |input| seen.push(input));
            }
            seen.extend(lines.finish());
            assert_eq!(seen, expected, "{:?} cut at {cut}", data.escape_ascii().to_string());
            assert!(lines.is_empty());
            assert_eq!(lines.line.capacity(), 0);
        }
    }

    #[test]
    fn every_line_end_is_one_enter() {
        let two = [line("a"), line("b")];
        check(b"a\r\nb\r\n", &two);
        check(b"a\r\0b\r\0", &two);
        check(b"a\nb\n", &two);
        check(b"a\rb\r", &two);
        check(b"a\r\nb\r\0", &two);
        check(b"a\nb\r", &two);
        check(b"a\r\n\r\nb\r\n", &[line("a"), line(""), line("b")]);
        check(b"a\r\0\r\0b\r\0", &[line("a"), line(""), line("b")]);
        check(b"a\n\nb\n", &[line("a"), line(""), line("b")]);
        check(b"a\r\rb\r", &[line("a"), line(""), line("b")]);
        check(b"\r\n", &[line("")]);
        check(b"a\r\n\n", &[line("a"), line("")]);
        check(b"a\r\0\n", &[line("a"), line("")]);
        check(b"a\n\r\n", &[line("a"), line("")]);
    }

    #[test]
    fn a_line_is_delivered_at_its_carriage_return() {
        let (mut lines, mut seen) = (LineAssembler::new(LIMIT, LIMIT), Vec::new());
        lines.feed(b"a\r", &mut |input| seen.push(input));
        assert_eq!(seen, [line("a")]);
        lines.feed(b"\nb", &mut |input| seen.push(input));
        lines.feed(b"", &mut |input| seen.push(input));
        assert_eq!(seen, [line("a")]);
        assert!(!lines.is_empty());
    }

    #[test]
    fn the_end_of_input_ends_the_last_line() {
        check(b"", &[]);
        check(b"a\n", &[line("a")]);
        check(b"a\nb", &[line("a"), line("b")]);
        check(b"a\r", &[line("a")]);
        check(b"\xc3", &[not_utf8(0xc3, 0)]);
        check(b"0123456789a", &[too_long()]);
    }

    #[test]
    fn nul_is_no_part_of_a_line() {
        check(b"a\0b\n", &[Input::Nul, line("ab")]);
        check(b"\0\0\n\0", &[Input::Nul, Input::Nul, line(""), Input::Nul]);
    }

    #[test]
    fn control_characters_of_a_client_in_character_mode() {
        check(b"ab\x03c\r", &[Input::Interrupt, line("c")]);
        check(b"\x03\x03", &[Input::Interrupt, Input::Interrupt]);
        check(b"\x04", &[Input::EndOfInput]);
        check(b"a\x04b\r", &[line("ab")]);
        check(b"a\r\x04", &[line("a"), Input::EndOfInput]);
        check(b"a\x7f\x04", &[Input::EndOfInput]);
        check(b"ab\x08c\x7fd\r", &[line("ad")]);
        check(b"\x7f\x08a\r", &[line("a")]);
        check(b"ab\x15c\r", &[line("c")]);
        check(b"a\tb\x1b[A\r", &[line("a\tb\x1b[A")]);
    }

    #[test]
    fn erase_removes_a_whole_character() {
        check("aé\x7f\r".as_bytes(), &[line("a")]);
        check("a€\x7f\r".as_bytes(), &[line("a")]);
        check("a😀\x7f\r".as_bytes(), &[line("a")]);
        check("é€\x7f\x7fb\r".as_bytes(), &[line("b")]);
        // An incomplete character is removed as a whole; invalid bytes are removed one by one.
        check(b"a\xe2\x82\x7f\r", &[line("a")]);
        check(b"\xc3\xa9\x80\x7f\r", &[line("é")]);
        check(b"\x80\x80\x7f\r", &[not_utf8(0x80, 0)]);
        check(b"a\x80\x80\x80\x80\x80\x7f\x7f\x7f\x7f\x7f\r", &[line("a")]);
        check(b"\xff\x7fa\r", &[line("a")]);
    }

    #[test]
    fn utf8() {
        check("aé€😀\n".as_bytes(), &[line("aé€😀")]);
        check(b"a\xffb\n", &[not_utf8(0xff, 1)]);
        check(b"caf\xe9\nok\n", &[not_utf8(0xe9, 3), line("ok")]);
        check(b"\xe2\x82\n", &[not_utf8(0xe2, 0)]);
        check(b"\xed\xa0\x80\n", &[not_utf8(0xed, 0)]);
        check(b"\xf2\n", &[not_utf8(0xf2, 0)]);
    }

    #[test]
    fn overlong_line_is_dropped_and_reported_once() {
        check(b"0123456789\nb\n", &[line("0123456789"), line("b")]);
        check(b"0123456789a\nb\n", &[too_long(), line("b")]);
        check(b"0123456789abcdef 0123456789\r\nb\r\n", &[too_long(), line("b")]);
        check(b"0123456789\x7fa\n", &[line("012345678a")]);
        check(b"0123456789a\x7f\x7f\x7f\x04\n", &[too_long()]);
        check(b"0123456789a\x15b\n", &[line("b")]);
        check(b"0123456789a\x03b\n", &[Input::Interrupt, line("b")]);
        // The limit is one of memory: nothing of a flood is kept.
        let mut lines = LineAssembler::new(LIMIT, LIMIT);
        for _ in 0..100 {
            lines.feed(&[b'a'; 10_000], &mut |_| panic!("no line yet"));
            assert_eq!(lines.line.capacity(), 0);
        }
        assert!(!lines.is_empty());
        assert_eq!(lines.finish(), Some(too_long()));
    }

    #[test]
    fn the_first_line_has_a_lower_limit() {
        let (mut lines, mut seen) = (LineAssembler::new(3, LIMIT), Vec::new());
        lines.feed(b"abcd\n\n \nabcd\nabc\n0123456789\n0123456789a\n", &mut |input| seen.push(input));
        let refused = Input::Rejected(Rejection::TooLong { limit: 3, is_first: true });
        let expected =
            [refused.clone(), line(""), line(" "), refused, line("abc"), line("0123456789"), too_long()];
        assert_eq!(seen, expected);
    }

    #[test]
    fn telnet_erase_commands_edit_the_line() {
        let mut lines = LineAssembler::new(LIMIT, LIMIT);
        lines.erase_character();
        lines.erase_line();
        lines.feed("é€".as_bytes(), &mut |_| {});
        lines.erase_character();
        assert_eq!(lines.finish(), Some(line("é")));
        lines.feed(b"ab", &mut |_| {});
        lines.erase_line();
        assert!(lines.is_empty());
        assert_eq!(lines.finish(), None);
    }

    #[test]
    fn an_idle_session_is_small() {
        assert!(size_of::<LineAssembler>() <= 48);
    }

    #[test]
    fn what_the_operator_reads() {
        let check = |rejection: Rejection, text| assert_eq!(rejection.to_string(), text);
        check(
            Rejection::NotUtf8 { byte: 0xe9, offset: 3 },
            "line not run: byte 0xe9 at offset 3 is not UTF-8; set the terminal or the script to UTF-8",
        );
        check(
            Rejection::TooLong { limit: 8192, is_first: false },
            "line not run: it is longer than 8192 bytes; split it into several lines",
        );
        check(
            Rejection::TooLong { limit: 1024, is_first: true },
            "line not run: the first line of a session has at most 1024 bytes; send a short one before it",
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..<_>::default() })]

        #[test]
        fn lines_do_not_depend_on_packet_boundaries(
            data in prop::collection::vec(
                prop_oneof![any::<u8>(), prop::sample::select(b"ab \xc3\xa9\r\n\0\x03\x04\x08\x15\x7f".to_vec())],
                0..40,
            ),
            cuts in prop::collection::vec(1..6_usize, 0..40),
        ) {
            let (mut whole, mut cut) = (LineAssembler::new(LIMIT, LIMIT), LineAssembler::new(LIMIT, LIMIT));
            let (mut of_whole, mut of_cut) = (Vec::new(), Vec::new());
            whole.feed(&data, &mut |input| of_whole.push(input));
            let mut rest = data.as_slice();
            for length in cuts {
                let (head, tail) = rest.split_at(length.min(rest.len()));
                cut.feed(head, &mut |input| of_cut.push(input));
                rest = tail;
            }
            cut.feed(rest, &mut |input| of_cut.push(input));
            prop_assert!(cut.line.len() <= LIMIT);
            of_whole.extend(whole.finish());
            of_cut.extend(cut.finish());
            prop_assert_eq!(of_whole, of_cut);
        }
    }
}
