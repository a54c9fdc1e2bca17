//! Cycles among holders and waiters: each waits for the next, and the last for the first.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::record::{Record, Waiter, Wanted};
use super::slot::Held;
use super::who::Node;

/// The pause between two reads.
const PAUSE: Duration = Duration::from_millis(5);

/// The most cycles that are reported.
const CYCLES: usize = 16;

/// A thread or task that cannot continue before another one does.
#[derive(Clone)]
pub(super) struct Link {
    pub(super) from: Node,
    pub(super) to: Node,
    pub(super) record: Arc<Record>,
    pub(super) wait: u64,
    pub(super) waiter: Waiter,
    pub(super) because: Because,
}

/// Why a waiter cannot get a lock.
#[derive(Clone, Copy)]
pub(super) enum Because {
    /// A holder has it, in the seat of this number.
    Held(usize, Held),
    /// A waiter is queued in front, with the wait of this number, and gets it first.
    Behind(u64),
}

/// The cycles among the waiters for these locks.
///
/// The first read may be inconsistent, because locks change meanwhile. So each apparent cycle is read again: if each wait and each hold in
/// it is still the same, all of them existed at the same time between the two reads, and the cycle is real.
pub(super) fn cycles(records: &[Arc<Record>]) -> Vec<Vec<Link>> {
    let mut found = find(&links(records));
    if !found.is_empty() {
        thread::sleep(PAUSE);
        found.retain(|cycle| cycle.iter().all(Link::is_still));
    }
    found
}

impl Link {
    /// Whether nothing in it has changed since it was read.
    fn is_still(&self) -> bool {
        let Self { record, wait, because, .. } = self;
        record.is_still_waited(*wait)
            && match *because {
                Because::Held(seat, held) => record.is_still_held(seat, held.turn),
                Because::Behind(front) => record.is_still_waited(front),
            }
    }

    /// Whether its target holds the lock, and is not only queued in front.
    fn is_hold(&self) -> bool {
        matches!(self.because, Because::Held(..))
    }
}

fn links(records: &[Arc<Record>]) -> Vec<Link> {
    let held: Vec<Vec<(usize, Held)>> = records.iter().map(|record| record.holders().collect()).collect();
    let waiting: Vec<Vec<Queued>> = records.iter().map(|record| queue(record)).collect();
    // A waiter without a hold is in a cycle only if another waiter is queued behind it.
    let holders = held.iter().flatten().filter_map(|(_, held)| held.who.holder());
    let fronts = waiting.iter().flatten().filter_map(|queued| queued.front);
    let parties: HashSet<Node> = holders.chain(fronts.flat_map(|(_, front)| front.who.waiting())).collect();
    let mut links = Vec::new();
    for ((record, holders), waiting) in records.iter().zip(&held).zip(&waiting) {
        for &Queued { wait, waiter, front } in waiting {
            let needed = holders.iter().filter(|(seat, held)| is_needed(record, &waiter, *seat, held));
            let held =
                needed.filter_map(|&(seat, held)| Some((held.who.holder()?, Because::Held(seat, held))));
            let behind = front
                .into_iter()
                .flat_map(|(wait, front)| front.who.waiting().map(move |to| (to, Because::Behind(wait))));
            let reasons: Vec<(Node, Because)> = held.chain(behind).collect();
            for from in waiter.who.waiting().filter(|party| parties.contains(party)) {
                links.extend(reasons.iter().map(|&(to, because)| Link {
                    from,
                    to,
                    record: Arc::clone(record),
                    wait,
                    waiter,
                    because,
                }));
            }
        }
    }
    links
}

/// A waiter in the queue, and the waiter that gets the lock before it.
struct Queued {
    wait: u64,
    waiter: Waiter,
    front: Option<(u64, Waiter)>,
}

/// The waiters of a lock, in the order in which it serves them. Locks of std serve writers before readers; locks of tokio serve requests in
/// their order. An exclusive request waits for the same holders as the requests before it, so it needs no edge to those.
fn queue(record: &Record) -> Vec<Queued> {
    let (mut writer, mut first) = (None, None);
    let waiters = record.waiters();
    let queued = waiters.iter().map(|(&wait, waiter)| {
        let this = Some((wait, *waiter));
        let front = match waiter.wanted {
            Wanted::Alone => {
                writer = writer.or(this);
                None
            }
            Wanted::Read => writer,
            Wanted::Permits(_) => {
                let front = first;
                first = first.or(this);
                front
            }
        };
        Queued { wait, waiter: *waiter, front }
    });
    queued.collect()
}

/// Whether the waiter cannot get the lock before this holder releases it.
fn is_needed(record: &Record, waiter: &Waiter, seat: usize, held: &Held) -> bool {
    match waiter.wanted {
        Wanted::Alone => true,
        // Among other readers, the waiter may have got the lock and not have run since.
        Wanted::Read => seat == 0,
        // Other holders may return their permits, unless those are not enough.
        Wanted::Permits(wanted) => record.permits().saturating_sub(held.permits as usize) < wanted as usize,
    }
}

/// Follows the links from each node, and cuts a cycle out of the path when a node appears twice.
fn find(links: &[Link]) -> Vec<Vec<Link>> {
    let mut out: HashMap<Node, Vec<usize>> = HashMap::new();
    for (at, link) in links.iter().enumerate() {
        out.entry(link.from).or_default().push(at);
    }
    let (mut done, mut cycles) = (HashSet::new(), Vec::new());
    for start in links.iter().map(|link| link.from) {
        // The links that were followed, and for each node on the path the next of its links.
        let (mut path, mut steps): (Vec<usize>, Vec<(Node, usize)>) = (Vec::new(), Vec::new());
        if !done.contains(&start) {
            steps.push((start, 0));
        }
        while let Some((party, next)) = steps.last_mut() {
            let Some(&link) = out.get(party).and_then(|links| links.get(*next)) else {
                done.insert(*party);
                steps.pop();
                path.pop();
                continue;
            };
            *next += 1;
            let to = links[link].to;
            if let Some(at) = steps.iter().position(|(party, _)| *party == to) {
                let cycle = path[at..].iter().chain([&link]).map(|&link| links[link].clone());
                let mut cycle: Vec<Link> = cycle.collect();
                // A cycle has the same text at each read, and begins with a node that holds a lock.
                let holds = |at: usize| cycle[(at + cycle.len() - 1) % cycle.len()].is_hold();
                let first =
                    (0..cycle.len()).min_by_key(|&at| (!holds(at), cycle[at].from)).unwrap_or_default();
                cycle.rotate_left(first);
                cycles.push(cycle);
                if cycles.len() == CYCLES {
                    return cycles;
                }
            } else if !done.contains(&to) {
                path.push(link);
                steps.push((to, 0));
            }
        }
    }
    cycles
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;
    use std::pin::pin;
    use std::sync::Barrier;
    use std::task::{Context, Poll, Waker};
    use std::thread;
    use std::time::Instant;

    use crate::views::sync::waits::{CycleInfo, MemberInfo};
    use crate::views::sync::{Mutex, RwLock, Semaphore, asynch, waits};
    use crate::views::tasks::current;

    /// Polls a future as the task of this number.
    fn poll<F: Future>(task: u64, future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
        let _entered = current::enter(NonZeroU64::new(task).unwrap());
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    fn holds(member: &MemberInfo) -> &str {
        member.holds.as_deref().unwrap_or_default()
    }

    fn cycles(mark: &str) -> Vec<CycleInfo> {
        waits().cycles.into_iter().filter(|cycle| cycle.text.contains(mark)).collect()
    }

    #[test]
    fn two_tasks() {
        let (a, b) = (asynch::Mutex::named("tasks a", ()), asynch::Mutex::named("tasks b", ()));
        let mut one = pin!(async {
            let _a = a.lock().await;
            tokio::task::yield_now().await;
            let _b = b.lock().await;
        });
        let mut other = pin!(async {
            let _b = b.lock().await;
            tokio::task::yield_now().await;
            let _a = a.lock().await;
        });
        for _ in 0..2 {
            assert!(poll(1_001, one.as_mut()).is_pending() && poll(1_002, other.as_mut()).is_pending());
        }
        let found = cycles("`tasks a`");
        assert_eq!(found.len(), 1);
        let mut members: Vec<(&str, &str, &str)> =
            found[0].members.iter().map(|member| (&*member.by, holds(member), &*member.waits_for)).collect();
        members.sort_unstable();
        assert_eq!(
            members,
            [("task 1001", "`tasks a`", "`tasks b`"), ("task 1002", "`tasks b`", "`tasks a`")]
        );
    }

    #[test]
    fn waiting_for_a_sleeping_task_is_no_cycle() {
        let lock = asynch::Mutex::named("sleeping", ());
        let mut sleeps = pin!(async {
            let _held = lock.lock().await;
            std::future::pending::<()>().await;
        });
        let mut awaits = pin!(async { drop(lock.lock().await) });
        assert!(poll(1_011, sleeps.as_mut()).is_pending() && poll(1_012, awaits.as_mut()).is_pending());
        let edge = waits().edges.into_iter().find(|edge| edge.lock == "`sleeping`").unwrap();
        assert!(edge.text.starts_with("task 1012 has waited "), "{}", edge.text);
        assert!(edge.text.contains(" for `sleeping` ("), "{}", edge.text);
        assert!(edge.text.contains(", held by task 1011 for "), "{}", edge.text);
        assert!(cycles("`sleeping`").is_empty());
    }

    #[test]
    fn a_task_and_a_thread() {
        static CACHE: asynch::Mutex<()> = asynch::Mutex::named("mixed cache", ());
        static INDEX: Mutex<()> = Mutex::named("mixed index", ());
        static BOTH: Barrier = Barrier::new(2);
        // These threads never end.
        thread::spawn(|| {
            let mut task = pin!(async {
                let _cache = CACHE.lock().await;
                BOTH.wait();
                drop(INDEX.lock());
            });
            poll(1_021, task.as_mut()).is_ready()
        });
        thread::spawn(|| {
            let _index = INDEX.lock();
            BOTH.wait();
            drop(CACHE.blocking_lock());
        });
        let begin = Instant::now();
        let cycle = loop {
            if let [cycle] = &*cycles("`mixed cache`") {
                break cycle.clone();
            }
            assert!(begin.elapsed().as_secs() < 30, "it was not found");
        };
        let mut holders: Vec<_> = cycle.members.iter().map(|member| (holds(member), &*member.by)).collect();
        holders.sort_unstable();
        assert!(holders[0].0 == "`mixed cache`" && holders[0].1.starts_with("task 1021 on thread "));
        assert!(holders[1].0 == "`mixed index`" && holders[1].1.starts_with("thread "));
    }

    #[test]
    fn permits_that_others_may_give_back_make_no_cycle() {
        let pool = Semaphore::named("cycle pool", 2);
        let only = Semaphore::named("cycle only", 1);
        let (mut free, mut taken) = (pin!(pool.acquire()), pin!(only.acquire()));
        let mut one = pin!(async {
            let _all = (pool.acquire().await, only.acquire().await);
            let _again = pool.acquire().await;
        });
        let kept = poll(1_031, free.as_mut());
        assert!(poll(1_032, one.as_mut()).is_pending());
        assert!(cycles("`cycle pool`").is_empty(), "1031 may give its permit back");
        assert!(poll(1_033, taken.as_mut()).is_pending());
        assert!(cycles("`cycle only`").is_empty(), "1033 holds nothing");
        drop(kept);
    }

    /// `views/rwlock-recursive.rs`.
    #[test]
    fn a_second_read_behind_a_writer_is_a_cycle() {
        static MODEL: RwLock<()> = RwLock::named("recursive model", ());
        let waiting = |wants: &str| {
            let edges = waits().edges;
            edges.iter().any(|edge| edge.lock == "`recursive model`" && edge.waiter.wants == wants)
        };
        let until_waiting = |wants: &str| {
            let begin = Instant::now();
            while !waiting(wants) {
                assert!(begin.elapsed().as_secs() < 30, "nobody waits");
            }
        };
        let (read_first, is_read) = std::sync::mpsc::channel();
        let (go_on, goes_on) = std::sync::mpsc::channel();
        let named = |name: &str| thread::Builder::new().name(name.to_owned());
        // These threads never end.
        let render = named("render").spawn(move || {
            let _first = MODEL.read();
            read_first.send(()).unwrap();
            goes_on.recv().unwrap();
            drop(MODEL.read());
        });
        is_read.recv().unwrap();
        let updater = named("updater").spawn(|| drop(MODEL.write()));
        until_waiting("exclusive");
        assert!(cycles("`recursive model`").is_empty());
        go_on.send(()).unwrap();
        until_waiting("read");
        let begin = Instant::now();
        let cycle = loop {
            match cycles("`recursive model`").pop() {
                Some(cycle) => break cycle,
                None => assert!(begin.elapsed().as_secs() < 30, "it was not found"),
            }
        };
        assert!(render.is_ok() && updater.is_ok());
        let told: Vec<_> = cycle.members.iter().map(|member| (holds(member), &*member.waits_for)).collect();
        assert_eq!(told, [("`recursive model`", "`recursive model`"), ("", "`recursive model`")]);
        for part in
            ["`render` has held `recursive model` for ", ") and has waited ", " to read `recursive model` ("]
        {
            assert!(cycle.text.contains(part), "{}", cycle.text);
        }
        let behind = ", behind thread ";
        assert!(cycle.text.contains(behind), "{}", cycle.text);
        assert!(
            cycle.text.contains("`updater`, which has waited ")
                && cycle.text.contains(" to write `recursive model` ("),
            "{}",
            cycle.text
        );
    }

    /// tokio gives permits in the order of requests, also where a later request wants fewer.
    #[test]
    fn a_permit_queued_after_a_request_for_all_is_a_cycle() {
        let pool = Semaphore::named("fair pool", 2);
        let mut one = pin!(async {
            let _first = pool.acquire().await;
            tokio::task::yield_now().await;
            let _second = pool.acquire().await;
        });
        let mut all = pin!(async { drop(pool.acquire_many(2).await) });
        assert!(poll(1_051, one.as_mut()).is_pending() && poll(1_052, all.as_mut()).is_pending());
        assert!(cycles("`fair pool`").is_empty(), "1051 may give its permit back");
        assert!(poll(1_051, one.as_mut()).is_pending());
        let found = cycles("`fair pool`");
        assert_eq!(found.len(), 1);
        let text = &found[0].text;
        assert!(text.starts_with("task 1051 has held `fair pool` for "), "{text}");
        assert!(
            text.contains(", behind task 1052, which has waited ")
                && text.contains(" for 2 permits of `fair pool` ("),
            "{text}"
        );
    }

    #[test]
    fn one_permit_taken_twice_is_a_cycle() {
        let only = Semaphore::named("only permit", 1);
        let mut task = pin!(async {
            let _first = only.acquire().await;
            let _second = only.acquire().await;
        });
        assert!(poll(1_041, task.as_mut()).is_pending());
        assert_eq!(cycles("`only permit`").len(), 1);
    }
}
