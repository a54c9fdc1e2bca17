//! `docs/what-is-it-doing.md` is a walk through faults: each section runs against a service that has the fault. Addresses and wait channels
//! are masked as well.

mod churn;
mod joined;

use backdoor_runtime::Address;

use crate::example::Example;
use crate::transcript::without_numbers;
use crate::walk::{Service, Walk, sections};

const WALK: Walk = Walk {
    document: "what-is-it-doing.md",
    prompt: "faults> ",
    start: |section| {
        let alone = "$ FAULTS_RUNTIME=current-thread cargo run --example faults\n";
        let environment = section.contains(alone).then_some(("FAULTS_RUNTIME", "current-thread"));
        start(environment.as_slice())
    },
    is_once: |line| line.starts_with("fault "),
    comparable,
};

/// A service with faults.
fn start(environment: &[(&str, &str)]) -> Service {
    let environment = [&[("BACKDOOR_LISTEN", "127.0.0.1:0")], environment].concat();
    let mut example = Example::start_with("faults", &environment);
    let line = example.line();
    let console = line.strip_prefix("faults: console ").unwrap_or_else(|| panic!("{line}"));
    let console = console.parse().map(Address::Tcp).unwrap();
    Service { example, console, _customers: None }
}

/// Masks the parts that differ between runs and between machines.
fn comparable(line: &str, answer: &str) -> String {
    let mut words = Vec::new();
    for word in answer.split_inclusive([' ', '\n']) {
        let (text, end) = word.split_at(word.trim_end_matches([' ', '\n', ',']).len());
        words.push(match text {
            "futex_do_wait" | "futex_wait_queue" | "kernel_clone" => format!("CHANNEL{end}"),
            _ if text.starts_with("0x") => format!("ADDRESS{end}"),
            _ => word.to_owned(),
        });
    }
    let mut masked = without_numbers(&words.concat());
    for channel in ["(futex_do_wait)", "(futex_wait_queue)", "(kernel_clone)"] {
        masked = masked.replace(channel, "(CHANNEL)");
    }
    masked = masked.replace("Nns", "TIME").replace("NmTIME", "TIME");
    for time in ["N ms", "N s"] {
        masked = masked
            .replace(&format!(" for {time} ("), " for TIME (")
            .replace(&format!(" waited {time} "), " waited TIME ");
    }
    // The order of threads is random, and so is the worker that polls a task.
    if ["waits", "locks", "runtime"].contains(&line) {
        let mut lines: Vec<&str> = masked.lines().collect();
        lines.sort_unstable();
        masked = lines.join("\n");
    }
    masked
}

sections! {
    WALK;
    two_threads "Deadlock of two threads",
    two_threads_on_std_mutexes "Deadlock on the standard library's locks",
    a_task_and_a_thread "Deadlock of a task and a thread",
    a_sleeping_holder "A task that sleeps while it holds a lock",
    a_dry_pool "An exhausted pool of connections",
    an_endless_loop "A task in an endless loop",
    all_workers_blocked "A runtime with all workers blocked",
    a_long_poll_now_and_then "Long polls",
    threads_that_no_signal_reaches "Threads that cannot be signalled",
    five_hundred_threads "Five hundred threads",
    a_hundred_thousand_tasks "A hundred thousand tasks",
    a_current_thread_runtime "A current-thread runtime",
}
