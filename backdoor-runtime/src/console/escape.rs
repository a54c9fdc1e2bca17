//! Makes harmless what came from input, commands or logs before a terminal or a log shows it: with an ESC or a bidi
//! control in the right place, a terminal obeys, and a log line lies.

use std::{ascii, borrow::Cow};

/// Spells out every character that could move a cursor, change a terminal or reorder what is read: C0 and DEL as
/// `\x1b` and `\r`, C1 (U+0080..=U+009F), bidi controls (U+061C, U+200E, U+200F, U+202A..=U+202E, U+2066..=U+2069), the
/// line and paragraph separators (U+2028, U+2029) and what has no width, so that two names look alike that are not (U+00AD,
/// U+180E, U+200B, U+2060..=U+206F, U+FEFF, U+FFF9..=U+FFFB, U+E0000..=U+E007F) as `\u{202e}`. Newline and
/// tab stay, and so do the joiners U+200C and U+200D, which scripts and emoji are written with. A byte that is no UTF-8 cannot
/// be in a `str`: 8-bit controls are refused with their line, and no command can print them.
///
/// The result is for reading, not for reading back: a backslash stays as it is, so that paths and escaped text survive
/// any number of passes. Text with nothing to escape is borrowed.
#[cfg(test)]
fn escape(text: &str) -> Cow<'_, str> {
    escape_where(text, |character| character != '\n' && character != '\t')
}

/// Makes text harmless on one line: newline and tab become `\n` and `\t` too: for logs and one-line messages.
pub(crate) fn escape_line(text: &str) -> Cow<'_, str> {
    escape_where(text, |_| true)
}

/// How a peer expects a line to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Newline {
    /// Telnet: RFC 854, "The NVT Printer and Keyboard".
    CrLf,
    /// A plain peer, such as a script behind `nc`.
    Lf,
}

/// Turns text into the bytes of one peer: escaped but for newline and tab, with the peer's line ends.
///
/// Nothing here doubles an IAC for telnet: UTF-8 has no byte 0xFF, so no `&str` can hold one.
#[derive(Debug)]
pub(crate) struct Encoder {
    newline: Newline,
    /// A CR ended the last text, and only what comes next tells whether a LF makes it a newline.
    has_carriage_return: bool,
    is_at_line_start: bool,
}

impl Encoder {
    /// An encoder at the start of a line.
    pub(crate) fn new(newline: Newline) -> Self {
        Self { newline, has_carriage_return: false, is_at_line_start: true }
    }

    /// Changes the line ends from here on, as for a peer that begins to speak telnet.
    pub(crate) fn set_newline(&mut self, newline: Newline) {
        self.newline = newline;
    }

    /// Appends `text` to `out`. Both `"\n"` and `"\r\n"` are one newline; any other `'\r'` is shown as `\r`. It makes no
    /// difference how a text is cut into calls.
    pub(crate) fn encode(&mut self, text: &str, out: &mut Vec<u8>) {
        let mut rest = text;
        while !rest.is_empty() {
            if self.has_carriage_return && !rest.starts_with('\n') {
                self.finish(out);
            }
            let special = find_special(rest, |character| character != '\t');
            let (plain, after) = rest.split_at(special.map_or(rest.len(), |(at, _)| at));
            self.is_at_line_start &= plain.is_empty();
            out.extend_from_slice(plain.as_bytes());
            rest = after;
            if let Some((_, character)) = special {
                rest = &rest[character.len_utf8()..];
                match character {
                    '\n' => self.end_line(out),
                    '\r' => self.has_carriage_return = true,
                    _ => self.spell(character, out),
                }
            }
        }
    }

    /// Appends `text` as it is, but for its line ends.
    pub(crate) fn pass(&mut self, text: &str, out: &mut Vec<u8>) {
        self.finish(out);
        for line in text.split_inclusive('\n') {
            let plain = line.trim_end_matches(['\r', '\n']);
            out.extend_from_slice(plain.as_bytes());
            self.is_at_line_start &= plain.is_empty();
            match line.ends_with('\n') {
                true => self.end_line(out),
                false => out.extend_from_slice(&line.as_bytes()[plain.len()..]),
            }
        }
    }

    /// Ends the text: a CR that still waits for its LF is shown. To be called before anything is written behind the
    /// encoder's back, such as a prompt.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        if self.has_carriage_return {
            self.has_carriage_return = false;
            self.spell('\r', out);
        }
    }

    /// The peer's own echo of an Enter took the cursor to the start of a line.
    pub(crate) fn line_entered(&mut self) {
        self.is_at_line_start = true;
    }

    /// Whether what was written so far leaves the peer's cursor at the start of a line.
    pub(crate) fn at_line_start(&self) -> bool {
        self.is_at_line_start
    }

    fn end_line(&mut self, out: &mut Vec<u8>) {
        self.has_carriage_return = false;
        self.is_at_line_start = true;
        out.extend_from_slice(match self.newline {
            Newline::CrLf => b"\r\n",
            Newline::Lf => b"\n",
        });
    }

    fn spell(&mut self, character: char, out: &mut Vec<u8>) {
        self.is_at_line_start = false;
        spell(character, |ascii| out.push(ascii));
    }
}

fn escape_where(text: &str, is_wanted: impl Fn(char) -> bool) -> Cow<'_, str> {
    let Some(mut special) = find_special(text, &is_wanted) else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    loop {
        let (at, character) = special;
        out.push_str(&rest[..at]);
        spell(character, |ascii| out.push(char::from(ascii)));
        rest = &rest[at + character.len_utf8()..];
        match find_special(rest, &is_wanted) {
            Some(next) => special = next,
            None => break,
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The first special character that is wanted, and where it starts. Most text is skipped a byte at a time, without
/// being decoded.
fn find_special(text: &str, is_wanted: impl Fn(char) -> bool) -> Option<(usize, char)> {
    let mut from = 0;
    loop {
        let at = from + text.as_bytes()[from..].iter().position(|&byte| may_start_special(byte))?;
        let character = text[at..].chars().next()?;
        if is_special(character) && is_wanted(character) {
            return Some((at, character));
        }
        from = at + character.len_utf8();
    }
}

/// Whether a special character can start with this byte. None of them can be found inside a character, so that text
/// may be cut before it.
fn may_start_special(byte: u8) -> bool {
    matches!(byte, 0x00..=0x1f | 0x7f | 0xc2 | 0xd8 | 0xe1 | 0xe2 | 0xef | 0xf3)
}

/// Whether a character is spelled out.
pub(crate) fn is_special(character: char) -> bool {
    matches!(
        character,
        '\0'..='\x1f'
            | '\x7f'..='\u{9f}'
            | '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// Gives the ASCII characters that stand for a special one.
fn spell(character: char, mut push: impl FnMut(u8)) {
    match u8::try_from(character) {
        Ok(byte) if byte.is_ascii() => ascii::escape_default(byte).for_each(push),
        _ => character.escape_unicode().for_each(|ascii| push(ascii as u8)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        let check = |text: &str, in_text: &str, in_line: &str| {
            assert_eq!(escape(text), in_text);
            assert_eq!(escape_line(text), in_line);
            assert_eq!(escape(&escape(text)), in_text, "a second pass changes nothing");
        };
        check("", "", "");
        check("plain é€😀 text", "plain é€😀 text", "plain é€😀 text");
        check(r"C:\x1b", r"C:\x1b", r"C:\x1b");
        check("a\nb\tc", "a\nb\tc", r"a\nb\tc");
        check("\x1b[2Jgone", r"\x1b[2Jgone", r"\x1b[2Jgone");
        check("a\rb\r\n", "a\\rb\\r\n", r"a\rb\r\n");
        check("\0\x07\x08\x7f", r"\x00\x07\x08\x7f", r"\x00\x07\x08\x7f");
        check("\u{80}\u{9b}2J\u{9f}\u{a0}", "\\u{80}\\u{9b}2J\\u{9f}\u{a0}", "\\u{80}\\u{9b}2J\\u{9f}\u{a0}");
        check("user\u{202e}nimda", r"user\u{202e}nimda", r"user\u{202e}nimda");
        check("é\u{2066}x\u{2069}\n", "é\\u{2066}x\\u{2069}\n", r"é\u{2066}x\u{2069}\n");
        let spelt = r"\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}";
        check("\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}", spelt, spelt);
        let neighbours = "\u{200c}\u{200d}\u{2010}\u{2027}\u{202f}\u{205f}\u{2070}\u{fffc}©ض";
        check(neighbours, neighbours, neighbours);
    }

    #[test]
    fn harmless_text_is_borrowed() {
        assert!(matches!(escape("two\nlines,\ta tab and é€"), Cow::Borrowed(_)));
        assert!(matches!(escape_line("one line and é€"), Cow::Borrowed(_)));
    }

    /// Every character there is: what is special is spelt in printable ASCII, and everything else passes.
    #[test]
    fn every_character() {
        for character in '\0'..=char::MAX {
            let text = character.to_string();
            if is_special(character) {
                assert!(may_start_special(text.as_bytes()[0]), "{character:?}");
                assert!(escape_line(&text).bytes().all(|byte| byte.is_ascii_graphic()), "{character:?}");
            } else {
                assert!(!character.is_control(), "{character:?}");
                assert_eq!(escape_line(&text), text);
            }
        }
        assert!((0x80..=0xbf).all(|byte| !may_start_special(byte)), "never a byte inside a character");
    }

    /// Encodes whole and cut at every place, with both line ends.
    fn check(text: &str, expected: &str, at_line_start: bool) {
        for (newline, expected) in
            [(Newline::Lf, expected.to_owned()), (Newline::CrLf, expected.replace('\n', "\r\n"))]
        {
            for cut in (0..=text.len()).filter(|&cut| text.is_char_boundary(cut)) {
                let (mut encoder, mut out) = (Encoder::new(newline), Vec::new());
                encoder.encode(&text[..cut], &mut out);
                encoder.encode("", &mut out);
                encoder.encode(&text[cut..], &mut out);
                encoder.finish(&mut out);
                encoder.finish(&mut out);
                assert_eq!(String::from_utf8_lossy(&out), expected, "{text:?} cut at {cut}");
                assert_eq!(encoder.at_line_start(), at_line_start, "{text:?} cut at {cut}");
                assert!(!out.contains(&0xff));
            }
        }
    }

    #[test]
    fn encoded() {
        check("", "", true);
        check("a", "a", false);
        check("a\n", "a\n", true);
        check("\n\n", "\n\n", true);
        check("a\nb", "a\nb", false);
        check("a\tb é€😀\u{a0}\n", "a\tb é€😀\u{a0}\n", true);
        check("a\r\nb\r\n", "a\nb\n", true);
        check("a\rb", "a\\rb", false);
        check("a\r", "a\\r", false);
        check("\r", "\\r", false);
        check("a\n\r", "a\n\\r", false);
        check("a\r\r\nb", "a\\r\nb", false);
        check("a\r\r", "a\\r\\r", false);
        check("a\r\u{202e}\x1b\n", "a\\r\\u{202e}\\x1b\n", true);
        check("\u{9b}31m\x07", "\\u{9b}31m\\x07", false);
    }

    #[test]
    fn what_an_author_vouches_for_passes() {
        let (mut encoder, mut out) = (Encoder::new(Newline::CrLf), Vec::new());
        encoder.encode("a\r", &mut out);
        encoder.pass("\x1b[31mred\nx\r\n\rb", &mut out);
        assert_eq!(out, b"a\\r\x1b[31mred\r\nx\r\n\rb");
        assert!(!encoder.at_line_start());
        encoder.pass("\n", &mut out);
        assert!(encoder.at_line_start());
    }

    #[test]
    fn line_ends_can_change_between_two_texts() {
        let (mut encoder, mut out) = (Encoder::new(Newline::Lf), Vec::new());
        encoder.encode("a\nb\r", &mut out);
        assert!(!encoder.at_line_start());
        encoder.set_newline(Newline::CrLf);
        encoder.encode("\nc\n", &mut out);
        assert_eq!(out, b"a\nb\r\nc\r\n");
        assert!(encoder.at_line_start());
    }
}
