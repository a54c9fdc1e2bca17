//! Under a filter of system calls, as container runtimes and systemd units set it, the console makes no call by itself that the service
//! does not make.

use std::fs;

use super::process::{self, Process, answers, check_answers};
use crate::client::script;
use crate::seccomp::{Action, filtered, is_available};

/// Systemd's `@resources` (systemd.exec(5)), which units exclude by `SystemCallFilter=~@resources`.
const RESOURCES: &[i64] = &[
    libc::SYS_ioprio_set,
    libc::SYS_kcmp,
    libc::SYS_mbind,
    libc::SYS_migrate_pages,
    libc::SYS_move_pages,
    libc::SYS_sched_setaffinity,
    libc::SYS_sched_setattr,
    libc::SYS_sched_setparam,
    libc::SYS_sched_setscheduler,
    libc::SYS_set_mempolicy,
    libc::SYS_setpriority,
    libc::SYS_setrlimit,
];

/// Neither the console's own work nor a quick view needs any of them; a typed command may.
const OF_COMMANDS: &[i64] = &[
    libc::SYS_getpriority,
    libc::SYS_process_vm_readv,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_timer_create,
    libc::SYS_ptrace,
    libc::SYS_getrusage,
    libc::SYS_uname,
    libc::SYS_sysinfo,
    libc::SYS_inotify_init1,
];

const CLOCK: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";

const DOES_NOT_GO_BEHIND: &str = "keeps the priority of the service: a seccomp filter is active";

const VIEWS: &[&str] = &[
    "version",
    "help",
    "self",
    "mem",
    "fds",
    "threads",
    "tasks",
    "vars",
    "limits",
    "service work",
    "set batch 8",
];

/// operator.md C3 and attack.md M1.
#[test]
fn a_filter_that_kills_does_not_end_the_service() {
    if !is_available() {
        return;
    }
    let mut command = Process::command("multi");
    filtered(&mut command, Action::Kill, &[RESOURCES, OF_COMMANDS].concat());
    let service = Process::start(&mut command);
    check_answers(&answers(&service.address(), VIEWS));
    let (status, log) = service.end();
    assert!(status.success(), "{status}: {log}");
    assert_eq!(log.matches(DOES_NOT_GO_BEHIND).count(), 1, "{log}");
}

#[test]
fn a_console_under_a_refusing_filter_says_what_is_missing() {
    if !is_available() {
        return;
    }
    let mut command = Process::command("current");
    // Older versions of systemd include `prlimit64`.
    let calls = [RESOURCES, &[libc::SYS_prlimit64, libc::SYS_getrlimit]].concat();
    filtered(command.env("BACKDOOR_TEST_NICE", "13"), Action::Fail(libc::EPERM), &calls);
    let service = Process::start(&mut command);
    check_answers(&answers(&service.address(), &[VIEWS, &["pnt", "doctor --for 1s"]].concat()));
    let (status, log) = service.end();
    assert!(status.success(), "{status}: {log}");
    let said = "the console keeps the priority of the service: setpriority: Operation not permitted";
    assert_eq!(log.matches(said).count(), 1, "{log}");
}

/// Calls that fail only under a filter, so that their wrappers panic. The vDSO reads the time without a call; if it cannot, std itself
/// panics at `Instant::now`, and no service starts.
const CANNOT_FAIL: &[i64] = &[
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
];

#[test]
fn a_filter_refuses_calls_that_never_fail() {
    if !is_available() {
        return;
    }
    let mut calls = CANNOT_FAIL.to_vec();
    match fs::read_to_string(CLOCK).is_ok_and(|clock| clock.trim() == "tsc") {
        true => calls.push(libc::SYS_clock_gettime),
        false => eprintln!("the clock of this machine needs a system call, which stays allowed"),
    }
    for errno in [libc::EPERM, libc::ENOSYS] {
        let mut command = Process::command("multi");
        filtered(command.env("RUST_BACKTRACE", "0"), Action::Fail(errno), &calls);
        let service = Process::start(&mut command);
        let lines = [process::VIEWS, &["profile cpu --for 1s", "service work", "self"]].concat();
        let answers = answers(&service.address(), &lines);
        let (status, log) = service.end();
        assert!(status.success() && !log.contains("panicked"), "{status}: {log}");
        check_answers(&answers);
    }
}

#[test]
fn without_a_filter_the_console_lowers_its_priority() {
    let service = Process::start(&mut Process::command("none"));
    assert_eq!(script(&service.address(), "service work\n"), "worked\n");
    let own = service.nice_of("service").unwrap();
    // newcomer.md 3.6.5: the threads inherit the value of the thread that starts them.
    for name in ["backdoor-consol", "backdoor-helper"] {
        service.expect_nice(name, (own + 13).min(19));
    }
    assert_eq!(service.nice_of("backdoor-log"), Some(own), "a subscriber may hold a lock of the service's");
    let (_, log) = service.end();
    assert!(!log.contains(DOES_NOT_GO_BEHIND), "{log}");
}
