//! Control groups of both versions, built from files in a directory of the test.

use std::fs;
use std::path::PathBuf;

use super::*;

const NOWHERE: &str = "/no/such/root";

/// A hierarchy of files that is removed on drop.
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
            ("shop/worker/cpu.stat", "usage_usec 9\nnr_periods 10\nnr_throttled 4\nthrottled_usec 2500\n"),
            ("shop/worker/pids.current", "12\n"),
            ("shop/worker/cpu.pressure", "some avg10=1.50 avg60=0.20 avg300=0.00 total=99\n"),
        ],
    );
    let group = find("0::/shop/worker\n", &tree.0, Path::new(NOWHERE)).unwrap();
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
    let membership = "4:memory:/shop\n3:cpu,cpuacct:/shop\n0::/elsewhere\n";
    let group = find(membership, &tree.0, Path::new(NOWHERE)).unwrap();
    assert_eq!((group.version, group.memory_limit), (1, Some(2048)));
    assert_eq!((group.cpu_limit, group.throttled_for), (Some(0.5), Some(Duration::from_nanos(7))));
}

#[test]
fn a_missing_group_is_no_error() {
    assert!(find("", Path::new(NOWHERE), Path::new(NOWHERE)).is_none());
    assert!(find("0::/\n", Path::new(NOWHERE), Path::new(NOWHERE)).is_none());
    assert!(cgroup().is_ok());
}

fn text(group: &Cgroup) -> String {
    let mut text = String::new();
    group.text(&mut Page::new(&mut text, None, usize::MAX)).unwrap();
    text
}

/// `newcomer.md` 3.6, 2: only files of version 2 were looked for.
#[test]
fn pressure_falls_back_to_the_machine() {
    let tree = Tree::new(
        "pressure",
        &[
            ("group/memory/memory.limit_in_bytes", "2048\n"),
            ("proc/cpu", "some avg10=99.00 avg60=12.00 avg300=3.00 total=9\n"),
        ],
    );
    let group = find("4:memory:/\n", &tree.0.join("group"), &tree.0.join("proc")).unwrap();
    assert_eq!((group.pressure[0].resource, group.pressure[0].last_10s), ("cpu", 99.0));
    assert!(
        text(&group).contains("\nTime lost by waiting, in percent, on the whole machine:\n"),
        "{}",
        text(&group)
    );
    let group = find("4:memory:/\n", &tree.0.join("group"), Path::new(NOWHERE)).unwrap();
    assert!(text(&group).ends_with("pressure is unknown: neither the group nor /proc/pressure has it\n"));
}

/// `newcomer.md` 3.6, 3: unknown is not unlimited, and the memory controller's path is not that of all.
#[test]
fn unreadable_values_are_unknown_for_each_controller() {
    let group =
        find("4:memory:/shop\n3:cpu,cpuacct:/\n2:pids:/shop/pids\n", Path::new(NOWHERE), Path::new(NOWHERE))
            .unwrap();
    assert_eq!(
        text(&group),
        "memory /shop, cpu /, pids /shop/pids (version 1)\n\
         memory   unknown: its files are not visible in this container\n\
         cpu      unknown: its files are not visible in this container\n\
         tasks    unknown: its files are not visible in this container\n\
         pressure is unknown: neither the group nor /proc/pressure has it\n"
    );
    let tree =
        Tree::new("unlimited", &[("cpu/cpu.cfs_quota_us", "-1\n"), ("cpu/cpu.cfs_period_us", "100000\n")]);
    let group = find("3:cpu,cpuacct:/\n", &tree.0, Path::new(NOWHERE)).unwrap();
    assert_eq!((group.cpu_limit, text(&group).lines().nth(2)), (None, Some("cpu      no limit")));
    let tree = Tree::new("memory-only", &[("memory/memory.limit_in_bytes", "2048\n")]);
    let group = find("3:memory:/\n", &tree.0, Path::new(NOWHERE)).unwrap();
    assert_eq!(group.unknown, ["cpu", "pids"]);
}

/// `attack.md` L4: a kill of last week does not belong to this process.
#[test]
fn counts_begin_at_the_start_of_the_console() {
    let group = Cgroup { oom_kills: Some(3), throttled: Some(90), periods: Some(100), ..Cgroup::default() };
    let start = Counters { oom_kills: Some(2), throttled: Some(90), periods: Some(91) };
    let since = group.since(start);
    assert_eq!((since.oom_kills, since.throttled, since.periods), (Some(1), Some(0), Some(9)));
    assert_eq!(group.since(Counters::default()).oom_kills, Some(3));
}
