//! Text in the width of the page.

use std::fmt::{self, Write};

use unicode_width::UnicodeWidthStr;

use crate::Page;

/// Where less than this is left beside what the text stands behind, it is not broken.
const NARROW: usize = 20;

/// Words behind `begin`, on as many lines as they need; those after the first are indented.
pub(super) fn flow(page: &mut Page<'_>, begin: &str, indent: usize, text: &str) -> fmt::Result {
    let room = page.width().filter(|columns| *columns >= indent + NARROW).unwrap_or(usize::MAX);
    let mut line = begin.to_owned();
    let mut is_first = true;
    for word in text.split_whitespace() {
        if !is_first && line.width() + 1 + word.width() > room {
            writeln!(page, "{line}")?;
            line = " ".repeat(indent);
        } else if !is_first {
            line.push(' ');
        }
        line.push_str(word);
        is_first = false;
    }
    writeln!(page, "{}", line.trim_end())
}

/// Text as its author wrote it where nobody knows how wide the page is. Elsewhere the lines of a paragraph are joined and broken
/// anew, as Markdown has it; code, and what is indented or begins with a mark, as in a list or a table, stays a line.
pub(super) fn paragraphs(page: &mut Page<'_>, text: &str) -> fmt::Result {
    let Some(width) = page.width() else {
        return text.lines().try_for_each(|line| writeln!(page, "{line}"));
    };
    let mut joined = String::new();
    let mut is_code = false;
    for line in text.lines() {
        let is_fence = line.starts_with("```");
        is_code ^= is_fence;
        if !is_fence && !is_code && is_plain(line) {
            joined.push_str(line);
            joined.push(' ');
            continue;
        }
        end(page, &mut joined)?;
        match line.width() <= width {
            true => writeln!(page, "{line}")?,
            false => {
                let indent = line.len() - line.trim_start().len();
                flow(page, &line[..indent], indent, line)?;
            }
        }
    }
    end(page, &mut joined)
}

fn end(page: &mut Page<'_>, joined: &mut String) -> fmt::Result {
    match std::mem::take(joined) {
        none if none.is_empty() => Ok(()),
        text => flow(page, "", 0, &text),
    }
}

fn is_plain(line: &str) -> bool {
    let begins = line.chars().next();
    let is_numbered = line.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with(". ")
        && begins.is_some_and(|c| c.is_ascii_digit());
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
    fn a_paragraph_is_broken_anew_and_a_list_stays() {
        const TEXT: &str = "What an author wrote in lines of his\nown, and\nmore.\n\n- one\n- two\n    drawn  as it is\n1. first\n2. second";
        let fitted = "What an author wrote in\nlines of his own, and\nmore.\n\n- one\n- two\n    drawn  as it is\n1. first\n2. second\n";
        check(|page| paragraphs(page, TEXT), Some(24), fitted);
        check(|page| paragraphs(page, TEXT), None, &format!("{TEXT}\n"));
        let code = "Such as\n```text\none\ntwo\n```\nor\nthree\n";
        check(|page| paragraphs(page, code), Some(24), "Such as\n```text\none\ntwo\n```\nor three\n");
    }

    #[test]
    fn lines_after_the_first_are_indented() {
        let write = |page: &mut Page<'_>| flow(page, "  <one>  ", 9, "a word or two more than fit");
        check(write, Some(30), "  <one>  a word or two more\n         than fit\n");
        check(write, Some(20), "  <one>  a word or two more than fit\n");
        check(write, None, "  <one>  a word or two more than fit\n");
        check(|page| flow(page, "  <one>  ", 9, ""), Some(30), "  <one>\n");
    }
}
