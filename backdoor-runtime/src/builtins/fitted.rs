//! What is wider than a narrow terminal: of a table's columns the few that matter most, and sentences on several lines.

use std::fmt::{self, Write};

use unicode_width::UnicodeWidthStr;

use crate::{Page, Value};

/// Writes a table of these records, or of what `few` makes of each where not all columns fit.
pub(super) fn table(page: &mut Page<'_>, rows: &[Value], few: impl Fn(&Value) -> Value) -> fmt::Result {
    let all = Value::List(rows.to_vec()).to_text(None);
    match page.width() {
        Some(width) if all.lines().any(|line| line.width() > width) => {
            let few: Value = rows.iter().map(few).collect();
            page.write_str(&few.to_text(Some(width)))
        }
        _ => page.write_str(&all),
    }
}

/// Writes a sentence so far to the right. Where it goes on, it does so two columns further, and no word is torn.
pub(super) fn sentence(page: &mut Page<'_>, indent: usize, text: &str) -> fmt::Result {
    let width = page.width().unwrap_or(usize::MAX);
    let mut line = format!("{:indent$}", "");
    for (at, word) in text.split(' ').enumerate() {
        if at > 0 && line.width() + 1 + word.width() > width {
            writeln!(page, "{line}")?;
            line = format!("{:indent$}  ", "");
        } else if at > 0 {
            line.push(' ');
        }
        line.push_str(word);
    }
    writeln!(page, "{line}")
}

/// A place as `file:line`, without its folders and column.
pub(super) fn short_place(place: &str) -> String {
    let file = place.rsplit('/').next().unwrap_or(place);
    let mut parts = file.splitn(3, ':');
    match (parts.next(), parts.next()) {
        (Some(file), Some(line)) => format!("{file}:{line}"),
        _ => file.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(width: Option<usize>, write: impl FnOnce(&mut Page<'_>) -> fmt::Result) -> String {
        let mut text = String::new();
        write(&mut Page::new(&mut text, width, usize::MAX)).unwrap();
        text
    }

    #[test]
    fn a_table_leaves_columns_out_where_they_do_not_fit() {
        let rows = [Value::record([("name", "refresh".into()), ("place", "src/cache.rs:88:5".into())])];
        let few = |row: &Value| Value::record([("name", row["name"].clone())]);
        let shown = |width| page(width, |page| table(page, &rows, few));
        let all = "name     place\nrefresh  src/cache.rs:88:5\n";
        assert_eq!([shown(None), shown(Some(26))], [all, all]);
        assert_eq!(shown(Some(25)), "name\nrefresh\n");
    }

    #[test]
    fn a_sentence_goes_on_below() {
        let shown = |width| page(width, |page| sentence(page, 2, "one two three"));
        assert_eq!(shown(None), "  one two three\n");
        assert_eq!(shown(Some(10)), "  one two\n    three\n");
        assert_eq!(shown(Some(1)), "  one\n    two\n    three\n");
    }

    #[test]
    fn places_are_short() {
        assert_eq!(short_place("examples/faults/locks.rs:41:5"), "locks.rs:41");
        assert_eq!(short_place("locks.rs:41"), "locks.rs:41");
        assert_eq!(short_place("nowhere"), "nowhere");
    }
}
