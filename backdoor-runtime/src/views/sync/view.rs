//! The locks as values, for the commands and for the service itself.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use super::record::{Kind, Record, Waiter, Wanted};
use super::registry;
use super::slot::Held;
use crate::base::coarse_clock;
use crate::base::sort;
use crate::reply::record;

/// The most waiters that are listed per lock, the longest first; all are counted.
const WAITERS: usize = 32;

/// The state of one lock.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LockInfo {
    /// The number of the lock, in the order of first use.
    pub id: u64,
    /// The name, if it has one.
    pub name: Option<&'static str>,
    /// `mutex`, `rwlock`, `async mutex`, `async rwlock` or `semaphore`.
    pub kind: &'static str,
    /// The place of its creation, as `file:line`.
    pub made: String,
    /// The holders: at most 8 readers, or 32 holders of permits.
    pub holders: Vec<HolderInfo>,
    /// Holders that are not listed.
    pub more_holders: u32,
    /// The 32 waiters with the longest waits.
    pub waiters: Vec<WaiterInfo>,
    /// The number of all waiters.
    pub waiting: usize,
    /// The longest wait.
    pub longest_wait: Option<Duration>,
    /// Whether the lock is poisoned: a holder panicked, and the poison was not cleared.
    pub poisoned: bool,
    /// The permits of a semaphore, free and taken.
    pub permits: Option<usize>,
}

/// A holder of a lock.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HolderInfo {
    /// As text: ``thread 4711 `compactor` ``, `task 12`.
    pub by: String,
    /// The kernel's id of the thread that took it.
    pub thread: u32,
    /// The task that took it, if it is instrumented.
    pub task: Option<u64>,
    /// `exclusive`, `read` or `permit`.
    pub mode: &'static str,
    /// The permits it holds; 1 for other locks.
    pub permits: u32,
    /// Where it was taken, as `file:line`.
    pub at: String,
    /// The time since then, exact to a tick of the kernel: 4 ms at 250 Hz.
    pub held: Duration,
}

/// A waiter for a lock.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WaiterInfo {
    /// As text: ``thread 4711 `compactor` ``, `task 12`.
    pub by: String,
    /// The kernel's id of the thread that waits, or that first polled the task.
    pub thread: u32,
    /// The task that waits, if it is instrumented.
    pub task: Option<u64>,
    /// Whether it awaits, so that its thread is not blocked.
    pub asynchronous: bool,
    /// `exclusive`, `read` or `permit`.
    pub wants: &'static str,
    /// The permits it wants; 1 for other locks.
    pub permits: u32,
    /// Where it waits, as `file:line`.
    pub at: String,
    /// The time since then, exact to a tick of the kernel: 4 ms at 250 Hz.
    pub waited: Duration,
}

/// All locks of [`sync`](crate::views::sync) that have been used and not dropped: first by the longest wait, then by the longest hold.
///
/// The call stops no thread, so locks can change while it reads them. Each holder and each waiter existed when it was read, but not all at
/// the same moment.
pub fn locks() -> Vec<LockInfo> {
    let mut records = registry::all();
    sort(&mut records);
    records.iter().map(|record| LockInfo::of(record)).collect()
}

/// The first locks with this text in their name, kind or place, and the number of all of them. An empty pattern matches every lock.
pub(crate) fn first_locks(pattern: &str, limit: usize) -> (Vec<LockInfo>, usize) {
    let mut records = matching(pattern);
    sort(&mut records);
    (records.iter().take(limit).map(|record| LockInfo::of(record)).collect(), records.len())
}

/// The locks with this text in their name, kind or place.
pub(super) fn matching(pattern: &str) -> Vec<Arc<Record>> {
    let pattern = pattern.to_lowercase();
    let mut records = registry::all();
    records.retain(|record| {
        let has = |text: &str| text.to_lowercase().contains(&pattern);
        pattern.is_empty()
            || has(record.name.unwrap_or_default())
            || has(record.kind.as_str())
            || has(&record.made.to_string())
    });
    records
}

/// The locks that are poisoned.
pub(crate) fn poisoned_locks() -> Vec<LockInfo> {
    registry::all().iter().filter(|record| record.is_poisoned()).map(|record| LockInfo::of(record)).collect()
}

fn sort(records: &mut [Arc<Record>]) {
    records.sort_by_cached_key(|record| {
        let first = record.waiters().values().next().map(|waiter| coarse_clock::since(waiter.since));
        let held = record.holders().map(|(_, held)| coarse_clock::since(held.since)).max();
        (Reverse(first), Reverse(held), !record.is_poisoned(), record.number)
    });
}

impl LockInfo {
    pub(super) fn of(record: &Record) -> Self {
        let mut waiters: Vec<(u64, Waiter)> =
            record.waiters().iter().take(WAITERS).map(|(&wait, waiter)| (wait, *waiter)).collect();
        let (holders, more_holders) = (holders(record), record.unlisted());
        // A waiter that has got the lock is now among the holders.
        let waiting = {
            let still = record.waiters();
            waiters.retain(|(wait, _)| still.contains_key(wait));
            still.len()
        };
        let waiters: Vec<WaiterInfo> = waiters.iter().map(|(_, waiter)| WaiterInfo::of(waiter)).collect();
        Self {
            id: record.number,
            name: record.name,
            kind: record.kind.as_str(),
            made: place(record.made),
            holders,
            more_holders,
            waiting,
            longest_wait: waiters.first().map(|waiter| waiter.waited),
            waiters,
            poisoned: record.is_poisoned(),
            permits: (record.kind == Kind::Semaphore).then(|| record.permits()),
        }
    }
}

/// The holders, the longest first.
pub(super) fn holders(record: &Record) -> Vec<HolderInfo> {
    let mut holders: Vec<HolderInfo> =
        record.holders().map(|(seat, held)| HolderInfo::of(record.kind, seat, &held)).collect();
    sort::sort_by_key(&mut holders, |holder| (Reverse(holder.held), holder.task, holder.thread));
    holders
}

impl HolderInfo {
    fn of(kind: Kind, seat: usize, held: &Held) -> Self {
        let mode = match (seat, kind) {
            (0, _) => "exclusive",
            (_, Kind::Semaphore) => "permit",
            (_, _) => "read",
        };
        Self {
            by: held.who.label(),
            thread: held.who.thread,
            task: held.who.task.map(Into::into),
            mode,
            permits: held.permits,
            at: place(held.place),
            held: coarse_clock::since(held.since),
        }
    }
}

impl WaiterInfo {
    pub(super) fn of(waiter: &Waiter) -> Self {
        let (wants, permits) = match waiter.wanted {
            Wanted::Alone => ("exclusive", 1),
            Wanted::Read => ("read", 1),
            Wanted::Permits(permits) => ("permit", permits),
        };
        Self {
            by: waiter.who.label(),
            thread: waiter.who.thread,
            task: waiter.who.task.map(Into::into),
            asynchronous: waiter.who.asynchronous,
            wants,
            permits,
            at: place(waiter.place),
            waited: coarse_clock::since(waiter.since),
        }
    }
}

impl Kind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Mutex => "mutex",
            Self::RwLock => "rwlock",
            Self::AsyncMutex => "async mutex",
            Self::AsyncRwLock => "async rwlock",
            Self::Semaphore => "semaphore",
        }
    }
}

/// `file:line`.
pub(super) fn place(place: super::place::Place) -> String {
    format!("{}:{}", place.file(), place.line())
}

record!(LockInfo: id, name, kind, made, holders, more_holders, waiters, waiting, longest_wait, poisoned, permits);
record!(HolderInfo: by, thread, task, mode, permits, at, held);
record!(WaiterInfo: by, thread, task, asynchronous, wants, permits, at, waited);
