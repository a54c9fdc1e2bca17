//! Conversions of Rust values to a `Value`, and comparisons with them in tests of authors.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime};

use super::Value;

macro_rules! from {
    ($($type:ty: $from:ident => $value:expr;)*) => {$(
        impl From<$type> for Value {
            fn from($from: $type) -> Value {
                $value
            }
        }
    )*};
}

from! {
    (): _unit => Value::Null;
    bool: truth => Value::Bool(truth);
    u128: number => i128::try_from(number).map_or(Value::Unsigned(number), Value::Integer);
    f64: number => Value::Float(number);
    // By its shortest text: 0.1f32 becomes 0.1, not 0.10000000149011612.
    f32: number => Value::Float(number.to_string().parse().unwrap_or(f64::from(number)));
    char: character => Value::Text(character.into());
    &str: text => Value::Text(text.to_owned());
    &String: text => Value::Text(text.clone());
    String: text => Value::Text(text);
    Cow<'_, str>: text => Value::Text(text.into_owned());
    Duration: duration => Value::Duration(duration);
    SystemTime: time => Value::Time(time);
}

macro_rules! whole_numbers {
    ($($type:ident)*) => {$(
        impl From<$type> for Value {
            fn from(number: $type) -> Value {
                Value::Integer(number as i128)
            }
        }
    )*};
}

whole_numbers! { i8 i16 i32 i64 i128 isize u8 u16 u32 u64 usize }

macro_rules! equal {
    ($($type:ident)*) => {$(
        impl PartialEq<$type> for Value {
            fn eq(&self, other: &$type) -> bool {
                PartialEq::eq(self, &Value::from(*other))
            }
        }
    )*};
}

equal! { bool i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize f32 f64 Duration SystemTime }

impl PartialEq<str> for Value {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == Some(other)
    }
}

impl PartialEq<&str> for Value {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

impl PartialEq<String> for Value {
    fn eq(&self, other: &String) -> bool {
        self == other.as_str()
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(option: Option<T>) -> Value {
        option.map_or(Value::Null, Into::into)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Value {
        items.into_iter().collect()
    }
}

impl<T: Into<Value>, const N: usize> From<[T; N]> for Value {
    fn from(items: [T; N]) -> Value {
        items.into_iter().collect()
    }
}

impl<K: Into<Value>, V: Into<Value>> From<BTreeMap<K, V>> for Value {
    fn from(map: BTreeMap<K, V>) -> Value {
        Value::map(map.into_iter().map(|(key, value)| (key.into(), value.into())))
    }
}

impl<K: Into<Value>, V: Into<Value>, S> From<HashMap<K, V, S>> for Value {
    fn from(map: HashMap<K, V, S>) -> Value {
        Value::map(map.into_iter().map(|(key, value)| (key.into(), value.into())))
    }
}

impl<T: Into<Value>> FromIterator<T> for Value {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Value {
        Value::List(items.into_iter().map(Into::into).collect())
    }
}
