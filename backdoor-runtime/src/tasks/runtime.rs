//! A runtime as its metrics show it from outside, and whether it is stuck.

use std::time::{Duration, Instant};

use serde::ser::{Serialize, SerializeStruct, Serializer};
use tokio::runtime::{Handle, RuntimeFlavor, RuntimeMetrics};
use tokio::time::sleep;

use crate::tasks::{TaskInfo, TaskState, query};
use crate::threads::{self, ThreadStack};

/// What tokio tells only with `--cfg tokio_unstable`.
const NOT_VISIBLE: &str = "not visible";

/// Of what holds up workers, so many are named.
const NAMED: usize = 3;

/// A runtime, over a window of time.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RuntimeInfo {
    /// `multi-thread` or `current-thread`.
    pub flavor: &'static str,
    /// Its workers.
    pub workers: Vec<WorkerInfo>,
    /// Tasks that live, those of a `LocalSet` left out.
    pub alive: usize,
    /// Of them, spawned with us or instrumented.
    pub seen: usize,
    /// Tasks that were woken from outside of its workers and that no worker has taken yet.
    pub global_queue: usize,
    /// Threads of `spawn_blocking`; `None` where that is not visible.
    pub blocking_threads: Option<usize>,
    /// The tasks whose present poll has lasted for more than 100 ms, the longest first.
    pub holding: Vec<TaskInfo>,
    /// Whether it is stuck, on what and since when.
    pub verdict: String,
}

/// A worker, over a window of time.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct WorkerInfo {
    /// Its number in the runtime.
    pub worker: usize,
    /// Whether it waits for work.
    pub is_parked: bool,
    /// Whether it has been in one poll, or outside of the runtime, for the whole window.
    pub is_held: bool,
    /// The part of the window that it was busy; 1 where it is held.
    pub busy: f64,
    /// How often it has parked within the window.
    pub parks: u64,
}

/// One reading of a worker's counters.
struct Reading {
    busy: Duration,
    parks: u64,
    turns: u64,
}

/// Watches a runtime for this long. Nothing is asked of its workers, so that it answers when they are blocked; if some are held, the
/// stacks of the process's threads are taken.
///
/// ```
/// # #[tokio::main]
/// # async fn main() {
/// use std::time::Duration;
/// use backdoor_runtime::tasks;
///
/// let runtime = tokio::runtime::Handle::current();
/// let info = tasks::runtime(&runtime, Duration::from_millis(50)).await;
/// assert!(info.verdict.starts_with("not stuck"), "{}", info.verdict);
/// # }
/// ```
pub async fn runtime(runtime: &Handle, window: Duration) -> RuntimeInfo {
    let metrics = runtime.metrics();
    let read = || (0..metrics.num_workers()).map(|worker| Reading::of(&metrics, worker)).collect::<Vec<_>>();
    let (begin, before) = (Instant::now(), read());
    sleep(window).await;
    let (after, took) = (read(), begin.elapsed());
    let workers: Vec<WorkerInfo> = before
        .iter()
        .zip(&after)
        .enumerate()
        .map(|(worker, (before, after))| after.worker(worker, before, took))
        .collect();
    let mut holding = query::holding();
    holding.retain(|task| query::runtime_of(task.id).is_none_or(|counts| counts == runtime.id()));
    let flavor = runtime.runtime_flavor();
    let held = workers.iter().filter(|worker| worker.is_held).count();
    let stacks = stacks(&holding, held).await;
    RuntimeInfo {
        flavor: match flavor {
            RuntimeFlavor::CurrentThread => "current-thread",
            RuntimeFlavor::MultiThread => "multi-thread",
            _ => NOT_VISIBLE,
        },
        alive: metrics.num_alive_tasks(),
        seen: query::counted_by(runtime),
        global_queue: metrics.global_queue_depth(),
        blocking_threads: blocking_threads(&metrics),
        verdict: verdict(&workers, &holding, &stacks, flavor, took),
        workers,
        holding,
    }
}

impl Reading {
    fn of(metrics: &RuntimeMetrics, worker: usize) -> Self {
        Self {
            busy: metrics.worker_total_busy_duration(worker),
            parks: metrics.worker_park_count(worker),
            turns: metrics.worker_park_unpark_count(worker),
        }
    }

    fn worker(&self, worker: usize, before: &Self, took: Duration) -> WorkerInfo {
        // An odd count is a worker that is parked. One that works writes its busy time now and then, at the latest when it parks.
        let is_parked = self.turns % 2 == 1;
        let is_held = !is_parked && self.turns == before.turns && self.busy == before.busy;
        let busy = self.busy.saturating_sub(before.busy).as_secs_f64() / took.as_secs_f64().max(1e-9);
        WorkerInfo {
            worker,
            is_parked,
            is_held,
            busy: if is_held { 1.0 } else { busy.min(1.0) },
            parks: self.parks.saturating_sub(before.parks),
        }
    }
}

#[cfg(tokio_unstable)]
fn blocking_threads(metrics: &RuntimeMetrics) -> Option<usize> {
    Some(metrics.num_blocking_threads())
}

#[cfg(not(tokio_unstable))]
fn blocking_threads(_: &RuntimeMetrics) -> Option<usize> {
    None
}

/// The stacks of the threads that hold the tasks; of all, where more workers are held than by tasks of ours. Where there are none, the
/// verdict goes without.
async fn stacks(holding: &[TaskInfo], held: usize) -> Vec<ThreadStack> {
    let tids: Vec<i32> = holding
        .iter()
        .filter_map(|task| match task.state {
            TaskState::Running { tid, .. } => Some(tid.cast_signed()),
            _ => None,
        })
        .collect();
    if tids.is_empty() && held == 0 {
        return Vec::new();
    }
    let look = move || match held > tids.len() {
        true => threads::stacks(),
        false => threads::stacks_of(&tids),
    };
    match threads::aside(look).await {
        Ok(Ok(stacks)) => stacks.threads,
        _ => Vec::new(),
    }
}

fn verdict(
    workers: &[WorkerInfo],
    holding: &[TaskInfo],
    stacks: &[ThreadStack],
    flavor: RuntimeFlavor,
    took: Duration,
) -> String {
    let held = workers.iter().filter(|worker| worker.is_held).count();
    let took = crate::reply::text::duration(&Duration::from_millis(took.as_millis() as u64));
    let mut words = match (held, workers.len()) {
        (0, _) if holding.is_empty() => "not stuck".to_owned(),
        (0, _) => "not stuck, but a poll takes long".to_owned(),
        (1, 1) => format!("stuck: its only worker has not come round within {took}"),
        (held, all) if held == all => {
            format!("stuck: none of its {all} workers has come round within {took}")
        }
        (held, all) => format!("{held} of {all} workers held: not come round within {took}"),
    };
    let (in_groups, with_tasks) = by_place(holding, stacks);
    for (first, others, place) in in_groups.iter().take(NAMED) {
        words.push_str(&format!("; {} is {} in one poll", first.title(), first.state.describe()));
        if let Some(place) = place {
            words.push_str(&format!(", in {place}"));
        }
        if !others.is_empty() {
            let named: Vec<String> = others.iter().take(NAMED).map(|task| task.title()).collect();
            words.push_str(&format!(
                ", and so {} {}",
                if others.len() == 1 { "is" } else { "are" },
                named.join(", ")
            ));
            if others.len() > NAMED {
                words.push_str(&format!(" and {} more", others.len() - NAMED));
            }
        }
    }
    if in_groups.len() > NAMED {
        words.push_str("; others are elsewhere: `tasks --blocked` lists them");
    }
    if held > holding.len() {
        let unseen = held - holding.len();
        let (workers, are) = if unseen == 1 { ("worker", "is") } else { ("workers", "are") };
        words.push_str(&format!(
            "; what {unseen} {workers} {are} held by is no task of ours, or nobody drives the runtime"
        ));
        words.push_str(&elsewhere(stacks, &with_tasks, flavor));
    }
    words
}

/// Tasks that are at one place: the first, the others, and where that is.
type AtPlace<'a> = (&'a TaskInfo, Vec<&'a TaskInfo>, Option<String>);

/// The tasks that are being polled, those that are at one place together, and their threads.
fn by_place<'a>(holding: &'a [TaskInfo], stacks: &[ThreadStack]) -> (Vec<AtPlace<'a>>, Vec<i32>) {
    let (mut groups, mut tids): (Vec<AtPlace<'a>>, _) = (Vec::new(), Vec::new());
    for task in holding {
        let TaskState::Running { tid, .. } = &task.state else { continue };
        tids.push(tid.cast_signed());
        let stack = stacks.iter().find(|stack| stack.tid == tid.cast_signed());
        let place = stack.and_then(ThreadStack::own_place);
        match groups.iter_mut().find(|(.., other)| place.is_some() && *other == place) {
            Some((_, others, _)) => others.push(task),
            None => groups.push((task, Vec::new(), place)),
        }
    }
    (groups, tids)
}

/// Where threads are that work for a runtime of this kind and poll no task of ours; that may be another runtime.
fn elsewhere(stacks: &[ThreadStack], with_tasks: &[i32], flavor: RuntimeFlavor) -> String {
    let role = match flavor {
        RuntimeFlavor::CurrentThread => "tokio current-thread",
        _ => "tokio worker",
    };
    let others = stacks.iter().filter(|stack| stack.role == Some(role) && !with_tasks.contains(&stack.tid));
    let places: Vec<String> = others
        .filter_map(|stack| {
            Some(format!("thread {} `{}` is in {}", stack.tid, stack.name, stack.own_place()?))
        })
        .take(NAMED)
        .collect();
    match places.is_empty() {
        true => ": `pnt` shows the threads".to_owned(),
        false => format!(": {}", places.join(", ")),
    }
}

impl RuntimeInfo {
    /// Tasks that live and were spawned by others, so that nothing else is known of them.
    pub fn unseen(&self) -> usize {
        self.alive.saturating_sub(self.seen)
    }
}

impl Serialize for RuntimeInfo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_struct("RuntimeInfo", 9)?;
        record.serialize_field("verdict", &self.verdict)?;
        record.serialize_field("flavor", self.flavor)?;
        record.serialize_field("alive", &self.alive)?;
        record.serialize_field("seen", &self.seen)?;
        record.serialize_field("unseen", &self.unseen())?;
        record.serialize_field("global_queue", &self.global_queue)?;
        match self.blocking_threads {
            Some(threads) => record.serialize_field("blocking_threads", &threads)?,
            None => record.serialize_field("blocking_threads", NOT_VISIBLE)?,
        }
        record.serialize_field("holding", &self.holding)?;
        record.serialize_field("workers", &self.workers)?;
        record.end()
    }
}

impl Serialize for WorkerInfo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let state = match (self.is_held, self.is_parked) {
            (true, _) => "held",
            (false, true) => "parked",
            (false, false) => "active",
        };
        let mut record = serializer.serialize_struct("WorkerInfo", 4)?;
        record.serialize_field("worker", &self.worker)?;
        record.serialize_field("state", state)?;
        record.serialize_field("busy_percent", &((self.busy * 1000.0).round() / 10.0))?;
        record.serialize_field("parks", &self.parks)?;
        record.end()
    }
}
