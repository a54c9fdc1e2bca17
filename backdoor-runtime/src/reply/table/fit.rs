//! How a table that is wider than the terminal is shortened: the widest columns, and a part of their cells.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::column::Cut;

const ZERO_WIDTH_JOINER: char = '\u{200d}';

/// These widths, reduced to fit by taking from the widest until they are no wider than the next, and none below its minimum; nothing if
/// that is not enough.
pub(super) fn shrunk(widths: &[usize], least: &[usize], room: usize) -> Option<Vec<usize>> {
    let at = |level: usize| {
        let column = |(width, least): (&usize, &usize)| (*width).min(level.max(*least));
        widths.iter().zip(least).map(column).collect::<Vec<usize>>()
    };
    let fits = |widths: &[usize]| widths.iter().sum::<usize>() <= room;
    if !fits(&at(0)) {
        return None;
    }
    // The highest level that fits.
    let (mut low, mut high) = (0, widths.iter().max().map_or(0, |most| most + 1));
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if fits(&at(middle)) { low = middle } else { high = middle }
    }
    let mut fitted = at(low);
    let mut left = room - fitted.iter().sum::<usize>();
    for (fitted, width) in fitted.iter_mut().zip(widths) {
        if *fitted < *width && *fitted == low && left > 0 {
            *fitted += 1;
            left -= 1;
        }
    }
    Some(fitted)
}

/// The text, or the part of it that leaves a cell for the mark of a cut.
pub(super) fn cut(text: &str, cells: usize, at: Cut) -> Cow<'_, str> {
    if text.width() <= cells {
        return Cow::Borrowed(text);
    }
    let Some(room) = cells.checked_sub(1) else { return Cow::Borrowed("") };
    match at {
        Cut::End => Cow::Owned(format!("{}…", head(text, room))),
        Cut::Middle => {
            let tail = tail(text, room.div_ceil(2));
            Cow::Owned(format!("{}…{tail}", head(text, room - tail.width())))
        }
        Cut::Start => {
            let tail = tail(text, room);
            // A path is cut before a folder, if that keeps the larger part of it.
            let whole = tail.find('/').map(|at| &tail[at..]).filter(|part| part.width() > room / 2);
            Cow::Owned(format!("…{}", whole.unwrap_or(tail)))
        }
    }
}

/// The beginning, as far as it fits.
fn head(text: &str, mut room: usize) -> &str {
    let mut kept = 0;
    for cluster in clusters(text) {
        let Some(rest) = room.checked_sub(cluster.width()) else { break };
        room = rest;
        kept += cluster.len();
    }
    &text[..kept]
}

/// The end, as far as it fits.
fn tail(text: &str, mut room: usize) -> &str {
    let mut kept = text.len();
    for cluster in clusters(text).collect::<Vec<_>>().into_iter().rev() {
        let Some(rest) = room.checked_sub(cluster.width()) else { break };
        room = rest;
        kept -= cluster.len();
    }
    &text[kept..]
}

/// Pieces that may be separated: a character with its marks and joined characters.
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
            assert_eq!(cut(text, cells, Cut::End), expected);
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
    #[test]
    fn newcomer_3_3_2_the_important_end_is_kept() {
        let middle = |text, cells| cut(text, cells, Cut::Middle).into_owned();
        assert_eq!(middle("abcdefghij", 10), "abcdefghij");
        assert_eq!(middle("abcdefghij", 8), "abc…ghij");
        assert_eq!(middle("TcpStream::poll_write_vectored", 20), "TcpStream…e_vectored");
        assert_eq!(middle("漢字漢字", 5), "漢…字");
        let start = |text, cells| cut(text, cells, Cut::Start).into_owned();
        assert_eq!(start("127.0.0.1:59233", 9), "….1:59233");
        assert_eq!(start("/usr/lib/x86_64-linux-gnu/libc.so.6", 15), "…/libc.so.6");
        assert_eq!(start("src/cache.rs:88", 14), "…/cache.rs:88");
    }

    #[test]
    fn no_column_shrinks_below_its_least() {
        assert_eq!(shrunk(&[10, 5, 15], &[8, 5, 8], 21), Some(vec![8, 5, 8]));
        assert_eq!(shrunk(&[10, 5, 15], &[8, 5, 8], 20), None);
        assert_eq!(shrunk(&[10, 5, 15], &[10, 5, 8], 25), Some(vec![10, 5, 10]));
        assert_eq!(shrunk(&[20, 20], &[1, 1], 31), Some(vec![16, 15]));
        assert_eq!(shrunk(&[3, 4], &[3, 4], 100), Some(vec![3, 4]));
        assert_eq!(shrunk(&[], &[], 0), Some(vec![]));
    }
}
