//! Questions about all tasks.

use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use serde::ser::{Serialize, SerializeStruct, Serializer};
use tokio::runtime::{self, Handle};
use tokio::time::sleep;

use crate::tasks::record::{Record, State};
use crate::tasks::{EndedTask, TaskInfo, TaskState, clock, registry};

/// A poll that takes longer holds up its worker.
const LONG: Duration = Duration::from_millis(100);

/// The tasks that live, by number. They are asked in pieces, while it is read: those that end meanwhile are not in it, and only a few
/// hundred are held at a time.
///
/// ```
/// # #[tokio::main]
/// # async fn main() {
/// use backdoor_runtime::{spawn_named, tasks};
///
/// let _task = spawn_named("refresh", std::future::pending::<()>());
/// assert_eq!(tasks::list().filter(|task| task.matches("Refresh")).count(), 1);
/// # }
/// ```
pub fn list() -> impl Iterator<Item = TaskInfo> + Send {
    registry::all().map(|record| TaskInfo::of(&record))
}

/// How many tasks live.
pub fn count() -> usize {
    registry::count()
}

/// The task of this number, if it lives.
pub fn get(id: u64) -> Option<TaskInfo> {
    Some(TaskInfo::of(&*registry::get(NonZeroU64::new(id)?)?))
}

/// The last tasks that have ended, the latest first: about 256 that came to their end, and 256 of the others.
pub fn ended() -> Vec<EndedTask> {
    registry::ended().iter().map(|ended| EndedTask::of(ended)).collect()
}

/// How many of our tasks this runtime counts among its own: the others of its
/// [alive tasks](tokio::runtime::RuntimeMetrics::num_alive_tasks) were not spawned with us and cannot be seen.
pub fn counted_by(runtime: &Handle) -> usize {
    let id = Some(runtime.id());
    registry::all().filter(|record| record.counted_by.get().copied().flatten() == id).count()
}

/// The runtime that counts this task, where that is known.
pub(crate) fn runtime_of(id: u64) -> Option<runtime::Id> {
    registry::get(NonZeroU64::new(id)?)?.counted_by.get().copied().flatten()
}

/// What a task has spent within a window.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BusyTask {
    /// The task at the end of the window.
    pub task: TaskInfo,
    /// The time in its polls, the present one included.
    pub busy: Duration,
    /// How many polls have ended.
    pub polls: u64,
}

/// The tasks that are polled longest within the time to come, the busiest first and so many at most, and how many others are polled at
/// all. Those that end within it are not seen. It holds 24 bytes a task meanwhile.
pub async fn busy(window: Duration, most: usize) -> (Vec<BusyTask>, usize) {
    let begin = clock::now();
    let before: HashMap<NonZeroU64, (u64, u64)> = registry::all()
        .map(|record| {
            let spent = record.spent(begin);
            (record.id, (spent.busy, spent.polls))
        })
        .collect();
    sleep(window).await;
    let now = clock::now();
    let mut spent: Vec<(u64, u64, Arc<Record>)> = registry::all()
        .filter_map(|record| {
            let (busy, polls) = before.get(&record.id).copied().unwrap_or_default();
            let spent = record.spent(now);
            // A poll that was under way then has ended a little sooner than it was read.
            let busy = spent.busy.saturating_sub(busy);
            (busy > 0).then(|| (busy, spent.polls.saturating_sub(polls), record))
        })
        .collect();
    spent.sort_by_key(|(busy, _, record)| (std::cmp::Reverse(*busy), record.id));
    let others = spent.len().saturating_sub(most);
    let top = spent.iter().take(most).map(|(busy, polls, record)| BusyTask {
        task: TaskInfo::of(record),
        busy: Duration::from_nanos(*busy),
        polls: *polls,
    });
    (top.collect(), others)
}

/// The tasks whose present poll has lasted for more than 100 ms, and so hold up a worker; and those that were woken and are not polled
/// within the time to come.
pub async fn blocked(window: Duration) -> (Vec<TaskInfo>, Vec<TaskInfo>) {
    let woken: Vec<(Arc<Record>, u64)> = registry::all()
        .filter(|record| record.state() == State::Scheduled)
        .map(|record| (record.clone(), record.polls()))
        .collect();
    sleep(window).await;
    let waiting = woken
        .iter()
        .filter(|(record, polls)| record.state() == State::Scheduled && record.polls() == *polls)
        .filter(|(record, _)| registry::get(record.id).is_some());
    let waiting = waiting.map(|(record, _)| TaskInfo::of(record)).collect();
    (holding(), waiting)
}

/// The tasks whose present poll has lasted for more than 100 ms, the longest first.
pub(crate) fn holding() -> Vec<TaskInfo> {
    let mut holding: Vec<(Duration, TaskInfo)> = registry::all()
        .filter(|record| matches!(record.state(), State::Running(..)))
        .map(|record| TaskInfo::of(&record))
        .filter_map(|task| match task.state {
            TaskState::Running { since, .. } if since > LONG => Some((since, task)),
            _ => None,
        })
        .collect();
    holding.sort_by_key(|(since, task)| (std::cmp::Reverse(*since), task.id));
    holding.into_iter().map(|(_, task)| task).collect()
}

/// Why a task was not cancelled.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CancelError {
    /// There is none of this number, or it has ended.
    NotThere(u64),
    /// It was not spawned by us, so that whoever awaits it would wait for ever.
    NotOurs(u64),
}

impl fmt::Display for CancelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotThere(id) => {
                write!(f, "there is no task {id}, or it has ended; `tasks` and `tasks --ended` list them")
            }
            Self::NotOurs(id) => write!(
                f,
                "task {id} is a future that was only instrumented: who awaits it would wait for ever; what is spawned with `backdoor_runtime::spawn` can be cancelled"
            ),
        }
    }
}

impl std::error::Error for CancelError {}

/// Aborts a task: it is dropped where it awaits, by its runtime, and who awaits its handle is told that it was cancelled. `tasks
/// --ended` says by whom. One that does not return from its poll goes on.
///
/// ```
/// # #[tokio::main]
/// # async fn main() {
/// use backdoor_runtime::{spawn, tasks};
///
/// let task = spawn(std::future::pending::<()>());
/// tasks::cancel(task.id(), "the night watch").unwrap();
/// assert!(task.await.unwrap_err().is_cancelled());
/// # }
/// ```
///
/// # Errors
/// It has ended, or was not spawned by us.
pub fn cancel(id: u64, by: &str) -> Result<TaskInfo, CancelError> {
    let record = NonZeroU64::new(id).and_then(registry::get).ok_or(CancelError::NotThere(id))?;
    let abort = record.abort_handle().ok_or(CancelError::NotOurs(id))?;
    record.cancelled(by);
    abort.abort();
    Ok(TaskInfo::of(&record))
}

impl Serialize for BusyTask {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_struct("BusyTask", 3)?;
        record.serialize_field("busy_in_window", &self.busy)?;
        record.serialize_field("polls_in_window", &self.polls)?;
        record.serialize_field("task", &self.task)?;
        record.end()
    }
}
