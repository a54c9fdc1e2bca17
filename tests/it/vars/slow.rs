//! Variables that do not answer, or not yet: each is named, and holds up nothing else.

use std::panic::catch_unwind;
use std::sync::{Mutex, RwLock};

use backdoor_runtime::{backdoor_var, vars};

use crate::gate::{OpensOnDrop, gate};
use crate::operator::{Operator, console};
use crate::vars::alone;

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
fn a_lock_that_is_held_is_said_to_be() {
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
fn what_panics_while_it_is_read_poisons_no_lock() {
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    assert!(operator.asks("vars slow-expl").contains("(reading it panicked: in Clone)"));
    assert!(!SLOW_EXPLODES.is_poisoned());
}

#[test]
fn a_computed_one_that_hangs_is_named_and_the_rest_is_shown() {
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
    assert!(shown.contains("slow-a-computed  (no answer within 100 ms)"), "{shown}");
    assert!(shown.contains("slow-b-computed  [1, 2]"), "{shown}");
    assert!(vars::unregister("slow_a_computed") && vars::unregister("slow-b-computed"));
    assert!(vars::register("slow-held", || 1).is_err());
    assert!(vars::register("Slow held", || 1).is_err());
}

#[test]
fn what_hangs_before_it_is_written_is_not_written_later() {
    let (_alone, _) = alone();
    let _opens = OpensOnDrop(gate("slow validate"));
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    assert_eq!(operator.asks("set slow-hangs 2"), "error: nothing was set: no answer within 1000 ms\n");
    gate("slow validate").open();
    assert!(operator.asks("set slow-hangs 3").contains("slow-hangs: 1 -> 3"));
    vars::reset("slow-hangs").unwrap();
}

/// A lock of ours.
#[backdoor_var(settable)]
static SLOW_OURS: backdoor_runtime::sync::RwLock<u8> = backdoor_runtime::sync::RwLock::new(1);

#[test]
fn locks_of_ours_are_held_and_set_as_others() {
    let (_alone, _) = alone();
    let held = SLOW_OURS.write().unwrap();
    assert_eq!(vars::get("slow-ours").unwrap().state, "held");
    drop(held);
    let change = vars::set("slow-ours", "2").unwrap();
    assert_eq!(*SLOW_OURS.read().unwrap(), 2);
    assert_eq!(vars::undo(Some(change.number)).unwrap().new, 1);
}
