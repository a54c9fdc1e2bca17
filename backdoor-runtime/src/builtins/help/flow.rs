//! Text fitted to the width of the page.

use std::fmt::{self, Write};

use unicode_width::UnicodeWidthStr;

use crate::Page;

/// Words after `begin`, on as many lines as they need; further lines are indented.
pub(super) fn flow(page: &mut Page<'_>, begin: &str, indent: usize, text: &str) -> fmt::Result {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    page.hanging(format!("{begin}{words}").trim_end(), indent)
}

/// Text as its author wrote it if the page has no width. Otherwise the lines of a paragraph are joined and wrapped, as in Markdown; code,
/// and lines that are indented or begin with a mark, as in a list or a table, are kept.
pub(super) fn paragraphs(page: &mut Page<'_>, text: &str) -> fmt::Result {
    match page.width() {
        None => text.lines().try_for_each(|line| writeln!(page, "{line}")),
        Some(_) => parts(text).iter().try_for_each(|part| page.hanging(&part.text, part.indent)),
    }
}

/// The same after `begin`, with all lines indented to its width, without empty lines, and with `last` at the end. Paragraphs are joined
/// even if the page has no width.
pub(super) fn column(page: &mut Page<'_>, begin: &str, indent: usize, text: &str, last: &str) -> fmt::Result {
    let mut parts = parts(text);
    parts.retain(|part| !part.text.is_empty());
    match &mut parts[..] {
        [only] if only.is_plain => {
            only.text.push(' ');
            only.text.push_str(last);
        }
        _ => parts.push(Part { text: last.to_owned(), indent: 0, is_plain: true }),
    }
    let mut begin = begin.to_owned();
    for part in parts.iter().filter(|part| part.text.width() > 0) {
        page.hanging(format!("{begin}{}", part.text).trim_end(), indent + part.indent)?;
        begin = " ".repeat(indent);
    }
    match begin.trim().is_empty() {
        true => Ok(()),
        false => writeln!(page, "{}", begin.trim_end()),
    }
}

/// A paragraph, or a line that is kept.
struct Part {
    text: String,
    /// The column at which it continues if it is too wide.
    indent: usize,
    is_plain: bool,
}

fn parts(text: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut is_code = false;
    let mut goes_on = false;
    for line in text.lines() {
        let is_fence = line.starts_with("```");
        is_code ^= is_fence;
        let is_plain = !is_fence && !is_code && is_plain(line);
        match parts.last_mut() {
            Some(part) if is_plain && goes_on => {
                part.text.push(' ');
                part.text.push_str(line.trim());
            }
            _ => {
                let (text, indent) = match is_plain {
                    true => (line.trim(), 0),
                    false => (line, line.len() - line.trim_start().len() + mark(line)),
                };
                parts.push(Part { text: text.to_owned(), indent, is_plain });
            }
        }
        goes_on = is_plain;
    }
    parts
}

/// The width of a list mark, below which its text continues: `- `, `1. `.
fn mark(line: &str) -> usize {
    let line = line.trim_start();
    match line.split_once(' ') {
        Some((mark, _)) if is_mark(mark) => mark.len() + 1,
        _ => 0,
    }
}

fn is_mark(word: &str) -> bool {
    let number = word.strip_suffix('.').unwrap_or_default();
    matches!(word, "-" | "*" | "+") || !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_plain(line: &str) -> bool {
    let begins = line.chars().next();
    let is_numbered = line.split_once(' ').is_some_and(|(word, _)| is_mark(word));
    begins.is_some_and(|c| !c.is_whitespace() && !matches!(c, '-' | '*' | '+' | '|' | '#' | '>'))
        && !is_numbered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(write: impl Fn(&mut Page<'_>) -> fmt::Result, width: Option<usize>, expected: &str) {
        let mut text = String::new();
        write(&mut Page::new(&mut text, width, usize::MAX)).unwrap();
        assert_eq!(text, expected);
    }

    #[test]
    fn paragraphs_are_rewrapped_and_lists_are_kept() {
        const TEXT: &str = "What an author wrote in lines of its\nown, and\nmore.\n\n- one\n- two\n    drawn  as it is\n1. first\n2. second";
        let fitted = "What an author wrote in\nlines of its own, and\nmore.\n\n- one\n- two\n    drawn  as it is\n1. first\n2. second\n";
        check(|page| paragraphs(page, TEXT), Some(24), fitted);
        check(|page| paragraphs(page, TEXT), None, &format!("{TEXT}\n"));
        let code = "Such as\n```text\none\ntwo\n```\nor\nthree\n";
        check(|page| paragraphs(page, code), Some(24), "Such as\n```text\none\ntwo\n```\nor three\n");
        let list = "- an item that is longer than the page";
        check(|page| paragraphs(page, list), Some(24), "- an item that is longer\n  than the page\n");
    }

    #[test]
    fn author_a10_a_list_in_the_text_of_a_parameter_keeps_its_lines() {
        const TEXT: &str = "The shard: one\nof\n\n- 1 to 4 for the front\n- 5 to 9 for the back";
        let shown = |width, text: &'static str, expected: &str| {
            check(|page| column(page, "  <shard>  ", 11, text, "(number, required)"), width, expected);
        };
        let lines = "  <shard>  The shard: one of\n           - 1 to 4 for the front\n           - 5 to 9 for the back\n           (number, required)\n";
        shown(Some(60), TEXT, lines);
        shown(None, TEXT, lines);
        shown(None, "One\nline", "  <shard>  One line (number, required)\n");
        shown(None, "", "  <shard>  (number, required)\n");
        check(|page| column(page, "  <shard>  ", 11, "", ""), None, "  <shard>\n");
    }

    #[test]
    fn lines_after_the_first_are_indented() {
        let write = |page: &mut Page<'_>| flow(page, "  <one>  ", 9, "a word or two more than fit");
        check(write, Some(30), "  <one>  a word or two more\n         than fit\n");
        check(write, Some(20), "  <one>  a word or\n  two more than fit\n");
        check(write, None, "  <one>  a word or two more than fit\n");
        check(|page| flow(page, "  <one>  ", 9, ""), Some(30), "  <one>\n");
    }
}
