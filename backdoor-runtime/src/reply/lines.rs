//! The lines of a value: one for a value without parts, and names with aligned values.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr;

use super::cell::cell;
use super::scalar::{NONE, hex, scalar};
use super::value::Value;
use super::{json, wrap};
use crate::base::escape::escape_line;

/// Appends a value without parts, with a newline at its end unless it is empty. A text beyond the limit ends soon after it.
pub(super) fn write_single(value: &Value, width: Option<usize>, room: usize, out: &mut String) {
    let before = out.len();
    match value {
        Value::Null => {}
        Value::Text(text) if text.len() > room => {
            // One byte more, so that the cut is noticed.
            out.push_str(&block(&text[..text.ceil_char_boundary(room + 1)]));
        }
        Value::Text(text) => out.push_str(&wrap::lines(&block(text), width)),
        Value::Bytes(bytes) if !bytes.is_empty() => {
            let lines: Vec<String> = bytes.chunks(16).take(room / 16 + 1).map(hex).collect();
            out.push_str(&wrap::lines(&lines.join("\n"), width));
        }
        Value::Bytes(_) => out.push_str(NONE),
        scalar_value => out.push_str(&scalar(scalar_value)),
    }
    if out.len() > before && !out.ends_with('\n') {
        out.push('\n');
    }
}

/// Text of several lines, each made safe. Tabs stay: at the left edge they align as the author intended.
fn block(text: &str) -> String {
    let line = |line: &str| line.split('\t').map(escape_line).collect::<Vec<_>>().join("\t");
    text.split('\n').map(|text| line(text.strip_suffix('\r').unwrap_or(text))).collect::<Vec<_>>().join("\n")
}

/// `key  value` lines; a text of several lines is indented below its key.
pub(super) fn pairs(value: &Value, width: Option<usize>, room: usize, out: &mut String) {
    let members = json::members(value).unwrap_or_default();
    if members.is_empty() {
        out.push_str(NONE);
    }
    let members = members.iter().map(|(name, value)| (escape_line(name), *value));
    let members: Vec<_> = members.collect();
    let key_width = members.iter().map(|(name, _)| name.width()).max().unwrap_or(0);
    write_pairs(&members, key_width, width, room, out);
}

/// Lines of names and aligned values.
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
