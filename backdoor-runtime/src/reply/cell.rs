//! A value on one line: in a cell of a table, or after its name.

use std::borrow::Cow;

use super::figures::short_time;
use super::json;
use super::scalar::{hex, scalar};
use super::value::Value;
use crate::base::escape::escape_line;

/// A value in one cell of a table or after its key: text on one line, nothing for null, and a value with parts without its outer brackets:
/// `shipped 12, failed 1`.
pub(crate) fn cell(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => Cow::Borrowed(""),
        Value::Text(text) => escape_line(text),
        Value::Bytes(bytes) => Cow::Owned(hex(bytes)),
        Value::List(_) | Value::Map(_) | Value::Record(_) => Cow::Owned(open(value)),
        other => Cow::Owned(scalar(other)),
    }
}

/// The same in little space.
pub(super) fn short_cell(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Time(point) => Cow::Owned(short_time(*point)),
        other => cell(other),
    }
}

/// The parts of a value, if each is clear enough that no outer brackets are needed.
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

/// A value on one line, with its parts: `[1, 2]`, `{a: 1}`. Text is quoted, as in JSON, if it could be taken for something else.
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

/// Whether text is unambiguous among brackets and commas without quotes.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_compact(value: impl Into<Value>, expected: &str) {
        assert_eq!(compact(&value.into()), expected);
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
