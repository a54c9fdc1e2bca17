//! Queries over all tasks.

use std::collections::HashMap;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use serde_core::ser::{Serialize, SerializeStruct, Serializer};
use tokio::runtime::{self, Handle};
use tokio::time::sleep;

use crate::base::clock;
use crate::base::sort;
use crate::views::tasks::record::{self, Record, State};
use crate::views::tasks::{EndedTask, TaskInfo, TaskState, registry};

/// A longer poll holds up its worker.
const LONG: Duration = Duration::from_nanos(record::LONG);

/// The live tasks, by number. The iterator reads them in batches of a few hundred; it skips tasks that end before their batch.
///
/// ```
/// # #[tokio::main]
/// # async fn main() {
/// use backdoor_runtime::{spawn_named, tasks};
///
/// let _task = spawn_named("refresh", std::future::pending::<()>());
/// assert_eq!(tasks::list().filter(|task| task.name.as_deref() == Some("refresh")).count(), 1);
/// # }
/// ```
pub fn list() -> impl Iterator<Item = TaskInfo> + Send {
    let ours = registry::all().map(|record| TaskInfo::of(&record));
    #[cfg(tokio_unstable)]
    let ours = ours.chain(super::hook::list());
    ours
}

/// The task with this number, if it is alive.
pub(crate) fn get(id: u64) -> Option<TaskInfo> {
    Some(TaskInfo::of(&*registry::get(NonZeroU64::new(id)?)?))
}

/// The last ended tasks, the latest first: about 256 that completed, and 256 that were cancelled or panicked.
pub(crate) fn ended() -> Vec<EndedTask> {
    registry::ended().iter().map(EndedTask::of).collect()
}

/// The number of listed tasks that belong to this runtime. The rest of its
/// [alive tasks](tokio::runtime::RuntimeMetrics::num_alive_tasks) are not instrumented.
pub(crate) fn counted_by(runtime: &Handle) -> usize {
    let id = Some(runtime.id());
    let seen = registry::all().filter(|record| record.counted_by() == id).count();
    #[cfg(tokio_unstable)]
    let seen = seen + super::hook::counted_by(runtime.id());
    seen
}

/// The runtime of this task, if it is known.
pub(crate) fn runtime_of(id: u64) -> Option<runtime::Id> {
    registry::get(NonZeroU64::new(id)?)?.counted_by()
}

/// The poll time of a task within a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BusyTask {
    /// The task at the end of the window.
    pub(crate) task: TaskInfo,
    /// The time in its polls, with the current one.
    pub(crate) busy: Duration,
    /// The number of ended polls.
    pub(crate) polls: u64,
}

/// Watches for this time, and returns the tasks with the longest polls, the busiest first and at most `most`, with the number of other
/// polled tasks. Tasks that end within the window are not reported. The call needs 24 bytes per task.
pub(crate) async fn busy(window: Duration, most: usize) -> (Vec<BusyTask>, usize) {
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
            // A poll that was running at the first reading ended a little earlier than the reading.
            let busy = spent.busy.saturating_sub(busy);
            (busy > 0).then(|| (busy, spent.polls.saturating_sub(polls), record))
        })
        .collect();
    sort::sort_by_key(&mut spent, |(busy, _, record)| (std::cmp::Reverse(*busy), record.id));
    let others = spent.len().saturating_sub(most);
    let top = spent.iter().take(most).map(|(busy, polls, record)| BusyTask {
        task: TaskInfo::of(record),
        busy: Duration::from_nanos(*busy),
        polls: *polls,
    });
    (top.collect(), others)
}

/// A task that holds up a worker, or waits for a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BlockedTask {
    /// The task.
    pub(crate) task: TaskInfo,
    /// Whether its current poll has lasted more than 100 ms; otherwise it was woken and not polled.
    pub(crate) holds: bool,
}

/// The tasks that hold up a worker, then the tasks that were woken and are not polled within this time.
pub(crate) async fn blocked(window: Duration) -> Vec<BlockedTask> {
    let woken: Vec<(Arc<Record>, u64)> = registry::all()
        .filter(|record| record.state() == State::Scheduled)
        .map(|record| (record.clone(), record.polls()))
        .collect();
    sleep(window).await;
    let waiting = woken
        .iter()
        .filter(|(record, polls)| record.state() == State::Scheduled && record.polls() == *polls)
        .filter(|(record, _)| registry::get(record.id).is_some());
    let waiting = waiting.map(|(record, _)| BlockedTask { task: TaskInfo::of(record), holds: false });
    holding().into_iter().map(|task| BlockedTask { task, holds: true }).chain(waiting).collect()
}

/// A current poll.
#[derive(Clone, Copy)]
pub(crate) struct Poll {
    pub(crate) thread: u32,
    /// Whether it is known that the runtime counts the task.
    pub(crate) is_counted: bool,
}

/// The current polls of tasks of this runtime or of an unknown runtime: each with its task and its begin.
pub(crate) fn polls(runtime: runtime::Id) -> HashMap<(NonZeroU64, u64), Poll> {
    let poll = |record: Arc<Record>| {
        let counted = record.counted_by();
        match record.state() {
            State::Running(thread, began) if counted.is_none_or(|counts| counts == runtime) => {
                Some(((record.id, began), Poll { thread, is_counted: counted.is_some() }))
            }
            _ => None,
        }
    };
    registry::all().filter_map(poll).collect()
}

/// The tasks that are being polled.
pub(crate) fn running() -> Vec<TaskInfo> {
    let running = registry::all().filter(|record| matches!(record.state(), State::Running(..)));
    running.map(|record| TaskInfo::of(&record)).collect()
}

/// The tasks whose current poll has lasted more than 100 ms, the longest first.
pub(crate) fn holding() -> Vec<TaskInfo> {
    let mut holding: Vec<(Duration, TaskInfo)> = running()
        .into_iter()
        .filter_map(|task| match task.state {
            TaskState::Running { since, .. } if since > LONG => Some((since, task)),
            _ => None,
        })
        .collect();
    sort::sort_by_key(&mut holding, |(since, task)| (std::cmp::Reverse(*since), task.id));
    holding.into_iter().map(|(_, task)| task).collect()
}

impl Serialize for BusyTask {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_struct("BusyTask", 2 + TaskInfo::FIELDS)?;
        record.serialize_field("busy_in_window", &self.busy)?;
        record.serialize_field("polls_in_window", &self.polls)?;
        self.task.write(&mut record)?;
        record.end()
    }
}

impl BlockedTask {
    /// Why it is blocked, as text.
    pub(crate) fn why(&self) -> &'static str {
        if self.holds { "holds a worker" } else { "woken, not polled" }
    }
}

impl Serialize for BlockedTask {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_struct("BlockedTask", 1 + TaskInfo::FIELDS)?;
        record.serialize_field("why", self.why())?;
        self.task.write(&mut record)?;
        record.end()
    }
}
