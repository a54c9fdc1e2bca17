//! A value as a person sees it: text as it is, a table for a list of records, aligned keys and values for
//! one record. Nothing that it writes can move a terminal's cursor.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr;

pub(crate) use super::figures::duration;
use super::figures::{short_time, time};
use super::value::Value;
use super::{json, table, wrap};
use crate::base::escape::escape_line;

/// What a person sees where nothing is: an empty list, a value that is not there.
pub(crate) const NONE: &str = "(none)";

/// The whole reply, ending in a newline unless it is empty. Tables and long lines are fitted to the
/// terminal's `width` in columns; no width (or none known, 0) changes nothing.
pub(crate) fn render(value: &Value, width: Option<usize>) -> String {
    render_within(value, width, usize::MAX)
}

/// The same, which ends soon behind this many bytes.
pub(crate) fn render_within(value: &Value, width: Option<usize>, room: usize) -> String {
    let mut out = String::new();
    match value {
        Value::Null => {}
        Value::Text(text) if text.len() > room => {
            // One more, so that it is seen to be cut.
            out.push_str(&block(&text[..text.ceil_char_boundary(room + 1)]));
        }
        Value::Text(text) => out.push_str(&wrap::lines(&block(text), width)),
        Value::Bytes(bytes) if !bytes.is_empty() => {
            let lines: Vec<String> = bytes.chunks(16).take(room / 16 + 1).map(hex).collect();
            out.push_str(&wrap::lines(&lines.join("\n"), width));
        }
        Value::List(items) => list(items, width, room, &mut out),
        Value::Map(_) | Value::Record(_) => pairs(value, width, room, &mut out),
        Value::Bytes(_) => out.push_str(NONE),
        scalar_value => out.push_str(&scalar(scalar_value)),
    }
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
    out
}

/// The text of a value that has no parts; empty for the others.
pub(crate) fn scalar(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Unsigned(number) => number.to_string(),
        Value::Float(number) => format!("{number:?}"),
        Value::Text(text) => text.clone(),
        Value::Bytes(bytes) => hex(bytes),
        Value::Duration(length) => duration(length),
        Value::Time(point) => time(*point),
        Value::List(_) | Value::Map(_) | Value::Record(_) => String::new(),
    }
}

/// A value in one cell of a table or beside its key: text as it is but on one line, nothing for null, and what has parts without the
/// brackets around it: `shipped 12, failed 1`.
pub(crate) fn cell(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => Cow::Borrowed(""),
        Value::Text(text) => escape_line(text),
        Value::Bytes(bytes) => Cow::Owned(hex(bytes)),
        Value::List(_) | Value::Map(_) | Value::Record(_) => Cow::Owned(open(value)),
        other => Cow::Owned(scalar(other)),
    }
}

/// The same where there is little room.
pub(super) fn short_cell(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Time(point) => Cow::Owned(short_time(*point)),
        other => cell(other),
    }
}

/// The parts of a value, each on its own clear enough that no bracket need stand around them all.
fn open(value: &Value) -> String {
    let is_flat = |value: &Value| !matches!(value, Value::List(_) | Value::Map(_) | Value::Record(_));
    let members = json::members(value).unwrap_or_default();
    if members.is_empty() || !members.iter().all(|(name, value)| is_flat(value) && is_word(name)) {
        return compact(value);
    }
    let parts = members.iter().map(|(name, value)| format!("{name} {}", compact(value)));
    parts.collect::<Vec<_>>().join(", ")
}

fn is_word(name: &str) -> bool {
    is_plain(name) && !name.contains(' ') && !looks_like_a_scalar(name)
}

/// A value on one line, its parts included: `[1, 2]`, `{a: 1}`. Text is quoted, as in JSON, where it could
/// be taken for something else.
pub(super) fn compact(value: &Value) -> String {
    let mut out = String::new();
    write_compact(value, &mut out);
    out
}

fn write_compact(value: &Value, out: &mut String) {
    match value {
        Value::Text(text) => write_word(text, !is_plain(text) || looks_like_a_scalar(text), out),
        Value::Bytes(bytes) if bytes.is_empty() => out.push_str("\"\""),
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                write_compact(item, out);
            }
            out.push(']');
        }
        Value::Map(_) | Value::Record(_) => {
            out.push('{');
            for (index, (name, value)) in json::members(value).unwrap_or_default().into_iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                write_word(&name, !is_plain(&name), out);
                out.push_str(": ");
                write_compact(value, out);
            }
            out.push('}');
        }
        scalar_value => out.push_str(&scalar(scalar_value)),
    }
}

fn write_word(text: &str, quoted: bool, out: &mut String) {
    if quoted {
        json::write_text(text, out);
    } else {
        out.push_str(text);
    }
}

/// Whether text can stand among brackets and commas without quotes.
fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text.trim() == text
        && !text.contains(['"', ',', '[', ']', '{', '}'])
        && !text.contains(": ")
        && !text.ends_with(':')
        && escape_line(text) == text
}

fn looks_like_a_scalar(text: &str) -> bool {
    matches!(text, "null" | "true" | "false") || text.parse::<f64>().is_ok()
}

/// Text of several lines, each made safe. Tabs stay: at the left edge they mean what the author saw.
fn block(text: &str) -> String {
    let line = |line: &str| line.split('\t').map(escape_line).collect::<Vec<_>>().join("\t");
    text.split('\n').map(|text| line(text.strip_suffix('\r').unwrap_or(text))).collect::<Vec<_>>().join("\n")
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

/// `key  value` lines; a text of several lines stands indented below its key.
fn pairs(value: &Value, width: Option<usize>, room: usize, out: &mut String) {
    let members = json::members(value).unwrap_or_default();
    if members.is_empty() {
        out.push_str(NONE);
    }
    let members = members.iter().map(|(name, value)| (escape_line(name), *value));
    let members: Vec<_> = members.collect();
    let key_width = members.iter().map(|(name, _)| name.width()).max().unwrap_or(0);
    write_pairs(&members, key_width, width, room, out);
}

/// Lines of names and values, the values below each other.
pub(super) fn write_pairs(
    members: &[(Cow<'_, str>, &Value)],
    key_width: usize,
    width: Option<usize>,
    room: usize,
    out: &mut String,
) {
    for (name, value) in members {
        if out.len() > room {
            break;
        }
        match value {
            Value::Text(text) if text.trim_end_matches(['\r', '\n']).contains('\n') => {
                out.push_str(name);
                for line in block(text.trim_end_matches(['\r', '\n'])).split('\n') {
                    out.push('\n');
                    out.push_str(&wrap::lines(&format!("  {line}"), width));
                }
            }
            value => {
                let cell = if value.is_null() { Cow::Borrowed(NONE) } else { cell(value) };
                let pad = if cell.is_empty() { 0 } else { key_width.saturating_sub(name.width()) + 2 };
                wrap::line(&format!("{name}{:pad$}{cell}", ""), width, key_width + 2, out);
            }
        }
        out.push('\n');
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[track_caller]
    fn check(value: impl Into<Value>, expected: &str) {
        assert_eq!(render(&value.into(), Some(80)), expected);
    }

    #[track_caller]
    fn check_compact(value: impl Into<Value>, expected: &str) {
        assert_eq!(compact(&value.into()), expected);
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

    #[test]
    fn compact_forms() {
        check_compact(Value::List(vec![]), "[]");
        check_compact(Value::map([]), "{}");
        check_compact(
            Value::record([("a", vec![1, 2].into()), ("b c", Value::record([("d", Value::Null)]))]),
            "{a: [1, 2], b c: {d: null}}",
        );
        check_compact(Value::map([(1.into(), true.into())]), "{1: true}");
        check_compact(
            vec!["plain words", "127.0.0.1:80", "", "1", "true", "a: b", "x,y", " x", "a\nb", "5m", "it's"],
            r#"[plain words, 127.0.0.1:80, "", "1", "true", "a: b", "x,y", " x", "a\nb", 5m, it's]"#,
        );
    }
}
