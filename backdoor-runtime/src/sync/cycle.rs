//! Cycles among those who hold and wait: each waits for the next, and the last for the first.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::slot::Held;
use super::watch::{Record, Waiter, Wanted};
use super::who::Party;

/// How long lies between two looks.
const PAUSE: Duration = Duration::from_millis(5);

/// Cycles that are given; whoever has so many has seen enough.
const CYCLES: usize = 16;

/// Somebody who cannot go on before somebody else does.
#[derive(Clone)]
pub(super) struct Link {
    pub(super) from: Party,
    pub(super) to: Party,
    pub(super) record: Arc<Record>,
    pub(super) wait: u64,
    pub(super) waiter: Waiter,
    pub(super) seat: usize,
    pub(super) held: Held,
}

/// The cycles among those who wait for these locks.
///
/// The first look may be torn, since locks move meanwhile. So whatever looks like a cycle is looked at again: if each wait and each
/// hold in it is still the same one, all of them were there at the moment between, and the cycle was one.
pub(super) fn cycles(records: &[Arc<Record>]) -> Vec<Vec<Link>> {
    let mut found = find(&links(records));
    if !found.is_empty() {
        thread::sleep(PAUSE);
        found.retain(|cycle| {
            cycle.iter().all(|link| link.record.is_still(link.wait, link.seat, link.held.turn))
        });
    }
    found
}

fn links(records: &[Arc<Record>]) -> Vec<Link> {
    let held: Vec<Vec<(usize, Held)>> = records.iter().map(|record| record.holders().collect()).collect();
    // Who holds nothing is in no cycle, however many wait.
    let parties: HashSet<Party> = held.iter().flatten().filter_map(|(_, held)| held.who.holder()).collect();
    let mut links = Vec::new();
    for (record, holders) in records.iter().zip(&held) {
        for (&wait, waiter) in &*record.waiters() {
            for from in waiter.who.waiting().filter(|party| parties.contains(party)) {
                let needed = holders.iter().filter(|(seat, held)| is_needed(record, waiter, *seat, held));
                links.extend(needed.filter_map(|&(seat, held)| {
                    let to = held.who.holder()?;
                    Some(Link { from, to, record: Arc::clone(record), wait, waiter: *waiter, seat, held })
                }));
            }
        }
    }
    links
}

/// Whether the waiter cannot get the lock before this holder lets it go.
fn is_needed(record: &Record, waiter: &Waiter, seat: usize, held: &Held) -> bool {
    match waiter.wanted {
        Wanted::Alone => true,
        // Beside other readers it may have been let in and not have run since.
        Wanted::Read => seat == 0,
        // Others may give theirs back, unless that is not enough.
        Wanted::Permits(wanted) => record.permits().saturating_sub(held.permits as usize) < wanted as usize,
    }
}

/// Walks from each party along the links, and cuts a cycle out of the path where it meets itself.
fn find(links: &[Link]) -> Vec<Vec<Link>> {
    let mut out: HashMap<Party, Vec<usize>> = HashMap::new();
    for (at, link) in links.iter().enumerate() {
        out.entry(link.from).or_default().push(at);
    }
    let (mut done, mut cycles) = (HashSet::new(), Vec::new());
    for start in links.iter().map(|link| link.from) {
        // The links that were followed, and for each party on the way which of its links comes next.
        let (mut path, mut steps): (Vec<usize>, Vec<(Party, usize)>) = (Vec::new(), Vec::new());
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
                // The same ring is told in the same way whenever it is looked at.
                let first = (0..cycle.len()).min_by_key(|&at| cycle[at].from).unwrap_or_default();
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

    use crate::sync::{CycleInfo, Mutex, Semaphore, asynch, waits};
    use crate::tasks::current;

    /// Polls a future as the task of this number.
    fn poll<F: Future>(task: u64, future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
        let _entered = current::enter(NonZeroU64::new(task).unwrap());
        future.poll(&mut Context::from_waker(Waker::noop()))
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
            found[0].members.iter().map(|member| (&*member.by, &*member.holds, &*member.waits_for)).collect();
        members.sort_unstable();
        assert_eq!(
            members,
            [("task 1001", "`tasks a`", "`tasks b`"), ("task 1002", "`tasks b`", "`tasks a`")]
        );
    }

    #[test]
    fn a_task_that_waits_for_one_that_only_sleeps_is_no_cycle() {
        let lock = asynch::Mutex::named("sleeping", ());
        let mut sleeps = pin!(async {
            let _held = lock.lock().await;
            std::future::pending::<()>().await;
        });
        let mut awaits = pin!(async { drop(lock.lock().await) });
        assert!(poll(1_011, sleeps.as_mut()).is_pending() && poll(1_012, awaits.as_mut()).is_pending());
        let edge = waits().edges.into_iter().find(|edge| edge.lock == "`sleeping`").unwrap();
        assert!(edge.text.starts_with("task 1012 waits for `sleeping` since "), "{}", edge.text);
        assert!(edge.text.contains(", held by task 1011 since "), "{}", edge.text);
        assert!(cycles("`sleeping`").is_empty());
    }

    #[test]
    fn a_task_and_a_thread() {
        static CACHE: asynch::Mutex<()> = asynch::Mutex::named("mixed cache", ());
        static INDEX: Mutex<()> = Mutex::named("mixed index", ());
        static BOTH: Barrier = Barrier::new(2);
        // They never end.
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
        let mut holders: Vec<_> = cycle.members.iter().map(|member| (&*member.holds, &*member.by)).collect();
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
