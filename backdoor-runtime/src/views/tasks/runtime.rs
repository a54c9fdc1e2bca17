//! The state of a runtime, from its metrics, and the verdict whether it is stuck.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use serde_core::ser::{Serialize, SerializeStruct, Serializer};
use tokio::runtime::{Handle, RuntimeFlavor, RuntimeMetrics};
use tokio::time::sleep;

use crate::views::tasks::query::Poll;
use crate::views::tasks::{TaskInfo, TaskState, query};
use crate::views::threads::{self, ThreadStack};

/// Metrics that tokio has only with `--cfg tokio_unstable`.
const NOT_VISIBLE: &str = "not visible";

/// The most places that the verdict names.
const NAMED: usize = 3;

/// The verdict names polls of at least this length where workers are slow.
const NAMED_FROM: Duration = Duration::from_millis(1);

/// How often polls are sampled within a window. A slow worker is in a long poll at nearly every sample.
const LOOKS: u32 = 4;

/// A runtime, over a window of time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RuntimeInfo {
    /// `multi-thread` or `current-thread`.
    pub(crate) flavor: &'static str,
    /// Its workers.
    pub(crate) workers: Vec<WorkerInfo>,
    /// Live tasks, without those of a `LocalSet`.
    pub(crate) alive: usize,
    /// The instrumented tasks among them.
    pub(crate) seen: usize,
    /// Tasks in the global queue: woken from outside of the workers, and not taken by a worker yet.
    pub(crate) global_queue: usize,
    /// Threads of `spawn_blocking`; `None` where that is not visible.
    pub(crate) blocking_threads: Option<usize>,
    /// The tasks whose current poll has lasted more than 100 ms, the longest first.
    pub(crate) holding: Vec<TaskInfo>,
    /// Whether it is stuck, the place, and the time.
    pub(crate) verdict: String,
}

/// A worker, over a window of time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WorkerInfo {
    /// Its number in the runtime.
    pub(crate) worker: usize,
    /// Whether it is parked.
    pub(crate) is_parked: bool,
    /// Whether it spent the whole window in one poll, or outside of the runtime.
    pub(crate) is_held: bool,
    /// Whether it ran one long poll after another for the whole window. If it is also held, one of the two is true, and the runtime
    /// does not show which.
    pub(crate) is_slow: bool,
    /// The part of the window in which it was not parked: it polled, and the polls computed or waited for a processor or a lock.
    pub(crate) in_poll: f64,
    /// The number of times that it parked within the window.
    pub(crate) parks: u64,
}

/// One reading of a worker's counters.
struct Reading {
    busy: Duration,
    parks: u64,
    turns: u64,
}

/// Watches a runtime for this long. The call runs nothing on its workers, so it returns when they are blocked; if workers are held, it reads
/// the stacks of the threads of the process.
pub(crate) async fn runtime(runtime: &Handle, window: Duration) -> RuntimeInfo {
    let metrics = runtime.metrics();
    let read = || (0..metrics.num_workers()).map(|worker| Reading::of(&metrics, worker)).collect::<Vec<_>>();
    let (begin, before, first) = (Instant::now(), read(), query::polls(runtime.id()));
    let mut seen: Vec<Poll> = first.values().copied().collect();
    let mut last = first.clone();
    for _ in 1..LOOKS {
        sleep(window / (LOOKS - 1)).await;
        last = query::polls(runtime.id());
        seen.extend(last.values());
    }
    let own: HashSet<u32> = seen.iter().filter(|poll| poll.is_counted).map(|poll| poll.thread).collect();
    let seen: HashSet<u32> = seen.iter().map(|poll| poll.thread).collect();
    let (after, took) = (read(), begin.elapsed());
    let mut workers: Vec<WorkerInfo> = before
        .iter()
        .zip(&after)
        .enumerate()
        .map(|(worker, (before, after))| after.worker(worker, before, took))
        .collect();
    let mut holding = query::holding();
    holding.retain(|task| query::runtime_of(task.id).is_none_or(|counts| counts == runtime.id()));
    let flavor = runtime.runtime_flavor();
    let role = match flavor {
        RuntimeFlavor::CurrentThread => "tokio current-thread",
        _ => "tokio worker",
    };
    let in_one_poll: HashSet<u32> =
        last.iter().filter(|(poll, _)| first.contains_key(poll)).map(|(_, poll)| poll.thread).collect();
    let still = workers.iter().filter(|worker| worker.is_held).count();
    let threads: HashSet<u32> = last.values().map(|poll| poll.thread).collect();
    let is_named = |task: &TaskInfo| match task.state {
        TaskState::Running { tid, since, .. } => {
            threads.contains(&tid) && (in_one_poll.contains(&tid) || since >= NAMED_FROM)
        }
        _ => false,
    };
    let polled: Vec<TaskInfo> = match still {
        0 => holding.clone(),
        _ => query::running().into_iter().filter(is_named).collect(),
    };
    let stacks = stacks(&polled, still).await;
    let shares = Shares::new(
        still,
        in_one_poll.len(),
        (&seen - &in_one_poll).len(),
        // Each of these is a worker, and at most as many of them as the others belong to the workers that wrote their counters.
        (&own - &in_one_poll).len().saturating_sub(workers.len() - still),
        elsewhere(&stacks, &seen, role).count(),
    );
    for worker in workers.iter_mut().filter(|worker| worker.is_held) {
        (worker.is_held, worker.is_slow) = (shares.held() > 0, shares.slow > 0);
    }
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
        verdict: verdict(&shares, workers.len(), &polled, elsewhere(&stacks, &seen, role), &stacks, took),
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
        // An odd count means that the worker is parked. A working one writes its busy time from time to time, at the latest when it parks.
        let is_parked = self.turns % 2 == 1;
        let is_held = !is_parked && self.turns == before.turns && self.busy == before.busy;
        let in_poll = self.busy.saturating_sub(before.busy).as_secs_f64() / took.as_secs_f64().max(1e-9);
        WorkerInfo {
            worker,
            is_parked,
            is_held,
            is_slow: false,
            in_poll: if is_held { 1.0 } else { in_poll.min(1.0) },
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

/// The stacks of the threads that hold the tasks; of all threads, if more workers are held than instrumented tasks hold. Without stacks,
/// the verdict names no places.
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

/// The workers whose counters have not changed, by the reason. A worker writes its counters when it parks, and otherwise after some 60
/// polls: a worker with one long poll after another looks like a worker that stays in one poll.
struct Shares {
    /// In one poll of an instrumented task for the whole window.
    ours: usize,
    /// In other code for the whole window, as far as the readings show.
    foreign: usize,
    /// In long polls that ended within the window.
    slow: usize,
}

impl Shares {
    /// `in_one_poll` of these workers are in one poll of an instrumented task. `came_round` threads were in such polls that began or ended
    /// within the window, and at least `surely` of them are such workers. `elsewhere` threads were in no such poll and do not wait for
    /// work; they may belong to another runtime.
    fn new(still: usize, in_one_poll: usize, came_round: usize, surely: usize, elsewhere: usize) -> Self {
        let ours = in_one_poll.min(still);
        let left = still - ours;
        let (least, most) = (left.saturating_sub(came_round), left.saturating_sub(surely));
        let foreign = match came_round {
            0 => left,
            _ => elsewhere.clamp(least, most.max(least)),
        };
        Self { ours, foreign, slow: left - foreign }
    }

    fn held(&self) -> usize {
        self.ours + self.foreign
    }
}

fn verdict<'a>(
    shares: &Shares,
    all: usize,
    named: &[TaskInfo],
    elsewhere: impl Iterator<Item = &'a ThreadStack>,
    stacks: &[ThreadStack],
    took: Duration,
) -> String {
    let took = crate::reply::text::duration(&Duration::from_millis(took.as_millis() as u64));
    let slow = match shares.slow {
        0 => String::new(),
        1 => format!("1 of {all} workers ran one long poll after another, none of them for all of {took}"),
        slow => {
            format!("{slow} of {all} workers ran one long poll after another, none of them for all of {took}")
        }
    };
    let mut words = match (shares.held(), all) {
        (0, _) if shares.slow > 0 => format!("slow, not stuck: {slow}"),
        (0, _) if named.is_empty() => "not stuck".to_owned(),
        (0, _) => "not stuck, but a poll is long".to_owned(),
        (1, 1) => format!("stuck: its only worker has not returned to its scheduler for {took}"),
        (held, all) if held == all => {
            format!("stuck: none of its {all} workers has returned to its scheduler for {took}")
        }
        (held, all) => {
            let (is, has) = if held == 1 { ("is", "it has") } else { ("are", "they have") };
            format!("{held} of {all} workers {is} held: {has} not returned to the scheduler for {took}")
        }
    };
    if shares.held() > 0 && shares.slow > 0 {
        words.push_str(&format!("; {slow}"));
    }
    let in_groups = by_place(named, stacks);
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
        words.push_str("; more tasks are in other places: `tasks --blocked` lists them");
    }
    if shares.foreign > 0 {
        let (workers, are) = if shares.foreign == 1 { ("worker", "is") } else { ("workers", "are") };
        words.push_str(&format!(
            "; {} {workers} {are} held by code outside the instrumented tasks, or the runtime is not driven",
            shares.foreign
        ));
        words.push_str(&places(elsewhere));
    }
    words
}

/// Tasks at one place: the first, the others, and the place.
type AtPlace<'a> = (&'a TaskInfo, Vec<&'a TaskInfo>, Option<String>);

/// The tasks that are being polled, grouped by place.
fn by_place<'a>(polled: &'a [TaskInfo], stacks: &[ThreadStack]) -> Vec<AtPlace<'a>> {
    let mut groups: Vec<AtPlace<'a>> = Vec::new();
    for task in polled {
        let TaskState::Running { tid, .. } = &task.state else { continue };
        let stack = stacks.iter().find(|stack| stack.tid == tid.cast_signed());
        let place = stack.and_then(ThreadStack::own_place);
        match groups.iter_mut().find(|(.., other)| place.is_some() && *other == place) {
            Some((_, others, _)) => others.push(task),
            None => groups.push((task, Vec::new(), place)),
        }
    }
    groups
}

/// Threads of a runtime of this kind that do not wait for work, and were in no poll of an instrumented task. They may belong to another
/// runtime.
fn elsewhere<'a>(
    stacks: &'a [ThreadStack],
    with_tasks: &'a HashSet<u32>,
    role: &'static str,
) -> impl Iterator<Item = &'a ThreadStack> {
    let is_elsewhere = move |stack: &&ThreadStack| {
        stack.role == Some(role) && !with_tasks.contains(&stack.tid.cast_unsigned()) && !is_parked(stack)
    };
    stacks.iter().filter(is_elsewhere)
}

/// Whether a worker waits for work, according to its stack.
fn is_parked(stack: &ThreadStack) -> bool {
    // Not those of `tokio::runtime::park`: a thread that blocks on a future within a poll waits there.
    let waits = |function: &str| {
        function.trim_start_matches('<').starts_with("tokio::runtime::scheduler::")
            && function.contains("::park")
    };
    stack.frames.iter().filter_map(|frame| frame.function.as_deref()).any(waits)
}

/// The places of these threads.
fn places<'a>(stacks: impl Iterator<Item = &'a ThreadStack>) -> String {
    let places: Vec<String> = stacks
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
    /// Live tasks that are not instrumented.
    pub(crate) fn unseen(&self) -> usize {
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
        let state = match (self.is_held, self.is_slow, self.is_parked) {
            (true, true, _) => "held or slow",
            (true, false, _) => "held",
            (false, true, _) => "slow",
            (false, false, true) => "parked",
            (false, false, false) => "active",
        };
        let mut record = serializer.serialize_struct("WorkerInfo", 4)?;
        record.serialize_field("worker", &self.worker)?;
        record.serialize_field("state", state)?;
        record.serialize_field("in_poll_percent", &((self.in_poll * 1000.0).round() / 10.0))?;
        record.serialize_field("parks", &self.parks)?;
        record.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn idle_runtime_is_not_stuck() {
        let info = runtime(&Handle::current(), Duration::from_millis(50)).await;
        assert!(info.verdict.starts_with("not stuck"), "{}", info.verdict);
    }

    #[test]
    fn workers_with_old_counters_are_told_apart() {
        #[track_caller]
        fn check(shares: Shares, ours: usize, foreign: usize, slow: usize) {
            assert_eq!((shares.ours, shares.foreign, shares.slow), (ours, foreign, slow));
        }
        // All four have one long poll of an instrumented task after another.
        check(Shares::new(4, 0, 4, 4, 0), 0, 0, 4);
        // All four are in one poll: the workers of another runtime do not matter.
        check(Shares::new(4, 4, 0, 0, 7), 4, 0, 0);
        // In other code, as far as the readings show.
        check(Shares::new(2, 0, 0, 0, 0), 0, 2, 0);
        // One is in one poll of an instrumented task, one is slow.
        check(Shares::new(2, 1, 1, 1, 0), 1, 0, 1);
        // One is slow, and one in other code, whatever another runtime's workers do.
        check(Shares::new(2, 0, 1, 1, 1), 0, 1, 1);
        check(Shares::new(2, 0, 1, 1, 9), 0, 1, 1);
        check(Shares::new(2, 0, 1, 1, 0), 0, 1, 1);
        // One of them; the thread whose poll ended may be a worker that wrote its counters: the stacks decide.
        check(Shares::new(1, 0, 1, 0, 1), 0, 1, 0);
        check(Shares::new(1, 0, 1, 0, 0), 0, 0, 1);
    }
}
