//! The resources of a process: descriptors, threads, memory.

use std::fs;

use crate::shop::Shop;
use crate::wait::until;

#[derive(Clone, Debug)]
pub(super) struct Held {
    descriptors: usize,
    /// By name.
    threads: Vec<String>,
    kilobytes: usize,
}

impl Held {
    pub(super) fn by(process: u32) -> Self {
        let directory = format!("/proc/{process}");
        let descriptors = fs::read_dir(format!("{directory}/fd")).unwrap().count();
        // A thread may end meanwhile.
        let name =
            |task: std::io::Result<fs::DirEntry>| fs::read_to_string(task.ok()?.path().join("comm")).ok();
        let tasks = fs::read_dir(format!("{directory}/task")).unwrap();
        let mut threads: Vec<String> =
            tasks.filter_map(name).map(|name| name.trim_end().to_owned()).collect();
        threads.sort();
        let status = fs::read_to_string(format!("{directory}/status")).unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.strip_suffix("kB"));
        let kilobytes = resident.expect("a process has memory").trim().parse().unwrap();
        Self { descriptors, threads, kilobytes }
    }

    /// The state after all connections have closed and the threads of commands have ended, which takes 10 s after their last command.
    pub(super) fn quiet(shop: &Shop) -> Self {
        let is_quiet = |held: &Self| !held.threads.iter().any(|name| name.starts_with("backdoor-cmd"));
        until("rest", || Self::by(shop.id()), is_quiet)
    }

    /// Waits until the process uses no more than before. Threads of the first use may have started, and memory is not returned to the last
    /// page.
    #[track_caller]
    pub(super) fn await_no_more_than(before: Self, shop: &Shop, megabytes: usize) {
        let is_first_used = |name: &&String| ["backdoor-helper", "backdoor-view"].contains(&name.as_str());
        let lasting = |held: &Self| held.threads.iter().filter(|name| !is_first_used(name)).count();
        let is_back = |now: &Self| {
            // The runtime of each of these two threads has descriptors: an epoll, an eventfd and an end of a socket pair.
            let first_used = now.threads.len() - lasting(now);
            now.descriptors <= before.descriptors + 4 * first_used && lasting(now) <= lasting(&before)
        };
        let now = until(&format!("no more than {before:?}"), || Self::by(shop.id()), is_back);
        println!("{} kB became {} kB", before.kilobytes, now.kilobytes);
        assert!(
            now.kilobytes <= before.kilobytes + megabytes * 1024,
            "memory left behind: {before:?} became {now:?}"
        );
    }
}
