//! Views while the service allocates in every thread, and threads and tasks start and end: nothing hangs, crashes or leaks. Takes some
//! seconds, or a minute and more with `cargo xtask soak views`.

use std::fs;
use std::time::{Duration, Instant};

use super::start;
use crate::wait::until;

/// Each view, and a text that each good answer contains.
const VIEWS: [(&str, &str); 9] = [
    ("pnt", " the longest interruption was "),
    ("pnt --full", " the longest interruption was "),
    ("threads --for 10ms", "allocator"),
    ("threads --top 3 --for 10ms", "cpu_percent"),
    ("tasks", "client"),
    ("pgt client", "client"),
    ("runtime --for 10ms", "tasks alive"),
    ("locks", "no lock of"),
    ("waits", "no thread or task waits for a lock of"),
];

/// The most growth of a run after everything was used once: symbols and stacks are cached, and some arenas of the allocator grow.
const GROWTH_KB: u64 = 24 << 10;

fn figure(pid: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().unwrap()
}

fn descriptors(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count()
}

/// Runs for each kind of runtime.
fn time() -> Duration {
    let seconds = std::env::var("BACKDOOR_SOAK_SECONDS").ok();
    Duration::from_secs(seconds.map_or(3, |seconds| seconds.parse().unwrap()))
}

#[track_caller]
fn views(flavour: &str) {
    let faults = start(&[("FAULTS_RUNTIME", flavour)]);
    let pid = faults.example.process.id();
    let look = || {
        for (line, part) in VIEWS {
            let answer = faults.asks(line);
            assert!(answer.contains(part), "{line}: {answer}");
        }
    };
    faults.asks("fault churn\nfault clients");
    for _ in 0..3 {
        look();
    }
    let (memory, descriptors_before) = (figure(pid, "VmRSS"), descriptors(pid));
    let (begin, mut rounds) = (Instant::now(), 0);
    while begin.elapsed() < time() || rounds < 3 {
        look();
        rounds += 1;
    }
    let grown = figure(pid, "VmRSS").saturating_sub(memory);
    assert!(grown < GROWTH_KB, "{grown} kB more after {rounds} rounds");
    // The last connection may not be closed yet.
    let what = format!("{descriptors_before} open descriptors");
    until(&what, || descriptors(pid), |open| *open <= descriptors_before);
    assert_eq!(faults.example.panics(), [""; 0]);
    println!("{flavour}: {rounds} rounds of {} views in {:?}, {grown} kB more", VIEWS.len(), begin.elapsed());
}

#[test]
fn views_work_on_several_busy_workers() {
    views("multi-thread");
}

#[test]
fn views_work_on_one_busy_thread() {
    views("current-thread");
}
