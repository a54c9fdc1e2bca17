//! A `serde::Serializer` that makes a [`Value`]. A part that fails is replaced by a text with the reason, so that one poisoned lock does
//! not hide the rest of a struct from the operator.

mod compound;

use std::cell::Cell;
use std::fmt::{self, Display};
use std::time::Duration;

use serde_core::{Serialize, ser};

use self::compound::{Entries, Fields, Items, tagged};
use super::value::{DURATION_NAME, RECORD_NAME, Value};

/// Deeper values are cut: author types may be linked lists, and a stack overflow would end the process. The limit is below the 128 levels
/// that serde_json and similar parsers accept.
const MAX_DEPTH: usize = 100;

/// The largest announced length for which memory is reserved before the items arrive.
const MAX_RESERVED: usize = 1024;

impl Value {
    /// The value of anything that is [`Serialize`]. It never fails: what could not be serialized (a
    /// poisoned lock, a failing implementation, nesting beyond 100 levels) is replaced by a text that says
    /// so, and the rest is kept.
    ///
    /// ```
    /// use backdoor_runtime::Value;
    ///
    /// assert_eq!(Value::of(&("orders", 3))[1], 3);
    /// ```
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Value {
        value_within(value, usize::MAX).0
    }

    /// The same for an answer of this many bytes, and whether the value is complete: items of lists and maps beyond the limit are left out.
    pub(crate) fn within<T: Serialize + ?Sized>(value: &T, room: usize) -> (Value, bool) {
        value_within(value, room)
    }
}

/// The value of anything for an answer of this many bytes, and whether it is complete: items of lists and maps beyond the limit are not
/// made.
fn value_within<T: Serialize + ?Sized>(value: &T, room: usize) -> (Value, bool) {
    let room = Room { left: Cell::new(room), is_cut: Cell::new(false) };
    let value = part(value, Serializer { depth: 0, record: false, room: &room });
    (value, !room.is_cut.get())
}

fn part<T: Serialize + ?Sized>(value: &T, serializer: Serializer<'_>) -> Value {
    if serializer.depth > MAX_DEPTH {
        return Value::Text("<nested too deeply>".to_owned());
    }
    value
        .serialize(serializer)
        .unwrap_or_else(|Failure(why)| Value::Text(format!("<could not be serialized: {why}>")))
}

/// The remaining bytes for the parts of a value.
struct Room {
    left: Cell<usize>,
    is_cut: Cell<bool>,
}

impl Room {
    /// Takes the bytes that any form needs for a part and its separator.
    fn take(&self, part: &Value) {
        let bytes = match part {
            // Its own parts were made before it.
            Value::List(_) | Value::Map(_) | Value::Record(_) => return,
            Value::Text(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            Value::Integer(number) => number.unsigned_abs().checked_ilog10().unwrap_or(0) as usize + 1,
            _ => 1,
        };
        self.left.set(self.left.get().saturating_sub(bytes + 1));
    }

    /// Whether there is room for an item. The caller has one.
    fn is_left(&self) -> bool {
        let is_left = self.left.get() > 0;
        self.is_cut.set(self.is_cut.get() || !is_left);
        is_left
    }
}

#[derive(Clone, Copy)]
struct Serializer<'a> {
    depth: usize,
    /// The next map is a [`Value::Record`] on its way through serde.
    record: bool,
    room: &'a Room,
}

impl Serializer<'_> {
    /// One of several parts.
    fn member<T: Serialize + ?Sized>(self, value: &T) -> Value {
        let value = part(value, self);
        self.room.take(&value);
        value
    }

    fn inner(self) -> Self {
        Serializer { depth: self.depth + 1, record: false, ..self }
    }
}

#[derive(Debug)]
struct Failure(String);

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

impl ser::Error for Failure {
    fn custom<T: Display>(message: T) -> Failure {
        Failure(message.to_string())
    }
}

macro_rules! scalars {
    ($($method:ident: $type:ty,)*) => {$(
        fn $method(self, value: $type) -> Result<Value, Failure> {
            Ok(value.into())
        }
    )*};
}

impl<'a> ser::Serializer for Serializer<'a> {
    type Ok = Value;
    type Error = Failure;
    type SerializeSeq = Items<'a>;
    type SerializeTuple = Items<'a>;
    type SerializeTupleStruct = Items<'a>;
    type SerializeTupleVariant = Items<'a>;
    type SerializeMap = Entries<'a>;
    type SerializeStruct = Fields<'a>;
    type SerializeStructVariant = Fields<'a>;

    scalars! {
        serialize_bool: bool,
        serialize_i8: i8,
        serialize_i16: i16,
        serialize_i32: i32,
        serialize_i64: i64,
        serialize_i128: i128,
        serialize_u8: u8,
        serialize_u16: u16,
        serialize_u32: u32,
        serialize_u64: u64,
        serialize_u128: u128,
        serialize_f32: f32,
        serialize_f64: f64,
        serialize_char: char,
        serialize_str: &str,
    }

    // serde's own goes through `to_string`, which panics when the `Display` returns an error.
    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<Value, Failure> {
        let mut text = String::new();
        fmt::write(&mut text, format_args!("{value}"))
            .map_err(|_| Failure("its `Display` returned an error".to_owned()))?;
        Ok(Value::Text(text))
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<Value, Failure> {
        Ok(Value::Bytes(bytes.to_vec()))
    }

    fn serialize_none(self) -> Result<Value, Failure> {
        Ok(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, Failure> {
        Ok(part(value, self.inner()))
    }

    fn serialize_unit(self) -> Result<Value, Failure> {
        Ok(Value::Null)
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<Value, Failure> {
        Ok(Value::Null)
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<Value, Failure> {
        Ok(variant.into())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<Value, Failure> {
        let inside = part(value, Serializer { record: name == RECORD_NAME, ..self.inner() });
        let seconds = if name == DURATION_NAME { inside.as_f64() } else { None };
        let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        Ok(duration.map_or(inside, Value::Duration))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Value, Failure> {
        Ok(tagged(Some(variant), part(value, self.inner())))
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Items<'a>, Failure> {
        let items = Vec::with_capacity(len.unwrap_or(0).min(MAX_RESERVED));
        Ok(Items { serializer: self.inner(), variant: None, items })
    }

    fn serialize_tuple(self, len: usize) -> Result<Items<'a>, Failure> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_struct(self, _name: &'static str, len: usize) -> Result<Items<'a>, Failure> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Items<'a>, Failure> {
        Ok(Items { variant: Some(variant), ..self.serialize_seq(Some(len))? })
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Entries<'a>, Failure> {
        Ok(Entries {
            serializer: self.inner(),
            // A derived implementation writes a struct with `#[serde(flatten)]` as a map of unknown length. Maps know their length.
            record: self.record || len.is_none(),
            key: None,
            entries: Vec::with_capacity(len.unwrap_or(0).min(MAX_RESERVED)),
        })
    }

    fn serialize_struct(self, name: &'static str, len: usize) -> Result<Fields<'a>, Failure> {
        let fields = Vec::with_capacity(len.min(MAX_RESERVED));
        Ok(Fields { serializer: self.inner(), name, variant: None, fields })
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Fields<'a>, Failure> {
        Ok(Fields { variant: Some(variant), ..self.serialize_struct("", len)? })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};
    use std::net::Ipv4Addr;
    use std::sync::{Arc, Mutex};
    use std::time::SystemTime;

    use super::*;

    #[derive(serde::Serialize)]
    struct Point {
        y: i32,
        x: i32,
    }

    #[derive(serde::Serialize)]
    enum Shape {
        Nothing,
        Circle(f32),
        Line(Point, Point),
        Named { name: &'static str },
    }

    #[track_caller]
    fn check(value: impl Serialize, expected: Value) {
        assert_eq!(Value::of(&value), expected);
    }

    fn point(y: i32, x: i32) -> Value {
        Value::record([("y", y.into()), ("x", x.into())])
    }

    #[test]
    fn every_shape_of_serde() {
        check((), Value::Null);
        check(None::<u8>, Value::Null);
        check(Some(1u8), 1.into());
        check('c', "c".into());
        check(0.1f32, 0.1.into());
        check(u128::MAX, Value::Unsigned(u128::MAX));
        check(i128::MIN, Value::Integer(i128::MIN));
        check(Ipv4Addr::LOCALHOST, "127.0.0.1".into());
        check((1, "a"), Value::List(vec![1.into(), "a".into()]));
        check(Point { y: 1, x: 2 }, point(1, 2));
        check(Shape::Nothing, "Nothing".into());
        check(Shape::Circle(1.5), Value::record([("Circle", 1.5.into())]));
        check(
            Shape::Line(Point { y: 1, x: 2 }, Point { y: 3, x: 4 }),
            Value::record([("Line", vec![point(1, 2), point(3, 4)].into())]),
        );
        check(Shape::Named { name: "n" }, Value::record([("Named", Value::record([("name", "n".into())]))]));
        check(HashMap::from([(10, "b"), (9, "a")]), BTreeMap::from([(9, "a"), (10, "b")]).into());
    }

    #[test]
    fn only_times_of_std_are_recognized() {
        let time = SystemTime::UNIX_EPOCH + Duration::new(5, 6);
        check(Duration::new(5, 6), Value::Duration(Duration::new(5, 6)));
        check(time, Value::Time(time));
        let namesake = |fields: &[(&'static str, Value)]| Value::record(fields.iter().cloned());
        {
            #[derive(serde::Serialize)]
            struct Duration {
                secs: u8,
            }
            check(Duration { secs: 5 }, namesake(&[("secs", 5.into())]));
        }
        {
            #[derive(serde::Serialize)]
            struct Duration {
                secs: i8,
                nanos: i8,
            }
            check(Duration { secs: -5, nanos: 0 }, namesake(&[("secs", (-5).into()), ("nanos", 0.into())]));
        }
    }

    #[test]
    fn a_flattened_struct_keeps_its_order() {
        #[derive(serde::Serialize)]
        struct Outer {
            z: u8,
            #[serde(flatten)]
            point: Point,
            a: u8,
        }
        check(
            Outer { z: 1, point: Point { y: 2, x: 3 }, a: 4 },
            Value::record([("z", 1.into()), ("y", 2.into()), ("x", 3.into()), ("a", 4.into())]),
        );
    }

    #[test]
    fn a_failing_part_leaves_the_rest() {
        let lock = Arc::new(Mutex::new(1));
        let poisoner = lock.clone();
        let _ = std::thread::spawn(move || {
            let _guard = poisoner.lock();
            std::panic::resume_unwind(Box::new(()));
        })
        .join();
        check(
            (1, &*lock),
            Value::List(vec![
                1.into(),
                "<could not be serialized: lock poison error while serializing>".into(),
            ]),
        );
    }

    #[test]
    fn a_failing_display_is_no_panic() {
        struct Broken;
        impl Display for Broken {
            fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                Err(fmt::Error)
            }
        }
        impl Serialize for Broken {
            fn serialize<S: ser::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        check(Broken, "<could not be serialized: its `Display` returned an error>".into());
    }

    #[test]
    fn a_long_chain_is_cut_and_stays_readable() {
        #[derive(serde::Serialize)]
        struct Node {
            next: Option<Box<Node>>,
        }
        let chain = (0..10_000).fold(None, |next, _| Some(Box::new(Node { next })));
        let json = Value::of(&chain).to_string();
        assert!(json.contains("<nested too deeply>"), "{json}");
        serde_json::from_str::<serde_json::Value>(&json).unwrap();
        // Dropped by hand: the chain's own drop would recurse.
        let mut rest = chain;
        while let Some(node) = rest {
            rest = node.next;
        }
    }

    #[test]
    fn values_beyond_the_limit_are_not_built() {
        let rows: Vec<(u32, &str)> = (100..200).map(|at| (at, "abc")).collect();
        let (value, is_whole) = value_within(&rows, 80);
        assert_eq!((value.as_list().map(<[Value]>::len), is_whole), (Some(10), false));
        let (value, is_whole) = value_within(&rows, 800);
        assert_eq!((value.as_list().map(<[Value]>::len), is_whole), (Some(100), true));
        let map: BTreeMap<u32, Vec<u32>> = (0..10).map(|at| (at, vec![at; 5])).collect();
        let (value, is_whole) = value_within(&map, 36);
        let three: Vec<(Value, Value)> = (0..3).map(|at| (at.into(), vec![at; 5].into())).collect();
        assert_eq!((value, is_whole), (Value::map(three), false));
    }

    #[test]
    fn serializing_a_value_returns_it() {
        let value = Value::List(vec![
            Value::record([("z", 1.into()), ("a", Value::Null)]),
            Value::map([(2.into(), "b".into()), (Value::Bytes(vec![1]), u128::MAX.into())]),
            Value::Duration(Duration::from_millis(5)),
            Value::Time(SystemTime::UNIX_EPOCH),
            Value::record([("nested", Value::record([("y", 1.5.into()), ("x", u64::MAX.into())]))]),
        ]);
        check(&value, value.clone());
        let text = serde_json::to_string(&Value::record([("z", 1.into()), ("a", Value::Null)])).unwrap();
        assert_eq!(text, r#"{"z":1,"a":null}"#);
    }
}
