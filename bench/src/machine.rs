//! The machine: what it is, and which of its cores is used.

use std::fs;
use std::process::Command;

use anyhow::Context;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// In one line, for the head of the results.
pub(crate) fn describe() -> String {
    let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let model = model.map_or("unknown processor", |(_, model)| model.trim());
    let cores = cpu.lines().filter(|line| line.starts_with("processor")).count();
    let kernel = read("/proc/sys/kernel/osrelease");
    let rustc =
        Command::new("rustc").arg("--version").output().map(|output| output.stdout).unwrap_or_default();
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or("?");
    format!(
        "{model}, {cores} cores, Linux {}, {}, load average {load}",
        kernel.trim(),
        String::from_utf8_lossy(&rustc).trim(),
    )
}

/// Keeps this thread, and the processes it starts from now on, on one core for as long as this lives: with the peers on idle
/// virtual cores, a wake-up takes 8 µs or 80, and nothing can be compared.
pub(crate) struct Pinned(CpuSet);

impl Pinned {
    /// The last core that is allowed.
    pub(crate) fn to_one_core() -> anyhow::Result<Self> {
        let before = sched_getaffinity(None).context("asking for the cores")?;
        let last = (0..CpuSet::MAX_CPU).rev().find(|&core| before.is_set(core));
        Self::to(last.context("no core is allowed")?, before)
    }

    /// The first one, which is another where there are two.
    pub(crate) fn to_first_core() -> anyhow::Result<Self> {
        let before = sched_getaffinity(None).context("asking for the cores")?;
        let first = (0..CpuSet::MAX_CPU).find(|&core| before.is_set(core));
        Self::to(first.context("no core is allowed")?, before)
    }

    fn to(core: usize, before: CpuSet) -> anyhow::Result<Self> {
        let mut one = CpuSet::new();
        one.set(core);
        sched_setaffinity(None, &one).context("keeping to one core")?;
        Ok(Self(before))
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // It was allowed before, so it is again.
        let _ = sched_setaffinity(None, &self.0);
    }
}

/// Allows as many descriptors as the system does; children inherit it.
pub(crate) fn allow_descriptors() -> anyhow::Result<()> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })
        .context("raising the limit of descriptors")
}

/// Seconds of CPU that the children waited for have used, with their own children.
pub(crate) fn seconds_of_children() -> anyhow::Result<f64> {
    // cutime and cstime.
    seconds("self", [16, 17])
}

/// Seconds of CPU that a process has used.
pub(crate) fn seconds_of(process: u32) -> anyhow::Result<f64> {
    // utime and stime.
    seconds(&process.to_string(), [14, 15])
}

/// The sum of two times of a process, by their numbers in proc_pid_stat(5).
fn seconds(process: &str, numbers: [usize; 2]) -> anyhow::Result<f64> {
    /// `USER_HZ` is 100 on every Linux there is (time(7)).
    const TICKS: f64 = 100.0;
    let file = format!("/proc/{process}/stat");
    let stat = fs::read_to_string(&file).with_context(|| format!("reading {file}"))?;
    // The name, in brackets, may hold spaces; what is behind it begins with the third.
    let (_, fields) = stat.rsplit_once(')').with_context(|| format!("reading {file}"))?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let [first, second] = numbers.map(|number| fields[number - 3].parse::<f64>());
    Ok((first? + second?) / TICKS)
}

/// A number in a file of /proc, with its name before it; where it has a unit, that is kB.
pub(crate) fn field(file: &str, name: &str) -> anyhow::Result<f64> {
    let text = fs::read_to_string(file)?;
    let value =
        text.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("{name} in {file}"))?;
    Ok(value.trim().trim_end_matches(" kB").parse()?)
}
