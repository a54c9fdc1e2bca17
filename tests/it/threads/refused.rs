//! Readings of threads and profiles in a service that may not make every system call: the available parts are shown, the reason for missing
//! ones is the kernel's, and the service continues.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::mpsc;
use std::{ptr, thread};

use backdoor_runtime::Address;

use crate::client::script;
use crate::example::{Example, program};
use crate::left_out::left_out;
use crate::seccomp::{Action, filtered, is_available};
use crate::wait::until;

/// The calls that only readings of threads and profiles make.
const CALLS: [i64; 5] = [
    libc::SYS_tgkill,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_get_robust_list,
    libc::SYS_process_vm_readv,
    libc::SYS_timer_create,
];

struct Service {
    _example: Example,
    console: Address,
}

impl Service {
    /// A service with two threads that wait for each other and one that runs for ever.
    fn start(mut command: Command) -> Self {
        command.env("BACKDOOR_LISTEN", "127.0.0.1:0");
        let mut example = Example::start_command(command);
        let line = example.line();
        let console = line.strip_prefix("faults: console ").unwrap_or_else(|| panic!("{line}"));
        let console = console.parse().map(Address::Tcp).unwrap();
        let service = Self { _example: example, console };
        service.asks("fault crosswise --std");
        service.asks("fault spin");
        service
    }

    fn asks(&self, line: &str) -> String {
        script(&self.console, format!("{line}\n"))
    }

    /// The answer when it satisfies the condition: a new thread needs a moment to reach its place.
    #[track_caller]
    fn asks_until(&self, line: &str, expected: &str) -> String {
        until(expected, || self.asks(line), |answer| answer.contains(expected))
    }
}

#[test]
fn sleeping_threads_are_read_under_a_strict_filter() {
    if !is_available() {
        return;
    }
    let mut command = Command::new(program("faults"));
    filtered(&mut command, Action::Fail(libc::EPERM), &CALLS);
    let service = Service::start(command);
    let answer = service.asks_until("pnt move_std", "2 of ");
    assert_eq!(answer.matches("faults::locks::move_std").count(), 2, "{answer}");
    service.asks_until(
        "pnt",
        "    no stack: sending a signal is not permitted: Operation not permitted (os error 1)\n",
    );
    let none = service.asks("pnt no-such-function");
    let why = "sending a signal is not permitted: Operation not permitted (os error 1)\n";
    assert!(none.contains(" threads has this text in its name or stack; "), "{none}");
    assert!(none.contains(" no stack: ") && none.ends_with(why), "{none}");
    let some = service.asks("pnt move_std");
    assert!(some.contains("refund") && some.ends_with(why), "{some}");
    let profile = service.asks("profile cpu --for 50ms");
    assert!(profile.starts_with("no thread could be watched: "), "{profile}");
    assert!(
        profile.contains(
            "threads were not watched: no timer can be created: Operation not permitted (os error 1)\n"
        ),
        "{profile}"
    );
}

#[test]
fn calls_that_a_filter_kills_are_not_made() {
    if !is_available() {
        return;
    }
    let mut command = Command::new(program("faults"));
    filtered(&mut command, Action::Kill, &CALLS);
    let service = Service::start(command);
    let answer = service.asks_until("pnt move_std", "2 of ");
    assert_eq!(answer.matches("faults::locks::move_std").count(), 2, "{answer}");
    let kills = "a filter on system calls (seccomp) kills a process that calls";
    service.asks_until(
        "pnt",
        &format!("    no stack: sending a signal is not permitted: {kills} tgkill; let the service make it"),
    );
    let profile = service.asks("profile cpu --for 50ms");
    assert!(profile.contains(&format!("a profile is not possible: {kills} timer_create, ")), "{profile}");
    assert!(service.asks("version").contains("faults"));
}

#[test]
fn without_queued_signals_stacks_have_a_reason() {
    let mut command = Command::new(program("faults"));
    let forbid = || {
        let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: the kernel reads a limit that lives during the call.
        match unsafe { libc::setrlimit(libc::RLIMIT_SIGPENDING, &none) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    };
    // SAFETY: between fork and exec it makes one system call.
    unsafe { command.pre_exec(forbid) };
    let service = Service::start(command);
    let answer = service.asks_until("pnt move_std", "2 of ");
    assert_eq!(answer.matches("faults::locks::move_std").count(), 2, "{answer}");
    // The signal carries no value, so it needs no room in a queue.
    service.asks_until("pnt count_for_ever", "1 of ");
    let profile = service.asks("profile cpu --for 50ms");
    assert!(profile.starts_with("no thread could be watched: "), "{profile}");
    assert!(
        profile.contains(" not watched: no signal can be queued: the limit is 0 (`ulimit -i`)\n"),
        "{profile}"
    );
    let limits = service.asks("limits");
    let row = limits.lines().find(|line| line.starts_with("Max pending signals")).unwrap();
    let numbers: Vec<&str> = row.split_whitespace().filter(|word| word.parse::<u64>().is_ok()).collect();
    assert!(numbers.len() == 3 && numbers[..2] == ["0", "0"], "{limits}");
}

#[test]
fn threads_are_found_in_the_proc_of_an_outer_pid_namespace() {
    let unshare = ["--pid", "--fork", "--kill-child"];
    if !Command::new("unshare").args(unshare).arg("true").status().is_ok_and(|status| status.success()) {
        left_out("another PID namespace: none can be made here");
        return;
    }
    let mut command = Command::new("unshare");
    command.args(unshare).arg(program("faults"));
    let service = Service::start(command);
    let answer = service.asks_until("pnt move_std", "2 of ");
    assert_eq!(answer.matches("faults::locks::move_std").count(), 2, "{answer}");
    let answer = service.asks_until("pnt count_for_ever", "1 of ");
    // The ids are those in the process's own namespace, which are small.
    let tid: u32 = answer.split(['(', ')']).nth(1).unwrap().parse().unwrap();
    assert!(tid < 100, "{answer}");
    let waits = service.asks("waits");
    assert!(waits.contains("faults::locks::move_std"), "{waits}");
}

#[test]
fn a_debugged_thread_is_not_signalled() {
    let service = Service::start(Command::new(program("faults")));
    let answer = service.asks_until("pnt count_for_ever", "1 of ");
    let tid: i32 = answer.split(['(', ')']).nth(1).unwrap().parse().unwrap();
    // The kernel detaches when the tracing thread ends.
    let (watches, is_watched) = mpsc::channel();
    let (_end, ends) = mpsc::channel::<()>();
    thread::spawn(move || {
        let none = ptr::null_mut::<()>();
        // SAFETY: the call takes numbers.
        let seized = unsafe { libc::ptrace(libc::PTRACE_SEIZE, tid, none, none) };
        watches.send(if seized == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }).unwrap();
        let _ = ends.recv();
    });
    if let Err(error) = is_watched.recv().unwrap() {
        left_out(&format!("a debugger: no process can be watched here: {error}"));
        return;
    }
    let why = "    no stack: it runs under a debugger (process ";
    service.asks_until(&format!("pnt {tid}"), why);
    let profile = service.asks("profile cpu --for 50ms");
    assert!(profile.contains("1 thread was not watched: a debugger is attached (process "), "{profile}");
}
