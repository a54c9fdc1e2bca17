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
                cycles.push(cycle.collect());
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
