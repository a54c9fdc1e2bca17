//! Looks at the process: a small one for each fifth of the window, and a large one at its begin and its end.

use std::collections::HashMap;
use std::io;
use std::time::{Duration, Instant};

use tokio::time::sleep_until;

use crate::base::reserve;
use crate::doctor::growth::LOOKS;
use crate::procfs::files::{named, read};
use crate::procfs::task_files;
use crate::views::objects::Snapshot;
use crate::views::resources::{self, Cgroup, Socket};

/// The numbers that may grow, each `None` if it cannot be read.
#[derive(Clone, Copy, Default)]
pub(super) struct Small {
    pub(super) resident: Option<u64>,
    pub(super) descriptors: Option<u64>,
    pub(super) threads: Option<u64>,
}

/// What is compared at both ends of the window.
pub(super) struct Large {
    pub(super) at: Instant,
    /// The targets of the descriptors.
    pub(super) links: io::Result<HashMap<u32, String>>,
    pub(super) sockets: io::Result<Vec<Socket>>,
    pub(super) threads: io::Result<HashMap<i32, ThreadLook>>,
    /// The children that have ended and that nobody has waited for.
    pub(super) zombies: io::Result<Vec<i32>>,
    pub(super) cgroup: io::Result<Option<Cgroup>>,
    pub(super) objects: Snapshot,
}

/// A thread of the service.
pub(super) struct ThreadLook {
    pub(super) name: String,
    pub(super) state: char,
    /// The processor time that it has used.
    pub(super) used: Duration,
    /// The time for which it has waited for a processor.
    pub(super) waited: Duration,
    /// How often it has been switched.
    pub(super) switches: u64,
}

/// Everything that was seen in a window.
pub(super) struct Window {
    pub(super) first: Large,
    pub(super) last: Large,
    pub(super) small: Vec<Small>,
}

impl Window {
    /// Looks until the window is over.
    pub(super) async fn watch(window: Duration) -> Self {
        let first = Large::now();
        let mut small = vec![Small::now()];
        for fifth in 1..LOOKS as u32 {
            sleep_until((first.at + window * fifth / (LOOKS as u32 - 1)).into()).await;
            small.push(Small::now());
        }
        Self { first, last: Large::now(), small }
    }

    pub(super) fn length(&self) -> Duration {
        self.last.at - self.first.at
    }

    /// A number at each look; empty if one of them could not be read.
    pub(super) fn numbers(&self, of: impl Fn(&Small) -> Option<u64>) -> Vec<u64> {
        self.small.iter().map(of).collect::<Option<_>>().unwrap_or_default()
    }
}

impl Small {
    fn now() -> Self {
        let count = |directory| reserve::names(directory).ok().map(|names| names.len() as u64);
        Self { resident: resident(), descriptors: count("/proc/self/fd"), threads: count("/proc/self/task") }
    }
}

/// The resident memory in bytes (`statm` of proc(5)).
fn resident() -> Option<u64> {
    let pages: u64 = read("/proc/self/statm").ok()?.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

impl Large {
    fn now() -> Self {
        Self {
            at: Instant::now(),
            links: resources::descriptor_links(),
            sockets: resources::sockets(),
            threads: threads(),
            zombies: resources::children().map(|children| children.zombies().collect()),
            cgroup: resources::cgroup(),
            objects: Snapshot::now(),
        }
    }
}

/// The threads but for the console's own.
fn threads() -> io::Result<HashMap<i32, ThreadLook>> {
    let of = |tid| {
        let task = task_files::task(tid).filter(|task| !task.name.starts_with("backdoor-"))?;
        let (used, waited) = (task_files::cpu_time(tid)?, task_files::run_delay(tid).unwrap_or_default());
        let switches = task.voluntary + task.forced;
        Some((tid, ThreadLook { name: task.name, state: task.state, used, waited, switches }))
    };
    let tids = task_files::tids().map_err(|error| named("/proc/self/task".as_ref(), error))?;
    Ok(tids.into_iter().filter_map(of).collect())
}
