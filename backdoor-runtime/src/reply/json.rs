//! A value as strict JSON (RFC 8259) on one line, for `--json`, pipes and programs. It is written by hand rather than by a library because
//! it must also be safe on a terminal.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt::{self, Write};
use std::time::Duration;

use super::scalar::scalar;
use super::value::{Value, since_epoch};
use crate::base::escape::Context;

/// Appends the value. NaN and infinities become `null`, bytes an array of numbers, 128-bit numbers plain digits, durations seconds, and
/// times serde's form.
pub(crate) fn write(value: &Value, out: &mut String) {
    write_within(value, usize::MAX, out);
}

/// The same, but it stops soon after this many bytes: a longer result is incomplete.
pub(crate) fn write_within(value: &Value, room: usize, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Integer(number) => append(format_args!("{number}"), out),
        Value::Unsigned(number) => append(format_args!("{number}"), out),
        // `Debug` keeps the `.0` of a whole float and writes large ones with an exponent.
        Value::Float(number) if number.is_finite() => append(format_args!("{number:?}"), out),
        Value::Float(_) => out.push_str("null"),
        Value::Text(text) if text.len() > room => out.push_str(&text[..text.ceil_char_boundary(room + 1)]),
        Value::Text(text) => write_text(text, out),
        Value::Bytes(bytes) => array(bytes, room, out, |byte, out| append(format_args!("{byte}"), out)),
        Value::List(items) => array(items, room, out, |item, out| write_within(item, room, out)),
        Value::Map(_) | Value::Record(_) => {
            let members = members(value).unwrap_or_default();
            separated('{', &members, '}', room, out, |(name, value), out| {
                write_text(name, out);
                out.push(':');
                write_within(value, room, out);
            });
        }
        Value::Duration(duration) => seconds(*duration, out),
        Value::Time(time) => {
            let (seconds, nanos) = since_epoch(*time);
            append(format_args!(r#"{{"secs_since_epoch":{seconds},"nanos_since_epoch":{nanos}}}"#), out);
        }
    }
}

/// Seconds, exact to the nanosecond.
fn seconds(duration: Duration, out: &mut String) {
    append(format_args!("{}", duration.as_secs()), out);
    if duration.subsec_nanos() > 0 {
        append(format_args!(".{:09}", duration.subsec_nanos()), out);
        out.truncate(out.trim_end_matches('0').len());
    }
}

fn append(text: fmt::Arguments<'_>, out: &mut String) {
    // Writing to memory cannot fail.
    let _ = out.write_fmt(text);
}

/// Appends a JSON string. Beyond JSON's rules, everything is escaped that the console would otherwise escape in its own form, which is no
/// JSON.
pub(crate) fn write_text(text: &str, out: &mut String) {
    out.push('"');
    // The form of nearly all text.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\') {
        out.push_str(text);
        out.push('"');
        return;
    }
    // The text before a piece is not known here.
    let mut context = Context::without_base();
    for character in text.chars() {
        let shows = context.shows(character);
        if !shows {
            context = Context::without_base();
        }
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if !shows => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    append(format_args!("\\u{unit:04x}"), out);
                }
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}

/// The members of a record or a map under distinct names, or `None` for any other value. A key of another type is named by its text (`1`,
/// `true`, `5m`), a list or map by its JSON. If several have the same name, the first in the map's order keeps it; the others become
/// `name (2)`, `name (3)`.
pub(super) fn members(value: &Value) -> Option<Vec<(Cow<'_, str>, &Value)>> {
    let mut members: Vec<(Cow<'_, str>, &Value)> = match value {
        Value::Record(fields) => {
            fields.iter().map(|(name, value)| (Cow::Borrowed(name.as_ref()), value)).collect()
        }
        Value::Map(entries) => entries.iter().map(|(key, value)| (key_name(key), value)).collect(),
        _ => return None,
    };
    if !are_distinct(&members) {
        make_distinct(&mut members);
    }
    Some(members)
}

fn are_distinct(members: &[(Cow<'_, str>, &Value)]) -> bool {
    // Comparing a few names with each other is cheaper than hashing them.
    const FEW: usize = 16;
    let mut names = members.iter().map(|(name, _)| name.as_ref());
    if members.len() <= FEW {
        return names.enumerate().all(|(at, name)| members[..at].iter().all(|(before, _)| before != name));
    }
    let mut seen = HashSet::with_capacity(members.len());
    names.all(|name| seen.insert(name))
}

fn key_name(key: &Value) -> Cow<'_, str> {
    match key {
        Value::Text(text) => Cow::Borrowed(text),
        Value::List(_) | Value::Map(_) | Value::Record(_) => Cow::Owned(key.to_string()),
        without_parts => Cow::Owned(scalar(without_parts)),
    }
}

fn make_distinct(members: &mut [(Cow<'_, str>, &Value)]) {
    let mut taken: HashSet<String> = members.iter().map(|(name, _)| name.to_string()).collect();
    let mut used: HashMap<String, usize> = HashMap::new();
    for (name, _) in members {
        let count = used.entry(name.to_string()).or_insert(0);
        *count += 1;
        if *count == 1 {
            continue;
        }
        // The numbered name may itself be a key of the map.
        let free = loop {
            let candidate = format!("{name} ({count})");
            if taken.insert(candidate.clone()) {
                break candidate;
            }
            *count += 1;
        };
        *name = Cow::Owned(free);
    }
}

fn array<T>(items: &[T], room: usize, out: &mut String, write: impl Fn(&T, &mut String)) {
    separated('[', items, ']', room, out, write);
}

fn separated<T>(
    open: char,
    items: &[T],
    close: char,
    room: usize,
    out: &mut String,
    write: impl Fn(&T, &mut String),
) {
    out.push(open);
    for (index, item) in items.iter().enumerate() {
        if out.len() > room {
            break;
        }
        if index > 0 {
            out.push(',');
        }
        write(item, out);
    }
    out.push(close);
}

/// JSON on one line, safe to show on a terminal.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = String::new();
        write(self, &mut line);
        f.write_str(&line)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt;
    use std::time::{Duration, SystemTime};

    use proptest::collection::vec;
    use proptest::prelude::*;
    use serde::Deserialize;
    use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
    use unicode_width::UnicodeWidthStr;

    use super::*;
    use crate::base::escape::escape_line;
    use crate::reply::text;

    #[track_caller]
    fn check(value: impl Into<Value>, expected: &str) {
        let json = value.into().to_string();
        assert_eq!(json, expected);
        serde_json::from_str::<Strict>(&json).expect("strict JSON");
    }

    #[test]
    fn scalars() {
        check(Value::Null, "null");
        check(true, "true");
        check(i128::MIN, "-170141183460469231731687303715884105728");
        check(u128::MAX, "340282366920938463463374607431768211455");
        check(1.0, "1.0");
        check(1e300, "1e300");
        check(-0.0, "-0.0");
        check(f64::NAN, "null");
        check(f64::NEG_INFINITY, "null");
        check("a\"\\/\n\t\r", r#""a\"\\/\n\t\r""#);
        check("\x1b[2J\x7f\u{85}\u{202e}\u{2028}é", r#""\u001b[2J\u007f\u0085\u202e\u2028é""#);
        check("\u{ad}\u{200b}\u{feff}\u{e0041}", r#""\u00ad\u200b\ufeff\udb40\udc41""#);
        check(Value::Bytes(vec![0, 255]), "[0,255]");
        check(vec![Value::Null, vec![1, 2].into()], "[null,[1,2]]");
    }

    #[test]
    fn times_can_be_read_back() {
        let duration = Duration::new(5, 7);
        let time = SystemTime::UNIX_EPOCH + duration;
        check(time, r#"{"secs_since_epoch":5,"nanos_since_epoch":7}"#);
        assert_eq!(serde_json::from_str::<SystemTime>(&Value::from(time).to_string()).unwrap(), time);
        check(
            SystemTime::UNIX_EPOCH - Duration::from_millis(500),
            r#"{"secs_since_epoch":-1,"nanos_since_epoch":500000000}"#,
        );
    }

    #[test]
    fn newcomer_1_2_k_a_duration_is_a_number_of_seconds() {
        check(Duration::from_micros(4_406_855), "4.406855");
        check(Duration::new(5, 7), "5.000000007");
        check(Duration::from_secs(90), "90");
        check(Duration::ZERO, "0");
        check(Duration::MAX, "18446744073709551615.999999999");
    }

    #[test]
    fn keys_of_other_types_become_text() {
        let keys = |keys: Vec<Value>| Value::map(keys.into_iter().map(|key| (key, 0.into())));
        check(keys(vec![1.into(), true.into(), Value::Null]), r#"{"null":0,"true":0,"1":0}"#);
        check(keys(vec![Duration::from_secs(300).into(), 0.5.into()]), r#"{"0.5":0,"5m":0}"#);
        check(keys(vec![vec!["a"].into(), Value::Bytes(vec![1, 2])]), r#"{"01 02":0,"[\"a\"]":0}"#);
    }

    #[test]
    fn colliding_keys_are_numbered() {
        let keys = |keys: Vec<Value>| Value::map(keys.into_iter().map(|key| (key, 0.into())));
        check(keys(vec!["1".into(), 1.into()]), r#"{"1":0,"1 (2)":0}"#);
        check(keys(vec!["1".into(), 1.into(), "1 (2)".into()]), r#"{"1":0,"1 (3)":0,"1 (2)":0}"#);
        check(
            Value::record([("a", 1.into()), ("a", 2.into()), ("a", 3.into())]),
            r#"{"a":1,"a (2)":2,"a (3)":3}"#,
        );
    }

    /// JSON without duplicate keys: serde_json itself would take the last.
    struct Strict;

    impl<'de> Deserialize<'de> for Strict {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Strict, D::Error> {
            deserializer.deserialize_any(Strict)
        }
    }

    impl<'de> Visitor<'de> for Strict {
        type Value = Strict;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("JSON without duplicate keys")
        }

        fn visit_unit<E>(self) -> Result<Strict, E> {
            Ok(Strict)
        }

        fn visit_bool<E>(self, _: bool) -> Result<Strict, E> {
            Ok(Strict)
        }

        fn visit_i64<E>(self, _: i64) -> Result<Strict, E> {
            Ok(Strict)
        }

        fn visit_u64<E>(self, _: u64) -> Result<Strict, E> {
            Ok(Strict)
        }

        fn visit_f64<E>(self, _: f64) -> Result<Strict, E> {
            Ok(Strict)
        }

        fn visit_str<E>(self, _: &str) -> Result<Strict, E> {
            Ok(Strict)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Strict, A::Error> {
            while items.next_element::<Strict>()?.is_some() {}
            Ok(Strict)
        }

        fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Strict, A::Error> {
            let mut names = HashSet::new();
            while let Some(name) = entries.next_key::<String>()? {
                entries.next_value::<Strict>()?;
                if let Some(name) = names.replace(name) {
                    return Err(A::Error::custom(format!("`{name}` is there twice")));
                }
            }
            Ok(Strict)
        }
    }

    fn any_text() -> impl Strategy<Value = String> {
        // A small alphabet, so that keys collide; control, bidi, wide and joining characters, so that they are combined.
        const ALPHABET: &str = "a1 (2):,{\"\\\n\r\t\0\x1b\x7f\u{9b}\u{202e}\u{2028}\u{ad}\u{200b}\u{feff}\u{e0041}é漢\u{301}👩\u{200d}\u{fe0f}";
        let odd = proptest::sample::select(ALPHABET.chars().collect::<Vec<_>>());
        let texts = vec(odd, 0..8).prop_map(String::from_iter);
        prop_oneof![4 => texts, 1 => any::<String>()]
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-2i128..3).prop_map(Value::from),
            any::<i128>().prop_map(Value::from),
            any::<u128>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            proptest::sample::select(vec![f64::NAN, f64::INFINITY, 1.0, -0.0]).prop_map(Value::from),
            any_text().prop_map(Value::from),
            vec(any::<u8>(), 0..4).prop_map(Value::Bytes),
            (any::<u64>(), 0u32..1_000_000_000).prop_map(|(secs, nanos)| Duration::new(secs, nanos).into()),
            (any::<u32>(), 0u32..1_000_000_000).prop_map(|(secs, nanos)| {
                let first = SystemTime::UNIX_EPOCH - Duration::from_secs(1 << 31);
                (first + Duration::new(u64::from(secs), nanos)).into()
            }),
        ];
        scalar.prop_recursive(3, 40, 6, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..6).prop_map(Value::List),
                vec((inner.clone(), inner.clone()), 0..6).prop_map(Value::map),
                vec((any_text(), inner.clone()), 0..4).prop_map(Value::record),
                vec(vec((any_text(), inner), 0..4).prop_map(Value::record), 0..4).prop_map(Value::List),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..<_>::default() })]

        #[test]
        fn any_value_is_one_safe_line_of_strict_json(value in any_value()) {
            let json = value.to_string();
            prop_assert_eq!(&*escape_line(&json), &*json);
            if let Err(error) = serde_json::from_str::<Strict>(&json) {
                prop_assert!(false, "{error}: {json}");
            }
            serde_json::from_str::<IgnoredAny>(&json).expect("strict JSON");
        }

        #[test]
        fn any_value_is_safe_text_within_its_limit(value in any_value()) {
            let whole = text::render(&value, None);
            prop_assert!(whole.is_empty() || whole.ends_with('\n'));
            for line in whole.split(['\n', '\t']) {
                prop_assert_eq!(escape_line(line), line);
            }
            let room = whole.lines().map(UnicodeWidthStr::width).max().unwrap_or(0).max(1);
            prop_assert_eq!(text::render(&value, Some(room)), whole);
        }
    }
}
