//! The text of a value without parts.

use super::figures::{duration, time};
use super::value::Value;

/// The text for a person if there is no value: an empty list, or a missing value.
pub(crate) const NONE: &str = "(none)";

/// The text of a value without parts; empty for the others.
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

/// Bytes as pairs of digits: `0f a0`.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}
