//! Variables and changes as records, with the field names of `--json`.

use serde_core::ser::{Serialize, SerializeStruct, Serializer};

use crate::Value;
use crate::base::duration;
use crate::changes::Change;
use crate::changes::entry::What;
use crate::changes::journal::JOURNAL;
use crate::command::Range;
use crate::exec::catch_panic::catch_panic;
use crate::views::counters::{Metric, brief};
use crate::views::vars::found::{Found, dots};
use crate::views::vars::typable::NONE;
use crate::views::vars::{Readable, Reading};

/// One variable, as `vars` and `get` show it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct VarInfo {
    /// Its name.
    pub name: String,
    /// The value; null where `state` has the reason. Dots stand for a secret.
    pub value: Value,
    /// `set`, `poisoned` (the value is there, behind a poisoned lock), `not set yet`, `held` (its lock was held for 50 ms), or the reason
    /// why it could not be read.
    pub state: String,
    /// The unit; empty if it is not declared.
    pub unit: String,
    /// The name of its type.
    pub type_name: String,
    /// The default, if it is known.
    pub default: Option<Value>,
    /// The last change, if the value is not the default.
    pub changed: Option<Changed>,
    /// Whether an operator may set it.
    pub settable: bool,
    /// Whether it is hidden from lists.
    pub hidden: bool,
    /// The accepted values: `1..=100`, `error|warn|info`, or their name in help. `None` if it is not settable.
    pub accepts: Option<String>,
    /// The place of its declaration.
    pub declared: Option<String>,
    /// The doc comment.
    pub help: String,
}

/// The author, time and reason of a change.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Changed {
    /// A change by a console.
    By(Box<Change>),
    /// A change by the service: the value differs from the last value that a console set.
    ByTheService,
}

/// The result of a reading, and what the author's code returned with it.
pub(crate) struct Seen {
    pub(crate) reading: Result<Reading, String>,
    pub(crate) default: Option<Value>,
    pub(crate) accepts: Option<String>,
}

impl Seen {
    /// Reads a variable: code of the author, which may panic.
    pub(crate) fn of(found: &Found) -> Self {
        catch_panic(|| Self::read(found)).unwrap_or_else(|panic| {
            Self::without(format!("reading the variable panicked: {}", panic.message))
        })
    }

    fn read(found: &Found) -> Self {
        let setting = found.setting().map(|(_, setting)| setting);
        Self {
            reading: Ok(found.read()),
            default: setting.and_then(|setting| setting.default().map(|value| (setting.show)(&value))),
            accepts: setting.map(|setting| {
                let words: Vec<&str> = setting.cell().choices().iter().map(|choice| choice.name).collect();
                let range = setting.range.as_ref().and_then(Range::text);
                let few = (!words.is_empty()).then(|| words.join("|"));
                let one = range.or(few).unwrap_or_else(|| setting.cell().value_name().to_owned());
                if setting.cell().may_be_none() { format!("{one}|{NONE}") } else { one }
            }),
        }
    }

    /// The result for a variable that did not answer.
    pub(crate) fn without(why: String) -> Self {
        Self { reading: Err(why), default: None, accepts: None }
    }
}

/// A value and its state.
fn stated(reading: Result<Reading, String>) -> (Value, String) {
    match reading {
        Ok(Reading::Value(value)) => (value, "set".to_owned()),
        Ok(Reading::Poisoned(value)) => (value, "poisoned".to_owned()),
        Ok(Reading::NotSet) => (Value::Null, "not set yet".to_owned()),
        Ok(Reading::Held) => (Value::Null, "held".to_owned()),
        Err(why) => (Value::Null, why),
    }
}

impl VarInfo {
    pub(crate) fn new(found: &Found, seen: Seen) -> Self {
        let (value, state) = stated(seen.reading);
        let is_there = matches!(state.as_str(), "set" | "poisoned");
        let changed = if is_there { changed(found, &value, seen.default.as_ref()) } else { None };
        let hide = |value: Value| if found.is_secret() { dots() } else { value };
        Self {
            name: found.name().to_owned(),
            value: if is_there { hide(value) } else { value },
            state,
            unit: found.unit().to_owned(),
            type_name: found.type_name(),
            default: seen.default.map(hide),
            changed,
            settable: found.setting().is_some(),
            hidden: found.is_hidden(),
            accepts: seen.accepts,
            declared: found.declared(),
            help: found.help().to_owned(),
        }
    }

    /// A metric of another crate's registry, as a variable that cannot be set.
    pub(crate) fn of_metric(metric: Metric) -> Self {
        let (value, state) = stated(Ok(metric.reading));
        Self {
            name: metric.name,
            value,
            state,
            unit: metric.unit.into_owned(),
            type_name: "metric".to_owned(),
            default: None,
            changed: None,
            settable: false,
            hidden: false,
            accepts: None,
            declared: None,
            help: metric.help.into_owned(),
        }
    }

    /// The same in one cell of a table.
    pub(crate) fn brief(&self) -> Value {
        let counted = if self.state == "set" { brief(&self.value) } else { None };
        counted.map_or_else(|| self.shown(), Value::Text)
    }

    /// The value as text, or its state if there is none.
    pub(crate) fn shown(&self) -> Value {
        match self.state.as_str() {
            "set" => typed(&self.value),
            "poisoned" => {
                let value = self.value.as_str().map_or_else(|| self.value.to_string(), str::to_owned);
                Value::Text(format!("{value} (poisoned)"))
            }
            state => Value::Text(format!("({state})")),
        }
    }
}

/// A value in the form that an operator types. An `Option` without a value stays null in `--json`.
pub(crate) fn typed(value: &Value) -> Value {
    match value {
        Value::Null => NONE.into(),
        // A duration that was set to the nanosecond is shown to the nanosecond.
        Value::Duration(length) => duration::show(*length).into(),
        value => value.clone(),
    }
}

/// The last change, if the value is not the default.
fn changed(found: &Found, value: &Value, default: Option<&Value>) -> Option<Changed> {
    if default == Some(value) {
        return None;
    }
    let last = JOURNAL.last(found.name());
    match last {
        // For a secret variable, the journal has dots.
        Some(entry)
            if !matches!(entry.what, What::LeftAlone(_)) && (entry.new == *value || found.is_secret()) =>
        {
            Some(Changed::By(Box::new(entry.change())))
        }
        Some(_) => Some(Changed::ByTheService),
        None => default.map(|_| Changed::ByTheService),
    }
}

impl Changed {
    /// The author of the change, or the service.
    pub(crate) fn by(&self) -> &str {
        match self {
            Self::By(change) => &change.by,
            Self::ByTheService => "the service",
        }
    }

    /// The change, if a console made it.
    pub(crate) fn change(&self) -> Option<&Change> {
        match self {
            Self::By(change) => Some(change),
            Self::ByTheService => None,
        }
    }
}

impl Serialize for VarInfo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let change = self.changed.as_ref().and_then(Changed::change);
        let mut record = serializer.serialize_struct("VarInfo", 14)?;
        record.serialize_field("name", &self.name)?;
        record.serialize_field("value", &self.value)?;
        record.serialize_field("state", &self.state)?;
        record.serialize_field("unit", &self.unit)?;
        record.serialize_field("type", &self.type_name)?;
        record.serialize_field("default", &self.default)?;
        record.serialize_field("changed_by", &self.changed.as_ref().map(Changed::by))?;
        record.serialize_field("changed_at", &change.map(|change| Value::Time(change.at)))?;
        record.serialize_field("because", &change.and_then(|change| change.because.as_deref()))?;
        record.serialize_field("until", &change.and_then(|change| change.until).map(Value::Time))?;
        record.serialize_field("settable", &self.settable)?;
        record.serialize_field("accepts", &self.accepts)?;
        record.serialize_field("declared", &self.declared)?;
        record.serialize_field("help", &self.help)?;
        record.end()
    }
}
