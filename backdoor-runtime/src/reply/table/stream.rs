//! The table of a stream: only the first rows are held back, to find the widths.

use super::{Layout, Shape, write_apart};
use crate::reply::value::Value;

/// How many rows of a stream decide its widths, which is also the most that is held back.
const HELD_ROWS: usize = 100;

/// The table of a stream. The first rows are held until 100 have come or [`flush`](TableStream::flush) is
/// called; they decide the columns and their widths, and every later row is written as it comes.
pub(crate) struct TableStream {
    width: Option<usize>,
    held: Vec<Value>,
    layout: Option<Layout>,
}

impl TableStream {
    /// An empty table for a terminal of this width; `None` (or 0) cuts nothing.
    pub(crate) fn new(width: Option<usize>) -> TableStream {
        TableStream { width, held: Vec::new(), layout: None }
    }

    /// Adds a row and appends the output that is ready. A value that is no row of the table is a line of its own, in order.
    pub(crate) fn push(&mut self, row: Value, out: &mut String) {
        match &self.layout {
            Some(layout) => layout.write(&row, out),
            None if self.held.is_empty() && Shape::of(&row).is_none() => write_apart(&row, self.width, out),
            None => {
                self.held.push(row);
                if self.held.len() >= HELD_ROWS {
                    self.flush(out);
                }
            }
        }
    }

    /// Fixes the widths by the rows so far, and appends the header and the held rows. Does nothing if there are none.
    pub(crate) fn flush(&mut self, out: &mut String) {
        let held = std::mem::take(&mut self.held);
        self.layout = self.layout.take().or_else(|| {
            let layout = Layout::new(&held, &[], self.width)?;
            layout.write_header(out);
            Some(layout)
        });
        for row in &held {
            match &self.layout {
                Some(layout) => layout.write(row, out),
                None => write_apart(row, self.width, out),
            }
        }
    }

    /// Whether rows wait for a [`flush`](TableStream::flush): the driver's timer runs only then.
    pub(crate) fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(fields: &[(&'static str, Value)]) -> Value {
        Value::record(fields.iter().cloned())
    }

    fn stream(width: Option<usize>, first: &[Value], later: &[Value]) -> Vec<String> {
        let (mut table, mut out) = (TableStream::new(width), String::new());
        first.iter().for_each(|row| table.push(row.clone(), &mut out));
        table.flush(&mut out);
        assert!(!table.is_holding());
        later.iter().for_each(|row| table.push(row.clone(), &mut out));
        table.flush(&mut out);
        out.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_stream_fixes_its_widths_and_loses_nothing() {
        let row = |id: i32, name: &str| record(&[("id", id.into()), ("name", name.into())]);
        let later = [
            row(12345, "a long name"),
            record(&[("name", "x".into()), ("why", "no room".into())]),
            "a line".into(),
            Value::Null,
            record(&[("other", 1.into())]),
            vec![1, 2].into(),
        ];
        assert_eq!(
            stream(Some(12), &[row(1, "ab"), row(20, "c")], &later),
            [
                "id  name",
                " 1  ab",
                "20  c",
                "12345  a lo…",
                "    x  why=no room",
                "a line",
                "other=1",
                "[1, 2]"
            ]
        );
        assert_eq!(stream(None, &[row(1, "ab")], &later)[2], "12345  a long name");
    }

    #[test]
    fn a_stream_shows_late_values_of_an_empty_column() {
        let row = |middle: Option<&str>, last: Option<&str>| {
            Value::List(vec![1.into(), middle.into(), last.into()])
        };
        assert_eq!(
            stream(Some(80), &[row(None, None)], &[row(Some("b"), Some("c")), row(Some("bb"), None)]),
            ["1", "1  b  c", "1  bb"]
        );
    }

    /// Later cells were cut to the width of the first rows although the terminal had space.
    #[test]
    fn regression_later_cells_use_the_room_that_is_left() {
        let row = |one: &'static str, two: &'static str| record(&[("a", one.into()), ("b", two.into())]);
        let later = [row("123456", "1"), row("123456789", "12345"), row("1", "123456789")];
        assert_eq!(
            stream(Some(12), &[row("1", "2")], &later),
            ["a  b", "1  2", "123456  1", "123456789  …", "1  123456789"]
        );
    }

    #[test]
    fn a_stream_of_text_is_not_held() {
        let (mut table, mut out) = (TableStream::new(None), String::new());
        table.push("one\ntwo".into(), &mut out);
        assert_eq!(out, "one\ntwo\n");
        table.push(record(&[("a", 1.into())]), &mut out);
        table.push("three".into(), &mut out);
        assert_eq!(out, "one\ntwo\n");
        assert!(table.is_holding());
        table.flush(&mut out);
        assert_eq!(out, "one\ntwo\na\n1\nthree\n");
    }

    #[test]
    fn a_stream_holds_100_rows() {
        let (mut table, mut out) = (TableStream::new(None), String::new());
        let row = record(&[("a", 1.into())]);
        (1..100).for_each(|_| table.push(row.clone(), &mut out));
        assert_eq!(out, "");
        table.push(row.clone(), &mut out);
        assert_eq!(out.lines().count(), 101);
        table.push(row, &mut out);
        assert_eq!(out.lines().count(), 102);
    }

    #[test]
    fn empty_streams_and_empty_rows_are_shown() {
        assert!(stream(None, &[], &[]).is_empty());
        assert_eq!(stream(None, &[Value::Record(vec![])], &[record(&[("a", 1.into())])]), ["{}", "a", "1"]);
    }
}
