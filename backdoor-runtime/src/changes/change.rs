//! One change, as `changes` shows it and as it is logged.

use std::time::{Duration, SystemTime};

use serde_core::ser::{Serialize, SerializeStruct, Serializer};

use crate::Value;
use crate::audit::Event;
use crate::base::escape::escape_line;
use crate::reply::text;

/// One change, as `changes` shows it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Change {
    /// Its number, unique in the process.
    pub number: u64,
    /// When it was made, by the clock at that time.
    pub at: SystemTime,
    /// How long ago that is, by the monotonic clock.
    pub ago: Duration,
    /// The name of the variable or setting.
    pub name: String,
    /// The previous value. Dots stand for a secret.
    pub old: Value,
    /// The new value.
    pub new: Value,
    /// `set`, `set for 15m`, `reset`, `undo of 3`, `end of 3` (its time was over) or `end of 3, not restored` (the service had changed it
    /// since).
    pub what: String,
    /// Its author: the session, or `the service`.
    pub by: String,
    /// The name of the console of that session; a process may have several.
    pub console: Option<String>,
    /// The number of that console, unique in the process.
    pub console_id: Option<u64>,
    /// The reason, if one was given.
    pub because: Option<String>,
    /// When it will be undone, by the clock as it is now; none if it will not.
    pub until: Option<SystemTime>,
}

impl Event for Change {
    fn emit(&self) {
        let Self { number, name, by, what, .. } = self;
        let (old, new) = (text::cell(&self.old), text::cell(&self.new));
        let because = escape_line(self.because.as_deref().unwrap_or_default());
        tracing::info!(target: "backdoor", change = number, name, %old, %new, by, what, %because, "variable changed");
    }
}

impl Serialize for Change {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_struct("Change", 11)?;
        record.serialize_field("change", &self.number)?;
        record.serialize_field("at", &Value::Time(self.at))?;
        record.serialize_field("name", &self.name)?;
        record.serialize_field("old", &self.old)?;
        record.serialize_field("new", &self.new)?;
        record.serialize_field("what", &self.what)?;
        record.serialize_field("by", &self.by)?;
        record.serialize_field("because", &self.because)?;
        record.serialize_field("until", &self.until.map(Value::Time))?;
        record.serialize_field("console", &self.console)?;
        record.serialize_field("console_id", &self.console_id)?;
        record.end()
    }
}
