//! A value as a person sees it: text as it is, a table for a list of records, aligned keys and values for
//! one record. Nothing that it writes can move a terminal's cursor.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use unicode_width::UnicodeWidthStr;

use super::value::{Value, since_epoch};
use super::{json, table};
use crate::console::escape::escape_line;

/// The whole reply, ending in a newline unless it is empty. Tables are fitted to the terminal's `width` in
/// columns; no width (or none known, 0) cuts nothing.
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
        Value::Text(text) => out.push_str(&block(text)),
        Value::Bytes(bytes) if !bytes.is_empty() => {
            let lines: Vec<String> = bytes.chunks(16).take(room / 16 + 1).map(hex).collect();
            out.push_str(&lines.join("\n"));
        }
        Value::List(items) => list(items, width, room, &mut out),
        Value::Map(_) | Value::Record(_) => pairs(value, room, &mut out),
        Value::Bytes(_) => out.push_str("(none)"),
        scalar_value => out.push_str(&scalar(scalar_value)),
    }
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
    out
}

/// A length of time as a person wants to read it: `0s`, `1.204ms`, `47.914s`, `1h30m`, `2d`. What is beyond a thousandth of its unit
/// is rounded; `--json` has it all.
pub(crate) fn duration(duration: &Duration) -> String {
    let nanos = duration.as_nanos();
    let unit = match nanos {
        0..1_000_000 => 1,
        1_000_000..1_000_000_000 => 1_000,
        _ => 1_000_000,
    };
    let rounded = (nanos + unit / 2) / unit * unit;
    crate::command::duration::show(Duration::from_nanos_u128(rounded))
}

/// The text of a value that has no parts; empty for the others.
pub(super) fn scalar(value: &Value) -> String {
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

/// A value in one cell of a table or beside its key: text as it is but on one line, nothing for null.
pub(crate) fn cell(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => Cow::Borrowed(""),
        Value::Text(text) => escape_line(text),
        Value::Bytes(bytes) => Cow::Owned(hex(bytes)),
        other => Cow::Owned(compact(other)),
    }
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
        out.push_str("(none)");
    } else if table::is_table(items) {
        table::write(items, width, room, out);
    } else {
        let mixed = items.iter().any(has_parts);
        for item in items {
            if out.len() > room {
                break;
            }
            match item {
                Value::Text(text) if !mixed => out.push_str(&escape_line(text)),
                item => out.push_str(&compact(item)),
            }
            out.push('\n');
        }
    }
}

/// `key  value` lines; a text of several lines stands indented below its key.
fn pairs(value: &Value, room: usize, out: &mut String) {
    let members = json::members(value).unwrap_or_default();
    if members.is_empty() {
        out.push_str("(none)");
    }
    let key_width = members.iter().map(|(name, _)| escape_line(name).width()).max().unwrap_or(0);
    for (name, value) in &members {
        if out.len() > room {
            break;
        }
        let name = escape_line(name);
        out.push_str(&name);
        match value {
            Value::Text(text) if text.trim_end_matches(['\r', '\n']).contains('\n') => {
                for line in block(text.trim_end_matches(['\r', '\n'])).split('\n') {
                    out.push_str("\n  ");
                    out.push_str(line);
                }
            }
            value => {
                let cell = cell(value);
                if !cell.is_empty() {
                    out.push_str(&" ".repeat(key_width - name.width() + 2));
                    out.push_str(&cell);
                }
            }
        }
        out.push('\n');
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

/// RFC 3339 in UTC, with milliseconds where there are any.
fn time(time: SystemTime) -> String {
    let (seconds, nanos) = since_epoch(time);
    let (year, month, day) = civil_date(seconds.div_euclid(86_400));
    let second = seconds.rem_euclid(86_400);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    let millis = match nanos / 1_000_000 {
        0 => String::new(),
        millis => format!(".{millis:03}"),
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{millis}Z")
}

/// The year, month and day of a day counted from 1970-01-01. Years are counted from March in eras of 400,
/// so that the leap day comes last (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn civil_date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

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
    fn durations() {
        #[track_caller]
        fn check(nanos: u128, expected: &str) {
            assert_eq!(duration(&Duration::from_nanos_u128(nanos)), expected);
        }
        const SECOND: u128 = 1_000_000_000;
        check(0, "0s");
        check(7, "7ns");
        check(1_500, "1.5us");
        check(250_000_000, "250ms");
        check(1_020_000, "1.02ms");
        check(3 * SECOND / 2, "1.5s");
        check(SECOND + 1, "1s");
        check(47_913_997_639, "47.914s");
        check(1_204_567, "1.205ms");
        check(300 * SECOND, "5m");
        check(5_400 * SECOND, "1h30m");
        check(3_601 * SECOND, "1h1s");
        check(60 * SECOND + SECOND / 2, "1m500ms");
        check(86_400 * SECOND, "1d");
        check(90_061 * SECOND, "1d1h1m1s");
    }

    #[test]
    fn times() {
        #[track_caller]
        fn check(seconds: i64, millis: u64, expected: &str) {
            let whole = Duration::from_secs(seconds.unsigned_abs());
            let second = if seconds < 0 { UNIX_EPOCH - whole } else { UNIX_EPOCH + whole };
            assert_eq!(time(second + Duration::from_millis(millis)), expected);
        }
        check(0, 0, "1970-01-01T00:00:00Z");
        check(-1, 0, "1969-12-31T23:59:59Z");
        check(-1, 999, "1969-12-31T23:59:59.999Z");
        check(951_782_400, 5, "2000-02-29T00:00:00.005Z");
        check(1_709_251_199, 0, "2024-02-29T23:59:59Z");
        check(1_709_251_200, 0, "2024-03-01T00:00:00Z");
        check(4_107_542_399, 0, "2100-02-28T23:59:59Z");
        check(4_107_542_400, 0, "2100-03-01T00:00:00Z");
        check(-2_203_891_200, 0, "1900-03-01T00:00:00Z");
        check(253_402_300_799, 0, "9999-12-31T23:59:59Z");
        check(-62_167_219_200, 0, "0000-01-01T00:00:00Z");
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
                ("log", "one\n\x07two\n".into()),
                ("sizes", vec![1, 2].into()),
                ("漢字", "two\twords".into()),
            ]),
            concat!(
                "name   orders\n",
                "ttl    1m30s\n",
                "owner\n",
                "log\n",
                "  one\n",
                "  \\x07two\n",
                "sizes  [1, 2]\n",
                "漢字   two\\twords\n",
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
