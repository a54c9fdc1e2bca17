//! What a task looks like from outside, as data.

use std::time::Duration;

use serde::ser::{Serialize, SerializeStruct, Serializer};

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
    /// It was woken, and not polled after that.
    Scheduled,
    /// It is being polled.
    #[non_exhaustive]
    Running {
        /// The thread's number, as the kernel counts.
        tid: u32,
        /// The thread's name.
        thread: Option<String>,
        /// For how long.
        since: Duration,
    },
    /// It has ended.
    Done,
    /// It was spawned by others, and only its being there is known.
    NotVisible,
}

/// A task at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskInfo {
    /// Its number, unique in the process.
    pub id: u64,
    /// The name it was given.
    pub name: Option<String>,
    /// The state.
    pub state: TaskState,
    /// How long ago it was made, by a coarse clock: up to a tick of the kernel's too much, 4 ms where that is 250 Hz.
    pub age: Duration,
    /// How often it was polled to an end.
    pub polls: u64,
    /// The time spent in its polls, the present one included.
    pub busy: Duration,
    /// The longest of them.
    pub longest: Duration,
    /// The file and line where it was made.
    pub spawned: String,
    /// The task of ours that made it.
    pub parent: Option<u64>,
    /// The task of ours that awaits its [`JoinHandle`](crate::views::tasks::JoinHandle).
    pub awaited_by: Option<u64>,
}

/// How a task ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HowEnded {
    /// It came to its end.
    Done,
    /// It panicked, with this message.
    Panicked(String),
    /// An operator cancelled it: who.
    Cancelled(String),
    /// It was aborted, or dropped with its runtime or its owner.
    Dropped,
}

/// A task that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EndedTask {
    /// The task.
    pub task: TaskInfo,
    /// How it ended.
    pub how: HowEnded,
    /// How long ago.
    pub ago: Duration,
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
            polls: spent.polls,
            busy: Duration::from_nanos(spent.busy),
            longest: Duration::from_nanos(spent.longest),
            spawned: record.spawned.to_string(),
            parent: record.parent.map(Into::into),
            awaited_by: record.awaited_by().map(Into::into),
        }
    }

    /// Whether the words are in its name, or in the place where it was made, in capitals or not.
    pub fn matches(&self, pattern: &str) -> bool {
        let pattern = pattern.to_lowercase();
        let has = |text: &str| text.to_lowercase().contains(&pattern);
        self.name.as_deref().is_some_and(has) || has(&self.spawned)
    }

    /// Its number and its name, as a sentence has it.
    pub fn title(&self) -> String {
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
    /// One word.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Scheduled => "scheduled",
            Self::Running { .. } => "running",
            Self::Done => "done",
            Self::NotVisible => "not visible",
        }
    }

    /// The text form; for a running task, with its thread.
    pub fn describe(&self) -> String {
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
    pub fn describe(&self) -> String {
        match self {
            Self::Done => "done".to_owned(),
            Self::Panicked(message) => format!("panicked: {message}"),
            Self::Cancelled(by) => format!("cancelled by {by}"),
            Self::Dropped => "aborted or dropped".to_owned(),
        }
    }
}

impl TaskInfo {
    /// How many fields it has.
    pub(crate) const FIELDS: usize = 13;

    /// Its fields, also as the end of a larger record.
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
