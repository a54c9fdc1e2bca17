//! The control group of the process: the limits of a container or unit, and throttling.

use std::fmt::{self, Write};
use std::io;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use crate::base::byte_size::size;
use crate::procfs::cgroup::Group;
use crate::procfs::files::{counter, percent, read};
use crate::reply::record;
use crate::{CommandOutput, Page, Value};

record! {
    /// The control group of the process (cgroups(7)). A limit is the smallest of the group and of its visible
    /// ancestors; `None` is no limit, or an invisible one: `unknown` shows which.
    #[derive(Default)]
    pub(crate) struct Cgroup {
        /// 2, or 1 if the machine still has the old hierarchy.
        pub version: u8,
        /// Its path in the hierarchy, as the process sees it. In version 1, the path of the memory controller.
        pub path: String,
        /// In version 1, the path of each controller, whether its files are visible or not.
        pub controllers: Vec<Controller>,
        /// In version 1, the controllers with invisible files: `memory`, `cpu`, `pids`. Their limits are unknown.
        pub unknown: Vec<&'static str>,
        /// The bytes that all its processes use, with the page cache.
        pub memory: Option<u64>,
        /// The limit in bytes, beyond which the kernel kills processes.
        pub memory_limit: Option<u64>,
        /// `memory` in percent of `memory_limit`.
        pub memory_percent: Option<f64>,
        /// The bytes beyond which it is throttled (`memory.high`).
        pub memory_high: Option<u64>,
        /// The number of its processes that the kernel killed for lack of memory, since the creation of the group.
        pub oom_kills: Option<u64>,
        /// The limit of processor time, in CPUs.
        pub cpu_limit: Option<f64>,
        /// The number of throttled periods, of `periods`.
        pub throttled: Option<u64>,
        /// The number of periods in which it ran; usually 100 ms each.
        pub periods: Option<u64>,
        /// The total time for which its threads were throttled.
        pub throttled_for: Option<Duration>,
        /// Processes and threads in it.
        pub tasks: Option<u64>,
        /// The limit of processes and threads.
        pub tasks_limit: Option<u64>,
        /// The pressure per resource; empty where the kernel does not count it.
        pub pressure: Vec<Pressure>,
        /// The scope of the pressure: `group`, or `machine` if the kernel counts it only for the whole machine (`/proc/pressure`).
        pub pressure_of: Option<&'static str>,
    }
}

record! {
    /// The path of a controller of version 1.
    pub(crate) struct Controller {
        /// `memory`, `cpu` or `pids`.
        pub controller: &'static str,
        /// The path in its hierarchy.
        pub path: String,
    }
}

record! {
    /// The time lost by waiting for a resource, in percent of the last 10, 60 and 300 s (psi(7) of the kernel's documentation).
    pub(crate) struct Pressure {
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
/// `/proc` is not mounted, or hidden.
pub(crate) fn cgroup() -> io::Result<Option<Cgroup>> {
    let membership = read("/proc/self/cgroup")?;
    Ok(find(&membership, Path::new("/sys/fs/cgroup"), Path::new("/proc/pressure")))
}

/// The counters of the group at the start of the first console of the process, for the difference since then.
static AT_START: OnceLock<Option<Counters>> = OnceLock::new();

/// Counters of a group.
#[derive(Clone, Copy, Default)]
struct Counters {
    oom_kills: Option<u64>,
    throttled: Option<u64>,
    periods: Option<u64>,
}

/// Called at the start of a console.
pub(crate) fn note_start() {
    AT_START.get_or_init(|| {
        let Cgroup { oom_kills, throttled, periods, .. } = cgroup().ok()??;
        Some(Counters { oom_kills, throttled, periods })
    });
}

impl Cgroup {
    /// The same with counters since the start of a console: the kernel counts from the creation of the group, which may be weeks earlier
    /// and concern another process.
    pub(crate) fn since_start(&self) -> Self {
        self.since(AT_START.get().copied().flatten().unwrap_or_default())
    }

    fn since(&self, start: Counters) -> Self {
        let more =
            |now: Option<u64>, before: Option<u64>| now.map(|now| now.saturating_sub(before.unwrap_or(0)));
        Self {
            oom_kills: more(self.oom_kills, start.oom_kills),
            throttled: more(self.throttled, start.throttled),
            periods: more(self.periods, start.periods),
            ..self.clone()
        }
    }
}

fn find(membership: &str, root: &Path, of_machine: &Path) -> Option<Cgroup> {
    let of = |controller: &str| {
        membership.lines().find_map(|line| {
            let (_, rest) = line.split_once(':')?;
            let (names, path) = rest.split_once(':')?;
            (names.split(',').any(|name| name == controller)).then_some(path)
        })
    };
    let is_old = ["memory", "cpu", "pids"].iter().any(|controller| of(controller).is_some());
    let mut group = match is_old {
        true => version_1(root, of),
        false => version_2(root, of("")?)?,
    };
    group.pressure_of = (!group.pressure.is_empty()).then_some("group");
    if group.pressure.is_empty() {
        group.pressure = pressures(|resource| read(of_machine.join(resource)).unwrap_or_default());
        group.pressure_of = (!group.pressure.is_empty()).then_some("machine");
    }
    Some(group)
}

fn pressures(text: impl Fn(&str) -> String) -> Vec<Pressure> {
    ["cpu", "memory", "io"].into_iter().flat_map(|resource| pressure(resource, &text(resource))).collect()
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
        controllers: Vec::new(),
        unknown: Vec::new(),
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
        pressure: pressures(|resource| group.text(&format!("{resource}.pressure"))),
        pressure_of: None,
    })
}

/// Each controller has its own hierarchy and its own group for the process.
fn version_1<'a>(root: &Path, path_of: impl Fn(&str) -> Option<&'a str>) -> Cgroup {
    let group =
        |controller: &'static str| Group::new(&root.join(controller), path_of(controller).unwrap_or("/"));
    let (memory_group, cpu, pids) = (group("memory"), group("cpu"), group("pids"));
    let stat = cpu.text("cpu.stat");
    let memory = memory_group.number("memory.usage_in_bytes");
    // The kernel writes an unlimited value as the largest number of whole pages.
    let memory_max = memory_group.smallest("memory.limit_in_bytes");
    let memory_limit = memory_max.filter(|limit| *limit < 1 << 62);
    // The kernel writes an unlimited value as -1.
    let quota = |directory: &Path| {
        let number = |file: &str| read(directory.join(file)).ok()?.trim().parse::<f64>().ok();
        let (quota, period) = (number("cpu.cfs_quota_us")?, number("cpu.cfs_period_us")?);
        (quota > 0.0 && period > 0.0).then(|| quota / period)
    };
    let is_seen = [
        ("memory", memory_max.is_some()),
        ("cpu", cpu.own().join("cpu.cfs_quota_us").exists() || cpu.own().join("cpu.shares").exists()),
        ("pids", pids.own().join("pids.current").exists() || pids.own().join("pids.max").exists()),
    ];
    let paths = ["memory", "cpu", "pids"]
        .into_iter()
        .filter_map(|controller| Some((controller, path_of(controller)?)));
    let controllers: Vec<Controller> =
        paths.map(|(controller, path)| Controller { controller, path: path.to_owned() }).collect();
    let first = controllers.first().map(|first| first.path.clone()).unwrap_or_default();
    Cgroup {
        version: 1,
        path: path_of("memory").map_or(first, str::to_owned),
        controllers,
        unknown: is_seen
            .into_iter()
            .filter(|(_, is_seen)| !is_seen)
            .map(|(controller, _)| controller)
            .collect(),
        memory,
        memory_limit,
        memory_percent: memory.zip(memory_limit).and_then(|(used, limit)| percent(used, limit)),
        memory_high: None,
        oom_kills: counter(&memory_group.text("memory.oom_control"), "oom_kill"),
        cpu_limit: cpu.directories.iter().filter_map(|directory| quota(directory)).reduce(f64::min),
        throttled: counter(&stat, "nr_throttled"),
        periods: counter(&stat, "nr_periods"),
        throttled_for: counter(&stat, "throttled_time").map(Duration::from_nanos),
        tasks: pids.number("pids.current"),
        tasks_limit: pids.smallest("pids.max"),
        pressure: Vec::new(),
        pressure_of: None,
    }
}

/// The text for an invisible limit, which differs from no limit.
const UNKNOWN: &str = "unknown: its files are not visible in this container";

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
        let is_one = self.controllers.iter().all(|controller| controller.path == self.path);
        match is_one {
            true => writeln!(page, "{} (version {})", self.path, self.version)?,
            false => {
                let of = self
                    .controllers
                    .iter()
                    .map(|Controller { controller, path }| format!("{controller} {path}"));
                writeln!(page, "{} (version {})", of.collect::<Vec<_>>().join(", "), self.version)?;
            }
        }
        let limit = |controller: &str, limit: Option<String>| match limit {
            Some(limit) => limit,
            None if self.unknown.contains(&controller) => "an unknown limit".to_owned(),
            None => "no limit".to_owned(),
        };
        if let Some(memory) = self.memory {
            let share = self.memory_percent.map(|share| format!(" ({share} %)")).unwrap_or_default();
            let limit = limit("memory", self.memory_limit.map(size));
            writeln!(page, "memory   {} of {limit}{share}", size(memory))?;
        } else if self.unknown.contains(&"memory") {
            writeln!(page, "memory   {UNKNOWN}")?;
        }
        if let Some(high) = self.memory_high {
            writeln!(page, "         slowed down from {}", size(high))?;
        }
        if let Some(kills) = self.oom_kills {
            writeln!(page, "         {kills} killed for lack of memory")?;
        }
        match self.unknown.contains(&"cpu") && self.cpu_limit.is_none() {
            true => writeln!(page, "cpu      {UNKNOWN}")?,
            false => writeln!(
                page,
                "cpu      {}",
                limit("cpu", self.cpu_limit.map(|cpus| format!("{cpus} CPUs")))
            )?,
        }
        if let (Some(throttled), Some(periods)) = (self.throttled, self.periods) {
            let held = self.throttled_for.unwrap_or_default();
            let held = crate::reply::text::duration(&held);
            writeln!(page, "         throttled in {throttled} of {periods} periods, {held} in total")?;
        }
        if let Some(tasks) = self.tasks {
            let limit = limit("pids", self.tasks_limit.map(|limit| limit.to_string()));
            writeln!(page, "tasks    {tasks} of {limit}")?;
        } else if self.unknown.contains(&"pids") {
            writeln!(page, "tasks    {UNKNOWN}")?;
        }
        match self.pressure_of {
            Some("machine") => writeln!(page, "\nTime lost by waiting, in percent, on the whole machine:")?,
            Some(_) => writeln!(page, "\nTime lost by waiting, in percent:")?,
            None => {
                return writeln!(page, "pressure is unknown: neither the group nor /proc/pressure has it");
            }
        }
        page.write_str(&Value::of(&self.pressure).to_text(page.width()))
    }

    fn value(&self) -> Value {
        Value::of(self)
    }
}

#[cfg(test)]
mod tests;
