//! What the process holds: memory, descriptors, threads, sockets and tracked objects.

use std::collections::HashMap;
use std::time::Duration;

use crate::Value;
use crate::base::byte_size::size;
use crate::base::soft_limit::{Kind, soft_limit};
use crate::doctor::diagnosis::{Diagnosis, Severity};
use crate::doctor::growth::{Growing, Growth, about};
use crate::doctor::look::Window;
use crate::procfs::cgroup::free_memory;
use crate::procfs::files::{field, percent, read};
use crate::reply::text;
use crate::thresholds::Thresholds;
use crate::views::resources::{self, Socket};

/// The most findings of one kind.
const TOLD: usize = 5;

/// Resident memory: its growth, and swap.
pub(super) fn memory(window: &Window, limits: &Thresholds, diagnosis: &mut Diagnosis) {
    let numbers = window.numbers(|small| small.resident);
    if numbers.is_empty() {
        return diagnosis.not_read("mem", "the kernel does not show the resident memory");
    }
    let (room, full) = memory_room().unzip();
    let growing = Growing {
        numbers: &numbers,
        window: window.length(),
        least: limits.memory_growth,
        room,
        released: None,
        within: limits.limit_within,
    };
    let length = text::duration(&rounded(window.length()));
    match growing.judge() {
        Growth::Steady => {}
        Growth::Early { grown } => {
            let grown = size(grown);
            diagnosis.notes(
                "mem",
                format!("resident memory grows by {grown} in {length}, too early to tell"),
                "mem",
            );
        }
        Growth::Leak { grown, full_in } => {
            let when = full_in.unwrap_or_default();
            let full = full.unwrap_or("the memory");
            let finding = format!(
                "resident memory grew by {} in {length}; {full} is full in {}",
                size(grown),
                about(when)
            );
            let numbers = [("grown", grown.into()), ("full_in", Value::Duration(when))];
            diagnosis.finds("mem", Severity::Critical, finding, "mem", numbers);
        }
    }
    if let Some(swapped) = swapped().filter(|bytes| *bytes > 0) {
        let finding = format!("{} of the memory of the process is swapped out", size(swapped));
        diagnosis.finds("mem", Severity::Notice, finding, "mem", [("swapped", swapped.into())]);
    }
}

/// The bytes that the process may still use, and what then is full.
fn memory_room() -> Option<(u64, &'static str)> {
    let group = free_memory().map(|free| (free, "the control group"));
    let machine = read("/proc/meminfo").ok().and_then(|text| field(&text, "MemAvailable"));
    group.into_iter().chain(machine.map(|free| (free, "the machine"))).min()
}

fn swapped() -> Option<u64> {
    field(&read("/proc/self/status").ok()?, "VmSwap")
}

/// Descriptors: their growth, and their limit.
pub(super) fn descriptors(window: &Window, limits: &Thresholds, diagnosis: &mut Diagnosis) {
    let (before, after) = match (&window.first.links, &window.last.links) {
        (Ok(before), Ok(after)) => (before, after),
        (Err(error), _) | (_, Err(error)) => return diagnosis.not_read("fds", error.to_string()),
    };
    let limit = soft_limit(Kind::OpenFiles);
    let open = after.len() as u64;
    let growing = Growing {
        numbers: &window.numbers(|small| small.descriptors),
        window: window.length(),
        least: limits.count_growth,
        room: limit.map(|limit| limit.saturating_sub(open)),
        released: Some(before.iter().any(|(fd, target)| after.get(fd) != Some(target))),
        within: limits.limit_within,
    };
    let length = text::duration(&rounded(window.length()));
    let most =
        || most(after.iter().filter(|(fd, target)| before.get(fd) != Some(target)).map(|(_, target)| target));
    match growing.judge() {
        Growth::Steady => {}
        Growth::Early { grown } => {
            let note =
                format!("descriptors grow by {grown} in {length}, most are {}; too early to tell", most());
            diagnosis.notes("fds", note, "fds --by target");
        }
        Growth::Leak { grown, full_in } => {
            let full = full_in
                .map_or_else(String::new, |time| format!("; their limit is reached in {}", about(time)));
            let finding = format!("descriptors grew by {grown} in {length}, most are {}{full}", most());
            let numbers = [("grown", grown.into()), ("open", open.into())];
            let severity = if full_in.is_some() { Severity::Critical } else { Severity::Warning };
            diagnosis.finds("fds", severity, finding, "fds --by target", numbers);
        }
    }
    if let Some((limit, used)) = limit.and_then(|limit| Some((limit, percent(open, limit)?)))
        && used >= limits.near_limit
    {
        let most = self::most(after.values());
        let finding = format!("{open} of {limit} descriptors are open ({used} %), most are {most}");
        let numbers = [("open", open.into()), ("limit", limit.into())];
        diagnosis.finds("fds", Severity::Critical, finding, "fds --by target", numbers);
    }
}

/// The most frequent target: a file, or `sockets`.
fn most<'a>(targets: impl Iterator<Item = &'a String>) -> String {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for target in targets {
        // Each socket, pipe and event has a number of its own.
        let kind = match target.split_once(':') {
            Some(("socket", _)) => "sockets",
            Some(("pipe", _)) => "pipes",
            _ => target,
        };
        *counts.entry(kind).or_default() += 1;
    }
    let most = counts.into_iter().max_by(|one, other| one.1.cmp(&other.1).then_with(|| other.0.cmp(one.0)));
    most.map_or_else(|| "closed again".to_owned(), |(kind, _)| kind.to_owned())
}

/// Threads: their growth by name.
pub(super) fn threads(window: &Window, limits: &Thresholds, diagnosis: &mut Diagnosis) {
    let (before, after) = match (&window.first.threads, &window.last.threads) {
        (Ok(before), Ok(after)) => (before, after),
        (Err(error), _) | (_, Err(error)) => return diagnosis.not_read("threads", error.to_string()),
    };
    let growing = Growing {
        numbers: &window.numbers(|small| small.threads),
        window: window.length(),
        least: limits.count_growth,
        room: None,
        released: Some(before.keys().any(|tid| !after.contains_key(tid))),
        within: limits.limit_within,
    };
    let names = after.iter().filter(|(tid, _)| !before.contains_key(*tid)).map(|(_, thread)| &thread.name);
    let length = text::duration(&rounded(window.length()));
    match growing.judge() {
        Growth::Steady => {}
        Growth::Early { grown } => {
            let note =
                format!("threads grow by {grown} in {length}, most are {}; too early to tell", most(names));
            diagnosis.notes("threads", note, "threads");
        }
        Growth::Leak { grown, .. } => {
            let finding = format!("threads grew by {grown} in {length}, most are {}", most(names));
            let numbers = [("grown", grown.into()), ("threads", after.len().into())];
            diagnosis.finds("threads", Severity::Warning, finding, "threads", numbers);
        }
    }
}

/// Children that ended before the window and that nobody has waited for in it.
pub(super) fn children(window: &Window, diagnosis: &mut Diagnosis) {
    let (before, after) = match (&window.first.zombies, &window.last.zombies) {
        (Ok(before), Ok(after)) => (before, after),
        (Err(error), _) | (_, Err(error)) => return diagnosis.not_read("children", error.to_string()),
    };
    let left = after.iter().filter(|pid| before.contains(pid)).count();
    if left > 0 {
        let children = if left == 1 { "1 child has".to_owned() } else { format!("{left} children have") };
        let finding = format!("{children} ended and nobody has waited for them");
        diagnosis.finds("children", Severity::Warning, finding, "children", [("zombies", left.into())]);
    }
}

/// Sockets: peers that do not read, and connections that only the peer has closed.
pub(super) fn sockets(window: &Window, limits: &Thresholds, diagnosis: &mut Diagnosis) {
    let (before, after) = match (&window.first.sockets, &window.last.sockets) {
        (Ok(before), Ok(after)) => (before, after),
        (Err(error), _) | (_, Err(error)) => return diagnosis.not_read("sockets", error.to_string()),
    };
    let same = |socket: &Socket| {
        let is_it = |other: &&Socket| {
            (other.fd, &other.local, &other.peer) == (socket.fd, &socket.local, &socket.peer)
        };
        before.iter().find(is_it)
    };
    let is_connected = |socket: &&Socket| socket.state == "established" && !socket.peer.is_empty();
    let mut unread: Vec<(u64, &Socket)> = Vec::new();
    for socket in after.iter().filter(is_connected) {
        let Some(earlier) = same(socket) else { continue };
        // A queue that has moved is shorter, or as long by chance: then it is seen the next time.
        if socket.send_queue >= limits.queue && socket.send_queue == earlier.send_queue {
            unread.push((socket.send_queue, socket));
        }
    }
    unread.sort_by_key(|(queue, _)| std::cmp::Reverse(*queue));
    let length = text::duration(&rounded(window.length()));
    for (queue, socket) in unread.iter().take(TOLD) {
        let finding =
            format!("the peer {} has not fetched {}, unchanged for {length}", socket.peer, size(*queue));
        let numbers = [("queue", (*queue).into()), ("fd", socket.fd.into())];
        diagnosis.finds("sockets", Severity::Warning, finding, "sockets", numbers);
    }
    if unread.len() > TOLD {
        let more = unread.len() - TOLD;
        diagnosis.notes("sockets", format!("{more} more peers do not read"), "sockets");
    }
    let half_closed = after.iter().filter(|socket| socket.state == "close-wait").count();
    if half_closed >= limits.half_closed {
        let finding = format!("{half_closed} connections were closed by the peer but not by the service");
        diagnosis.finds(
            "sockets",
            Severity::Warning,
            finding,
            "sockets close-wait",
            [("half_closed", half_closed.into())],
        );
    }
}

/// Tracked objects: types that grow and of which nothing is dropped.
pub(super) fn objects(window: &Window, limits: &Thresholds, diagnosis: &mut Diagnosis) {
    const SEE: &str = "objects --growing --for 10s";
    let mut types = window.first.objects.growth_until(&window.last.objects);
    let least = limits.object_growth as f64 * window.length().as_secs_f64();
    types.retain(|grown| grown.grown as f64 >= least && grown.grown >= (grown.live - grown.grown) / 100);
    // The first entry of a type is the place with the most growth.
    types.dedup_by_key(|grown| (grown.path, grown.name.clone()));
    let length = text::duration(&rounded(window.length()));
    let total = types.len();
    for grown in types.into_iter().take(TOLD) {
        let (name, count, place) = (&grown.name, grown.grown, &grown.place);
        match grown.dropped {
            0 => {
                let finding = format!(
                    "objects of type {name} grew by {count} in {length}, none was dropped; most are from {place}"
                );
                diagnosis.finds(
                    "objects",
                    Severity::Warning,
                    finding,
                    SEE,
                    [("grown", count.into()), ("live", grown.live.into())],
                );
            }
            dropped => {
                let note = format!(
                    "objects of type {name} grow by {count} in {length} while {dropped} were dropped, too early to tell; most are from {place}"
                );
                diagnosis.notes("objects", note, SEE);
            }
        }
    }
    if total > TOLD {
        diagnosis.notes("objects", format!("{} more types grow", total - TOLD), SEE);
    }
}

/// The control group: its limits, and what it lost within the window or since the console's start.
pub(super) fn cgroup(window: &Window, limits: &Thresholds, diagnosis: &mut Diagnosis) {
    let group = match &window.last.cgroup {
        Ok(Some(group)) => group.since_start(),
        Ok(None) => return diagnosis.not_read("cgroup", "no control group is visible in this container"),
        Err(error) => return diagnosis.not_read("cgroup", error.to_string()),
    };
    of_group(&group, limits, diagnosis);
}

fn of_group(group: &resources::Cgroup, limits: &Thresholds, diagnosis: &mut Diagnosis) {
    const KIND: &str = "cgroup";
    if let (Some(used), Some(limit)) = (group.memory_percent, group.memory_limit)
        && used >= limits.near_limit
    {
        let finding = format!("the control group uses {used} % of its {} of memory", size(limit));
        diagnosis.finds(KIND, Severity::Critical, finding, KIND, [("percent", used.into())]);
    }
    if let Some(kills) = group.oom_kills.filter(|kills| *kills > 0) {
        let finding = format!(
            "the kernel killed {kills} of the control group's processes for lack of memory since the console started"
        );
        diagnosis.finds(KIND, Severity::Critical, finding, KIND, [("kills", kills.into())]);
    }
    if let (Some(throttled), Some(periods)) = (group.throttled, group.periods)
        && throttled > 0
        && throttled as f64 * 100.0 >= periods as f64 * limits.throttled
    {
        let finding = format!(
            "the control group was throttled in {throttled} of {periods} periods of CPU time since the console started"
        );
        let numbers = [("throttled", throttled.into()), ("periods", periods.into())];
        diagnosis.finds(KIND, Severity::Warning, finding, KIND, numbers);
    }
    if let (Some(tasks), Some(limit)) = (group.tasks, group.tasks_limit)
        && tasks as f64 >= limit as f64 * limits.near_limit / 100.0
    {
        let finding = format!("{tasks} of {limit} threads and processes");
        diagnosis.finds(
            KIND,
            Severity::Critical,
            finding,
            KIND,
            [("tasks", tasks.into()), ("limit", limit.into())],
        );
    }
    // The pressure of the whole machine may come from another process.
    let own: &[resources::Pressure] = if group.pressure_of == Some("group") { &group.pressure } else { &[] };
    for pressure in own.iter().filter(|pressure| pressure.last_10s >= limits.pressure) {
        let (who, share, resource) = (pressure.who, pressure.last_10s, pressure.resource);
        let who = if who == "full" { "all" } else { who };
        let finding =
            format!("{who} tasks of the control group lost {share} % of the last 10 s to {resource}");
        diagnosis.finds(KIND, Severity::Notice, finding, KIND, [("percent", share.into())]);
    }
}

/// A window as it is told: `1s` and not `1.003s`.
pub(super) fn rounded(window: Duration) -> Duration {
    let step = if window < Duration::from_secs(1) { 10 } else { 100 };
    Duration::from_millis((window.as_millis() as u64 + step / 2) / step * step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(check: impl FnOnce(&mut Diagnosis)) -> Vec<String> {
        let mut diagnosis = Diagnosis::new();
        check(&mut diagnosis);
        diagnosis.findings.into_iter().map(|finding| finding.finding).collect()
    }

    #[test]
    fn a_throttled_control_group_is_found() {
        let group = resources::Cgroup {
            memory_percent: Some(91.5),
            memory_limit: Some(1 << 30),
            oom_kills: Some(2),
            throttled: Some(6),
            periods: Some(100),
            tasks: Some(9),
            tasks_limit: Some(10),
            ..resources::Cgroup::default()
        };
        let limits = Thresholds::DEFAULT;
        assert_eq!(
            texts(|diagnosis| of_group(&group, &limits, diagnosis)),
            [
                "the control group uses 91.5 % of its 1.0GiB of memory",
                "the kernel killed 2 of the control group's processes for lack of memory since the console started",
                "the control group was throttled in 6 of 100 periods of CPU time since the console started",
                "9 of 10 threads and processes",
            ]
        );
        let bursts =
            resources::Cgroup { throttled: Some(4), periods: Some(100), ..resources::Cgroup::default() };
        assert!(texts(|diagnosis| of_group(&bursts, &limits, diagnosis)).is_empty());
    }

    #[test]
    fn the_most_frequent_target_is_named() {
        let targets = ["socket:[1]", "socket:[2]", "/etc/hostname", "pipe:[3]"].map(str::to_owned);
        assert_eq!(most(targets.iter()), "sockets");
        assert_eq!(most(targets[2..].iter()), "/etc/hostname", "the first by name of two");
        assert_eq!(most([].iter()), "closed again");
    }

    #[test]
    fn a_window_is_told_without_needless_digits() {
        let shown = |millis| text::duration(&rounded(Duration::from_millis(millis)));
        assert_eq!([shown(1_003), shown(104), shown(10_040)], ["1s", "100ms", "10s"]);
    }
}
