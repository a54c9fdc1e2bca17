//! `Value`: the reply of a command as data. Everything that shows a reply (text, tables, JSON, pipelines) starts from it, and a test of a
//! command compares it instead of parsing output.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::Index;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_core::ser::{SerializeMap, SerializeStruct};
use serde_core::{Serialize, Serializer};

use crate::base::sort;

/// The reply of a command as data: an operator sees it as text or as a table, `--json` as JSON, and a test as this type.
///
/// ```
/// use backdoor_runtime::Value;
///
/// let pool = Value::record([("name", "orders".into()), ("idle", 3.into())]);
/// assert_eq!(pool["name"], "orders");
/// assert_eq!(pool["idle"], 3);
/// assert!(pool["no such field"].is_null());
/// assert_eq!(pool.to_string(), r#"{"name":"orders","idle":3}"#);
/// ```
///
/// Anything that is [`Serialize`] becomes one through [`Value::of`]. Its `Display` is JSON on one line.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// Nothing: `()`, `None`. In a table it is an empty cell, beside a name `(none)`; JSON says `null`.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// Any whole number up to `i128::MAX`, whatever its Rust type was.
    Integer(i128),
    /// A whole number beyond `i128::MAX`; use `Value::from`, which chooses between this and
    /// [`Value::Integer`].
    Unsigned(u128),
    /// A number with a fraction. JSON has no NaN and no infinity: they become `null` there.
    Float(f64),
    /// Text of any length; it may have several lines.
    Text(String),
    /// Raw bytes: hex pairs for a person, an array of numbers in JSON.
    Bytes(Vec<u8>),
    /// A sequence or a tuple. Of records, a person sees a table.
    List(Vec<Value>),
    /// A map with keys of any kind, sorted by key; use [`Value::map`], which sorts.
    Map(Vec<(Value, Value)>),
    /// A struct: fields in the order of their declaration.
    Record(Vec<(Cow<'static, str>, Value)>),
    /// A length of time, shown as an operator types it: `1h30m`. In JSON it is a number of seconds.
    Duration(Duration),
    /// A point in time, shown in UTC: `2026-02-03T04:05:06Z`.
    Time(SystemTime),
}

static NULL: Value = Value::Null;

/// The newtype under which a record passes through serde, so that [`Value::of`] gives back a record with
/// its order.
pub(super) const RECORD_NAME: &str = "$backdoor_runtime::Record";

/// The same for a duration, which is a number of seconds to any other serializer.
pub(super) const DURATION_NAME: &str = "$backdoor_runtime::Duration";

impl Value {
    /// Approximate bytes of its output.
    pub(crate) fn weight(&self) -> usize {
        const SCALAR: usize = 8;
        match self {
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => 3 * bytes.len(),
            Self::List(items) => items.iter().map(Self::weight).sum::<usize>() + SCALAR,
            Self::Map(entries) => {
                entries.iter().map(|(key, value)| key.weight() + value.weight()).sum::<usize>() + SCALAR
            }
            Self::Record(fields) => fields.iter().map(|(_, value)| value.weight()).sum::<usize>() + SCALAR,
            _ => SCALAR,
        }
    }

    /// A record with these fields, in this order.
    pub fn record<N, I>(fields: I) -> Value
    where
        N: Into<Cow<'static, str>>,
        I: IntoIterator<Item = (N, Value)>,
    {
        Value::Record(fields.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }

    /// A map with these entries, sorted by key: numbers by number, text by text.
    pub fn map(entries: impl IntoIterator<Item = (Value, Value)>) -> Value {
        let mut entries: Vec<_> = entries.into_iter().collect();
        sort::sort_by(&mut entries, |(left, _), (right, _)| key_order(left, right));
        Value::Map(entries)
    }

    /// The field of a record, or the entry of a map under this text key.
    pub fn get(&self, field: &str) -> Option<&Value> {
        match self {
            Value::Record(fields) => fields.iter().find(|(name, _)| name == field).map(|(_, value)| value),
            Value::Map(entries) => entries.iter().find(|(key, _)| key == field).map(|(_, value)| value),
            _ => None,
        }
    }

    /// Whether this is [`Value::Null`].
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The text, if this is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number, if this is one and fits.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Integer(number) => (*number).try_into().ok(),
            _ => None,
        }
    }

    /// The number, if this is one; the nearest `f64` for a whole number beyond 2^53.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Float(number) => Some(*number),
            Value::Integer(number) => Some(*number as f64),
            Value::Unsigned(number) => Some(*number as f64),
            _ => None,
        }
    }

    /// True or false, if this is one of them.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The items, if this is a list.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(items) => Some(items),
            _ => None,
        }
    }
}

/// [`Value::get`], with [`Value::Null`] for an absent field.
impl Index<&str> for Value {
    type Output = Value;

    fn index(&self, field: &str) -> &Value {
        self.get(field).unwrap_or(&NULL)
    }
}

/// The item of a list, with [`Value::Null`] for an absent item.
impl Index<usize> for Value {
    type Output = Value;

    fn index(&self, index: usize) -> &Value {
        self.as_list().and_then(|items| items.get(index)).unwrap_or(&NULL)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(truth) => serializer.serialize_bool(*truth),
            Value::Integer(number) => {
                // Few formats support 128 bits, so they are used only if 64 are not enough.
                if let Ok(number) = i64::try_from(*number) {
                    serializer.serialize_i64(number)
                } else if let Ok(number) = u64::try_from(*number) {
                    serializer.serialize_u64(number)
                } else {
                    serializer.serialize_i128(*number)
                }
            }
            Value::Unsigned(number) => serializer.serialize_u128(*number),
            Value::Float(number) => serializer.serialize_f64(*number),
            Value::Text(text) => serializer.serialize_str(text),
            Value::Bytes(bytes) => serializer.serialize_bytes(bytes),
            Value::List(items) => items.serialize(serializer),
            Value::Map(entries) => serializer.collect_map(entries.iter().map(|(key, value)| (key, value))),
            Value::Record(fields) => serializer.serialize_newtype_struct(RECORD_NAME, &Fields(fields)),
            Value::Duration(duration) => {
                serializer.serialize_newtype_struct(DURATION_NAME, &duration.as_secs_f64())
            }
            Value::Time(time) => {
                // serde's own implementation refuses times before 1970.
                let (seconds, nanos) = since_epoch(*time);
                let mut fields = serializer.serialize_struct("SystemTime", 2)?;
                match u64::try_from(seconds) {
                    Ok(seconds) => fields.serialize_field("secs_since_epoch", &seconds)?,
                    Err(_) => fields.serialize_field("secs_since_epoch", &seconds)?,
                }
                fields.serialize_field("nanos_since_epoch", &nanos)?;
                fields.end()
            }
        }
    }
}

struct Fields<'a>(&'a [(Cow<'static, str>, Value)]);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// Seconds since 1970 and the nanoseconds that follow them; before 1970 the seconds are negative, the
/// nanoseconds not.
pub(super) fn since_epoch(time: SystemTime) -> (i64, u32) {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => (i64::try_from(after.as_secs()).unwrap_or(i64::MAX), after.subsec_nanos()),
        Err(before) => {
            let before = before.duration();
            let seconds = i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
            match before.subsec_nanos() {
                0 => (-seconds, 0),
                nanos => ((-seconds).saturating_sub(1), 1_000_000_000 - nanos),
            }
        }
    }
}

/// The order of keys in a map: a total order, because map keys may be of several kinds and `sort_by` requires one.
pub(super) fn key_order(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::Integer(left), Value::Integer(right)) => left.cmp(right),
        (Value::Unsigned(left), Value::Unsigned(right)) => left.cmp(right),
        (Value::Text(left), Value::Text(right)) => left.cmp(right),
        (Value::Bytes(left), Value::Bytes(right)) => left.cmp(right),
        (Value::Duration(left), Value::Duration(right)) => left.cmp(right),
        (Value::Time(left), Value::Time(right)) => left.cmp(right),
        (Value::List(left), Value::List(right)) => sequence_order(left, right, key_order),
        (Value::Map(left), Value::Map(right)) => sequence_order(left, right, |left, right| {
            key_order(&left.0, &right.0).then_with(|| key_order(&left.1, &right.1))
        }),
        (Value::Record(left), Value::Record(right)) => sequence_order(left, right, |left, right| {
            left.0.cmp(&right.0).then_with(|| key_order(&left.1, &right.1))
        }),
        // Numbers of different kinds are compared as floats; if they are equal, the kind decides.
        _ => match (left.as_f64(), right.as_f64()) {
            (Some(near), Some(far)) => near.total_cmp(&far).then_with(|| rank(left).cmp(&rank(right))),
            _ => rank(left).cmp(&rank(right)),
        },
    }
}

fn sequence_order<T>(left: &[T], right: &[T], order: impl Fn(&T, &T) -> Ordering) -> Ordering {
    let differing =
        left.iter().zip(right).map(|(left, right)| order(left, right)).find(|order| order.is_ne());
    differing.unwrap_or_else(|| left.len().cmp(&right.len()))
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Integer(_) => 2,
        Value::Unsigned(_) => 3,
        Value::Float(_) => 4,
        Value::Text(_) => 5,
        Value::Bytes(_) => 6,
        Value::Duration(_) => 7,
        Value::Time(_) => 8,
        Value::List(_) => 9,
        Value::Map(_) => 10,
        Value::Record(_) => 11,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn absent_is_null() {
        let value = Value::record([("rows", vec![1, 2].into())]);
        assert_eq!(value["rows"][1], 2);
        assert!(value["rows"][2].is_null());
        assert!(value["none"]["deeper"][3].is_null());
        assert_eq!(value.get("none"), None);
        assert_eq!(Value::from(BTreeMap::from([("a", 1)]))["a"], 1);
    }

    #[test]
    fn a_value_equals_its_source() {
        assert_eq!(Value::from("a"), "a");
        assert_eq!(Value::from("a"), *"a");
        assert_eq!(Value::from('a'), String::from("a"));
        assert_eq!(Value::from(true), true);
        assert_eq!(Value::from(-1), -1i64);
        assert_eq!(Value::from(1usize), 1u64);
        assert_eq!(Value::from(u128::MAX), u128::MAX);
        assert_eq!(Value::from(5u128), 5);
        assert_eq!(Value::from(0.1f32), 0.1);
        assert_eq!(Value::from(0.1f32), 0.1f32);
        assert_eq!(Value::from(Duration::from_secs(1)), Duration::from_secs(1));
        assert_eq!(Value::from(Some(1)), 1);
        assert!(Value::from(None::<u8>).is_null());
        assert_ne!(Value::from("1"), 1);
        assert_eq!(Value::from(3).as_i64(), Some(3));
        assert_eq!(Value::from(u64::MAX).as_i64(), None);
        assert_eq!(Value::from(3).as_f64(), Some(3.0));
        assert_eq!(Value::from(true).as_bool(), Some(true));
    }

    #[test]
    fn maps_are_sorted_by_key() {
        let keys = [
            Value::from("b"),
            10.into(),
            "a".into(),
            2.into(),
            u128::MAX.into(),
            2.5.into(),
            Value::Null,
            true.into(),
            vec![2, 1].into(),
            vec![2].into(),
            f64::NAN.into(),
        ];
        let sorted = Value::map(keys.into_iter().map(|key| (key, Value::Null)));
        assert_eq!(
            sorted.to_string(),
            concat!(
                r#"{"null":null,"true":null,"2":null,"2.5":null,"10":null,"#,
                r#""340282366920938463463374607431768211455":null,"NaN":null,"a":null,"b":null,"#,
                r#""[2]":null,"[2,1]":null}"#
            )
        );
    }

    #[test]
    fn times_before_1970_count_down() {
        #[track_caller]
        fn check(time: SystemTime, expected: (i64, u32)) {
            assert_eq!(since_epoch(time), expected);
            assert_eq!(Value::of(&Value::Time(time)), Value::Time(time));
        }
        check(UNIX_EPOCH, (0, 0));
        check(UNIX_EPOCH + Duration::from_millis(1500), (1, 500_000_000));
        check(UNIX_EPOCH - Duration::from_secs(2), (-2, 0));
        check(UNIX_EPOCH - Duration::from_millis(1500), (-2, 500_000_000));
    }
}
