//! Numbers of the process that can be read each second: within microseconds, and without a descriptor where the kernel allows it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::base::reserve;
use crate::procfs::files::{field, read};

/// Resident memory in bytes (`/proc/self/statm`, proc_pid_statm(5)).
pub(crate) fn resident() -> Option<u64> {
    let pages: u64 = read("/proc/self/statm").ok()?.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

/// The number of threads: the links of `/proc/self/task` without its own two, else the line of `/proc/self/status`.
pub(crate) fn threads() -> Option<u64> {
    let links = fs::metadata("/proc/self/task").ok().map(|task| task.nlink());
    match links.and_then(|links| links.checked_sub(2)) {
        None | Some(0) => field(&read("/proc/self/status").ok()?, "Threads"),
        threads => threads,
    }
}

/// Counts open descriptors. Since Linux 6.2 their number is the size of `/proc/self/fd`; before, the directory is listed, and a long one
/// only in each tenth call.
#[derive(Default)]
pub(crate) struct DescriptorCount {
    /// How often the last count is still returned.
    pause: AtomicU32,
    last: AtomicU64,
}

const DIRECTORY: &str = "/proc/self/fd";

impl DescriptorCount {
    /// The number now.
    pub(crate) fn now(&self) -> Option<u64> {
        match fs::metadata(DIRECTORY).ok()?.len() {
            0 => self.listed(),
            count => Some(count),
        }
    }

    fn listed(&self) -> Option<u64> {
        const LONG: u64 = 500;
        const CALLS: u32 = 9;
        let pause = self.pause.load(Ordering::Relaxed);
        if pause > 0 {
            self.pause.store(pause - 1, Ordering::Relaxed);
            return Some(self.last.load(Ordering::Relaxed));
        }
        // Without the one that reads the directory.
        let count = (reserve::names(DIRECTORY).ok()?.len() as u64).saturating_sub(1);
        self.last.store(count, Ordering::Relaxed);
        self.pause.store(if count > LONG { CALLS } else { 0 }, Ordering::Relaxed);
        Some(count)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn numbers_of_the_process_are_those_of_the_long_files() {
        let status = read("/proc/self/status").unwrap();
        let long = field(&status, "VmRSS").unwrap();
        let short = resident().unwrap();
        assert!(short > long / 2 && short < long * 2, "{short} {long}");
        assert!(threads().unwrap() >= 2, "the test has a thread of its own");
    }

    #[test]
    fn descriptors_are_counted_in_both_ways() {
        let files: Vec<File> = (0..600).map(|_| File::open("/dev/null").unwrap()).collect();
        let counts = DescriptorCount::default();
        assert!(counts.now().unwrap() >= 600);
        let many = counts.listed().unwrap();
        assert!(many >= 600);
        drop(files);
        let counted = (0..9).map(|_| counts.listed().unwrap()).collect::<Vec<_>>();
        assert_eq!(counted, [many; 9]);
        assert!(counts.listed().unwrap() < many);
    }
}
