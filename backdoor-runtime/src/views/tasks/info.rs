//! A task as data.

use std::time::Duration;

use serde_core::ser::{Serialize, SerializeStruct, Serializer};

use crate::base::clock;
use crate::reply::text;
use crate::views::tasks::native;
use crate::views::tasks::record::{Record, State};
use crate::views::tasks::registry::{End, Ended};

/// The current state of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskState {
    /// It waits to be woken.
    Idle,
    /// It was woken, and not polled since.
    Scheduled,
    /// It is being polled.
    #[non_exhaustive]
    Running {
        /// The thread's id in the kernel.
        tid: u32,
        /// The thread's name.
        thread: Option<String>,
        /// The time since the begin of the poll.
        since: Duration,
    },
    /// It has ended.
    Done,
    /// It is not instrumented, and only its existence is known.
    NotVisible,
}

/// A task at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskInfo {
    /// Its number, unique in the process.
    pub id: u64,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// The state.
    pub state: TaskState,
    /// The time since its creation, by a coarse clock: at most a tick of the kernel too long, 4 ms at 250 Hz.
    pub age: Duration,
    /// The time since the end of its last poll, or since its creation if it was not polled yet. `None` while it is polled, and where that
    /// is unknown. The polls that a request for its stack has caused do not count.
    pub idle: Option<Duration>,
    /// The number of its completed polls.
    pub polls: u64,
    /// The time spent in its polls, with the current one.
    pub busy: Duration,
    /// The longest poll.
    pub longest: Duration,
    /// The file and line of its creation.
    pub spawned: String,
    /// The instrumented task that created it.
    pub parent: Option<u64>,
    /// The instrumented task that awaits its [`JoinHandle`](crate::views::tasks::JoinHandle).
    pub awaited_by: Option<u64>,
}

/// How a task ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HowEnded {
    /// It completed.
    Done,
    /// It panicked, with this message.
    Panicked(String),
    /// An operator cancelled it: their name.
    Cancelled(String),
    /// It was aborted, or dropped with its runtime or its owner.
    Dropped,
}

/// A task that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EndedTask {
    /// The task.
    pub(crate) task: TaskInfo,
    /// How it ended.
    pub(crate) how: HowEnded,
    /// The time since its end.
    pub(crate) ago: Duration,
}

impl TaskInfo {
    pub(crate) fn of(record: &Record) -> Self {
        let now = clock::now();
        let state = match record.state() {
            State::Idle => TaskState::Idle,
            State::Scheduled => TaskState::Scheduled,
            State::Running(tid, began) => TaskState::Running {
                tid,
                thread: native::name(tid),
                since: Duration::from_nanos(now.saturating_sub(began)),
            },
        };
        let spent = record.spent(now);
        Self {
            id: record.id.get(),
            name: record.name.as_deref().map(str::to_owned),
            state,
            age: Duration::from_nanos(now.saturating_sub(record.born)),
            idle: record.idle(now).map(Duration::from_nanos),
            polls: spent.polls,
            busy: Duration::from_nanos(spent.busy),
            longest: Duration::from_nanos(spent.longest),
            spawned: record.spawned.to_string(),
            parent: record.parent.map(Into::into),
            awaited_by: record.awaited_by().map(Into::into),
        }
    }

    /// Whether its name, or the place of its creation, contains this text in any case.
    pub(crate) fn matches(&self, pattern: &str) -> bool {
        let pattern = pattern.to_lowercase();
        let has = |text: &str| text.to_lowercase().contains(&pattern);
        self.name.as_deref().is_some_and(has) || has(&self.spawned)
    }

    /// Its number and its name, for a sentence.
    pub(crate) fn title(&self) -> String {
        match &self.name {
            Some(name) => format!("task {} `{name}`", self.id),
            None => format!("task {}", self.id),
        }
    }
}

impl EndedTask {
    pub(crate) fn of(ended: &Ended) -> Self {
        let task = TaskInfo {
            id: ended.id.get(),
            name: ended.name.as_deref().map(str::to_owned),
            state: TaskState::Done,
            age: Duration::from_nanos(ended.at.saturating_sub(ended.born)),
            idle: None,
            polls: ended.spent.polls,
            busy: Duration::from_nanos(ended.spent.busy),
            longest: Duration::from_nanos(ended.spent.longest),
            spawned: ended.spawned.to_string(),
            parent: ended.parent.map(Into::into),
            awaited_by: None,
        };
        let how = match &ended.end {
            End::Done => HowEnded::Done,
            End::Panicked(message) => HowEnded::Panicked(message.clone()),
            End::Cancelled(by) => HowEnded::Cancelled(by.clone()),
            End::Dropped => HowEnded::Dropped,
        };
        Self { task, how, ago: clock::since(ended.at) }
    }
}

/// Whole seconds from ten on, else whole milliseconds.
pub(crate) fn rounded(length: Duration) -> Duration {
    match length.as_secs() {
        0..10 => Duration::from_millis(length.as_millis() as u64),
        seconds => Duration::from_secs(seconds),
    }
}

impl TaskState {
    /// The state as one word.
    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Scheduled => "scheduled",
            Self::Running { .. } => "running",
            Self::Done => "done",
            Self::NotVisible => "not visible",
        }
    }

    /// The text form; for a running task, with its thread.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Running { tid, thread, since } => {
                let name = thread.as_ref().map(|name| format!(" `{name}`")).unwrap_or_default();
                format!("running on thread {tid}{name} for {}", text::duration(&rounded(*since)))
            }
            other => other.as_str().to_owned(),
        }
    }
}

impl HowEnded {
    /// The text form.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Done => "done".to_owned(),
            Self::Panicked(message) => format!("panicked: {message}"),
            Self::Cancelled(by) => format!("cancelled by {by}"),
            Self::Dropped => "aborted or dropped".to_owned(),
        }
    }
}

impl TaskInfo {
    /// The number of its fields.
    pub(crate) const FIELDS: usize = 14;

    /// Writes its fields, also as a part of a larger record.
    pub(crate) fn write<R: SerializeStruct>(&self, record: &mut R) -> Result<(), R::Error> {
        let (tid, thread, since) = match &self.state {
            TaskState::Running { tid, thread, since } => (Some(tid), thread.as_deref(), Some(since)),
            _ => (None, None, None),
        };
        record.serialize_field("id", &self.id)?;
        record.serialize_field("name", &self.name)?;
        record.serialize_field("state", self.state.as_str())?;
        record.serialize_field("tid", &tid)?;
        record.serialize_field("thread", &thread)?;
        record.serialize_field("running_for", &since)?;
        record.serialize_field("age", &self.age)?;
        record.serialize_field("idle", &self.idle)?;
        record.serialize_field("polls", &self.polls)?;
        record.serialize_field("busy", &self.busy)?;
        record.serialize_field("longest", &self.longest)?;
        record.serialize_field("parent", &self.parent)?;
        record.serialize_field("awaited_by", &self.awaited_by)?;
        record.serialize_field("spawned", &self.spawned)
    }
}

impl Serialize for TaskInfo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_struct("TaskInfo", Self::FIELDS)?;
        self.write(&mut record)?;
        record.end()
    }
}

impl Serialize for EndedTask {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (how, message, by) = match &self.how {
            HowEnded::Done => ("done", None, None),
            HowEnded::Panicked(message) => ("panicked", Some(message), None),
            HowEnded::Cancelled(by) => ("cancelled", None, Some(by)),
            HowEnded::Dropped => ("dropped", None, None),
        };
        let mut record = serializer.serialize_struct("EndedTask", 4 + TaskInfo::FIELDS)?;
        record.serialize_field("how", how)?;
        record.serialize_field("message", &message)?;
        record.serialize_field("by", &by)?;
        record.serialize_field("ago", &self.ago)?;
        self.task.write(&mut record)?;
        record.end()
    }
}
