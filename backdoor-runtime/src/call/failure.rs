//! How a command ended, and the message for the operator if it failed.

use std::fmt;
use std::ops::Range;

use crate::base::byte_size::ByteSize;
use crate::base::causes;
use crate::exec::catch_panic::Panic;
use crate::reply::Value;

/// How a line ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// The command did what it was asked.
    Done,
    /// The command did what it was asked, and found a problem: `doctor`. It counts as done.
    Findings,
    /// The line is wrong: an unknown command, or arguments that the command does not take.
    Usage,
    /// The command was not called, because of a guard, a missing confirmation or a limit.
    Refused,
    /// The function returned an error.
    Failed,
    /// The function panicked.
    Panicked,
    /// The answer exceeded its limit and was cut.
    Truncated,
    /// The command exceeded its deadline.
    TimedOut,
    /// It was cancelled: Ctrl-C, a disconnect, the end of the console.
    Cancelled,
}

impl Status {
    /// The word for logs and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Findings => "findings",
            Self::Usage => "usage",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Panicked => "panicked",
            Self::Truncated => "truncated",
            Self::TimedOut => "timed-out",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What to do about a panic in the console's own code.
pub(crate) const REPORT: &str = "please report it as backdoor's README describes";

/// The longest message, in bytes. It is shown at once, without waiting for a slow reader.
const LONGEST: usize = 8 * 1024;

/// Why a command failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub(crate) status: Status,
    /// One sentence. For a usage error it begins with the name of the argument.
    pub(crate) message: String,
    /// The bytes of the line that the error is about.
    pub(crate) range: Option<Range<usize>>,
    /// The usage line of the command that the line names.
    pub(crate) usage: Option<String>,
    /// The sources of an author's error. The message contains them after its own text.
    pub(crate) causes: Option<Box<Causes>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Causes {
    /// Bytes of the message before the sources.
    own: usize,
    texts: Vec<String>,
}

impl Failure {
    fn new(status: Status, mut message: String) -> Self {
        if message.len() > LONGEST {
            let rest = message.split_off(message.floor_char_boundary(LONGEST));
            message.shrink_to_fit();
            message.push_str(&format!(".. ({} bytes more)", rest.len()));
        }
        Self { status, message, range: None, usage: None, causes: None }
    }

    pub(crate) fn usage(message: String, range: Option<Range<usize>>) -> Self {
        Self { range, ..Self::new(Status::Usage, message) }
    }

    pub(crate) fn refused(message: String) -> Self {
        Self::new(Status::Refused, message)
    }

    pub(crate) fn failed(message: String) -> Self {
        Self::new(Status::Failed, message)
    }

    /// An error of the author, with the texts of its sources.
    pub(crate) fn failed_because(message: String, texts: Vec<String>) -> Self {
        let own = message.len();
        let failure = Self::failed(causes::joined(message, &texts));
        match texts.is_empty() || own > failure.message.len() {
            true => failure,
            false => Self { causes: Some(Box::new(Causes { own, texts })), ..failure },
        }
    }

    pub(crate) fn panicked(message: String) -> Self {
        Self::new(Status::Panicked, message)
    }

    /// An error of code that is not the author's.
    pub(crate) fn of_console(mut self) -> Self {
        self.message.push_str(&format!("; this is a bug in the console, {REPORT}"));
        self
    }

    pub(crate) fn is_panic(&self) -> bool {
        self.status == Status::Panicked
    }

    /// The answer reached this many bytes and was cut.
    pub(crate) fn truncated(bytes: usize) -> Self {
        let limit = ByteSize(bytes as u64);
        Self::new(Status::Truncated, format!("the answer is longer than {limit}; the rest is left out"))
    }

    pub(crate) fn timed_out(message: String) -> Self {
        Self::new(Status::TimedOut, message)
    }

    pub(crate) fn cancelled(message: String) -> Self {
        Self::new(Status::Cancelled, message)
    }

    /// The line a person reads first.
    pub(crate) fn headline(&self) -> String {
        match self.status {
            Status::Usage | Status::TimedOut | Status::Cancelled => self.message.clone(),
            Status::Failed => format!("error: {}", self.message),
            status => format!("{status}: {}", self.message),
        }
    }

    /// The object under `"error"` in JSON.
    pub(crate) fn to_value(&self) -> Value {
        let own = self
            .causes
            .as_ref()
            .map_or(self.message.as_str(), |causes| self.message.get(..causes.own).unwrap_or(&self.message));
        let mut fields =
            vec![("status".into(), Value::from(self.status.as_str())), ("message".into(), Value::from(own))];
        if let Some(causes) = &self.causes {
            let texts = causes.texts.iter().map(|text| Value::from(text.as_str()));
            fields.push(("caused_by".into(), texts.collect::<Vec<Value>>().into()));
        }
        if let Some(range) = &self.range {
            let ends = vec![Value::from(range.start), Value::from(range.end)];
            fields.push(("range".into(), Value::List(ends)));
        }
        if let Some(usage) = &self.usage {
            fields.push(("usage".into(), Value::from(usage.as_str())));
        }
        Value::Record(fields)
    }
}

impl From<Panic> for Failure {
    fn from(panic: Panic) -> Self {
        Self::panicked(panic.message)
    }
}
