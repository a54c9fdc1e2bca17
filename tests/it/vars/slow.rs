//! Variables that do not answer, or not yet: each is named, and delays no other.

use std::panic::catch_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, RwLock};

use backdoor_runtime::{backdoor_var, vars};

use crate::gate::{OpensOnDrop, gate};
use crate::operator::{Operator, console};
use crate::vars::alone;
use crate::wait::until;

#[backdoor_var(settable)]
static SLOW_HELD: Mutex<u8> = Mutex::new(1);

#[backdoor_var(settable)]
static SLOW_POISONED: RwLock<u8> = RwLock::new(1);

struct Explodes;

impl Clone for Explodes {
    fn clone(&self) -> Self {
        panic!("in Clone")
    }
}

impl std::fmt::Display for Explodes {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Ok(())
    }
}

#[backdoor_var]
static SLOW_EXPLODES: Mutex<Explodes> = Mutex::new(Explodes);

#[backdoor_var(settable, validate = hangs)]
static SLOW_HANGS: Mutex<u8> = Mutex::new(1);

fn hangs(_: &u8) -> Result<(), String> {
    gate("slow validate").block();
    Ok(())
}

#[test]
fn a_held_lock_is_reported() {
    let (_alone, _) = alone();
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    let held = SLOW_HELD.lock().unwrap();
    assert!(operator.asks("vars slow-held").contains("slow-held *  (held)"));
    assert_eq!(
        operator.asks("set slow-poisoned=2 slow-held=2"),
        "error: `slow-held` was not set: the service held its lock for 50 ms; try again\n"
    );
    drop(held);
    assert_eq!(*SLOW_POISONED.read().unwrap_or_else(std::sync::PoisonError::into_inner), 1, "all or nothing");
    assert!(!operator.asks("vars slow-held").contains("(held)"));
}

#[test]
fn a_poisoned_lock_is_read_and_set() {
    let (_alone, _) = alone();
    let _ = catch_unwind(|| {
        let _held = SLOW_POISONED.write();
        panic!("under the lock");
    });
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    assert!(operator.asks("vars slow-poisoned").contains("slow-poisoned *  1 (poisoned)"));
    assert!(operator.asks("set slow-poisoned 2").contains("slow-poisoned: 1 -> 2"));
    assert!(operator.asks("undo").contains("slow-poisoned: 2 -> 1"));
}

#[test]
fn a_panic_during_a_reading_poisons_no_lock() {
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    assert!(operator.asks("vars slow-expl").contains("(reading the variable panicked: in Clone)"));
    assert!(!SLOW_EXPLODES.is_poisoned());
}

#[test]
fn a_hanging_computed_variable_is_named() {
    let _opens = OpensOnDrop(gate("slow computed"));
    vars::register("slow-a-computed", || {
        gate("slow computed").block();
        1
    })
    .unwrap();
    vars::Computed::new("slow-b-computed", || vec![1, 2]).unit("ms").register().unwrap();
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    let shown = operator.asks("vars slow-*-computed");
    // Another test's `doctor` may have read it first.
    let is_named = ["(no answer within 100 ms)", "(not asked again: "]
        .iter()
        .any(|why| shown.contains(&format!("slow-a-computed  {why}")));
    assert!(is_named, "{shown}");
    assert!(shown.contains("slow-b-computed  [1, 2]"), "{shown}");
    assert!(vars::unregister("slow_a_computed") && vars::unregister("slow-b-computed"));
    assert!(vars::register("slow-held", || 1).is_err());
    assert!(vars::register("Slow held", || 1).is_err());
}

#[test]
fn an_abandoned_change_is_not_written_later() {
    let (_alone, _) = alone();
    let _opens = OpensOnDrop(gate("slow validate"));
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    assert_eq!(operator.asks("set slow-hangs 2"), "error: nothing was set: no answer within 1000 ms\n");
    let refused = operator.asks("set slow-hangs 3");
    let silent = "error: nothing was set: `slow-hangs` was not asked again: its code has not returned for ";
    assert!(refused.starts_with(silent), "{refused}");
    gate("slow validate").open();
    let set = || operator.asks("set slow-hangs 3");
    until("its return", set, |answer| answer.contains("slow-hangs: 1 -> 3"));
    vars::reset("slow-hangs").unwrap();
}

/// A lock of ours.
#[backdoor_var(settable)]
static SLOW_OURS: backdoor_runtime::sync::RwLock<u8> = backdoor_runtime::sync::RwLock::new(1);

#[test]
fn variables_in_our_locks_work_as_in_others() {
    let (_alone, _) = alone();
    let held = SLOW_OURS.write().unwrap();
    assert_eq!(vars::get("slow-ours").unwrap().state, "held");
    drop(held);
    let change = vars::set("slow-ours", "2").unwrap();
    assert_eq!(*SLOW_OURS.read().unwrap(), 2);
    assert_eq!(vars::undo(Some(change.number)).unwrap().new, 1);
}

/// Its `Debug` does not return while the gate is closed.
#[derive(Clone)]
struct Silent;

impl std::fmt::Display for Silent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if IS_SILENT.load(Ordering::Relaxed) {
            gate("slow display").block();
        }
        f.write_str("well")
    }
}

static IS_SILENT: AtomicBool = AtomicBool::new(false);

#[backdoor_var]
static SLOW_SILENT: Mutex<Silent> = Mutex::new(Silent);

/// `attack.md` M2: each reading left a thread, and after eight no variable of the process could be read or set.
#[test]
fn a_hanging_variable_blocks_no_other() {
    let (_alone, _) = alone();
    let _opens = OpensOnDrop(gate("slow display"));
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    IS_SILENT.store(true, Ordering::Relaxed);
    until("that it hangs", || operator.asks("vars slow-silent"), |shown| !shown.contains("  well"));
    for _ in 0..20 {
        let shown = operator.asks("vars slow-");
        assert!(shown.contains("(not asked again: its code has not returned for "), "{shown}");
        assert!(shown.contains("slow-held") && !shown.contains("others have not answered"), "{shown}");
    }
    assert!(operator.asks("set slow-held 2").contains("slow-held: 1 -> 2"));
    IS_SILENT.store(false, Ordering::Relaxed);
    gate("slow display").open();
    let shown = || operator.asks("vars slow-silent");
    until("its answer", shown, |shown| shown.contains("slow-silent  well"));
    vars::reset("slow-held").unwrap();
}

#[backdoor_var(settable, on_change = told)]
static SLOW_TOLD: Mutex<u8> = Mutex::new(1);

fn told(value: &u8) {
    if *value == 2 {
        gate("slow told").block();
    }
}

#[test]
fn a_hung_on_change_is_not_called_again_and_blocks_no_other() {
    let (_alone, _) = alone();
    let _opens = OpensOnDrop(gate("slow told"));
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    let late = operator.asks("set slow-told 2");
    assert!(
        late.starts_with("error: the value is set, but the service did not finish its reaction: "),
        "{late}"
    );
    for line in ["set slow-told 3", "reset slow-told", "undo"].into_iter().cycle().take(20) {
        let refused = operator.asks(line);
        let silent =
            "error: nothing was set: `slow-told` was not asked again: its code has not returned for ";
        assert!(refused.starts_with(silent), "{refused}");
    }
    assert!(operator.asks("set slow-held 2").contains("slow-held: 1 -> 2"));
    gate("slow told").open();
    let set = || operator.asks("set slow-told 3");
    until("its return", set, |answer| answer.contains("slow-told: 2 -> 3"));
    for name in ["slow-held", "slow-told"] {
        vars::reset(name).unwrap();
    }
}
