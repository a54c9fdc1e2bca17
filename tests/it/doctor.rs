//! What looks wrong, in one place: a deadlock and a stuck command are named with the command that shows more.

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use backdoor_runtime::backdoor_command;
use backdoor_runtime::sync::Mutex;

use crate::gate::gate;
use crate::operator::{Operator, console};

#[backdoor_command(name = "doctor hangs", timeout = "50ms")]
fn hangs() {
    gate("doctor hangs").block();
}

#[test]
fn a_deadlock_is_named_and_where_to_see_it() {
    let console = console().start().unwrap();
    let locks = [Arc::new(Mutex::named("doctor-one", ())), Arc::new(Mutex::named("doctor-two", ()))];
    let both_hold = Arc::new(Barrier::new(2));
    for (first, second) in [(0, 1), (1, 0)] {
        let (first, second, both_hold) = (locks[first].clone(), locks[second].clone(), both_hold.clone());
        // They never end.
        thread::spawn(move || {
            let held = first.lock();
            both_hold.wait();
            drop((second.lock(), held));
        });
    }
    let mut operator = Operator::new(&console);
    let mut shown = operator.asks("doctor --for 100ms");
    while !shown.contains("doctor-one") {
        shown = operator.asks("doctor --for 100ms");
    }
    let line = shown.lines().find(|line| line.contains("doctor-one")).unwrap();
    assert!(line.starts_with("a deadlock: ") && line.ends_with("  (`waits`)"), "{shown}");
    assert!(line.contains("`doctor-two`"), "{shown}");
    let json = operator.asks("doctor --for 10ms --json");
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["findings"][0]["view"], "waits");
    assert!(value["read"].as_array().unwrap().contains(&"fds".into()), "{json}");
}

#[test]
fn a_stuck_command_is_named() {
    let console = console().start().unwrap();
    let mut stuck = Operator::new(&console);
    stuck.types("doctor hangs");
    let mut operator = Operator::new(&console);
    let mut shown = String::new();
    while !shown.contains("the command `doctor hangs` is stuck  (`running`)\n") {
        shown = operator.asks("doctor --for 10ms");
        thread::sleep(Duration::from_millis(50));
    }
    gate("doctor hangs").open();
}
