//! Who waits for whom, over threads and tasks together.

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
use crate::reply::record;

/// Waits that are listed, the longest first; all are counted.
const EDGES: usize = 256;

/// Who waits for whom, as it was seen.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Waits {
    /// Rings of those who wait for each other: 16 at most.
    pub cycles: Vec<CycleInfo>,
    /// Those who wait for locks of [`sync`](crate::views::sync), the longest first: 256 at most.
    pub edges: Vec<EdgeInfo>,
    /// How many wait so.
    pub waiting: usize,
    /// Threads that wait in the kernel for other locks.
    pub untracked: Vec<UntrackedInfo>,
    /// Threads that wait in the kernel as idle ones do: for a condition, or parked. Some may be waiting for a lock.
    pub idle: usize,
    /// Of them, threads that may as well wait for a lock: their stacks have no names, or could not be taken.
    pub untold: usize,
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
    /// Whether it waits to read while others read: behind somebody who waits to write.
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
    /// Each waits for what the next holds, the last for what the first holds; or for the next to be let in first.
    pub members: Vec<MemberInfo>,
    /// All of it in one sentence.
    pub text: String,
}

/// One who holds a lock, or is in front of somebody else, and waits.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MemberInfo {
    /// In words: ``thread 4711 `compactor` ``, `task 12`.
    pub by: String,
    /// What it holds that the one before waits for. None where that one waits behind it, to be let in after it.
    pub holds: Option<String>,
    /// The number of that in `locks`.
    pub holds_id: Option<u64>,
    /// Where it took it.
    pub taken_at: Option<String>,
    /// For how long it has held it.
    pub held: Option<Duration>,
    /// What it waits for.
    pub waits_for: String,
    /// The number of that in `locks`.
    pub waits_for_id: u64,
    /// Where it waits.
    pub waits_at: String,
    /// For how long it has waited.
    pub waited: Duration,
}

record!(Waits: cycles, edges, waiting, untracked, idle, untold, not_visible);
record!(EdgeInfo: waiter, lock, lock_id, holders, more_holders, behind_a_writer, text);
record!(CycleInfo: members, text);
record!(MemberInfo: by, holds, holds_id, taken_at, held, waits_for, waits_for_id, waits_at, waited);

/// Who waits for whom, over threads and tasks together.
///
/// Nothing is stopped for this, but threads that seem to wait for other locks are held up for some microseconds each, to see where. So it
/// blocks as long as [`threads::stacks`](crate::views::threads::stacks) does. What looks like a cycle is looked at a second time 5 ms later, and
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

/// What [`waits`] shows of the locks of [`sync`](crate::views::sync), for which no thread is held up.
pub(crate) fn tracked() -> Waits {
    let mut records = registry::all();
    records.retain(|record| !record.waiters().is_empty());
    let cycles = cycle::cycles(&records).iter().map(|cycle| CycleInfo::of(cycle)).collect();
    let mut waiting = Vec::new();
    for record in &records {
        let waiters = record.waiters();
        waiting.extend(waiters.iter().map(|(&number, waiter)| (waiter.since, number, *waiter, record)));
    }
    waiting.sort_by_key(|&(since, number, ..)| (since, number));
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
    /// What is known of this wait; none where it has ended meanwhile: who has got the lock does not wait for its holder.
    pub(super) fn of(record: &Arc<Record>, wait: u64, waiter: &Waiter) -> Option<Self> {
        let (lock, holders, more_holders) = (record.label(), holders(record), record.unlisted());
        if !record.is_still_waited(wait) {
            return None;
        }
        let waiter = WaiterInfo::of(waiter);
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

/// Who holds it, as the end of a sentence. Of many, three are enough; `locks` has them all.
fn held(holders: &[HolderInfo], unlisted: u32) -> String {
    const NAMED: usize = 3;
    if holders.is_empty() && unlisted == 0 {
        return ", which is free: the next waiter has not been scheduled yet".to_owned();
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
        for (at, (member, link)) in members.iter().zip(links).enumerate() {
            let MemberInfo { by, waits_for, waits_at, waited, .. } = member;
            let waits = format!("waits {} since {} ({waits_at})", link.wanted(waits_for), ago(*waited));
            let holds = member.holds.as_deref().unwrap_or_default();
            let since = member.held.map(ago).unwrap_or_default();
            let taken_at = member.taken_at.as_deref().unwrap_or_default();
            // Writing to a string cannot fail.
            let _ = match (at, &member.holds) {
                (_, None) => write!(text, ", behind {by}, which {waits}"),
                (0, _) => write!(text, "{by} holds {holds} since {since} ({taken_at}) and {waits}"),
                _ => write!(text, ", held by {by} since {since} ({taken_at}), which {waits}"),
            };
        }
        if members.len() == 1 {
            text += ", which it holds itself";
        }
        Self { members, text }
    }
}

impl Link {
    /// What its waiter wants of the lock that a sentence calls so.
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

/// As a sentence says it: `41 s`.
pub(super) fn ago(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{} ms", time.as_millis()),
        seconds @ ..120 => format!("{seconds} s"),
        seconds @ ..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}
