//! Makes input, output of commands and log text safe to show: with an ESC or a bidi control in it, text could control a terminal or falsify
//! a log line.

mod class;
mod context;
mod table;

use std::{ascii, borrow::Cow};

pub(crate) use self::context::Context;

/// Escapes every character that could move a cursor, change a terminal, reorder text or make two different names look alike, as `\x1b`,
/// `\r` and `\u{202e}`: the characters that Unicode lists as Cc, Cf, Zl, Zp, Bidi_Control or Default_Ignorable_Code_Point, private-use
/// characters, and unassigned code points (of Unicode 16.0.0: later characters are escaped, too). Newline and tab stay. So do combining
/// marks, up to 8 on one base, and the joiners and the style inside an emoji sequence. An invalid UTF-8 byte cannot be in a `str`: lines
/// with 8-bit controls are refused, and no command can print them.
///
/// The result is for reading and cannot be parsed back: a backslash stays as it is, so that paths and escaped text survive any number of
/// passes. Text without such characters is borrowed.
#[cfg(test)]
fn escape(text: &str) -> Cow<'_, str> {
    escape_where(text, |character| character != '\n' && character != '\t')
}

/// Makes text harmless on one line: newline and tab become `\n` and `\t` too. For logs and one-line messages.
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

/// Turns text into the bytes for one peer: escaped except for newline and tab, with the peer's line ends.
///
/// Nothing here doubles an IAC for telnet: UTF-8 has no byte 0xFF, so no `&str` can hold one.
#[derive(Debug)]
pub(crate) struct Encoder {
    newline: Newline,
    context: Context,
    /// A character that ended the last text and whose form depends on the next one: a CR, or a part of an emoji sequence.
    waiting: Option<char>,
    is_at_line_start: bool,
}

impl Encoder {
    /// An encoder at the start of a line.
    pub(crate) fn new(newline: Newline) -> Self {
        Self { newline, context: Context::default(), waiting: None, is_at_line_start: true }
    }

    /// Changes the line ends from here on, for a peer that starts to speak telnet.
    pub(crate) fn set_newline(&mut self, newline: Newline) {
        self.newline = newline;
    }

    /// Appends `text` to `out`. Both `"\n"` and `"\r\n"` are one newline; any other `'\r'` is shown as `\r`. The result does not depend on
    /// how a text is split into calls.
    pub(crate) fn encode(&mut self, text: &str, out: &mut Vec<u8>) {
        let mut rest = text;
        if self.waiting.is_some()
            && let Some(next) = rest.chars().next()
        {
            self.decide(next, out);
        }
        while !rest.is_empty() {
            let (plain, after) = rest.split_at(self.context.pass(rest));
            self.is_at_line_start &= plain.is_empty();
            out.extend_from_slice(plain.as_bytes());
            let mut characters = after.chars();
            let Some(character) = characters.next() else { break };
            rest = characters.as_str();
            let next = characters.next();
            match character {
                '\n' => self.end_line(out),
                '\t' => {
                    self.context = Context::default();
                    self.is_at_line_start = false;
                    out.push(b'\t');
                }
                _ => {
                    self.waiting = Some(character);
                    if character != '\r' && self.context.joins(character, None) == Some(false) {
                        self.finish(out);
                    } else if let Some(next) = next {
                        self.decide(next, out);
                    }
                }
            }
        }
    }

    /// Decides about the pending character, now that the next one is known.
    fn decide(&mut self, next: char, out: &mut Vec<u8>) {
        match self.waiting {
            Some('\r') if next == '\n' => self.waiting = None,
            Some(character) if self.context.joins(character, Some(next)) == Some(true) => {
                self.waiting = None;
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            _ => self.finish(out),
        }
    }

    /// Appends `text` unchanged except for its line ends.
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

    /// Ends the text: a pending CR is shown, and so is a joiner. Called before bytes that bypass the encoder are written, such as a prompt.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        if let Some(character) = self.waiting.take() {
            self.spell(character, out);
        }
    }

    /// The peer's own echo of Enter moved the cursor to the start of a line.
    pub(crate) fn line_entered(&mut self) {
        self.is_at_line_start = true;
    }

    /// Whether the output so far leaves the peer's cursor at the start of a line.
    pub(crate) fn at_line_start(&self) -> bool {
        self.is_at_line_start
    }

    fn end_line(&mut self, out: &mut Vec<u8>) {
        self.waiting = None;
        self.context = Context::default();
        self.is_at_line_start = true;
        out.extend_from_slice(match self.newline {
            Newline::CrLf => b"\r\n",
            Newline::Lf => b"\n",
        });
    }

    fn spell(&mut self, character: char, out: &mut Vec<u8>) {
        self.is_at_line_start = false;
        self.context = Context::without_base();
        spell(character, |ascii| out.push(ascii));
    }
}

fn escape_where(text: &str, is_wanted: impl Fn(char) -> bool) -> Cow<'_, str> {
    let mut context = Context::default();
    let Some(mut special) = find_special(&mut context, text, &is_wanted) else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    loop {
        let (at, character) = special;
        out.push_str(&rest[..at]);
        spell(character, |ascii| out.push(char::from(ascii)));
        context = Context::without_base();
        rest = &rest[at + character.len_utf8()..];
        match find_special(&mut context, rest, &is_wanted) {
            Some(next) => special = next,
            None => break,
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The first character that has to be escaped and is selected, and its position.
fn find_special(
    context: &mut Context,
    text: &str,
    is_wanted: impl Fn(char) -> bool,
) -> Option<(usize, char)> {
    let mut at = 0;
    loop {
        at += context.pass(&text[at..]);
        let mut characters = text[at..].chars();
        let character = characters.next()?;
        let joins = context.joins(character, characters.next()) == Some(true);
        if !joins && is_wanted(character) {
            return Some((at, character));
        }
        if !joins {
            *context = Context::default();
        }
        at += character.len_utf8();
    }
}

/// Calls back with the ASCII characters that replace a special one.
fn spell(character: char, mut push: impl FnMut(u8)) {
    match u8::try_from(character) {
        Ok(byte) if byte.is_ascii() => ascii::escape_default(byte).for_each(push),
        _ => character.escape_unicode().for_each(|ascii| push(ascii as u8)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::escape::class::Class;

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
        let neighbours = "\u{2010}\u{2027}\u{202f}\u{205f}\u{2070}\u{fffc}©ض";
        check(neighbours, neighbours, neighbours);
        let unseen = r"a\u{200b}b\u{200c}c\u{3164}d\u{e000}e\u{378}f\u{fe0f}\u{e0100}";
        check("a\u{200b}b\u{200c}c\u{3164}d\u{e000}e\u{378}f\u{fe0f}\u{e0100}", unseen, unseen);
    }

    #[test]
    fn harmless_text_is_borrowed() {
        assert!(matches!(escape("two\nlines,\ta tab and é€"), Cow::Borrowed(_)));
        assert!(matches!(escape_line("one line and é€"), Cow::Borrowed(_)));
    }

    /// Every character: special ones are written in printable ASCII, and all others pass.
    #[test]
    fn every_character() {
        for character in '\0'..=char::MAX {
            let text = character.to_string();
            if Class::of(character) == Class::Hidden {
                assert!(escape_line(&text).bytes().all(|byte| byte.is_ascii_graphic()), "{character:?}");
            } else {
                assert!(!character.is_control(), "{character:?}");
                assert_eq!(escape_line(&text), text);
            }
        }
    }

    #[test]
    fn marks_stay_up_to_eight_on_one_base() {
        let eight = "\u{301}".repeat(8);
        let check = |text: &str, expected: &str| assert_eq!(escape_line(text), expected);
        check("Zoe\u{308} हिन्दी", "Zoe\u{308} हिन्दी");
        check(&format!("a{eight}b{eight}"), &format!("a{eight}b{eight}"));
        check(&format!("a{eight}\u{301}\u{302}b"), &format!(r"a{eight}\u{{301}}\u{{302}}b"));
        check(&format!("{eight}\u{301}"), &format!(r"{eight}\u{{301}}"));
    }

    #[test]
    fn emoji_sequences_stay_whole() {
        for text in ["👩‍🚀", "👩🏽‍🚀", "👨‍👩‍👧‍👦", "❤️‍🔥", "✂️ ☺︎", "1️⃣ #️⃣", "🏳️‍🌈", "🇩🇪"]
        {
            assert_eq!(escape_line(text), text);
        }
        let check = |text: &str, expected: &str| assert_eq!(escape_line(text), expected);
        check("a\u{200d}b", r"a\u{200d}b");
        check("👩\u{200d}", r"👩\u{200d}");
        check("👩\u{200d}x", r"👩\u{200d}x");
        check("👩\u{200d}\u{200d}🚀", r"👩\u{200d}\u{200d}🚀");
        check("a\u{fe0f} 1\u{fe0f}2", r"a\u{fe0f} 1\u{fe0f}2");
        check("❤\u{fe0f}\u{fe0f}", "❤\u{fe0f}\\u{fe0f}");
        check("🏴\u{e0067}\u{e007f}", r"🏴\u{e0067}\u{e007f}");
    }

    /// Encodes whole and split at every place, with both line ends.
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
        check("👩🏽\u{200d}🚀 1\u{fe0f}\u{20e3}\n", "👩🏽\u{200d}🚀 1\u{fe0f}\u{20e3}\n", true);
        check("👩\u{200d}\n1\u{fe0f}", "👩\\u{200d}\n1\\u{fe0f}", false);
        check("👩\u{200d}\u{200d}\r", "👩\\u{200d}\\u{200d}\\r", false);
        let nine = "\u{301}".repeat(9);
        check(&format!("a{nine}\n{nine}"), &format!("a{0}\\u{{301}}\n{0}\\u{{301}}", &nine[2..]), false);
    }

    #[test]
    fn raw_text_passes_unchanged() {
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
