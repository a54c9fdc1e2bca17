//! Which words of a line are secret, by `#[arg(secret)]` in the table of a command.

use std::ops::Range;
use std::sync::Arc;

/// The text that replaces a secret.
pub(crate) const DOTS: &str = "••••";

/// Who may read the typed value of a parameter.
#[derive(Clone, Copy)]
pub enum Secrecy {
    /// Everyone.
    Public,
    /// No one else: `#[arg(secret)]`.
    Secret,
    /// A function decides.
    Judged(&'static Judge),
    /// The value is a line, and the parameters of that line decide.
    Line,
}

/// Decides which words of a line are secret. It judges the lines of its command, and lines with errors.
pub struct Judge {
    /// Whether there is any secret.
    pub any: fn() -> bool,
    /// The byte of the line at which the secret begins.
    pub from: fn(&TypedLine<'_>) -> Option<usize>,
}

/// A line as an operator typed it, for a [`Judge`].
pub struct TypedLine<'a> {
    /// All words, with those of the command's name.
    pub(crate) words: &'a [TypedWord<'a>],
    /// The number of words in the name, if the line belongs to the judge's command.
    pub(crate) name: Option<usize>,
    /// No command has this name, so that any word may be misspelled.
    pub(crate) is_unknown: bool,
}

/// One word.
pub(crate) struct TypedWord<'a> {
    /// Without quotes and escapes.
    pub(crate) text: &'a str,
    /// Its bytes in the line, quotes included.
    pub(crate) range: Range<usize>,
    /// Whether its first character was quoted or escaped.
    pub(crate) quoted: bool,
}

impl Secrecy {
    pub(crate) const fn is_public(self) -> bool {
        matches!(self, Self::Public)
    }

    pub(crate) const fn is_secret(self) -> bool {
        matches!(self, Self::Secret)
    }
}

/// A line as others may read it: dots replace the secrets.
///
/// Each line that runs has one, so a line without a secret holds nothing but its text.
#[derive(Clone, Debug)]
pub(crate) enum Masked {
    Public(Arc<str>),
    Secret(Box<WithSecrets>),
}

/// A line with secrets.
#[derive(Clone, Debug)]
pub(crate) struct WithSecrets {
    text: Arc<str>,
    hidden: Vec<Hidden>,
}

/// One secret.
#[derive(Clone, Debug)]
struct Hidden {
    /// Its bytes in the typed line.
    typed: Range<usize>,
    /// The bytes of its dots.
    shown: Range<usize>,
}

impl Masked {
    /// A line without a secret.
    pub(crate) fn public(line: &Arc<str>) -> Self {
        Self::Public(line.clone())
    }

    /// A line with secrets at these bytes, and from that byte on.
    pub(crate) fn new(line: &Arc<str>, mut secrets: Vec<Range<usize>>, from: Option<usize>) -> Self {
        let end = from.map(|from| line[..from].trim_end().len());
        if let Some(end) = end {
            secrets.retain(|secret| secret.start < end);
            secrets.push(end..line.len());
        }
        if secrets.is_empty() {
            return Self::public(line);
        }
        secrets.sort_by_key(|secret| secret.start);
        let (mut text, mut hidden, mut at) = (String::new(), Vec::new(), 0);
        for typed in secrets {
            let start = typed.start.max(at);
            text.push_str(&line[at..start]);
            if Some(typed.start) == end {
                text.push(' ');
            }
            let dots = text.len()..text.len() + DOTS.len();
            text.push_str(DOTS);
            at = typed.end.max(at);
            hidden.push(Hidden { typed: start..at, shown: dots });
        }
        text.push_str(&line[at..]);
        Self::Secret(Box::new(WithSecrets { text: text.into(), hidden }))
    }

    /// The text for others.
    pub(crate) fn text(&self) -> &Arc<str> {
        match self {
            Self::Public(text) => text,
            Self::Secret(line) => &line.text,
        }
    }

    /// The position of these bytes of the typed line in the text. A part of a secret becomes all of its dots.
    pub(crate) fn range(&self, typed: &Range<usize>) -> Range<usize> {
        let Self::Secret(line) = self else { return typed.clone() };
        let at = |byte: usize, is_end: bool| {
            let before = line.hidden.iter().take_while(|hidden| hidden.typed.start < byte).last();
            match before {
                None => byte,
                Some(hidden) if byte >= hidden.typed.end && (is_end || byte > hidden.typed.start) => {
                    hidden.shown.end + (byte - hidden.typed.end)
                }
                Some(hidden) if is_end => hidden.shown.end,
                Some(hidden) => hidden.shown.start,
            }
        };
        let begins = line.hidden.iter().find(|hidden| hidden.typed.start == typed.start && !typed.is_empty());
        let start = begins.map_or_else(|| at(typed.start, false), |hidden| hidden.shown.start);
        start..at(typed.end, true).max(start)
    }
}

#[cfg(test)]
mod tests {
    use std::iter;

    use super::*;

    #[test]
    fn secrets_become_dots_and_ranges_follow() {
        let line: Arc<str> = "login bob --pin 1234 --to 5".into();
        let masked = Masked::new(&line, iter::once(16..20).collect(), None);
        assert_eq!(&**masked.text(), "login bob --pin •••• --to 5");
        for (typed, shown) in
            [(6..9, "bob"), (16..20, "••••"), (17..18, "••••"), (21..25, "--to"), (26..27, "5")]
        {
            assert_eq!(&masked.text()[masked.range(&typed)], shown, "{typed:?}");
        }
        assert_eq!(masked.range(&(27..27)).end, masked.text().len());
    }

    #[test]
    fn everything_after_a_byte_becomes_dots() {
        let line: Arc<str> = "login  1234 5".into();
        let masked = Masked::new(&line, iter::once(7..11).collect(), Some(7));
        assert_eq!(&**masked.text(), "login ••••");
        assert_eq!(&masked.text()[masked.range(&(0..5))], "login");
        assert_eq!(&masked.text()[masked.range(&(7..11))], "••••");
        assert_eq!(&masked.text()[masked.range(&(12..13))], "••••");
        assert_eq!(masked.range(&(13..13)).end, masked.text().len());
        let whole: Arc<str> = "login 5".into();
        assert_eq!(&**Masked::new(&whole, Vec::new(), None).text(), "login 5");
    }
}
