//! Wraps lines that are wider than the terminal between words: the one code for help, views, answers, errors and the log.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// If less space than this would remain, the continuation is indented less.
const NARROW: usize = 16;

/// After one of these characters, a word that is wider than the terminal may be broken: paths, addresses, names of functions.
const JOINTS: [char; 8] = ['/', ':', ',', '|', '&', '=', '-', '>'];

/// Text of several lines, each wrapped if it is too wide. A line continues below the text that follows its first columns, or two columns
/// further than it begins. A line with tabs or cursor movements stays unchanged.
pub(crate) fn lines(text: &str, width: Option<usize>) -> Cow<'_, str> {
    let Some(width) = width.filter(|width| *width > 0) else { return Cow::Borrowed(text) };
    if text.split('\n').all(|line| fits(line, width)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let all: Vec<(&str, Gaps)> = text.split('\n').map(|line| (line, gaps(line, width))).collect();
    // Adjacent lines with columns continue at the same column, as far to the right as their numbers allow.
    for (at, block) in
        all.chunk_by(|(_, one), (_, next)| one.last.is_some() && one.last == next.last).enumerate()
    {
        let common = block.iter().filter_map(|(_, gaps)| gaps.below).max();
        for (index, (one, gaps)) in block.iter().enumerate() {
            if at + index > 0 {
                out.push('\n');
            }
            line(one, Some(width), common.unwrap_or(gaps.indent + 2), &mut out);
        }
    }
    Cow::Owned(out)
}

/// One line, without a newline; it continues `hang` columns to the right.
pub(crate) fn line(text: &str, width: Option<usize>, hang: usize, out: &mut String) {
    parts(text, words(text), width, hang, out);
}

/// The same for a usage line; a parameter that fits on a line is not broken.
pub(crate) fn usage(text: &str, width: Option<usize>, hang: usize, out: &mut String) {
    let room = width.map_or(usize::MAX, |width| width.saturating_sub(hang));
    let mut depth = 0_i32;
    let mut whole: Vec<&str> = Vec::new();
    let mut start = 0;
    for (at, c) in text.char_indices() {
        match c {
            '[' | '<' => depth += 1,
            ']' | '>' => depth -= 1,
            ' ' if depth <= 0 => {
                whole.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    whole.push(&text[start..]);
    let parameters = whole.into_iter().flat_map(|part| match part.width() <= room {
        true => vec![part],
        false => part.split(' ').collect(),
    });
    parts(text, parameters, width, hang, out);
}

/// Parts that stay whole, separated by a space.
pub(crate) fn whole(whole: &[impl AsRef<str>], width: Option<usize>, hang: usize, out: &mut String) {
    let text = whole.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(" ");
    parts(&text, whole.iter().map(AsRef::as_ref), width, hang, out);
}

/// Whether the line stays unchanged.
fn fits(line: &str, width: usize) -> bool {
    line.len() <= width || line.contains(['\t', '\x1b']) || line.width() <= width
}

/// Words, each with the spaces before it.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let word = rest.len() - rest.trim_start_matches(' ').len();
        let end = rest[word..].find(' ').map_or(rest.len(), |at| word + at);
        let (part, after) = rest.split_at(end);
        rest = after;
        // The text before a space includes that space, so that the next word begins with its own.
        rest = rest.strip_prefix(' ').unwrap_or(rest);
        (!part.is_empty() || !rest.is_empty()).then_some(part)
    })
}

/// Parts separated by a space, on as many lines as they need.
fn parts<'a>(
    text: &str,
    parts: impl Iterator<Item = &'a str>,
    width: Option<usize>,
    hang: usize,
    out: &mut String,
) {
    let Some(width) = width.filter(|width| *width > 0 && !fits(text, *width)) else {
        out.push_str(text);
        return;
    };
    let hang = if hang + NARROW > width { hang.min(2) } else { hang };
    let mut column = 0;
    let mut is_begun = false;
    for (at, part) in parts.enumerate() {
        let gap = usize::from(at > 0);
        let word = part.trim_start_matches(' ');
        if is_begun && !word.is_empty() && column + gap + part.width() > width {
            out.truncate(out.trim_end_matches(' ').len());
            out.push('\n');
            // A word that does not fit there begins further to the left.
            column = hang.min(width.saturating_sub(word.width()));
            out.extend(std::iter::repeat_n(' ', column));
            column += long_word(word, column, width, out);
        } else {
            out.push_str(if gap == 1 { " " } else { "" });
            column += gap;
            column += long_word(part, column, width, out);
        }
        is_begun |= !word.is_empty();
    }
    out.truncate(out.trim_end_matches(' ').len());
}

/// Appends a word at this column, and returns the width of the last line. A word that is wider than the terminal is broken at its joints.
fn long_word(word: &str, column: usize, width: usize, out: &mut String) -> usize {
    if column + word.width() <= width {
        out.push_str(word);
        return word.width();
    }
    let (mut at, mut rest) = (column, word);
    loop {
        let (mut used, mut joint) = (at, 0);
        for (index, c) in rest.char_indices() {
            used += c.width().unwrap_or(0);
            if used > width {
                break;
            }
            let end = index + c.len_utf8();
            if JOINTS.contains(&c) && !rest[end..].starts_with(JOINTS) {
                joint = end;
            }
        }
        if used <= width || joint == 0 || joint == rest.len() {
            out.push_str(rest);
            return (at + rest.width()).saturating_sub(column);
        }
        out.push_str(&rest[..joint]);
        out.push('\n');
        (at, rest) = (0, &rest[joint..]);
    }
}

/// The columns at which text follows two or more spaces.
struct Gaps {
    /// The spaces at the beginning of the line.
    indent: usize,
    /// The last column up to the middle: a line that is too wide continues below it.
    below: Option<usize>,
    /// The last column.
    last: Option<usize>,
}

fn gaps(line: &str, width: usize) -> Gaps {
    let indent = line.len() - line.trim_start_matches(' ').len();
    let (mut below, mut last) = (None, None);
    let (mut column, mut spaces) = (indent, 0);
    for c in line[indent..].chars() {
        if c == ' ' {
            spaces += 1;
        } else {
            if spaces > 1 {
                last = Some(column);
                below = last.filter(|column| *column <= width / 2).or(below);
            }
            spaces = 0;
        }
        column += c.width().unwrap_or(0);
    }
    Gaps { indent, below, last }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, width: usize, expected: &str) {
        assert_eq!(lines(text, Some(width)), expected);
        assert_eq!(lines(text, None), text);
    }

    #[test]
    fn words_stay_whole_and_lines_wrap_below_their_text() {
        check("one two three", 13, "one two three");
        check("one two three", 12, "one two\n  three");
        check("  one two three\nfour", 14, "  one two\n  three\nfour");
        check("name  a value of several words", 24, "name  a value of several\n      words");
        check("mem       3.8MiB  heap and stacks", 30, "mem       3.8MiB  heap and\n          stacks");
        check("  a    b  is  kept", 18, "  a    b  is  kept");
        check("a line that ends   ", 16, "a line that ends");
        check("漢字 漢字 漢字", 9, "漢字 漢字\n  漢字");
        check("a\ttab is where its author put it", 9, "a\ttab is where its author put it");
    }

    /// In `mem`, notes continued below numbers of any width, and some at the left edge.
    #[test]
    fn aligned_lines_wrap_at_the_same_column() {
        check(
            "file       14.3MiB  mapped files\n  shared        0B  with other processes\npages     144.0KiB  all",
            30,
            "file       14.3MiB  mapped\n           files\n  shared        0B  with other\n           processes\npages     144.0KiB  all",
        );
        let broken = "a  one two three\n   four five\nno columns at all\n  here";
        check("a  one two three four five\nno columns at all here", 20, broken);
    }

    #[test]
    fn a_long_word_begins_further_left_and_breaks_at_a_joint() {
        check("place   src/a/long/path.rs:12", 24, "place\n   src/a/long/path.rs:12");
        check("in one::two::three::four::five", 16, "in\none::two::\nthree::four::\nfive");
        check("abcdefghijklmnopqrstuvwxyz", 10, "abcdefghijklmnopqrstuvwxyz");
    }

    #[test]
    fn parameters_of_a_usage_line_stay_whole() {
        let shown = |text, width| {
            let mut out = String::new();
            usage(text, Some(width), 7, &mut out);
            out
        };
        let line = "usage: price <product> [-q|--quiet] [--tag <text>]... [<words>...]";
        assert_eq!(shown(line, 66), line);
        let broken = "usage: price <product> [-q|--quiet]\n       [--tag <text>]... [<words>...]";
        assert_eq!(shown(line, 48), broken);
    }
}
