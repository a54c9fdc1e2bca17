//! Values with parts, which serde passes one by one: sequences, maps, structs, and the times of std among them.

use std::borrow::Cow;
use std::time::{Duration, UNIX_EPOCH};

use serde_core::{Serialize, ser};

use super::{Failure, Serializer, part};
use crate::reply::value::Value;

/// The names that serde gives to the times of std.
const DURATION: &str = "Duration";
const SYSTEM_TIME: &str = "SystemTime";

/// serde's externally tagged form of an enum: a record whose only field is the variant.
pub(super) fn tagged(variant: Option<&'static str>, value: Value) -> Value {
    match variant {
        Some(variant) => Value::record([(variant, value)]),
        None => value,
    }
}

pub(super) struct Items<'a> {
    pub(super) serializer: Serializer<'a>,
    pub(super) variant: Option<&'static str>,
    pub(super) items: Vec<Value>,
}

macro_rules! items {
    ($($trait:ident $method:ident,)*) => {$(
        impl ser::$trait for Items<'_> {
            type Ok = Value;
            type Error = Failure;

            fn $method<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), Failure> {
                if self.serializer.room.is_left() {
                    self.items.push(self.serializer.member(item));
                }
                Ok(())
            }

            fn end(self) -> Result<Value, Failure> {
                Ok(tagged(self.variant, Value::List(self.items)))
            }
        }
    )*};
}

items! {
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field,
}

pub(super) struct Entries<'a> {
    pub(super) serializer: Serializer<'a>,
    pub(super) record: bool,
    pub(super) key: Option<Value>,
    pub(super) entries: Vec<(Value, Value)>,
}

impl ser::SerializeMap for Entries<'_> {
    type Ok = Value;
    type Error = Failure;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Failure> {
        if self.serializer.room.is_left() {
            // A table has the names of a record only once.
            self.key =
                Some(if self.record { part(key, self.serializer) } else { self.serializer.member(key) });
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        // Without its key it has no value, because there was no room.
        if let Some(key) = self.key.take() {
            self.entries.push((key, self.serializer.member(value)));
        }
        Ok(())
    }

    fn end(self) -> Result<Value, Failure> {
        if !self.record || self.entries.iter().any(|(key, _)| key.as_str().is_none()) {
            return Ok(Value::map(self.entries));
        }
        Ok(Value::Record(
            self.entries
                .into_iter()
                .filter_map(|(key, value)| match key {
                    Value::Text(name) => Some((Cow::Owned(name), value)),
                    _ => None,
                })
                .collect(),
        ))
    }
}

pub(super) struct Fields<'a> {
    pub(super) serializer: Serializer<'a>,
    pub(super) name: &'static str,
    pub(super) variant: Option<&'static str>,
    pub(super) fields: Vec<(Cow<'static, str>, Value)>,
}

macro_rules! fields {
    ($($trait:ident,)*) => {$(
        impl ser::$trait for Fields<'_> {
            type Ok = Value;
            type Error = Failure;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), Failure> {
                // A time is shown as a time.
                let value = match self.name {
                    DURATION | SYSTEM_TIME => part(value, self.serializer),
                    _ => self.serializer.member(value),
                };
                self.fields.push((Cow::Borrowed(name), value));
                Ok(())
            }

            fn end(self) -> Result<Value, Failure> {
                let known = match self.name {
                    DURATION => duration(&self.fields),
                    SYSTEM_TIME => time(&self.fields),
                    _ => None,
                };
                Ok(tagged(self.variant, known.unwrap_or(Value::Record(self.fields))))
            }
        }
    )*};
}

fields! {
    SerializeStruct,
    SerializeStructVariant,
}

/// A `std::time::Duration`, by the name and the fields that serde gives it.
fn duration(fields: &[(Cow<'static, str>, Value)]) -> Option<Value> {
    let (seconds, nanos) = seconds_and_nanos(fields, "secs", "nanos")?;
    Some(Value::Duration(Duration::new(u64::try_from(seconds).ok()?, nanos)))
}

/// A `std::time::SystemTime`, in the same way.
fn time(fields: &[(Cow<'static, str>, Value)]) -> Option<Value> {
    let (seconds, nanos) = seconds_and_nanos(fields, "secs_since_epoch", "nanos_since_epoch")?;
    let whole = Duration::from_secs(u64::try_from(seconds.unsigned_abs()).ok()?);
    let second = if seconds < 0 { UNIX_EPOCH.checked_sub(whole)? } else { UNIX_EPOCH.checked_add(whole)? };
    Some(Value::Time(second.checked_add(Duration::new(0, nanos))?))
}

fn seconds_and_nanos(
    fields: &[(Cow<'static, str>, Value)],
    first: &str,
    second: &str,
) -> Option<(i128, u32)> {
    match fields {
        [(one, Value::Integer(seconds)), (two, Value::Integer(nanos))] if one == first && two == second => {
            let nanos = u32::try_from(*nanos).ok().filter(|nanos| *nanos < 1_000_000_000)?;
            Some((*seconds, nanos))
        }
        _ => None,
    }
}
