//! The effect of a console's end on temporary changes, and the reports of a change.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use backdoor_runtime::{backdoor_var, vars};

use crate::log::Log;
use crate::operator::{Operator, console};
use crate::vars::alone;
use crate::vars::declared::{PATIENT, VT_PATIENCE};
use crate::wait::until;

#[backdoor_var(settable)]
static END_LENT: AtomicU32 = AtomicU32::new(3);

#[test]
fn leases_end_with_their_console() {
    let (_alone, first) = alone();
    let other = console().start().unwrap();
    let mut stays = Operator::new(&other);
    stays.asks("set vt-patience 3m --for 1h");
    let (log, _recording) = Log::record();
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    operator.asks("set end-lent 4 --for 1h");
    drop(backdoor);
    until("the end of the lease", || END_LENT.load(Ordering::Relaxed), |value| *value == 3);
    log.expect(&["variable changed", "name=\"end-lent\"", "old=4", "new=3", "because=the console ended"]);
    assert_eq!(*VT_PATIENCE.read().unwrap(), Duration::from_secs(180), "that one's console goes on");
    vars::undo(Some(first)).unwrap();
}

#[test]
fn a_change_calls_on_change_and_is_logged() {
    let (_alone, _) = alone();
    let (log, _recording) = Log::record();
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    operator.asks("set vt-patience 42s --because 'the queue is long\\u{7}'");
    assert_eq!(PATIENT.load(Ordering::SeqCst), 42, "it was told after all locks were free");
    let line = log.expect(&["variable changed", "vt-patience"]);
    for part in ["old=1m30s", "new=42s", "by=\"session ", "what=\"set\"", "because=the queue is long"] {
        assert!(line.contains(part), "{part} in {line}");
    }
    operator.asks("reset vt-patience");
    assert_eq!(PATIENT.load(Ordering::SeqCst), 90);
}
