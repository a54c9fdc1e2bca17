//! The console has a lower priority than the service if both want the same core.

use std::fs;

use backdoor_runtime::{Backdoor, backdoor_command};

use crate::client::script;
use crate::wait::until;

/// The priority of the thread it runs on
#[backdoor_command(name = "priority of-command", reads)]
fn of_command() -> i32 {
    nice(&fs::read_to_string("/proc/thread-self/stat").unwrap())
}

/// The field `nice` of proc_pid_stat(5), the 19th; the first after the name is the third.
fn nice(stat: &str) -> i32 {
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    fields.split(' ').nth(16).unwrap().parse().unwrap()
}

/// The nice values of threads of this name. Other tests have consoles, too.
fn of_threads(name: &str) -> Vec<i32> {
    let of_thread = |task: std::io::Result<fs::DirEntry>| {
        // A thread may end meanwhile.
        let stat = fs::read_to_string(task.ok()?.path().join("stat")).ok()?;
        stat.contains(&format!("({name}) ")).then(|| nice(&stat))
    };
    fs::read_dir("/proc/self/task").unwrap().filter_map(of_thread).collect()
}

/// Waits until a thread has this nice value.
#[track_caller]
fn expect_thread(name: &str, steps: i32) {
    until(&format!("{name} at {steps}"), || of_threads(name), |seen| seen.contains(&steps));
}

/// Starts a console and returns the nice value of its command's thread.
fn command_of(builder: backdoor_runtime::Builder) -> (Backdoor, i32) {
    let backdoor = builder.listen("0").start().unwrap();
    let answer = script(&backdoor.addresses()[0], "priority of-command\n");
    (backdoor, answer.trim().parse().unwrap())
}

#[test]
fn the_console_has_a_lower_priority_than_the_service() {
    let own = nice(&fs::read_to_string("/proc/thread-self/stat").unwrap());
    let expected = (own + 13).min(19);
    let (_backdoor, of_command) = command_of(Backdoor::builder("test"));
    assert_eq!(of_command, expected);
    expect_thread("backdoor-consol", expected);
    assert_eq!(nice(&fs::read_to_string("/proc/thread-self/stat").unwrap()), own, "the service's own stays");
    assert!(of_threads("backdoor-log").iter().all(|log| *log == own), "a subscriber may hold a lock");
}

#[test]
fn the_priority_is_configurable() {
    let own = nice(&fs::read_to_string("/proc/thread-self/stat").unwrap());
    let (_backdoor, of_command) = command_of(Backdoor::builder("test").nice(0));
    assert_eq!(of_command, own);
    let (_backdoor, of_command) = command_of(Backdoor::builder("test").nice(3));
    assert_eq!(of_command, (own + 3).min(19));
}
