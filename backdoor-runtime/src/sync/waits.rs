//! Who waits for whom, over threads and tasks together.

use std::collections::HashSet;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use super::cycle::{self, Link};
use super::futex::{self, Untracked, UntrackedInfo};
use super::registry;
use super::view::{HolderInfo, WaiterInfo, holders, place};
use super::watch::Record;
use crate::coarse;
use crate::reply::record;

/// Waits that are listed, the longest first; all are counted.
const EDGES: usize = 256;

/// Who waits for whom, as it was seen.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Waits {
    /// Rings of those who wait for each other: 16 at most.
    pub cycles: Vec<CycleInfo>,
    /// Those who wait for locks of [`sync`](crate::sync), the longest first: 256 at most.
    pub edges: Vec<EdgeInfo>,
    /// How many wait so.
    pub waiting: usize,
    /// Threads that wait in the kernel for other locks.
    pub untracked: Vec<UntrackedInfo>,
    /// Threads that wait in the kernel as idle ones do: for a condition, or parked. Some may be waiting for a lock.
    pub idle: usize,
    /// Why threads that wait for other locks could not be seen.
    pub not_visible: Option<String>,
}

/// Somebody who waits, and who holds what is waited for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EdgeInfo {
    /// Who waits, where, and for how long.
    pub waiter: WaiterInfo,
    /// What is waited for: the name, or where it was made.
    pub lock: String,
    /// Its number in `locks`.
    pub lock_id: u64,
    /// Who holds it: of readers 8 at most, of those who hold permits 32.
    pub holders: Vec<HolderInfo>,
    /// Holders that are not listed.
    pub more_holders: u32,
    /// Whether it waits to read behind somebody who waits to write.
    pub behind_a_writer: bool,
    /// All of it in one sentence.
    pub text: String,
}

/// A ring of those who wait for each other. It was looked at twice, and each wait and each hold was the same.
///
/// None of them goes on by itself, unless it waits with a timeout, or awaits something else beside the lock.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CycleInfo {
    /// Each waits for what the next holds, the last for what the first holds.
    pub members: Vec<MemberInfo>,
    /// All of it in one sentence.
    pub text: String,
}

/// One who holds a lock and waits for another.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MemberInfo {
    /// In words: ``thread 4711 `compactor` ``, `task 12`.
    pub by: String,
    /// What it holds.
    pub holds: String,
    /// The number of that in `locks`.
    pub holds_id: u64,
    /// Where it took it.
    pub taken_at: String,
    /// For how long it has held it.
    pub held: Duration,
    /// What it waits for.
    pub waits_for: String,
    /// The number of that in `locks`.
    pub waits_for_id: u64,
    /// Where it waits.
    pub waits_at: String,
    /// For how long it has waited.
    pub waited: Duration,
}

record!(Waits: cycles, edges, waiting, untracked, idle, not_visible);
record!(EdgeInfo: waiter, lock, lock_id, holders, more_holders, behind_a_writer, text);
record!(CycleInfo: members, text);
record!(MemberInfo: by, holds, holds_id, taken_at, held, waits_for, waits_for_id, waits_at, waited);

/// Who waits for whom, over threads and tasks together.
///
/// Nothing is stopped for this, but threads that seem to wait for other locks are held up for some microseconds each, to see where. So it
/// blocks as long as [`threads::stacks`](crate::threads::stacks) does. What looks like a cycle is looked at a second time 5 ms later, and
/// given only if nothing in it moved.
///
/// ```
/// use std::sync::Arc;
/// use std::thread;
/// use std::time::Duration;
/// use backdoor_runtime::sync::{self, Mutex};
///
/// let index = Arc::new(Mutex::named("index", ()));
/// let held = index.lock().unwrap();
/// let waiter = thread::spawn({
///     let index = index.clone();
///     move || drop(index.lock())
/// });
/// let mut seen = sync::waits();
/// while seen.edges.is_empty() {
///     thread::sleep(Duration::from_millis(1));
///     seen = sync::waits();
/// }
/// assert_eq!(seen.edges[0].lock, "`index`");
/// assert!(seen.cycles.is_empty());
/// drop(held);
/// waiter.join().unwrap();
/// ```
pub fn waits() -> Waits {
    let mut records = registry::all();
    records.retain(|record| !record.waiters().is_empty());
    let cycles = cycle::cycles(&records).iter().map(|cycle| CycleInfo::of(cycle)).collect();
    let mut waiting = Vec::new();
    for record in &records {
        let waiters = record.waiters();
        waiting.extend(waiters.iter().map(|(&number, waiter)| (waiter.since, number, *waiter, record)));
    }
    waiting.sort_by_key(|&(since, number, ..)| (since, number));
    let blocked = waiting.iter().filter(|(.., waiter, _)| !waiter.who.asynchronous);
    let blocked: HashSet<u32> = blocked.map(|(.., waiter, _)| waiter.who.thread).collect();
    let (Untracked { locks, others }, not_visible) =
        match futex::untracked(|thread| blocked.contains(&thread)) {
            Ok(untracked) => (untracked, None),
            Err(error) => (Untracked::default(), Some(error.to_string())),
        };
    let edges = waiting.iter().take(EDGES);
    Waits {
        cycles,
        edges: edges.map(|(.., waiter, record)| EdgeInfo::of(record, WaiterInfo::of(waiter))).collect(),
        waiting: waiting.len(),
        untracked: locks,
        idle: others,
        not_visible,
    }
}

impl EdgeInfo {
    pub(super) fn of(record: &Arc<Record>, waiter: WaiterInfo) -> Self {
        let (lock, holders, more_holders) = (record.label(), holders(record), record.unlisted());
        let is_read = !holders.is_empty() && holders.iter().all(|holder| holder.mode == "read");
        let behind_a_writer = waiter.wants == "read" && is_read;
        let mut text = format!(
            "{} waits {} since {} ({})",
            waiter.by,
            wanted(&waiter, &lock),
            ago(waiter.waited),
            waiter.at
        );
        text += &held(&holders, more_holders);
        if behind_a_writer {
            text += ", behind somebody who waits to write";
        }
        Self { waiter, lock, lock_id: record.number, holders, more_holders, behind_a_writer, text }
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

/// Who holds it, as the end of a sentence. Of many, three are enough; `locks` has them all.
fn held(holders: &[HolderInfo], unlisted: u32) -> String {
    const NAMED: usize = 3;
    if holders.is_empty() && unlisted == 0 {
        return ", which nobody holds: who is to have it has not run since".to_owned();
    }
    let one = |holder: &HolderInfo| format!("{} since {} ({})", holder.by, ago(holder.held), holder.at);
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
        // Each link says what its own waiter waits for; what that one holds, the link before it says.
        let before = links.iter().cycle().skip(links.len() - 1);
        let members: Vec<MemberInfo> =
            before.zip(links).map(|(before, link)| MemberInfo::of(before, link)).collect();
        let mut text = String::new();
        for (at, member) in members.iter().enumerate() {
            let MemberInfo { by, holds, taken_at, held, waits_for, waits_at, waited, .. } = member;
            let (held, waited) = (ago(*held), ago(*waited));
            // Writing to a string cannot fail.
            let _ = match at {
                0 => write!(
                    text,
                    "{by} holds {holds} since {held} ({taken_at}) and waits for {waits_for} since {waited} ({waits_at})"
                ),
                _ => write!(
                    text,
                    ", held by {by} since {held} ({taken_at}), which waits for {waits_for} since {waited} ({waits_at})"
                ),
            };
        }
        if members.len() == 1 {
            text += ", which it holds itself";
        }
        Self { members, text }
    }
}

impl MemberInfo {
    fn of(before: &Link, link: &Link) -> Self {
        Self {
            by: link.waiter.who.label(),
            holds: before.record.label(),
            holds_id: before.record.number,
            taken_at: place(before.held.place),
            held: coarse::since(before.held.since),
            waits_for: link.record.label(),
            waits_for_id: link.record.number,
            waits_at: place(link.waiter.place),
            waited: coarse::since(link.waiter.since),
        }
    }
}

/// As a sentence says it: `41 s`.
pub(super) fn ago(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{} ms", time.as_millis()),
        seconds @ ..120 => format!("{seconds} s"),
        seconds @ ..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}
