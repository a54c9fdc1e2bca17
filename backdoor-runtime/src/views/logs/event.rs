//! An event of the log, as text and as data.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tracing::Level;

use crate::base::escape::escape_line;
use crate::views::logs::level_name;
use crate::views::logs::record::{Decoded, fields_text};
use crate::views::logs::ring::Head;
use crate::{CommandOutput, Page, Value};

/// The width from which a terminal shows full times.
const WIDE: usize = 120;

/// An event of the ring. As data it is a record with the names of these fields.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LogEvent {
    /// Its number since the start of the process. Missing numbers were dropped.
    pub number: u64,
    /// The time of the event.
    pub time: SystemTime,
    /// The level.
    pub level: Level,
    /// The target, or the module's path.
    pub target: String,
    /// The name of the logging thread, if it has one.
    pub thread: Option<String>,
    /// Its spans, the outermost first, each with its fields: `request{id=4}`.
    pub spans: Vec<String>,
    /// The message.
    pub message: String,
    /// Its other fields, in their order.
    pub fields: Vec<(String, Value)>,
}

impl LogEvent {
    pub(super) fn of(head: &Head, text: &[u8]) -> Self {
        let Decoded { target, thread, spans, message, fields } = Decoded::of(text);
        Self {
            number: head.number,
            time: UNIX_EPOCH + Duration::from_nanos(head.time),
            level: *head.metadata.level(),
            target: if target.is_empty() { head.metadata.target().to_owned() } else { target },
            thread: Some(thread).filter(|thread| !thread.is_empty()),
            spans,
            message,
            fields,
        }
    }

    /// Whether its text contains this text, ignoring ASCII case.
    pub(super) fn contains(&self, lowercase: &str) -> bool {
        self.line().to_ascii_lowercase().contains(lowercase)
    }

    /// The line of text after the time.
    fn line(&self) -> String {
        let mut line = format!("{:>5} ", level_name(self.level).to_ascii_uppercase());
        for span in &self.spans {
            line.push_str(span);
            line.push(':');
        }
        line.push_str(if self.spans.is_empty() { "" } else { " " });
        line.push_str(&self.target);
        line.push(':');
        for part in
            [&self.message, &fields_text(self.fields.iter().map(|(name, value)| (name.as_str(), value)))]
        {
            line.push_str(if part.is_empty() { "" } else { " " });
            line.push_str(part);
        }
        line
    }
}

/// The time of day of a full time, with the date if it is not today.
fn short(time: &str) -> String {
    let today = Value::from(SystemTime::now()).to_text(None);
    let (day, of_day) = time.trim_end_matches('Z').split_once('T').unwrap_or_default();
    match today.starts_with(day) {
        true => of_day.to_owned(),
        false => format!("{} {of_day}", day.get(5..).unwrap_or(day)),
    }
}

impl CommandOutput for LogEvent {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        let time = Value::from(self.time).to_text(None);
        // Whole seconds have no fraction, which would misalign the columns behind.
        let time = time.trim_end().trim_end_matches('Z');
        let fraction = if time.contains('.') { "" } else { ".000" };
        let mut time = format!("{time}{fraction}Z");
        if page.width().is_some_and(|width| width < WIDE) {
            time = short(&time);
        }
        page.hanging(&format!("{time} {}", escape_line(&self.line())), 2)
    }

    fn value(&self) -> Value {
        let fields = self.fields.iter().map(|(name, value)| (name.clone(), value.clone()));
        Value::record([
            ("number", self.number.into()),
            ("time", self.time.into()),
            ("level", level_name(self.level).into()),
            ("target", self.target.as_str().into()),
            ("thread", self.thread.clone().into()),
            ("spans", self.spans.iter().map(String::as_str).collect::<Value>()),
            ("message", self.message.as_str().into()),
            ("fields", Value::record(fields)),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newcomer_3_3_5_an_event_is_short_and_breaks_no_word() {
        let event = |time| LogEvent {
            number: 1,
            time,
            level: Level::INFO,
            target: "shop::orders".to_owned(),
            thread: None,
            spans: Vec::new(),
            message: "one order of five ropes is packed and waits for the carrier".to_owned(),
            fields: Vec::new(),
        };
        let shown = |time, width| {
            let mut text = String::new();
            event(time).text(&mut Page::new(&mut text, width, usize::MAX)).unwrap();
            text
        };
        let old = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        assert!(shown(old, None).starts_with("2001-09-09T01:46:40.000Z  INFO shop::orders: one order of"));
        let broken = "09-09 01:46:40.000  INFO shop::orders: one\n  order of five ropes is packed and waits\n  for the carrier\n";
        assert_eq!(shown(old, Some(44)), broken);
        let now = shown(SystemTime::now(), Some(80));
        assert!(now.as_bytes()[2] == b':' && now.lines().count() == 2, "{now}");
    }
}
