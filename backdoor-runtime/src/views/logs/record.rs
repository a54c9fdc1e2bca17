//! An event as bytes of the ring: written by the logging thread, without secrets and within its size limit, and decoded by each
//! reader.
//!
//! The bytes are the target (empty if the callsite's is right), the thread's name, the spans from the root on, each with its fields, and
//! the fields of the event, including the message. A length in two bytes precedes each text.

use std::fmt::{self, Write};
use std::mem;
use std::thread;

use tracing::field::{Field, Visit};

use crate::Value;
use crate::base::scrub;

/// The longest event in bytes.
pub(super) const MOST: usize = 8 * 1024;

/// The longest message in bytes.
const MESSAGE: usize = 4 * 1024;

/// The longest value of another field, and the longest text of all spans together.
const VALUE: usize = 1024;

/// The mark of truncated text.
const CUT: &[u8] = "…".as_bytes();

/// The name of the field for a macro's format string.
const MESSAGE_NAME: &str = "message";

/// Marks a value that is a number or a word of JSON, and not text.
const SCALAR: u8 = 1;
const TEXT: u8 = 0;

/// Writes events and the fields of spans.
#[derive(Default)]
pub(super) struct Writer {
    pub(super) out: Vec<u8>,
    /// A buffer for text before it is cut.
    raw: Vec<u8>,
    /// The name of the thread whose buffers these are.
    thread: Option<Box<str>>,
    /// The offset of the number of spans.
    spans_at: usize,
}

impl Writer {
    /// Writes text after its length, cut to `most` bytes.
    fn text(&mut self, text: &[u8], most: usize) {
        let most = most.min(MOST.saturating_sub(self.out.len() + 2));
        let kept = if text.len() > most { most.saturating_sub(CUT.len()) } else { text.len() };
        let kept = boundary(text, kept);
        let cut = if text.len() > most && most >= CUT.len() { CUT } else { &[] };
        self.out.extend_from_slice(&((kept + cut.len()) as u16).to_le_bytes());
        self.out.extend_from_slice(&text[..kept]);
        self.out.extend_from_slice(cut);
    }

    /// Begins an event.
    pub(super) fn begin(&mut self, target: &str) {
        self.out.clear();
        self.text(target.as_bytes(), VALUE);
        let thread = self.thread.take();
        let thread = thread.unwrap_or_else(|| thread::current().name().unwrap_or_default().into());
        self.text(thread.as_bytes(), 64);
        self.thread = Some(thread);
        self.spans_at = self.out.len();
        self.out.push(0);
    }

    /// Writes a span of an event, before its fields.
    pub(super) fn span(&mut self, name: &str, fields: &str) {
        let room = (self.spans_at + VALUE).saturating_sub(self.out.len());
        if room < 8 || self.out[self.spans_at] == u8::MAX {
            return;
        }
        self.out[self.spans_at] += 1;
        self.raw.clear();
        self.raw.extend_from_slice(name.as_bytes());
        if !fields.is_empty() {
            self.raw.push(b'{');
            self.raw.extend_from_slice(fields.as_bytes());
            self.raw.push(b'}');
        }
        let text = mem::take(&mut self.raw);
        self.text(&text, room);
        self.raw = text;
    }

    fn field(&mut self, name: &str, kind: u8, most: usize, value: fmt::Arguments<'_>) {
        let room = MOST.saturating_sub(self.out.len() + name.len() + 5);
        if room < CUT.len() {
            return;
        }
        self.text(name.as_bytes(), VALUE);
        self.out.extend_from_slice(&[kind, 0, 0]);
        let start = self.out.len();
        let most = most.min(room);
        // If it is cut, or the value's own `Display` fails, the text so far stays.
        let _ = Bounded { text: &mut self.out, end: start + most }.write_fmt(value);
        if kind == TEXT && name != MESSAGE_NAME && scrub::is_secret(name) {
            self.out.truncate(start);
            self.out.extend_from_slice(b"***");
        } else if kind == TEXT && scrub::is_suspect(&self.out[start..]) {
            self.raw.clear();
            scrub::scrub(&self.out[start..], &mut self.raw);
            self.out.truncate(start);
            self.out.extend_from_slice(&self.raw);
        }
        if self.out.len() > start + most {
            let end = start + boundary(&self.out[start..], most - CUT.len());
            self.out.truncate(end);
            self.out.extend_from_slice(CUT);
        }
        let length = (self.out.len() - start) as u16;
        self.out[start - 2..start].copy_from_slice(&length.to_le_bytes());
    }
}

/// The last position up to `at` on a character's boundary.
fn boundary(text: &[u8], mut at: usize) -> usize {
    while text.get(at).is_some_and(|byte| byte & 0xc0 == 0x80) {
        at -= 1;
    }
    at
}

/// Text that is cut a little beyond its limit, so that no `Debug` fills the memory.
struct Bounded<'a> {
    text: &'a mut Vec<u8>,
    end: usize,
}

impl Write for Bounded<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.text.len() + text.len() <= self.end {
            self.text.extend_from_slice(text.as_bytes());
            return Ok(());
        }
        // One byte beyond the limit shows that the text has to be truncated.
        let room = (self.end + 1).saturating_sub(self.text.len());
        self.text.extend_from_slice(&text.as_bytes()[..text.ceil_char_boundary(room)]);
        Err(fmt::Error)
    }
}

impl Visit for Writer {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.field(field.name(), SCALAR, VALUE, format_args!("{value}"));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.field(field.name(), SCALAR, VALUE, format_args!("{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.field(field.name(), SCALAR, VALUE, format_args!("{value}"));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.field(field.name(), SCALAR, VALUE, format_args!("{value}"));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.field(field.name(), SCALAR, VALUE, format_args!("{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.field(field.name(), SCALAR, VALUE, format_args!("{value}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.field(field.name(), TEXT, most(field), format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.field(field.name(), TEXT, most(field), format_args!("{value:?}"));
    }
}

fn most(field: &Field) -> usize {
    if field.name() == MESSAGE_NAME { MESSAGE } else { VALUE }
}

/// The target of an event of the `log` crate that came through `tracing-log`, which has one callsite for all events.
#[derive(Default)]
pub(super) struct LogTarget(pub(super) String);

impl Visit for LogTarget {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "log.target" {
            value.clone_into(&mut self.0);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// A decoded event.
#[derive(Default)]
pub(super) struct Decoded {
    pub(super) target: String,
    pub(super) thread: String,
    pub(super) spans: Vec<String>,
    pub(super) message: String,
    pub(super) fields: Vec<(String, Value)>,
}

impl Decoded {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut reader = Reader(bytes);
        let (target, thread) = (reader.text(), reader.text());
        let spans = (0..reader.byte()).map(|_| reader.text()).collect();
        let mut decoded = Self { target, thread, spans, ..Self::default() };
        while !reader.0.is_empty() {
            let (name, kind, text) = (reader.text(), reader.byte(), reader.text());
            if name == MESSAGE_NAME {
                decoded.message = text;
            } else if !name.starts_with("log.") {
                decoded.fields.push((name, if kind == SCALAR { scalar(text) } else { text.into() }));
            }
        }
        decoded
    }
}

/// The fields of an event or a span as text, `a=1 b="x y"`.
pub(super) fn fields_text<'a>(fields: impl IntoIterator<Item = (&'a str, &'a Value)>) -> String {
    let mut text = String::new();
    for (name, value) in fields {
        let space = if text.is_empty() { "" } else { " " };
        let value = value.as_str().map_or_else(|| value.to_string(), quoted_where_needed);
        // Writing to a string cannot fail.
        let _ = write!(text, "{space}{name}={value}");
    }
    text
}

/// The fields written so far, as text, for a span.
pub(super) fn span_fields(writer: &Writer) -> String {
    let mut reader = Reader(&writer.out);
    let mut fields = Vec::new();
    while !reader.0.is_empty() {
        let (name, _, text) = (reader.text(), reader.byte(), reader.text());
        fields.push((name, Value::from(text)));
    }
    fields_text(fields.iter().map(|(name, value)| (name.as_str(), value)))
}

fn quoted_where_needed(text: &str) -> String {
    let is_word = |c: char| !c.is_whitespace() && c != '"';
    match !text.is_empty() && text.chars().all(is_word) || text.starts_with('"') {
        true => text.to_owned(),
        false => format!("\"{}\"", text.replace('"', "\\\"")),
    }
}

fn scalar(text: String) -> Value {
    match text.as_str() {
        "true" => true.into(),
        "false" => false.into(),
        number => match (number.parse::<i128>(), number.parse::<u128>(), number.parse::<f64>()) {
            (Ok(number), ..) => number.into(),
            (_, Ok(number), _) => number.into(),
            (.., Ok(number)) => number.into(),
            _ => text.into(),
        },
    }
}

/// Reads an event's bytes; decodes as much as it can of bytes that are invalid or missing.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn byte(&mut self) -> u8 {
        let Some((byte, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *byte
    }

    fn text(&mut self) -> String {
        let length = u16::from_le_bytes([self.byte(), self.byte()]);
        let (text, rest) = self.0.split_at(usize::from(length).min(self.0.len()));
        self.0 = rest;
        String::from_utf8_lossy(text).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(fields: &[(&str, u8, &str)]) -> Decoded {
        let mut writer = Writer::default();
        writer.begin("");
        writer.span("request", "id=4");
        writer.span("plain", "");
        for (name, kind, value) in fields {
            writer.field(
                name,
                *kind,
                if *name == "message" { MESSAGE } else { VALUE },
                format_args!("{value}"),
            );
        }
        assert!(writer.out.len() <= MOST, "{}", writer.out.len());
        Decoded::of(&writer.out)
    }

    #[test]
    fn written_events_are_read_back() {
        let decoded = written(&[
            ("message", TEXT, "logged in with password=hunter2"),
            ("tries", SCALAR, "3"),
            ("share", SCALAR, "0.5"),
            ("ok", SCALAR, "true"),
            ("password", TEXT, "Secret { a b }"),
            ("user", TEXT, "bob \"b\""),
            ("log.line", SCALAR, "5"),
        ]);
        assert_eq!(decoded.message, "logged in with password=***");
        assert_eq!(decoded.spans, ["request{id=4}", "plain"]);
        assert_eq!(decoded.fields[0], ("tries".to_owned(), 3.into()));
        let text = fields_text(decoded.fields.iter().map(|(name, value)| (name.as_str(), value)));
        assert_eq!(text, r#"tries=3 share=0.5 ok=true password=*** user="bob \"b\"""#);
    }

    #[test]
    fn long_events_are_cut() {
        let long = "é".repeat(100_000);
        let decoded = written(&[("message", TEXT, &long), ("a", TEXT, &long), ("b", TEXT, "x")]);
        assert!(
            decoded.message.len() <= MESSAGE + 8 && decoded.message.ends_with('…'),
            "{}",
            decoded.message.len()
        );
        assert_eq!(decoded.fields.len(), 2);
        let many = vec![("a", TEXT, long.as_str()); 100];
        assert!(written(&many).fields.len() > 3);
        // At most three bytes stay of each secret that the text had.
        assert_eq!(written(&[("message", TEXT, &"pwd=a ".repeat(10_000))]).message.find("=a"), None);
    }
}
