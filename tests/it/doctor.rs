//! `doctor` finds problems and names the command that shows more, such as for a deadlock and a stuck command.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use backdoor_runtime::sync::Mutex;
use backdoor_runtime::{Tracked, backdoor_command, backdoor_var};

use crate::gate::gate;
use crate::operator::{Operator, console};
use crate::wait::until;

#[backdoor_command(name = "doctor hangs", timeout = "50ms")]
fn hangs() {
    gate("doctor hangs").block();
}

/// A window beyond the time limit of commands is refused before the command begins.
#[test]
fn a_window_longer_than_the_command_may_run_is_refused() {
    let console = console().start().unwrap();
    let mut operator = Operator::new(&console);
    let shown = operator.asks("doctor --for 99h");
    assert!(shown.contains("--for: 99h is out of range 10ms..=10m"), "{shown}");
    let shown = operator.asks("objects --growing --for 99h");
    assert!(shown.contains("--for: 99h is out of range 10ms..=50m"), "{shown}");
}

#[test]
fn a_deadlock_is_named_with_the_command_to_use() {
    let console = console().start().unwrap();
    let locks = [Arc::new(Mutex::named("doctor-one", ())), Arc::new(Mutex::named("doctor-two", ()))];
    let both_hold = Arc::new(Barrier::new(2));
    for (first, second) in [(0, 1), (1, 0)] {
        let (first, second, both_hold) = (locks[first].clone(), locks[second].clone(), both_hold.clone());
        // These threads never end.
        thread::spawn(move || {
            let held = first.lock();
            both_hold.wait();
            drop((second.lock(), held));
        });
    }
    let mut operator = Operator::new(&console);
    let shown = || operator.asks("doctor --for 100ms");
    let shown = until("the deadlock", shown, |shown| shown.contains("doctor-one"));
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
    let stuck = "the command `doctor hangs` is stuck  (`running`)\n";
    until(stuck, || operator.asks("doctor --for 10ms"), |shown| shown.contains(stuck));
    gate("doctor hangs").open();
}

/// Asks until a line of the answer begins with this, and returns the line.
#[track_caller]
fn finds(operator: &mut Operator, begin: &str) -> String {
    let line = |shown: &str| shown.lines().find(|line| line.starts_with(begin)).map(str::to_owned);
    line(&until(begin, || operator.asks("doctor --for 100ms"), |shown| line(shown).is_some())).unwrap()
}

#[derive(Debug)]
struct Leaked;

#[test]
fn a_growing_type_is_named_with_its_place() {
    let console = console().start().unwrap();
    let enough = Arc::new(AtomicBool::new(false));
    let leak = thread::spawn({
        let enough = enough.clone();
        move || {
            let mut leaked = Vec::new();
            while !enough.load(Ordering::Relaxed) {
                leaked.extend((0..1000).map(|_| Tracked::new(Leaked)));
                thread::sleep(Duration::from_millis(2));
            }
        }
    });
    let line = finds(&mut Operator::new(&console), "objects of type Leaked grew by ");
    enough.store(true, Ordering::Relaxed);
    leak.join().unwrap();
    assert!(line.contains(" in 100ms, most from ") && line.contains("doctor.rs:"), "{line}");
    assert!(line.ends_with("  (`objects --growing --for 10s`)"), "{line}");
}

#[test]
fn a_poisoned_lock_is_named() {
    let console = console().start().unwrap();
    let lock = Arc::new(Mutex::named("doctor-poisoned", ()));
    let poisons = lock.clone();
    let panicked = thread::spawn(move || {
        let _held = poisons.lock();
        panic!("with the lock");
    });
    panicked.join().unwrap_err();
    let line = finds(&mut Operator::new(&console), "`doctor-poisoned`, a mutex made at ");
    assert!(line.ends_with(" is poisoned: a holder panicked  (`locks`)"), "{line}");
}

#[backdoor_var(settable, hidden)]
static DOCTOR_BATCH: AtomicU32 = AtomicU32::new(10);

#[test]
fn a_temporary_change_is_named_with_its_old_value() {
    let _journal = crate::vars::journal();
    let console = console().start().unwrap();
    let mut operator = Operator::new(&console);
    operator.asks("set doctor-batch 15 --for 2h");
    operator.asks("set doctor-batch 20 --for 1h");
    let line = finds(&mut operator, "`doctor-batch` is 20 until ");
    assert!(line.contains(" by session 1 ("), "{line}");
    assert!(line.ends_with(" and then returns to 10  (`changes`)"), "{line}");
    operator.asks("reset doctor-batch");
    assert!(!operator.asks("doctor --for 10ms").contains("doctor-batch"));
    assert_eq!(DOCTOR_BATCH.load(Ordering::Relaxed), 10);
}
