//! One check for each view: the condition under which it reports a problem. `doctor/service.rs` checks the objects and variables of the
//! service.

use std::io;
use std::time::Duration;

use super::{Diagnosis, service};
use crate::base::byte_size::size;
use crate::base::race::both;
use crate::views::resources::{self, Cgroup, Descriptors, Pressure, Socket};
use crate::views::sync::Waits;
use crate::views::tasks::RuntimeInfo;
use crate::{Console, RunInfo};

/// The percentage from which a limit counts as near.
const NEAR: f64 = 80.0;

/// A lock with a longer wait is reported.
const LONG_WAIT: Duration = Duration::from_secs(10);

/// From this many connections that the peer has closed and the service has not, descriptors were probably forgotten.
const HALF_CLOSED: usize = 50;

/// The percentage of the last 10 s lost by waiting for memory, a disk or a CPU from which it is reported.
const PRESSURE: f64 = 20.0;

/// Runs all checks; the most serious problems come first.
pub(super) async fn all(console: &Console, window: Duration, diagnosis: &mut Diagnosis) {
    waits(&crate::views::sync::waits(), diagnosis);
    let watched = async {
        match console.runtime() {
            Some(runtime) => Some(crate::views::tasks::runtime(runtime, window).await),
            None => None,
        }
    };
    // Concurrently, so that the window passes once.
    let of_service = both(service::growth(window), service::variables(console));
    let (watched, (growth, variables)) = both(watched, of_service).await;
    match watched {
        Some(seen) => runtime(&seen, diagnosis),
        None => diagnosis.not_read("runtime", "the console has no runtime".to_owned()),
    }
    runs(&console.running(), diagnosis);
    service::locks(&crate::views::sync::poisoned_locks(), diagnosis);
    read(diagnosis, "fds", resources::descriptors(), descriptors);
    read(diagnosis, "sockets", resources::sockets(), |sockets, diagnosis| self::sockets(sockets, diagnosis));
    match resources::cgroup() {
        Ok(Some(group)) => cgroup(&group.since_start(), diagnosis),
        Ok(None) => diagnosis.not_read("cgroup", "no control group is visible in this container".to_owned()),
        Err(error) => diagnosis.not_read("cgroup", error.to_string()),
    }
    read(diagnosis, "mem", resources::memory(), |memory, diagnosis| {
        diagnosis.read.push("mem");
        if memory.swapped > 0 {
            let swapped = size(memory.swapped);
            diagnosis.finds("mem", format!("{swapped} of the memory of the process is swapped out"), "mem");
        }
    });
    service::objects(&growth, window, diagnosis);
    service::vars(variables.as_deref(), diagnosis);
    service::changes(&console.changes(), diagnosis);
    service::log(diagnosis);
}

/// Checks a view, or records why it could not be read.
fn read<T>(
    diagnosis: &mut Diagnosis,
    view: &'static str,
    seen: io::Result<T>,
    check: impl FnOnce(&T, &mut Diagnosis),
) {
    match seen {
        Ok(seen) => check(&seen, diagnosis),
        Err(error) => diagnosis.not_read(view, error.to_string()),
    }
}

fn waits(waits: &Waits, diagnosis: &mut Diagnosis) {
    diagnosis.read.push("waits");
    for cycle in &waits.cycles {
        diagnosis.finds("waits", format!("a deadlock: {}", cycle.text), "waits");
    }
    let long = waits.edges.iter().filter(|edge| edge.waiter.waited >= LONG_WAIT).count();
    if let Some(longest) = waits.edges.first().filter(|_| long > 0 && waits.cycles.is_empty()) {
        let others = match long - 1 {
            0 => String::new(),
            1 => "; 1 more wait is as long".to_owned(),
            others => format!("; {others} more waits are as long"),
        };
        diagnosis.finds("waits", format!("{}{others}", longest.text), "waits");
    }
}

fn runtime(runtime: &RuntimeInfo, diagnosis: &mut Diagnosis) {
    diagnosis.read.push("runtime");
    if runtime.workers.iter().any(|worker| worker.is_held || worker.is_slow) || !runtime.holding.is_empty() {
        diagnosis.finds("runtime", format!("the runtime: {}", runtime.verdict), "runtime");
    }
}

fn runs(runs: &[RunInfo], diagnosis: &mut Diagnosis) {
    diagnosis.read.push("running");
    let stuck: Vec<&RunInfo> = runs.iter().filter(|run| run.state == "stuck").collect();
    if let Some(first) = stuck.first() {
        let others = if stuck.len() > 1 { format!(" and {} others", stuck.len() - 1) } else { String::new() };
        diagnosis.finds("running", format!("the command `{}` is stuck{others}", first.line), "running");
    }
}

fn descriptors(descriptors: &Descriptors, diagnosis: &mut Diagnosis) {
    diagnosis.read.push("fds");
    if let (Some(percent), Some(limit)) = (descriptors.percent, descriptors.limit)
        && percent >= NEAR
    {
        let most =
            descriptors.kinds.first().map(|most| format!("; most are {}", most.kind)).unwrap_or_default();
        let open = descriptors.open;
        diagnosis.finds("fds", format!("{open} of {limit} descriptors are open ({percent} %){most}"), "fds");
    }
}

fn sockets(sockets: &[Socket], diagnosis: &mut Diagnosis) {
    diagnosis.read.push("sockets");
    let forgotten = sockets.iter().filter(|socket| socket.state == "close-wait").count();
    if forgotten >= HALF_CLOSED {
        let finding = format!("{forgotten} connections were closed by the peer but not by the service");
        diagnosis.finds("sockets", finding, "sockets close-wait");
    }
}

fn cgroup(group: &Cgroup, diagnosis: &mut Diagnosis) {
    diagnosis.read.push("cgroup");
    if let (Some(percent), Some(limit)) = (group.memory_percent, group.memory_limit)
        && percent >= NEAR
    {
        let limit = size(limit);
        let finding = format!("the control group uses {percent} % of its {limit} of memory");
        diagnosis.finds("cgroup", finding, "cgroup");
    }
    if let Some(kills) = group.oom_kills.filter(|kills| *kills > 0) {
        let finding = format!(
            "the kernel killed {kills} of the control group's processes for lack of memory since the console started"
        );
        diagnosis.finds("cgroup", finding, "cgroup");
    }
    // Occasional bursts throttle about one period in twenty.
    if let (Some(throttled), Some(periods)) = (group.throttled, group.periods)
        && throttled > 0
        && throttled * 20 >= periods
    {
        let finding = format!(
            "the control group was throttled in {throttled} of {periods} periods of CPU time since the console started"
        );
        diagnosis.finds("cgroup", finding, "cgroup");
    }
    if let (Some(tasks), Some(limit)) = (group.tasks, group.tasks_limit)
        && tasks as f64 >= limit as f64 * NEAR / 100.0
    {
        diagnosis.finds("cgroup", format!("{tasks} of {limit} threads and processes"), "cgroup");
    }
    // The pressure of the whole machine may come from another process.
    let own: &[Pressure] = if group.pressure_of == Some("group") { &group.pressure } else { &[] };
    for pressure in own.iter().filter(|pressure| pressure.last_10s >= PRESSURE) {
        let (who, share, resource) = (pressure.who, pressure.last_10s, pressure.resource);
        let who = if who == "full" { "all" } else { who };
        let finding =
            format!("{who} tasks of the control group lost {share} % of the last 10 s to {resource}");
        diagnosis.finds("cgroup", finding, "cgroup");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_near_their_limit_are_found() {
        let all = resources::descriptors().unwrap();
        let mut diagnosis = Diagnosis::new();
        descriptors(&Descriptors { percent: Some(79.9), limit: Some(100), ..all.clone() }, &mut diagnosis);
        assert!(diagnosis.findings.is_empty());
        descriptors(&Descriptors { percent: Some(97.2), limit: Some(100), open: 97, ..all }, &mut diagnosis);
        let found = &diagnosis.findings[0];
        assert!(found.finding.starts_with("97 of 100 descriptors are open (97.2 %); most are "), "{found:?}");
    }

    #[test]
    fn a_throttled_control_group_is_found() {
        let group = Cgroup {
            memory_percent: Some(91.5),
            memory_limit: Some(1 << 30),
            oom_kills: Some(2),
            throttled: Some(6),
            periods: Some(100),
            tasks: Some(9),
            tasks_limit: Some(10),
            ..Cgroup::default()
        };
        let mut diagnosis = Diagnosis::new();
        cgroup(&group, &mut diagnosis);
        let found: Vec<&str> = diagnosis.findings.iter().map(|finding| finding.finding.as_str()).collect();
        assert_eq!(
            found,
            [
                "the control group uses 91.5 % of its 1.0GiB of memory",
                "the kernel killed 2 of the control group's processes for lack of memory since the console started",
                "the control group was throttled in 6 of 100 periods of CPU time since the console started",
                "9 of 10 threads and processes",
            ]
        );
        let mut diagnosis = Diagnosis::new();
        cgroup(&Cgroup { throttled: Some(4), periods: Some(100), ..Cgroup::default() }, &mut diagnosis);
        assert!(diagnosis.findings.is_empty(), "a burst now and then");
    }

    #[test]
    fn unreadable_views_are_reported() {
        let mut diagnosis = Diagnosis::new();
        let seen: io::Result<Descriptors> = Err(io::Error::other("hidden"));
        read(&mut diagnosis, "fds", seen, descriptors);
        assert_eq!((diagnosis.not_read[0].view, diagnosis.not_read[0].why.as_str()), ("fds", "hidden"));
        assert!(diagnosis.read.is_empty());
    }
}
