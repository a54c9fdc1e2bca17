//! What gives way where a table is wider than the terminal: the widest columns, and the ends of their cells.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A column is not shrunk below this many cells: of what is shorter, nobody can tell what it was. Rather, the last columns are cut
/// off.
const MIN_COLUMN: usize = 6;

const ZERO_WIDTH_JOINER: char = '\u{200d}';

/// These widths, made to fit by taking from the widest until they are no wider than the next.
pub(super) fn shrunk(widths: &[usize], room: usize) -> Vec<usize> {
    if widths.iter().sum::<usize>() <= room {
        return widths.to_vec();
    }
    // The level at which the columns are cut: those below it keep their width and leave more to the others.
    let mut ascending = widths.to_vec();
    ascending.sort_unstable();
    let (mut level, mut spare) = (MIN_COLUMN, 0);
    let mut left = room;
    for (index, width) in ascending.iter().enumerate() {
        let share = left / (ascending.len() - index);
        if *width > share {
            if share >= MIN_COLUMN {
                (level, spare) = (share, left % (ascending.len() - index));
            }
            break;
        }
        left -= width;
    }
    widths
        .iter()
        .map(|width| {
            if *width > level && spare > 0 {
                spare -= 1;
                level + 1
            } else {
                (*width).min(level)
            }
        })
        .collect()
}

/// The text, or as much of it as leaves a cell for the mark that something is missing.
pub(super) fn cut(text: &str, cells: usize) -> Cow<'_, str> {
    if text.width() <= cells {
        return Cow::Borrowed(text);
    }
    let Some(mut room) = cells.checked_sub(1) else { return Cow::Borrowed("") };
    let mut kept = 0;
    for cluster in clusters(text) {
        let Some(rest) = room.checked_sub(cluster.width()) else { break };
        room = rest;
        kept += cluster.len();
    }
    Cow::Owned(format!("{}…", &text[..kept]))
}

/// Pieces that may be cut apart: a character with the marks and the joined characters that belong to it.
fn clusters(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut previous = rest.chars().next()?;
        let end = rest.char_indices().skip(1).find(|(_, character)| {
            let before = std::mem::replace(&mut previous, *character);
            character.width() != Some(0) && before != ZERO_WIDTH_JOINER
        });
        let (cluster, after) = rest.split_at(end.map_or(rest.len(), |(at, _)| at));
        rest = after;
        Some(cluster)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_falls_between_characters() {
        #[track_caller]
        fn check(text: &str, cells: usize, expected: &str) {
            assert_eq!(cut(text, cells), expected);
        }
        check("abc", 3, "abc");
        check("abcd", 3, "ab…");
        check("漢字", 3, "漢…");
        check("漢字", 2, "…");
        check("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…");
        check("👩\u{200d}👩\u{200d}👧x", 2, "…");
        check("👩\u{200d}👩\u{200d}👧xy", 3, "👩\u{200d}👩\u{200d}👧…");
        check("abc", 0, "");
    }
}
