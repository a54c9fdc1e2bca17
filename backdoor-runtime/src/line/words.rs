//! Splits a typed line into words with their positions, so that an error can underline its word. The quoting is a small part of a shell's:
//! what an operator types from habit works, and nothing is expanded.
//!
//! - White space separates words.
//! - `'..'` is taken literally.
//! - `".."` knows the escapes `\\`, `\"`, `\n`, `\t`, `\r`, `\0`, `\xNN` (up to `7f`) and `\u{..}`, as in Rust.
//! - Outside quotes a `\` makes the next character literal.
//! - `''` and `""` are an empty word.

use std::borrow::Cow;
use std::ops::Range;

use crate::base::escape::escape_line;

/// One word of a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Word<'a> {
    /// The word without its quotes and escapes.
    pub(crate) text: Cow<'a, str>,
    /// Its bytes in the line, quotes included.
    pub(crate) range: Range<usize>,
    /// Whether its first character was quoted or escaped: then it is a value, even if it is `--x` or `?`.
    pub(crate) quoted: bool,
}

/// Why a line cannot be split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WordError {
    /// The bytes of the line to underline.
    pub(crate) range: Range<usize>,
    /// The error, and what to type.
    pub(crate) message: String,
}

#[cfg(test)]
fn split(line: &str) -> Result<Vec<Word<'_>>, WordError> {
    words(line).collect()
}

/// The words of `line`, one after the other: a word may be followed by text that is not split, such as a raw tail.
pub(crate) fn words(line: &str) -> Words<'_> {
    Words(Splitter { line, at: 0 })
}

/// An iterator over the words of a line. It ends after an error.
pub(crate) struct Words<'a>(Splitter<'a>);

impl<'a> Iterator for Words<'a> {
    type Item = Result<Word<'a>, WordError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.plain_word().map(Ok).or_else(|| self.0.any_word())
    }
}

const UNKNOWN_ESCAPE: &str = concat!(
    r#"is not an escape: known are `\\`, `\"`, `\n`, `\t`, `\r`, `\0`, `\x41` and `\u{e9}`; "#,
    r"write `\\` for a backslash",
);

struct Splitter<'a> {
    line: &'a str,
    /// The byte the next character starts at.
    at: usize,
}

impl<'a> Splitter<'a> {
    fn peek(&self) -> Option<char> {
        self.line[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        self.next_if(|_| true)
    }

    fn next_if(&mut self, wanted: impl Fn(char) -> bool) -> Option<char> {
        let next = self.peek().filter(|&c| wanted(c))?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// The usual form of a word: ASCII without special characters, between spaces. Comparing bytes is enough to find it.
    fn plain_word(&mut self) -> Option<Word<'a>> {
        let bytes = self.line.as_bytes();
        let start = self.at + bytes[self.at..].iter().take_while(|&&byte| byte == b' ').count();
        let end = start + bytes[start..].iter().take_while(|&&byte| is_plain(byte)).count();
        if start == end || bytes.get(end).is_some_and(|&byte| byte != b' ') {
            return None;
        }
        self.at = end;
        Some(Word { text: Cow::Borrowed(&self.line[start..end]), range: start..end, quoted: false })
    }

    fn any_word(&mut self) -> Option<Result<Word<'a>, WordError>> {
        while self.next_if(char::is_whitespace).is_some() {}
        let start = self.at;
        let first = self.peek()?;
        let word = self.word().map(|text| Word {
            text,
            range: start..self.at,
            quoted: matches!(first, '\'' | '"' | '\\'),
        });
        if word.is_err() {
            self.at = self.line.len();
        }
        Some(word)
    }

    fn word(&mut self) -> Result<Cow<'a, str>, WordError> {
        let mut text = Cow::Borrowed("");
        loop {
            let start = self.at;
            match self.peek() {
                None => return Ok(text),
                Some(c) if c.is_whitespace() => return Ok(text),
                Some('\'') => self.literal(&mut text)?,
                Some('"') => self.with_escapes(&mut text)?,
                Some('\\') => {
                    self.next();
                    let literal = self.at;
                    if self.next().is_none() {
                        let message = "nothing follows the `\\`; write `\\\\` for a backslash".to_owned();
                        return Err(WordError { range: start..self.at, message });
                    }
                    self.plain(&mut text, literal);
                }
                Some(_) => self.plain(&mut text, start),
            }
        }
    }

    /// Takes characters that are neither white space nor special; the text begins at `start`.
    fn plain(&mut self, text: &mut Cow<'a, str>, start: usize) {
        let is_special = |c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '\\');
        loop {
            // Byte by byte as far as possible, which is enough for nearly every word.
            let rest = &self.line.as_bytes()[self.at..];
            self.at += rest.iter().take_while(|&&byte| is_plain(byte)).count();
            if self.next_if(|c| !is_special(c)).is_none() {
                break;
            }
        }
        append(text, &self.line[start..self.at]);
    }

    fn literal(&mut self, text: &mut Cow<'a, str>) -> Result<(), WordError> {
        let open = self.at;
        self.next();
        let start = self.at;
        while self.next_if(|c| c != '\'').is_some() {}
        append(text, &self.line[start..self.at]);
        match self.next() {
            Some(_) => Ok(()),
            None => Err(self.never_closed(open)),
        }
    }

    fn with_escapes(&mut self, text: &mut Cow<'a, str>) -> Result<(), WordError> {
        let open = self.at;
        self.next();
        loop {
            let start = self.at;
            while self.next_if(|c| !matches!(c, '"' | '\\')).is_some() {}
            append(text, &self.line[start..self.at]);
            let backslash = self.at;
            match self.next() {
                Some('"') => return Ok(()),
                Some(_) => text.to_mut().push(self.escape(open, backslash)?),
                None => return Err(self.never_closed(open)),
            }
        }
    }

    /// The character of an escape, whose `\` is at `backslash` and was read.
    fn escape(&mut self, open: usize, backslash: usize) -> Result<char, WordError> {
        match self.next() {
            Some(c @ ('\\' | '"')) => Ok(c),
            Some('n') => Ok('\n'),
            Some('t') => Ok('\t'),
            Some('r') => Ok('\r'),
            Some('0') => Ok('\0'),
            Some('x') => self.byte(open, backslash),
            Some('u') => self.code_point(open, backslash),
            Some(_) => Err(self.wrong(open, backslash, UNKNOWN_ESCAPE)),
            None => Err(self.never_closed(open)),
        }
    }

    fn byte(&mut self, open: usize, backslash: usize) -> Result<char, WordError> {
        let start = self.at;
        let digits = (0..2).map_while(|_| self.next_if(|c| c.is_ascii_hexdigit())).count();
        match u8::from_str_radix(&self.line[start..self.at], 16) {
            Ok(byte) if digits == 2 && byte.is_ascii() => Ok(char::from(byte)),
            Ok(_) if digits == 2 => Err(self.wrong(
                open,
                backslash,
                "is beyond `\\x7f`; write the character itself, or `\\u{..}` with its code point",
            )),
            _ => Err(self.wrong(open, backslash, "needs two hexadecimal digits, as in `\\x1b`")),
        }
    }

    fn code_point(&mut self, open: usize, backslash: usize) -> Result<char, WordError> {
        let shape = "needs one to six hexadecimal digits in braces, as in `\\u{e9}`";
        if self.next_if(|c| c == '{').is_none() {
            return Err(self.wrong(open, backslash, shape));
        }
        let start = self.at;
        while self.next_if(|c| c.is_ascii_hexdigit()).is_some() {}
        let end = self.at;
        let closed = self.next_if(|c| c == '}').is_some();
        match u32::from_str_radix(&self.line[start..end], 16) {
            Ok(code) if closed && end - start <= 6 => char::from_u32(code).ok_or_else(|| {
                self.wrong(
                    open,
                    backslash,
                    "is not a character: they go up to `\\u{10ffff}`, without surrogates",
                )
            }),
            _ => Err(self.wrong(open, backslash, shape)),
        }
    }

    /// The error of an escape that was read so far. If the line ends inside it, the missing quote is the cause.
    fn wrong(&mut self, open: usize, backslash: usize, what: &str) -> WordError {
        let end = self.at;
        if end == self.line.len() {
            return self.never_closed(open);
        }
        let escape = escape_line(&self.line[backslash..end]);
        WordError { range: backslash..end, message: format!("`{escape}` {what}") }
    }

    fn never_closed(&self, open: usize) -> WordError {
        let quote = &self.line[open..=open];
        WordError {
            range: open..self.line.len(),
            message: format!(
                "this `{quote}` is never closed; add `{quote}`, or write `\\{quote}` for the character"
            ),
        }
    }
}

/// Whether a byte is a character without special meaning.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'\'' | b'"' | b'\\')
}

/// Appends a part of the line, and copies only if there was one before it.
fn append<'a>(text: &mut Cow<'a, str>, piece: &'a str) {
    if text.is_empty() {
        *text = Cow::Borrowed(piece);
    } else if !piece.is_empty() {
        text.to_mut().push_str(piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::quote::quote;

    use proptest::prelude::*;

    /// Each expected word is its text, its position, and `q` if it is quoted.
    #[track_caller]
    fn check(line: &str, expected: &[(&str, &str, bool)]) {
        let words = split(line).unwrap();
        let found: Vec<_> = words.iter().map(|w| (&*w.text, &line[w.range.clone()], w.quoted)).collect();
        assert_eq!(found, expected, "{line:?}");
    }

    #[track_caller]
    fn check_error(line: &str, underlined: &str, message: &str) {
        let error = split(line).unwrap_err();
        assert_eq!((&line[error.range.clone()], error.message.as_str()), (underlined, message), "{line:?}");
    }

    #[test]
    fn words_are_split() {
        check("", &[]);
        check(" \t ", &[]);
        check(
            "log  level\tnet::tcp ",
            &[("log", "log", false), ("level", "level", false), ("net::tcp", "net::tcp", false)],
        );
        check("größe\u{a0}Ω", &[("größe", "größe", false), ("Ω", "Ω", false)]);
        check("a|b; $c #d", &[("a|b;", "a|b;", false), ("$c", "$c", false), ("#d", "#d", false)]);
    }

    #[test]
    fn quotes_and_escapes_are_removed() {
        check("'a b' c", &[("a b", "'a b'", true), ("c", "c", false)]);
        check(r"'a\n\'", &[(r"a\n\", r"'a\n\'", true)]);
        check("'' \"\"", &[("", "''", true), ("", "\"\"", true)]);
        check(
            r#""a\\b\"c\n\t\r\0\x41\x7f\u{e9}\u{1F600}""#,
            &[("a\\b\"c\n\t\r\0A\u{7f}é😀", r#""a\\b\"c\n\t\r\0\x41\x7f\u{e9}\u{1F600}""#, true)],
        );
        check(r"a\ b \\ \'", &[("a b", r"a\ b", false), (r"\", r"\\", true), ("'", r"\'", true)]);
        check(r#"it"'"s"#, &[("it's", r#"it"'"s"#, false)]);
        check(r"ab''c", &[("abc", "ab''c", false)]);
    }

    #[test]
    fn only_the_first_character_makes_a_value() {
        check(
            r#""--x" \--x '-'-x"#,
            &[("--x", "\"--x\"", true), ("--x", r"\--x", true), ("--x", "'-'-x", true)],
        );
        check(r#"--name="a b" -'x'"#, &[("--name=a b", "--name=\"a b\"", false), ("-x", "-'x'", false)]);
        check("''--x", &[("--x", "''--x", true)]);
    }

    #[test]
    fn words_without_unescaping_borrow() {
        for word in split(r#"plain 'single quoted' "double quoted" \--escaped ''x '' "a"''"#).unwrap() {
            assert!(matches!(word.text, Cow::Borrowed(_)), "{word:?}");
        }
    }

    #[test]
    fn errors_underline_and_say_what_to_type() {
        check_error(
            "say 'a b",
            "'a b",
            "this `'` is never closed; add `'`, or write `\\'` for the character",
        );
        check_error(
            "x\"a b",
            "\"a b",
            "this `\"` is never closed; add `\"`, or write `\\\"` for the character",
        );
        for open in
            [r#""a\"#, r#""a\""#, r#""a\x"#, r#""a\x4"#, r#""a\u"#, r#""a\u{"#, r#""a\u{e9"#, r#""a\q"#]
        {
            check_error(open, open, "this `\"` is never closed; add `\"`, or write `\\\"` for the character");
        }
        check_error("dir c:\\", "\\", "nothing follows the `\\`; write `\\\\` for a backslash");
        check_error(
            r#"a "b\q""#,
            r"\q",
            concat!(
                r#"`\q` is not an escape: known are `\\`, `\"`, `\n`, `\t`, `\r`, `\0`, `\x41` and `\u{e9}`; "#,
                r"write `\\` for a backslash",
            ),
        );
        check_error(r#""\xg1""#, r"\x", "`\\x` needs two hexadecimal digits, as in `\\x1b`");
        check_error(r#""\x4g""#, r"\x4", "`\\x4` needs two hexadecimal digits, as in `\\x1b`");
        check_error(
            r#""\xe9""#,
            r"\xe9",
            "`\\xe9` is beyond `\\x7f`; write the character itself, or `\\u{..}` with its code point",
        );
        for (line, underlined) in [
            (r#""\u41""#, r"\u"),
            (r#""\u{}""#, r"\u{}"),
            (r#""\u{zz}""#, r"\u{"),
            (r#""\u{e9 ""#, r"\u{e9"),
            (r#""\u{0000041}""#, r"\u{0000041}"),
            (r#""\u{fffffffff}""#, r"\u{fffffffff}"),
        ] {
            let message =
                format!("`{underlined}` needs one to six hexadecimal digits in braces, as in `\\u{{e9}}`");
            check_error(line, underlined, &message);
        }
        for escape in [r"\u{d800}", r"\u{110000}"] {
            let message =
                format!("`{escape}` is not a character: they go up to `\\u{{10ffff}}`, without surrogates");
            check_error(&format!("\"{escape}\""), escape, &message);
        }
    }

    #[test]
    fn quote_leaves_plain_words_alone() {
        for (word, quoted) in [
            ("info", "info"),
            ("5m", "5m"),
            ("-3", "-3"),
            ("[::1]:3000", "[::1]:3000"),
            ("/var/log/x.log", "/var/log/x.log"),
            ("", "''"),
            ("a b", "'a b'"),
            ("--x", "'--x'"),
            ("?", "'?'"),
            (r"c:\x", r"'c:\x'"),
            ("it's", r#""it's""#),
            ("a\u{202e}b", r#""a\u{202e}b""#),
            ("a\n\u{1b}'\"\\", r#""a\n\u{1b}'\"\\""#),
        ] {
            assert_eq!(quote(word), quoted);
        }
    }

    proptest! {
        #[test]
        fn split_reverses_quote(
            words in prop::collection::vec("\\PC*|[-'\"\\\\ \t\n\r\0a?$\u{1b}\u{85}]*", 0..5),
        ) {
            let line = words.iter().map(|w| quote(w)).collect::<Vec<_>>().join(" ");
            let found: Vec<_> = split(&line).unwrap().into_iter().map(|w| w.text.into_owned()).collect();
            prop_assert_eq!(found, words);
        }

        #[test]
        fn plain_words_are_the_same_among_others(line in "([a-z-]| |['\"\\\\ \t\u{a0}é]){0,30}") {
            let mut others = words(&line);
            let others = std::iter::from_fn(|| others.0.any_word()).collect::<Result<Vec<_>, _>>();
            prop_assert_eq!(split(&line), others);
        }

        #[test]
        fn any_line_is_split_within_itself(line in "(\\PC|['\"\\\\ xu{}4e]){0,60}") {
            match split(&line) {
                Ok(words) => {
                    let mut end = 0;
                    for word in words {
                        prop_assert!(end <= word.range.start && word.range.start < word.range.end);
                        prop_assert!(line.get(word.range.clone()).is_some());
                        end = word.range.end;
                    }
                }
                Err(error) => prop_assert!(!error.range.is_empty() && line.get(error.range.clone()).is_some()),
            }
        }
    }
}
