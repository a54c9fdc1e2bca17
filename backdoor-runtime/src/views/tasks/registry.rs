//! All instrumented tasks, and the last ones that have ended.
//!
//! The shards are chosen by the task's number, so that tasks that start one after the other use different locks. Each shard is sorted by
//! number, so that a list can be read in batches. No other file's code runs under the locks.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroU64;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::base::sort;
use crate::views::tasks::record::{Record, Spent};

const SHARDS: usize = 32;

/// How many completed tasks are kept in each shard: 256 in all.
const DONE: usize = 8;

/// How many tasks that ended in another way are kept.
const OTHERS: usize = 256;

/// How many bytes of a panic's message are kept.
const MESSAGE: usize = 1024;

static NEXT: AtomicU64 = AtomicU64::new(1);
static TASKS: [Shard; SHARDS] = [const { Shard(Mutex::new(Tasks::NONE)) }; SHARDS];
static ENDED_OTHERWISE: Mutex<VecDeque<Ended>> = Mutex::new(VecDeque::new());

/// On cache lines of its own.
#[repr(align(128))]
struct Shard(Mutex<Tasks>);

struct Tasks {
    alive: BTreeMap<NonZeroU64, Arc<Record>>,
    done: VecDeque<Ended>,
}

/// How a task ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Done,
    /// It panicked, with this message.
    Panicked(String),
    /// An operator cancelled it.
    Cancelled(String),
    Dropped,
}

/// A task that has ended.
#[derive(Clone)]
pub(crate) struct Ended {
    pub(crate) id: NonZeroU64,
    pub(crate) name: Option<Cow<'static, str>>,
    pub(crate) spawned: &'static Location<'static>,
    pub(crate) parent: Option<NonZeroU64>,
    pub(crate) born: u64,
    pub(crate) at: u64,
    pub(crate) end: End,
    pub(crate) spent: Spent,
}

impl Tasks {
    const NONE: Self = Self { alive: BTreeMap::new(), done: VecDeque::new() };
}

/// A number that no task has had.
pub(crate) fn next_id() -> NonZeroU64 {
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    NonZeroU64::new(id).expect("it counts from one, and 2^64 tasks do not come to be")
}

pub(crate) fn add(record: &Arc<Record>) {
    record.counts_in.began();
    shard(record.id).alive.insert(record.id, record.clone());
}

pub(crate) fn remove(record: &Record, mut end: End, now: u64) {
    if let End::Panicked(message) = &mut end {
        message.truncate(message.floor_char_boundary(MESSAGE));
    }
    let is_done = end == End::Done;
    let ended = Ended {
        id: record.id,
        name: record.name.clone(),
        spawned: record.spawned,
        parent: record.parent,
        born: record.born,
        at: now,
        end,
        spent: record.spent(now),
    };
    let panic = match &ended.end {
        End::Panicked(message) => Some((record.id, record.name.clone(), message.as_str(), now)),
        _ => None,
    };
    record.counts_in.ended(ended.spent.busy, panic);
    if let Some(trace) = record.asked() {
        trace.tell();
    }
    let mut tasks = shard(record.id);
    let removed = tasks.alive.remove(&record.id);
    let forgotten = if is_done { keep(&mut tasks.done, DONE, ended) } else { keep_otherwise(tasks, ended) };
    drop((removed, forgotten));
}

fn keep_otherwise(tasks: MutexGuard<'_, Tasks>, ended: Ended) -> Option<Ended> {
    drop(tasks);
    keep(&mut ENDED_OTHERWISE.lock().unwrap_or_else(PoisonError::into_inner), OTHERS, ended)
}

fn keep(list: &mut VecDeque<Ended>, most: usize, ended: Ended) -> Option<Ended> {
    let forgotten = if list.len() >= most { list.pop_front() } else { None };
    list.push_back(ended);
    forgotten
}

pub(crate) fn get(id: NonZeroU64) -> Option<Arc<Record>> {
    shard(id).alive.get(&id).cloned()
}

/// The title of a live or recently completed task: its name, else the place where it was spawned.
pub(crate) fn label(id: NonZeroU64) -> Option<String> {
    let tasks = shard(id);
    let ended = || tasks.done.iter().find(|ended| ended.id == id).map(|ended| (&ended.name, ended.spawned));
    let alive = tasks.alive.get(&id).map(|record| (&record.name, record.spawned));
    let (name, spawned) = alive.or_else(ended)?;
    Some(name.as_deref().map_or_else(|| format!("spawned at {spawned}"), str::to_owned))
}

/// Some of the tasks after a number, in order; an empty result means that there are none.
pub(crate) fn after(id: Option<NonZeroU64>) -> Vec<Arc<Record>> {
    const PER_SHARD: usize = 16;
    let from = id.map_or(NonZeroU64::MIN, |id| id.saturating_add(1));
    let mut page = Vec::with_capacity(SHARDS * PER_SHARD);
    // After the last task of a shard that has more, tasks may be missing.
    let mut complete_to = NonZeroU64::MAX;
    for shard in &TASKS {
        let tasks = lock(shard);
        let before = page.len();
        page.extend(tasks.alive.range(from..).take(PER_SHARD).map(|(_, record)| record.clone()));
        if page.len() - before == PER_SHARD {
            complete_to = complete_to.min(page[page.len() - 1].id);
        }
    }
    page.retain(|record| record.id <= complete_to);
    sort::sort_by_key(&mut page, |record| record.id);
    page
}

/// Every task, in order and in batches; tasks that start meanwhile may be missing.
pub(crate) fn all() -> impl Iterator<Item = Arc<Record>> {
    let mut last = None;
    std::iter::from_fn(move || {
        let page = after(last);
        last = page.last().map(|record| record.id);
        last.map(|_| page)
    })
    .flatten()
}

/// How many are alive.
#[cfg(feature = "state-views")]
pub(crate) fn alive() -> usize {
    TASKS.iter().map(|shard| lock(shard).alive.len()).sum()
}

/// The last tasks that have ended, the latest first.
pub(crate) fn ended() -> Vec<Ended> {
    let mut ended: Vec<Ended> =
        ENDED_OTHERWISE.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect();
    for shard in &TASKS {
        ended.extend(lock(shard).done.iter().cloned());
    }
    sort::sort_by_key(&mut ended, |ended| std::cmp::Reverse((ended.at, ended.id)));
    ended
}

fn shard(id: NonZeroU64) -> MutexGuard<'static, Tasks> {
    lock(&TASKS[(id.get() % SHARDS as u64) as usize])
}

fn lock(shard: &Shard) -> MutexGuard<'_, Tasks> {
    shard.0.lock().unwrap_or_else(PoisonError::into_inner)
}
