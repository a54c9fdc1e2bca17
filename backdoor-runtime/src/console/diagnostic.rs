//! The text of an error for the operator: the underlined word, the message, and the usage.

use std::fmt::Write;
use std::ops::Range;

use unicode_width::UnicodeWidthStr;

use crate::base::escape::escape_line;
use crate::call::failure::Failure;
use crate::command::secrecy::Masked;
use crate::reply::wrap;

/// Where the operator sees the line that the error is about.
pub(crate) enum EchoedAt<'a> {
    /// Right above, after this prompt.
    AtPrompt(&'a str),
    /// Nowhere near: a script sent it, or it was typed ahead.
    Elsewhere,
}

/// How far the second line of a message is indented.
const HANG: usize = 2;

const USAGE: &str = "usage: ";

/// The text for a person.
///
/// If the line is shown again, it is shown as in `masked`.
pub(crate) fn render(
    failure: &Failure,
    line: &str,
    masked: Option<&Masked>,
    seen: &EchoedAt<'_>,
    width: Option<usize>,
) -> String {
    let mut text = String::new();
    if let Some(range) = &failure.range {
        underline(line, masked, range, seen, width, &mut text);
    }
    wrap::line(&escape_line(&failure.headline()), width, HANG, &mut text);
    text.push('\n');
    if let Some(usage) = &failure.usage {
        wrap::usage(&format!("{USAGE}{}", escape_line(usage)), width, USAGE.len(), &mut text);
        text.push('\n');
    }
    text
}

fn underline(
    line: &str,
    masked: Option<&Masked>,
    range: &Range<usize>,
    seen: &EchoedAt<'_>,
    width: Option<usize>,
    text: &mut String,
) {
    let above = match seen {
        EchoedAt::AtPrompt(prompt) => {
            let wraps = width.is_some_and(|width| prompt.width() + line.width() > width);
            // The terminal's echo of escaped characters had another form.
            let same = escape_line(line) == line;
            (same && !wraps).then(|| prompt.width())
        }
        EchoedAt::Elsewhere => None,
    };
    let (line, range) = match masked.filter(|_| above.is_none()) {
        Some(masked) => (&**masked.text(), masked.range(range)),
        None => (line, range.clone()),
    };
    let (Some(before), Some(word)) = (line.get(..range.start), line.get(range)) else { return };
    let (before, word) = (escape_line(before), escape_line(word));
    let indent = above.unwrap_or_else(|| {
        let _ = writeln!(text, "  {}", escape_line(line));
        2
    });
    let spaces = indent + before.width();
    let _ = writeln!(text, "{:spaces$}{}", "", "^".repeat(word.width().max(1)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, range: Range<usize>, seen: &EchoedAt<'_>, width: Option<usize>, expected: &str) {
        let failure = Failure::usage("wrong".to_owned(), Some(range));
        assert_eq!(render(&failure, line, None, seen, width), expected);
    }

    #[test]
    fn the_word_is_underlined_where_it_can_be_seen() {
        check("cahce flush", 0..5, &EchoedAt::AtPrompt("shop> "), None, "      ^^^^^\nwrong\n");
        check("cahce flush", 0..5, &EchoedAt::Elsewhere, None, "  cahce flush\n  ^^^^^\nwrong\n");
        check("log", 3..3, &EchoedAt::AtPrompt("> "), None, "     ^\nwrong\n");
        check("日本 x", 7..8, &EchoedAt::AtPrompt("> "), None, "       ^\nwrong\n");
        check("a\tb", 2..3, &EchoedAt::AtPrompt("> "), None, "  a\\tb\n     ^\nwrong\n");
        check("abc def", 4..7, &EchoedAt::AtPrompt("> "), Some(8), "  abc def\n      ^^^\nwrong\n");
    }

    #[test]
    fn newcomer_3_3_5_messages_and_usage_break_between_words() {
        let mut failure = Failure::usage("`900` is out of range 0..=63".to_owned(), None);
        failure.usage = Some("cache flush [--shard <0..=63>] [--no-flush]".to_owned());
        let shown = render(&failure, "cache flush", None, &EchoedAt::Elsewhere, Some(40));
        let expected =
            "`900` is out of range 0..=63\nusage: cache flush [--shard <0..=63>]\n       [--no-flush]\n";
        assert_eq!(shown, expected);
    }
}
