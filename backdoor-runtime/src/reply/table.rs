//! Rows under aligned columns, fitted to the terminal: for a list of records, and for tuples, without a header. Rows that do not fit on a
//! line are written as names and values.

mod column;
mod fit;
mod layout;
mod stream;

use std::borrow::Cow;

pub use self::column::{Column, Cut};
use self::layout::Layout;
pub(crate) use self::stream::TableStream;
use super::cell::compact;
use super::lines::write_single;
use super::value::Value;
use super::{json, wrap};

/// Whether these are rows of one table: all records or maps, or all tuples, with at least one part.
pub(super) fn is_table(rows: &[Value]) -> bool {
    let shape = rows.first().and_then(Shape::of);
    shape.is_some()
        && rows.iter().all(|row| Shape::of(row) == shape)
        && rows.iter().any(|row| match row {
            Value::List(parts) => !parts.is_empty(),
            Value::Map(entries) => !entries.is_empty(),
            Value::Record(fields) => !fields.is_empty(),
            _ => false,
        })
}

/// The table of these rows, with the widths that all of them need. It ends soon after this many bytes.
pub(crate) fn write(rows: &[Value], columns: &[Column], width: Option<usize>, room: usize, out: &mut String) {
    if let Some(layout) = Layout::new(rows, columns, width) {
        layout.write_header(out);
        for row in rows {
            if out.len() > room {
                break;
            }
            layout.write(row, out);
        }
    }
}

/// The kind of the rows.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    Records,
    Tuples,
}

impl Shape {
    fn of(row: &Value) -> Option<Shape> {
        match row {
            Value::Map(_) | Value::Record(_) => Some(Shape::Records),
            Value::List(_) => Some(Shape::Tuples),
            _ => None,
        }
    }
}

/// The cells of a row by name; those of a tuple by index.
fn members(row: &Value) -> Vec<(Cow<'_, str>, &Value)> {
    match row {
        Value::List(parts) => {
            parts.iter().enumerate().map(|(index, part)| (Cow::Owned(index.to_string()), part)).collect()
        }
        row => json::members(row).unwrap_or_default(),
    }
}

/// A value among the rows that is no row.
fn write_apart(value: &Value, width: Option<usize>, out: &mut String) {
    if Shape::of(value).is_some() {
        out.push_str(&wrap::lines(&compact(value), width));
        out.push('\n');
    } else {
        write_single(value, width, usize::MAX, out);
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    use super::*;
    use crate::reply::text;

    fn record(fields: &[(&'static str, Value)]) -> Value {
        Value::record(fields.iter().cloned())
    }

    #[track_caller]
    fn check(rows: Vec<Value>, width: usize, expected: &[&str]) {
        assert_eq!(text::render(&Value::List(rows), Some(width)).lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn records_are_aligned_by_display_width() {
        check(
            vec![
                record(&[("name", "a".into()), ("n", 5.into()), ("note", "x\ny".into())]),
                record(&[("name", "漢字漢字".into()), ("n", 1000.into()), ("note", Value::Null)]),
                record(&[("name", Value::Null), ("late", vec![1].into())]),
            ],
            80,
            &[
                "name         n  note  late",
                "a            5  x\\ny",
                "漢字漢字  1000",
                "                      [1]",
            ],
        );
    }

    #[test]
    fn a_column_with_anything_but_numbers_is_text() {
        let row = |id: Value, load: Value| record(&[("id", id), ("load", load)]);
        check(
            vec![row(1.into(), 0.5.into()), row("x".into(), 10.into())],
            80,
            &["id  load", "1    0.5", "x     10"],
        );
    }

    #[test]
    fn maps_and_tuples() {
        check(
            vec![Value::map([(1.into(), "a".into())]), Value::map([(2.into(), "b".into())])],
            80,
            &["1  2", "a", "   b"],
        );
        check(
            vec![
                vec![Value::from("ab"), 1.into()].into(),
                vec![Value::from("c"), 22.into(), true.into()].into(),
            ],
            80,
            &["ab   1", "c   22  true"],
        );
    }

    #[test]
    fn the_widest_columns_shrink() {
        let row = [("a", "abcdefghij".into()), ("b", "12345".into()), ("c", "abcdefghijklmno".into())];
        let rows = vec![record(&row)];
        check(rows.clone(), 34, &["a           b      c", "abcdefghij  12345  abcdefghijklmno"]);
        check(rows.clone(), 33, &["a           b      c", "abcdefghij  12345  abcdef…ijklmno"]);
        check(rows.clone(), 25, &["a         b      c", "abc…ghij  12345  abc…lmno"]);
        check(rows, 24, &["a  abcdefghij", "b  12345", "c  abcdefghijklmno"]);
    }

    #[test]
    fn newcomer_3_3_1_cells_without_room_move_below_the_row() {
        let row = |name: &'static str, note: &'static str| {
            record(&[("name", name.into()), ("when", Value::Null), ("note", note.into())])
        };
        let rows = vec![row("one", "a few words that nobody should have to guess"), row("two", "none")];
        check(
            rows.clone(),
            24,
            &[
                "name  one",
                "note  a few words that",
                "      nobody should have",
                "      to guess",
                "",
                "name  two",
                "note  none",
            ],
        );
        check(rows, 40, &["name  note", "one   a few words that nobody should ha…", "two   none"]);
        let tuples = vec![vec![Value::from("one two three"), "four five six seven".into()].into()];
        check(tuples, 16, &["one two three", "  four five six", "  seven"]);
    }

    #[test]
    fn newcomer_3_3_1_times_are_short_before_anything_is_cut() {
        let at = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
        let row = record(&[("at", at.into()), ("place", "src/cache.rs:88".into())]);
        check(
            vec![row.clone()],
            37,
            &["at                    place", "2001-09-09T01:46:40Z  src/cache.rs:88"],
        );
        check(vec![row.clone()], 36, &["at          place", "2001-09-09  src/cache.rs:88"]);
        check(vec![row], 26, &["at          place", "2001-09-09  src/ca…e.rs:88"]);
    }

    #[test]
    fn columns_declare_the_part_that_matters() {
        const COLUMNS: [Column; 3] = [
            Column::new("place").cut(Cut::Start).least(8),
            Column::new("size").right().whole(),
            Column::new("parent").spare(1),
        ];
        let row = |place: &'static str, size: &'static str| {
            record(&[("id", 1.into()), ("place", place.into()), ("size", size.into()), ("parent", 7.into())])
        };
        let shown = |width| {
            let rows = [row("src/bin/cache.rs:88", "3.8MiB"), row("src/a.rs:1", "12B")];
            let mut out = String::new();
            write(&rows, &COLUMNS, Some(width), usize::MAX, &mut out);
            out
        };
        assert_eq!(
            shown(80),
            "id  place                  size  parent\n 1  src/bin/cache.rs:88  3.8MiB       7\n 1  src/a.rs:1              12B       7\n"
        );
        assert_eq!(
            shown(30),
            "id  place         size  parent\n 1  …che.rs:88  3.8MiB       7\n 1  src/a.rs:1     12B       7\n"
        );
        assert_eq!(shown(22), "id  place         size\n 1  …che.rs:88  3.8MiB\n 1  src/a.rs:1     12B\n");
        assert!(
            shown(19).starts_with("id      1\nplace\nsrc/bin/cache.rs:88\nsize    3.8MiB\nparent  7\n\n")
        );
    }

    #[test]
    fn empty_rows() {
        check(vec![Value::Record(vec![]), record(&[("a", 1.into())])], 80, &["a", "", "1"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..<_>::default() })]

        #[test]
        fn a_table_keeps_to_the_width(
            cells in vec(vec("[a漢👩\u{200d}\u{301}\u{fe0f}☁ \n]{0,12}", 4), 1..5),
            width in 1usize..60,
        ) {
            let rows: Vec<Value> = cells
                .iter()
                .map(|row| Value::record(["a", "b", "c", "d"].into_iter().zip(row.iter().map(Value::from))))
                .collect();
            let table = text::render(&Value::List(rows.clone()), Some(width));
            let names: Vec<&str> = table.lines().next().unwrap_or_default().split_whitespace().collect();
            let is_table = names == ["a", "b", "c", "d"];
            for line in table.lines() {
                // A word that is wider than the terminal is not wrapped.
                prop_assert!(line.width() <= width || !line.trim_start().contains(' '), "{line:?}");
            }
            if is_table {
                prop_assert_eq!(table.lines().count(), rows.len() + 1);
            }
        }
    }
}
