//! Concurrent changes of one variable: by several sessions, and by a lease and the service.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::thread;

use backdoor_runtime::{backdoor_var, vars};

use crate::operator::{Operator, console};
use crate::vars::alone;
use crate::wait::until;

#[backdoor_var(settable)]
static RACE_LENT: AtomicU32 = AtomicU32::new(3);

#[backdoor_var(settable)]
static RACE_ONE: AtomicU64 = AtomicU64::new(0);

#[backdoor_var(settable)]
static RACE_TWO: Mutex<u64> = Mutex::new(0);

#[test]
fn a_lease_ends_after_its_session_closed() {
    let (_alone, _) = alone();
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    // On a busy machine it may have expired before the variable is read.
    let answer = operator.asks("set race-lent 4 --for 300ms");
    assert!(answer.starts_with("race-lent: 3 -> 4"), "{answer}");
    operator.vanishes();
    until("the end of the lease", || RACE_LENT.load(Ordering::Relaxed), |value| *value == 3);
    let last = || vars::changes().pop().unwrap();
    let end = until("its record", last, |change| change.what.starts_with("end of "));
    assert_eq!((end.old, end.new), (4.into(), 3.into()));
}

#[test]
fn a_lease_keeps_later_changes_of_the_service() {
    let (_alone, _) = alone();
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    // On a busy machine the lease may have expired before the service's change.
    let changed = || {
        operator.asks("set race-lent 4 --for 100ms");
        RACE_LENT.compare_exchange(4, 17, Ordering::Relaxed, Ordering::Relaxed)
    };
    until("a change while it is lent", changed, Result::is_ok).unwrap();
    let last = || vars::changes().pop().unwrap();
    until("a record that the value is not restored", last, |change| change.what.ends_with("not restored"));
    assert_eq!(RACE_LENT.load(Ordering::Relaxed), 17);
    assert_eq!(vars::changes().last().unwrap().new, 17);
    assert!(operator.asks("vars race-lent").contains("by the service\n"));
    let error = operator.asks("undo");
    assert!(error.contains("so nothing was undone"), "{error}");
    vars::reset("race-lent").unwrap();
}

#[test]
fn a_change_that_stays_ends_a_lease() {
    let (_alone, first) = alone();
    vars::set_all(&[("race-lent", "5")], &vars::Terms::new().lasting(std::time::Duration::from_millis(800)))
        .unwrap();
    vars::set("race-lent", "5").unwrap();
    let other = vars::set_all(
        &[("race-one", "1")],
        &vars::Terms::new().lasting(std::time::Duration::from_millis(900)),
    );
    other.unwrap();
    until("the end of a later lease", || RACE_ONE.load(Ordering::Relaxed), |value| *value == 0);
    assert_eq!(RACE_LENT.load(Ordering::Relaxed), 5);
    assert!(!vars::changes().iter().any(|change| change.what == format!("end of {first}")));
    assert_eq!(vars::undo(Some(first + 1)).unwrap().new, 3);
}

#[test]
fn concurrent_sets_of_two_variables_are_atomic() {
    let (_alone, first) = alone();
    let backdoor = console().start().unwrap();
    thread::scope(|scope| {
        for who in 1..=4_u64 {
            let backdoor = &backdoor;
            scope.spawn(move || {
                let mut operator = Operator::new(backdoor);
                for round in 0..20 {
                    let value = who * 1000 + round;
                    // The typed order differs from the order of the locks.
                    let answer = match who % 2 {
                        0 => operator.asks(&format!("set race-one={value} race-two={value}")),
                        _ => operator.asks(&format!("set race-two={value} race-one={value}")),
                    };
                    assert!(answer.contains("-> "), "{answer}");
                }
            });
        }
    });
    assert_eq!(RACE_ONE.load(Ordering::Relaxed), *RACE_TWO.lock().unwrap());
    let changes = vars::changes();
    for name in ["race-one", "race-two"] {
        let of_it: Vec<_> =
            changes.iter().filter(|change| change.name == name && change.number >= first).collect();
        assert_eq!(of_it.len(), 80);
        for two in of_it.windows(2) {
            assert_eq!(two[0].new, two[1].old, "the journal is in the order of the writes");
        }
    }
    assert!(
        matches!(vars::get("race-one").unwrap().changed, Some(vars::Changed::By(_))),
        "the console knows who it was"
    );
    vars::reset("race-one").unwrap();
    vars::reset("race-two").unwrap();
}
