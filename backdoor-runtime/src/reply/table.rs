//! Rows under aligned columns, fitted to the terminal: for a list of records, and for tuples, without a header.

mod fit;
mod stream;

use std::borrow::Cow;
use std::collections::HashMap;

use unicode_width::UnicodeWidthStr;

use self::fit::{cut, shrunk};
pub(crate) use self::stream::TableStream;
use super::value::Value;
use super::{json, text};
use crate::console::escape::escape_line;

/// The cells between two columns.
const GAP: usize = 2;

/// Whether these are rows of one table: all records or maps, or all tuples, and something in them.
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

/// The table of these rows, with the widths that all of them need. It ends soon behind this many bytes.
pub(super) fn write(rows: &[Value], width: Option<usize>, room: usize, out: &mut String) {
    if let Some(layout) = Layout::new(rows, width) {
        layout.write_header(out);
        for row in rows {
            if out.len() > room {
                break;
            }
            layout.write(row, out);
        }
    }
}

/// What the rows of a table are.
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

struct Column {
    name: String,
    width: usize,
    /// Cells beyond this are cut.
    limit: usize,
    numeric: bool,
}

struct Layout {
    shape: Shape,
    columns: Vec<Column>,
    positions: HashMap<String, usize>,
    width: Option<usize>,
    /// What the columns leave of the terminal: a later cell that is wider than its column may push the others to the right.
    spare: usize,
}

impl Layout {
    /// The columns that these rows need, in order of appearance; `None` if there are none.
    fn new(rows: &[Value], width: Option<usize>) -> Option<Layout> {
        let shape = rows.iter().find_map(Shape::of)?;
        let width = width.filter(|width| *width > 0);
        let mut layout = Layout { shape, columns: Vec::new(), positions: HashMap::new(), width, spare: 0 };
        let mut kinds: Vec<Kind> = Vec::new();
        for row in rows.iter().filter(|row| Shape::of(row) == Some(shape)) {
            for (name, value) in members(row) {
                let index = layout.position_or_new(&name);
                kinds.resize(layout.columns.len(), Kind::Empty);
                kinds[index] = kinds[index].and(value);
                let column = &mut layout.columns[index];
                column.width = column.width.max(text::cell(value).width());
            }
        }
        for (column, kind) in layout.columns.iter_mut().zip(kinds) {
            column.numeric = kind == Kind::Numbers;
        }
        layout.fit();
        (!layout.columns.is_empty()).then_some(layout)
    }

    fn position_or_new(&mut self, name: &str) -> usize {
        if let Some(index) = self.positions.get(name) {
            return *index;
        }
        let header = match self.shape {
            Shape::Records => escape_line(name).into_owned(),
            Shape::Tuples => String::new(),
        };
        self.columns.push(Column { width: header.width(), name: header, limit: usize::MAX, numeric: false });
        self.positions.insert(name.to_owned(), self.columns.len() - 1);
        self.columns.len() - 1
    }

    fn fit(&mut self) {
        let Some(width) = self.width else { return };
        let last_seen = self.columns.iter().rposition(|column| column.width > 0);
        let gaps = GAP * last_seen.unwrap_or(0);
        let widths: Vec<usize> = self.columns.iter().map(|column| column.width).collect();
        for (column, width) in self.columns.iter_mut().zip(shrunk(&widths, width.saturating_sub(gaps))) {
            column.width = width;
            // A column without a name may be empty in all rows so far: what comes later must not vanish.
            column.limit = width.max(1);
        }
        let used: usize = self.columns.iter().map(|column| column.width).sum();
        self.spare = width.saturating_sub(used + gaps);
    }

    fn write_header(&self, out: &mut String) {
        if self.shape == Shape::Records {
            let names = self.columns.iter().map(|column| Cow::Borrowed(column.name.as_str())).collect();
            self.write_cells(names, out);
            out.push('\n');
        }
    }

    fn write(&self, row: &Value, out: &mut String) {
        if Shape::of(row) != Some(self.shape) {
            return write_apart(row, out);
        }
        let mut cells = vec![Cow::Borrowed(""); self.columns.len()];
        let mut late = Vec::new();
        for (name, value) in members(row) {
            match self.positions.get(name.as_ref()) {
                Some(index) => cells[*index] = text::cell(value),
                None => late.push((name, value)),
            }
        }
        let mut line = String::new();
        self.write_cells(cells, &mut line);
        // A field that came after the columns were fixed is news: it is shown in full, beyond the edge if
        // need be.
        for (name, value) in late {
            if !line.is_empty() {
                line.push_str("  ");
            }
            if self.shape == Shape::Records {
                line.push_str(&escape_line(&name));
                line.push('=');
            }
            line.push_str(&text::compact(value));
        }
        out.push_str(&line);
        out.push('\n');
    }

    fn write_cells(&self, cells: Vec<Cow<'_, str>>, out: &mut String) {
        let mut line = String::new();
        // Padding is written when a cell follows it, so that no line ends in spaces of ours.
        let mut pending = 0;
        let mut spare = self.spare;
        for (column, cell) in self.columns.iter().zip(cells) {
            let beyond = cell.width().saturating_sub(column.limit).min(spare);
            spare -= beyond;
            let cell = cut(&cell, column.limit.saturating_add(beyond));
            let padding = column.width.saturating_sub(cell.width());
            let (before, after) = if column.numeric { (padding, 0) } else { (0, padding) };
            pending += before;
            if !cell.is_empty() {
                line.push_str(&" ".repeat(std::mem::take(&mut pending)));
                line.push_str(&cell);
            }
            pending += after + GAP;
        }
        out.push_str(&cut(&line, self.width.unwrap_or(usize::MAX)));
    }
}

/// What the cells of a column have in common.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Empty,
    Numbers,
    Other,
}

impl Kind {
    fn and(self, value: &Value) -> Kind {
        match (self, value) {
            (kind, Value::Null) => kind,
            (Kind::Empty | Kind::Numbers, Value::Integer(_) | Value::Unsigned(_) | Value::Float(_)) => {
                Kind::Numbers
            }
            _ => Kind::Other,
        }
    }
}

/// The cells of a row by name; those of a tuple go by their index.
fn members(row: &Value) -> Vec<(Cow<'_, str>, &Value)> {
    match row {
        Value::List(parts) => {
            parts.iter().enumerate().map(|(index, part)| (Cow::Owned(index.to_string()), part)).collect()
        }
        row => json::members(row).unwrap_or_default(),
    }
}

/// A value among the rows that is none of them.
fn write_apart(value: &Value, out: &mut String) {
    if Shape::of(value).is_some() {
        out.push_str(&text::compact(value));
        out.push('\n');
    } else {
        out.push_str(&text::render(value, None));
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

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
        check(rows.clone(), 33, &["a           b      c", "abcdefghij  12345  abcdefghijklm…"]);
        check(rows.clone(), 25, &["a         b      c", "abcdefg…  12345  abcdefg…"]);
        check(rows.clone(), 21, &["a       b      c", "abcde…  12345  abcde…"]);
        check(rows.clone(), 19, &["a       b      c", "abcde…  12345  abc…"]);
        check(rows, 14, &["a       b    …", "abcde…  12345…"]);
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
            prop_assert_eq!(table.lines().count(), rows.len() + 1);
            for line in table.lines() {
                prop_assert!(line.width() <= width, "{} > {width}: {line:?}", line.width());
            }
        }
    }
}
