//! A value as text for a person: text unchanged, a table for a list of records, aligned keys and values for one record. None of it can move
//! a terminal's cursor.

use std::borrow::Cow;

pub(crate) use super::cell::cell;
use super::cell::compact;
pub(crate) use super::figures::duration;
use super::lines::{pairs, write_single};
pub(crate) use super::scalar::NONE;
use super::value::Value;
use super::{table, wrap};
use crate::base::escape::escape_line;

/// The whole reply, ending in a newline unless it is empty. Tables and long lines are fitted to the
/// terminal's `width` in columns; no width (or none known, 0) changes nothing.
pub(crate) fn render(value: &Value, width: Option<usize>) -> String {
    render_within(value, width, usize::MAX)
}

/// The same, but it ends soon after this many bytes.
pub(crate) fn render_within(value: &Value, width: Option<usize>, room: usize) -> String {
    let mut out = String::new();
    match value {
        Value::List(items) => list(items, width, room, &mut out),
        Value::Map(_) | Value::Record(_) => pairs(value, width, room, &mut out),
        without_parts => write_single(without_parts, width, room, &mut out),
    }
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
    out
}

impl Value {
    /// The text for a person: a table for a list of records, keys and values for one; fitted to the width, if there is one.
    pub fn to_text(&self, width: Option<usize>) -> String {
        render(self, width)
    }
}

fn list(items: &[Value], width: Option<usize>, room: usize, out: &mut String) {
    let has_parts = |item: &Value| matches!(item, Value::List(_) | Value::Map(_) | Value::Record(_));
    if items.is_empty() {
        out.push_str(NONE);
    } else if table::is_table(items) {
        table::write(items, &[], width, room, out);
    } else {
        let mixed = items.iter().any(has_parts);
        for item in items {
            if out.len() > room {
                break;
            }
            let line = match item {
                Value::Text(text) if !mixed => escape_line(text),
                item => Cow::Owned(compact(item)),
            };
            out.push_str(&wrap::lines(&line, width));
            out.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[track_caller]
    fn check(value: impl Into<Value>, expected: &str) {
        assert_eq!(render(&value.into(), Some(80)), expected);
    }

    #[test]
    fn scalars() {
        check(Value::Null, "");
        check("", "");
        check("a", "a\n");
        check("a\r\n\tb\n", "a\n\tb\n");
        check("\x1b[2J", "\\x1b[2J\n");
        check(true, "true\n");
        check(u128::MAX, "340282366920938463463374607431768211455\n");
        check(1.0, "1.0\n");
        check(f64::NAN, "NaN\n");
        check(Value::Bytes(vec![0, 0xab]), "00 ab\n");
        check(Value::Bytes(vec![]), "(none)\n");
        check(Value::Bytes(vec![7; 17]), &format!("{}\n07\n", ["07"; 16].join(" ")));
    }

    #[test]
    fn lists() {
        check(Value::List(vec![]), "(none)\n");
        check(vec!["a", "b\nc", "1,2"], "a\nb\\nc\n1,2\n");
        check(vec![1.into(), Value::Null, Duration::from_secs(5).into()], "1\nnull\n5s\n");
        check(vec![Value::from("1"), vec![1, 2].into()], "\"1\"\n[1, 2]\n");
        check(Value::List(vec![Value::List(vec![]), Value::List(vec![])]), "[]\n[]\n");
    }

    #[test]
    fn keys_and_values() {
        check(Value::Record(vec![]), "(none)\n");
        check(
            Value::record([
                ("name", "orders".into()),
                ("ttl", Duration::from_secs(90).into()),
                ("owner", Value::Null),
                ("orders", Value::record([("shipped", 12.into()), ("failed", 1.into())])),
                ("log", "one\n\x07two\n".into()),
                ("sizes", vec![1, 2].into()),
                ("漢字", "two\twords".into()),
            ]),
            concat!(
                "name    orders\n",
                "ttl     1m30s\n",
                "owner   (none)\n",
                "orders  shipped 12, failed 1\n",
                "log\n",
                "  one\n",
                "  \\x07two\n",
                "sizes   [1, 2]\n",
                "漢字    two\\twords\n",
            ),
        );
        check(Value::map([(10.into(), "b".into()), (9.into(), "a".into())]), "9   a\n10  b\n");
    }
}
