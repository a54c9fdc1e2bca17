//! The samples, counted in bounded memory.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use crate::base::sort;
use crate::views::profile::Profile;
use crate::views::profile::shares::{ThreadShare, percent};
use crate::views::profile::stack::Stack;
use crate::views::tasks::registry;
use crate::views::threads::modules::Addresses;
use crate::views::threads::symbols::Names;

/// The most addresses in all different stacks together: 8 MiB of them.
const ADDRESSES: usize = 1 << 20;

/// The most threads, names of tasks, and numbers of tasks that are kept.
const THREADS: usize = 4096;
const NAMES: usize = 1024;
const TASKS: usize = 4096;

#[derive(Debug)]
pub(super) struct Tally {
    rate: u32,
    asked: Duration,
    pub(super) took: Duration,
    pub(super) used: Duration,
    pub(super) lost: u64,
    /// Why threads had no timer at the last listing, with their number; and the number of threads with one.
    pub(super) unwatched: BTreeMap<String, usize>,
    pub(super) watched: usize,
    pub(super) tells_tasks: bool,
    samples: u64,
    late: u64,
    cut: u64,
    not_kept: u64,
    threads: HashMap<i32, Counted>,
    /// The key has the index of the task's name in `names`.
    stacks: HashMap<(Option<usize>, Vec<u64>), u64>,
    addresses: usize,
    names: Vec<Arc<str>>,
    /// The index in `names` for each sampled task.
    tasks: HashMap<NonZeroU64, usize>,
}

/// A sampled thread.
#[derive(Debug, Default)]
struct Counted {
    name: Option<String>,
    samples: u64,
    /// Whether it was sampled since its name was read: threads set their name after their start.
    is_new: bool,
}

impl Tally {
    pub(super) fn new(rate: u32, asked: Duration) -> Self {
        Self {
            rate,
            asked,
            took: Duration::ZERO,
            used: Duration::ZERO,
            lost: 0,
            unwatched: BTreeMap::new(),
            watched: 0,
            tells_tasks: true,
            samples: 0,
            late: 0,
            cut: 0,
            not_kept: 0,
            threads: HashMap::new(),
            stacks: HashMap::new(),
            addresses: 0,
            names: Vec::new(),
            tasks: HashMap::new(),
        }
    }

    /// Counts a stack with this weight.
    pub(super) fn add(&mut self, tid: i32, task: u64, weight: u64, stack: Addresses) {
        self.samples += weight;
        self.late += weight - 1;
        self.cut += if stack.cut { weight } else { 0 };
        if self.threads.len() < THREADS || self.threads.contains_key(&tid) {
            let thread = self.threads.entry(tid).or_default();
            thread.samples += weight;
            thread.is_new = true;
        }
        let task = NonZeroU64::new(task).map(|id| self.name_of(id));
        let length = stack.addresses.len();
        let key = (task, stack.addresses);
        if let Some(samples) = self.stacks.get_mut(&key) {
            *samples += weight;
        } else if self.addresses + length <= ADDRESSES {
            self.addresses += length;
            self.stacks.insert(key, weight);
        } else {
            self.not_kept += weight;
        }
    }

    /// Reads the names of the threads that were sampled since the last time.
    pub(super) fn name_threads(&mut self, name: impl Fn(i32) -> Option<String>) {
        for (tid, thread) in self.threads.iter_mut().filter(|(_, thread)| thread.is_new) {
            thread.is_new = false;
            if let Some(name) = name(*tid) {
                thread.name = Some(name);
            }
        }
    }

    /// The title of a task: its name, or where it was spawned. The registry may already have forgotten an ended task.
    fn name_of(&mut self, id: NonZeroU64) -> usize {
        if let Some(at) = self.tasks.get(&id) {
            return *at;
        }
        let mut name = registry::label(id).unwrap_or_else(|| "tasks that have ended".to_owned());
        if self.names.len() >= NAMES && !self.names.iter().any(|known| **known == name) {
            name = "other tasks".to_owned();
        }
        let at = self.names.iter().position(|known| **known == name).unwrap_or_else(|| {
            self.names.push(name.into());
            self.names.len() - 1
        });
        if self.tasks.len() >= TASKS {
            self.tasks.clear();
        }
        self.tasks.insert(id, at);
        at
    }

    /// All sampled addresses, each with whether it is a return address.
    pub(super) fn addresses(&self) -> impl Iterator<Item = (u64, bool)> {
        let with_kind = |(at, address): (usize, &u64)| (*address, at > 0);
        self.stacks.keys().flat_map(move |(_, addresses)| addresses.iter().enumerate().map(with_kind))
    }

    /// The profile, with the functions at all addresses.
    pub(super) fn profile(self, functions: &Names) -> Profile {
        let samples = self.samples;
        let share = |(tid, thread): (i32, Counted)| ThreadShare {
            thread: thread.name.unwrap_or_else(|| "ended".to_owned()),
            tid,
            percent: percent(thread.samples, samples),
            samples: thread.samples,
        };
        let mut threads: Vec<ThreadShare> = self.threads.into_iter().map(share).collect();
        sort::sort_by_key(&mut threads, |thread| (u64::MAX - thread.samples, thread.tid));
        let names = self.names;
        let stack = |((task, addresses), samples): ((Option<usize>, Vec<u64>), u64)| Stack {
            task: task.and_then(|at| names.get(at).cloned()),
            samples,
            frames: addresses
                .iter()
                .enumerate()
                .map(|(at, address)| functions.at(*address, at > 0))
                .collect(),
        };
        Profile {
            rate: self.rate,
            asked: self.asked,
            took: self.took,
            used: self.used,
            samples,
            lost: self.lost,
            late: self.late,
            cut: self.cut,
            not_kept: self.not_kept,
            unwatched: self.unwatched.values().sum(),
            unwatched_because: self.unwatched.into_iter().collect(),
            watched: self.watched,
            tells_tasks: self.tells_tasks,
            nameless: functions.missing.clone(),
            threads,
            stacks: self.stacks.into_iter().map(stack).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacks_are_bounded_and_threads_still_counted() {
        let mut tally = Tally::new(99, Duration::from_secs(1));
        for number in 0..3 {
            let addresses = vec![number; ADDRESSES / 2];
            tally.add(7, 0, 1, Addresses { addresses, cut: false });
        }
        tally.name_threads(|_| Some("worker".to_owned()));
        let profile = tally.profile(&Names::default());
        assert_eq!((profile.samples, profile.not_kept), (3, 1));
        assert_eq!(profile.stacks.len(), 2);
        assert_eq!((profile.threads[0].thread.as_str(), profile.threads[0].samples), ("worker", 3));
    }

    #[test]
    fn a_task_that_has_ended_has_no_name() {
        let mut tally = Tally::new(99, Duration::from_secs(1));
        for task in [u64::MAX, u64::MAX - 1] {
            tally.add(7, task, 3, Addresses { addresses: vec![1], cut: true });
        }
        let profile = tally.profile(&Names::default());
        assert_eq!((profile.samples, profile.late, profile.cut, profile.stacks.len()), (6, 4, 6, 1));
        assert_eq!(profile.stacks[0].task.as_deref(), Some("tasks that have ended"));
    }
}
