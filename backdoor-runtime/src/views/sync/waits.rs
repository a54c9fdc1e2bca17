//! The graph of waits between threads and tasks.

use std::collections::HashSet;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use super::cycle::{self, Because, Link};
use super::futex::{self, Untracked, UntrackedInfo};
use super::record::{Kind, Record, Waiter, Wanted};
use super::registry;
use super::view::{HolderInfo, WaiterInfo, holders, place};
use crate::base::coarse_clock;
use crate::base::sort;
use crate::reply::record;

/// The most waits that are listed, the longest first; all are counted.
const EDGES: usize = 256;

/// The graph of waits at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Waits {
    /// Cycles of waits (deadlocks): at most 16.
    pub(crate) cycles: Vec<CycleInfo>,
    /// Waits for locks of [`sync`](crate::views::sync), the longest first: at most 256.
    pub(crate) edges: Vec<EdgeInfo>,
    /// The number of all such waits.
    pub(crate) waiting: usize,
    /// Threads that wait in the kernel for other locks.
    pub(crate) untracked: Vec<UntrackedInfo>,
    /// Threads that wait in the kernel like idle threads: for a condition variable, or parked. Some may wait for a lock.
    pub(crate) idle: usize,
    /// The threads among them that may wait for a lock: their stacks have no names, or could not be read.
    pub(crate) untold: usize,
    /// The reason why threads that wait for other locks could not be read.
    pub(crate) not_visible: Option<String>,
}

/// A wait: the waiter, the lock, and its holders.
#[derive(Clone, Debug)]
pub(crate) struct EdgeInfo {
    /// The waiter, the place, and the time.
    pub(crate) waiter: WaiterInfo,
    /// The lock: its name, or the place of its creation.
    pub(crate) lock: String,
    /// The number of the lock in `locks`.
    pub(crate) lock_id: u64,
    /// The holders: at most 8 readers, or 32 holders of permits.
    pub(crate) holders: Vec<HolderInfo>,
    /// Holders that are not listed.
    pub(crate) more_holders: u32,
    /// Whether this is a read that waits while other readers hold the lock: behind a waiting writer.
    pub(crate) behind_a_writer: bool,
    /// The wait in one sentence.
    pub(crate) text: String,
}

/// A cycle of waits (a deadlock). It was read twice, and each wait and each hold was the same.
///
/// No member continues by itself, unless it waits with a timeout, or awaits something else beside the lock.
#[derive(Clone, Debug)]
pub(crate) struct CycleInfo {
    /// Each member waits for the lock that the next member holds, and the last for the lock of the first; or it is queued behind the next.
    pub(crate) members: Vec<MemberInfo>,
    /// The cycle in one sentence.
    pub(crate) text: String,
}

/// A member of a cycle: it holds a lock or is queued before another member, and it waits.
#[derive(Clone, Debug)]
pub(crate) struct MemberInfo {
    /// As text: ``thread 4711 `compactor` ``, `task 12`.
    pub(crate) by: String,
    /// The lock that it holds and the member before it waits for. `None` if that member is queued behind it.
    pub(crate) holds: Option<String>,
    /// The number of that lock in `locks`.
    pub(crate) holds_id: Option<u64>,
    /// The place where it took the lock.
    pub(crate) taken_at: Option<String>,
    /// The time for which it has held the lock.
    pub(crate) held: Option<Duration>,
    /// The lock that it waits for.
    pub(crate) waits_for: String,
    /// The number of that lock in `locks`.
    pub(crate) waits_for_id: u64,
    /// The place where it waits.
    pub(crate) waits_at: String,
    /// The time for which it has waited.
    pub(crate) waited: Duration,
}

record!(Waits: cycles, edges, waiting, untracked, idle, untold, not_visible);
record!(EdgeInfo: waiter, lock, lock_id, holders, more_holders, behind_a_writer, text);
record!(CycleInfo: members, text);
record!(MemberInfo: by, holds, holds_id, taken_at, held, waits_for, waits_for_id, waits_at, waited);

/// The graph of waits between threads and tasks.
///
/// The call stops no thread, but it interrupts threads that seem to wait for other locks for some microseconds each, to read their stacks. So
/// it blocks as long as [`threads::stacks`](crate::views::threads::stacks). A possible cycle is read a second time 5 ms later, and reported
/// only if it is unchanged.
pub(crate) fn waits() -> Waits {
    let mut seen = tracked();
    let blocked = seen.edges.iter().map(|edge| &edge.waiter).filter(|waiter| !waiter.asynchronous);
    let blocked: HashSet<u32> = blocked.map(|waiter| waiter.thread).chain(blocked_threads()).collect();
    match futex::untracked(|thread| blocked.contains(&thread)) {
        Ok(Untracked { locks, others, untold }) => {
            (seen.untracked, seen.idle, seen.untold) = (locks, others, untold);
        }
        Err(error) => seen.not_visible = Some(error.to_string()),
    }
    seen
}

/// The threads that wait for locks of [`sync`](crate::views::sync).
fn blocked_threads() -> Vec<u32> {
    let records = registry::all();
    let blocked = |record: &Arc<Record>| {
        let waiters = record.waiters();
        let blocked = waiters.values().filter(|waiter| !waiter.who.asynchronous);
        blocked.map(|waiter| waiter.who.thread).collect::<Vec<_>>()
    };
    records.iter().flat_map(blocked).collect()
}

/// The part of [`waits`] about locks of [`sync`](crate::views::sync), which interrupts no thread.
pub(crate) fn tracked() -> Waits {
    let mut records = registry::all();
    records.retain(|record| !record.waiters().is_empty());
    let cycles = cycle::cycles(&records).iter().map(|cycle| CycleInfo::of(cycle)).collect();
    let mut waiting = Vec::new();
    for record in &records {
        let waiters = record.waiters();
        waiting.extend(waiters.iter().map(|(&number, waiter)| (waiter.since, number, *waiter, record)));
    }
    sort::sort_by_key(&mut waiting, |&(since, number, ..)| (since, number));
    let (mut edges, mut gone) = (Vec::new(), 0);
    for (_, wait, waiter, record) in &waiting {
        if edges.len() == EDGES {
            break;
        }
        match EdgeInfo::of(record, *wait, waiter) {
            Some(edge) => edges.push(edge),
            None => gone += 1,
        }
    }
    Waits {
        cycles,
        edges,
        waiting: waiting.len() - gone,
        untracked: Vec::new(),
        idle: 0,
        untold: 0,
        not_visible: None,
    }
}

impl EdgeInfo {
    /// The edge of this wait; `None` if the wait has ended.
    pub(super) fn of(record: &Arc<Record>, wait: u64, waiter: &Waiter) -> Option<Self> {
        let (lock, holders, more_holders) = (record.label(), holders(record), record.unlisted());
        if !record.is_still_waited(wait) {
            return None;
        }
        let waiter = WaiterInfo::of(waiter);
        let is_read = !holders.is_empty() && holders.iter().all(|holder| holder.mode == "read");
        let behind_a_writer = waiter.wants == "read" && is_read;
        let mut text = format!(
            "{} has waited {} {} ({})",
            waiter.by,
            ago(waiter.waited),
            wanted(&waiter, &lock),
            waiter.at
        );
        text += &held(&holders, more_holders);
        if behind_a_writer {
            text += ", behind a waiting writer";
        }
        Some(Self { waiter, lock, lock_id: record.number, holders, more_holders, behind_a_writer, text })
    }

    /// The sentence without its subject.
    pub(super) fn what(&self) -> String {
        self.text[self.waiter.by.len()..].trim_start().to_owned()
    }
}

fn wanted(waiter: &WaiterInfo, lock: &str) -> String {
    match (waiter.wants, waiter.permits) {
        ("read", _) => format!("to read {lock}"),
        ("permit", 1) => format!("for a permit of {lock}"),
        ("permit", permits) => format!("for {permits} permits of {lock}"),
        _ => format!("for {lock}"),
    }
}

/// The holders, as the end of a sentence. It names at most three; `locks` lists all.
fn held(holders: &[HolderInfo], unlisted: u32) -> String {
    const NAMED: usize = 3;
    if holders.is_empty() && unlisted == 0 {
        return ", which is free: the next waiter has not been scheduled yet".to_owned();
    }
    let one = |holder: &HolderInfo| format!("{} for {} ({})", holder.by, ago(holder.held), holder.at);
    let mut text =
        format!(", held by {}", holders.iter().take(NAMED).map(one).collect::<Vec<_>>().join(", "));
    let more = holders.len().saturating_sub(NAMED) + unlisted as usize;
    if more > 0 {
        let _ = write!(text, " and {more} more");
    }
    text
}

impl CycleInfo {
    fn of(links: &[Link]) -> Self {
        // Each link states the request of its own waiter; the link before it states what that waiter holds.
        let before = links.iter().cycle().skip(links.len() - 1);
        let members: Vec<MemberInfo> =
            before.zip(links).map(|(before, link)| MemberInfo::of(before, link)).collect();
        let mut text = String::new();
        for (at, (member, link)) in members.iter().zip(links).enumerate() {
            let MemberInfo { by, waits_for, waits_at, waited, .. } = member;
            let waits = format!("has waited {} {} ({waits_at})", ago(*waited), link.wanted(waits_for));
            let holds = member.holds.as_deref().unwrap_or_default();
            let time = member.held.map(ago).unwrap_or_default();
            let taken_at = member.taken_at.as_deref().unwrap_or_default();
            // Writing to a string cannot fail.
            let _ = match (at, &member.holds) {
                (_, None) => write!(text, ", behind {by}, which {waits}"),
                (0, _) => write!(text, "{by} has held {holds} for {time} ({taken_at}) and {waits}"),
                _ => write!(text, ", held by {by} for {time} ({taken_at}), which {waits}"),
            };
        }
        if members.len() == 1 {
            text += ", which it holds itself";
        }
        Self { members, text }
    }
}

impl Link {
    /// The request of the waiter, with this name of the lock.
    fn wanted(&self, lock: &str) -> String {
        let is_rwlock = matches!(self.record.kind, Kind::RwLock | Kind::AsyncRwLock);
        match self.waiter.wanted {
            Wanted::Alone if is_rwlock => format!("to write {lock}"),
            _ => wanted(&WaiterInfo::of(&self.waiter), lock),
        }
    }
}

impl MemberInfo {
    fn of(before: &Link, link: &Link) -> Self {
        let held = match before.because {
            Because::Held(_, held) => Some(held),
            Because::Behind(_) => None,
        };
        Self {
            by: link.waiter.who.label(),
            holds: held.map(|_| before.record.label()),
            holds_id: held.map(|_| before.record.number),
            taken_at: held.map(|held| place(held.place)),
            held: held.map(|held| coarse_clock::since(held.since)),
            waits_for: link.record.label(),
            waits_for_id: link.record.number,
            waits_at: place(link.waiter.place),
            waited: coarse_clock::since(link.waiter.since),
        }
    }
}

/// A duration in a sentence: `41 s`.
pub(super) fn ago(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{} ms", time.as_millis()),
        seconds @ ..120 => format!("{seconds} s"),
        seconds @ ..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::views::sync::Mutex;

    #[test]
    fn a_waiting_thread_is_an_edge_without_a_cycle() {
        let index = Arc::new(Mutex::named("index", ()));
        let held = index.lock().unwrap();
        let waiter = thread::spawn({
            let index = index.clone();
            move || drop(index.lock())
        });
        let edge = loop {
            let seen = waits();
            assert!(!seen.cycles.iter().any(|cycle| cycle.text.contains("`index`")));
            if let Some(edge) = seen.edges.into_iter().find(|edge| edge.lock == "`index`") {
                break edge;
            }
            thread::sleep(Duration::from_millis(1));
        };
        assert_eq!((edge.lock.as_str(), edge.holders.len()), ("`index`", 1));
        drop(held);
        waiter.join().unwrap();
    }
}
