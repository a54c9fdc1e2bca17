//! The control group of the process: what a container or a unit may use, and whether it was held back.

use std::fmt::{self, Write};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::proc::{counter, percent, read, size};
use crate::reply::record;
use crate::{CommandOutput, Page, Value};

record! {
    /// The control group of the process (cgroups(7)). A limit is the smallest of the group's own and of those above it that can be
    /// seen; `None` is no limit, or one that is not visible from here.
    #[derive(Default)]
    pub struct Cgroup {
        /// 2, or 1 where the machine still has the old hierarchy.
        pub version: u8,
        /// Where it is in the hierarchy, as the process sees it.
        pub path: String,
        /// Bytes that all its processes use, page cache included.
        pub memory: Option<u64>,
        /// The most bytes it may use; beyond that the kernel kills.
        pub memory_limit: Option<u64>,
        /// `memory` in percent of `memory_limit`.
        pub memory_percent: Option<f64>,
        /// Bytes beyond which it is slowed down (`memory.high`).
        pub memory_high: Option<u64>,
        /// How often the kernel killed one of its processes for want of memory.
        pub oom_kills: Option<u64>,
        /// How many CPUs' worth of time it may use.
        pub cpu_limit: Option<f64>,
        /// How often it ran out of its time, of `periods`.
        pub throttled: Option<u64>,
        /// Periods in which it ran at all; usually 100 ms each.
        pub periods: Option<u64>,
        /// For how long its threads were held back, all together.
        pub throttled_for: Option<Duration>,
        /// Processes and threads in it.
        pub tasks: Option<u64>,
        /// The most there may be.
        pub tasks_limit: Option<u64>,
        /// Who waits for what; empty where the kernel does not count it.
        pub pressure: Vec<Pressure>,
    }
}

record! {
    /// How much time was lost waiting for a resource, in percent of the last 10, 60 and 300 s (psi(7) of the kernel's documentation).
    pub struct Pressure {
        /// `cpu`, `memory` or `io`.
        pub resource: &'static str,
        /// `some`: at least one task waited. `full`: all did.
        pub who: &'static str,
        /// Of the last 10 s.
        pub last_10s: f64,
        /// Of the last 60 s.
        pub last_60s: f64,
        /// Of the last 300 s.
        pub last_300s: f64,
    }
}

/// The control group of the process; `None` where there is none, or nothing of it is visible.
///
/// # Errors
/// `/proc` is not there, or hidden.
pub fn cgroup() -> io::Result<Option<Cgroup>> {
    Ok(find(&read("/proc/self/cgroup")?, Path::new("/sys/fs/cgroup")))
}

fn find(membership: &str, root: &Path) -> Option<Cgroup> {
    let of = |controllers: &str| {
        membership.lines().find_map(|line| {
            let (_, rest) = line.split_once(':')?;
            let (names, path) = rest.split_once(':')?;
            (names.split(',').any(|name| name == controllers)).then_some(path)
        })
    };
    match of("memory") {
        Some(memory) => {
            Some(version_1(root, memory, of("cpu").unwrap_or(memory), of("pids").unwrap_or(memory)))
        }
        None => version_2(root, of("")?),
    }
}

fn version_2(root: &Path, path: &str) -> Option<Cgroup> {
    let group = Group::new(root, path);
    if !group.own().join("cgroup.controllers").exists() {
        return None;
    }
    let stat = group.text("cpu.stat");
    let memory = group.number("memory.current");
    let memory_limit = group.smallest("memory.max");
    Some(Cgroup {
        version: 2,
        path: path.to_owned(),
        memory,
        memory_limit,
        memory_percent: memory.zip(memory_limit).and_then(|(used, limit)| percent(used, limit)),
        memory_high: group.smallest("memory.high"),
        oom_kills: counter(&group.text("memory.events"), "oom_kill"),
        cpu_limit: group.each("cpu.max").filter_map(|text| quota(&text)).reduce(f64::min),
        throttled: counter(&stat, "nr_throttled"),
        periods: counter(&stat, "nr_periods"),
        throttled_for: counter(&stat, "throttled_usec").map(Duration::from_micros),
        tasks: group.number("pids.current"),
        tasks_limit: group.smallest("pids.max"),
        pressure: ["cpu", "memory", "io"]
            .into_iter()
            .flat_map(|resource| pressure(resource, &group.text(&format!("{resource}.pressure"))))
            .collect(),
    })
}

/// Each controller has a hierarchy of its own.
fn version_1(root: &Path, memory_path: &str, cpu_path: &str, pids_path: &str) -> Cgroup {
    let memory_group = Group::new(&root.join("memory"), memory_path);
    let cpu = Group::new(&root.join("cpu"), cpu_path);
    let pids = Group::new(&root.join("pids"), pids_path);
    let stat = cpu.text("cpu.stat");
    let memory = memory_group.number("memory.usage_in_bytes");
    // No limit is written as the largest number of whole pages.
    let memory_limit = memory_group.smallest("memory.limit_in_bytes").filter(|limit| *limit < 1 << 62);
    let quota = cpu.number("cpu.cfs_quota_us").zip(cpu.number("cpu.cfs_period_us"));
    Cgroup {
        version: 1,
        path: memory_path.to_owned(),
        memory,
        memory_limit,
        memory_percent: memory.zip(memory_limit).and_then(|(used, limit)| percent(used, limit)),
        memory_high: None,
        oom_kills: counter(&memory_group.text("memory.oom_control"), "oom_kill"),
        cpu_limit: quota.map(|(quota, period)| quota as f64 / period as f64),
        throttled: counter(&stat, "nr_throttled"),
        periods: counter(&stat, "nr_periods"),
        throttled_for: counter(&stat, "throttled_time").map(Duration::from_nanos),
        tasks: pids.number("pids.current"),
        tasks_limit: pids.smallest("pids.max"),
        pressure: Vec::new(),
    }
}

/// A group's directory and those above it, up to what can be seen.
struct Group {
    directories: Vec<PathBuf>,
}

impl Group {
    fn new(root: &Path, path: &str) -> Self {
        let own = root.join(path.trim_start_matches('/'));
        // In a container the path may be one of the host's, which is not there.
        let own = if own.is_dir() { own } else { root.to_owned() };
        let above = own.ancestors().take_while(|directory| directory.starts_with(root));
        Self { directories: above.map(Path::to_owned).collect() }
    }

    fn own(&self) -> &Path {
        &self.directories[0]
    }

    /// A file of the group's own; empty where there is none.
    fn text(&self, file: &str) -> String {
        read(self.own().join(file)).unwrap_or_default()
    }

    fn number(&self, file: &str) -> Option<u64> {
        self.text(file).trim().parse().ok()
    }

    /// The same file of the group and of those above it.
    fn each(&self, file: &str) -> impl Iterator<Item = String> {
        self.directories.iter().filter_map(move |directory| read(directory.join(file)).ok())
    }

    /// The smallest limit; `max` is none.
    fn smallest(&self, file: &str) -> Option<u64> {
        self.each(file).filter_map(|text| text.trim().parse().ok()).min()
    }
}

/// `50000 100000` is half a CPU, `max 100000` is no limit.
fn quota(text: &str) -> Option<f64> {
    let (quota, period) = text.trim().split_once(' ')?;
    let (quota, period): (f64, f64) = (quota.parse().ok()?, period.parse().ok()?);
    (period > 0.0).then(|| quota / period)
}

/// `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`
fn pressure(resource: &'static str, text: &str) -> Vec<Pressure> {
    let line = |who: &'static str| {
        let line = text.lines().find_map(|line| line.strip_prefix(who))?;
        let value = |key: &str| line.split(' ').find_map(|word| word.strip_prefix(key)?.parse().ok());
        let (last_10s, last_60s, last_300s) = (value("avg10=")?, value("avg60=")?, value("avg300=")?);
        Some(Pressure { resource, who, last_10s, last_60s, last_300s })
    };
    ["some", "full"].into_iter().filter_map(line).collect()
}

impl CommandOutput for Cgroup {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        writeln!(page, "{} (version {})", self.path, self.version)?;
        let limit = |limit: Option<String>| limit.unwrap_or_else(|| "no limit".to_owned());
        if let Some(memory) = self.memory {
            let share = self.memory_percent.map(|share| format!(" ({share} %)")).unwrap_or_default();
            writeln!(page, "memory   {} of {}{share}", size(memory), limit(self.memory_limit.map(size)))?;
        }
        if let Some(high) = self.memory_high {
            writeln!(page, "         slowed down from {}", size(high))?;
        }
        if let Some(kills) = self.oom_kills {
            writeln!(page, "         {kills} killed for want of memory")?;
        }
        writeln!(page, "cpu      {}", limit(self.cpu_limit.map(|cpus| format!("{cpus} CPUs"))))?;
        if let (Some(throttled), Some(periods)) = (self.throttled, self.periods) {
            let held = self.throttled_for.unwrap_or_default();
            let held = crate::reply::text::duration(&held);
            writeln!(page, "         throttled in {throttled} of {periods} periods, {held} in all")?;
        }
        if let Some(tasks) = self.tasks {
            writeln!(page, "tasks    {tasks} of {}", limit(self.tasks_limit.map(|limit| limit.to_string())))?;
        }
        if self.pressure.is_empty() {
            return writeln!(page, "pressure is not counted by this kernel");
        }
        writeln!(page, "\nTime lost waiting, in percent:")?;
        page.write_str(&Value::of(&self.pressure).to_text(page.width()))
    }

    fn value(&self) -> Value {
        Value::of(self)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A hierarchy of files, gone when it is dropped.
    struct Tree(PathBuf);

    impl Tree {
        fn new(name: &str, files: &[(&str, &str)]) -> Self {
            let root = std::env::temp_dir().join(format!("backdoor-cgroup-{name}-{}", std::process::id()));
            for (path, text) in files {
                let path = root.join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            Self(root)
        }
    }

    impl Drop for Tree {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn the_smallest_limit_above_counts() {
        let tree = Tree::new(
            "v2",
            &[
                ("shop/worker/cgroup.controllers", "cpu memory pids\n"),
                ("shop/worker/memory.current", "1048576\n"),
                ("shop/worker/memory.max", "max\n"),
                ("shop/memory.max", "4194304\n"),
                ("shop/worker/memory.events", "low 0\noom 3\noom_kill 2\n"),
                ("shop/worker/cpu.max", "max 100000\n"),
                ("shop/cpu.max", "150000 100000\n"),
                (
                    "shop/worker/cpu.stat",
                    "usage_usec 9\nnr_periods 10\nnr_throttled 4\nthrottled_usec 2500\n",
                ),
                ("shop/worker/pids.current", "12\n"),
                ("shop/worker/cpu.pressure", "some avg10=1.50 avg60=0.20 avg300=0.00 total=99\n"),
            ],
        );
        let group = find("0::/shop/worker\n", &tree.0).unwrap();
        assert_eq!((group.version, group.path.as_str()), (2, "/shop/worker"));
        assert_eq!((group.memory_limit, group.memory_percent), (Some(4 << 20), Some(25.0)));
        assert_eq!((group.oom_kills, group.cpu_limit), (Some(2), Some(1.5)));
        assert_eq!((group.throttled, group.periods), (Some(4), Some(10)));
        assert_eq!(group.throttled_for, Some(Duration::from_micros(2500)));
        assert_eq!((group.tasks, group.tasks_limit), (Some(12), None));
        assert_eq!(group.pressure.len(), 1);
        assert_eq!((group.pressure[0].resource, group.pressure[0].last_10s), ("cpu", 1.5));
    }

    #[test]
    fn the_old_hierarchy_has_a_tree_for_each_controller() {
        let tree = Tree::new(
            "v1",
            &[
                ("memory/shop/memory.usage_in_bytes", "1024\n"),
                ("memory/shop/memory.limit_in_bytes", "9223372036854771712\n"),
                ("memory/memory.limit_in_bytes", "2048\n"),
                ("cpu/shop/cpu.cfs_quota_us", "50000\n"),
                ("cpu/shop/cpu.cfs_period_us", "100000\n"),
                ("cpu/shop/cpu.stat", "nr_periods 2\nnr_throttled 1\nthrottled_time 7\n"),
            ],
        );
        let group = find("4:memory:/shop\n3:cpu,cpuacct:/shop\n0::/elsewhere\n", &tree.0).unwrap();
        assert_eq!((group.version, group.memory_limit), (1, Some(2048)));
        assert_eq!((group.cpu_limit, group.throttled_for), (Some(0.5), Some(Duration::from_nanos(7))));
    }

    #[test]
    fn no_group_is_an_answer() {
        assert!(find("", Path::new("/no/such/root")).is_none());
        assert!(find("0::/\n", Path::new("/no/such/root")).is_none());
        assert!(cgroup().is_ok());
    }
}
