//! Commands that are ended from outside: Ctrl-C, a disconnect, the end of the console; and one that does not react.

use std::future::pending;
use std::thread;
use std::time::Duration;

use backdoor_runtime::{Session, backdoor_command};
use futures_core::Stream;
use tokio::runtime::{Builder, Runtime};
use tokio_stream::StreamExt as _;

use super::BadDrop;
use crate::gate::{OpensOnDrop, gate};
use crate::operator::{Operator, console};

/// Opens its gate when it is dropped, and waits for longer than a test
#[backdoor_command(name = "ends waits")]
async fn waits(gate_name: String) {
    let _dropped = OpensOnDrop(gate(&gate_name));
    gate(&gate_name).visit();
    pending::<()>().await;
}

/// Opens its gate when it sees that it was cancelled
#[backdoor_command(name = "ends asks")]
fn asks(session: Session, gate_name: String) {
    gate(&gate_name).visit();
    while !session.is_cancelled() {
        thread::yield_now();
    }
    gate(&gate_name).open();
}

/// An endless stream
#[backdoor_command(name = "ends endless")]
fn endless(gate_name: String) -> impl Stream<Item = u64> {
    let dropped = OpensOnDrop(gate(&gate_name));
    tokio_stream::iter(0..).then(move |number| {
        if number == 0 {
            dropped.0.visit();
        }
        async move {
            tokio::time::sleep(PACE).await;
            number
        }
    })
}

/// An endless iterator
#[backdoor_command(name = "ends endless-sync")]
fn endless_sync(gate_name: String) -> impl Iterator<Item = u64> {
    let dropped = OpensOnDrop(gate(&gate_name));
    (0..).inspect(move |&number| {
        if number == 0 {
            dropped.0.visit();
        }
        thread::sleep(PACE);
    })
}

/// The pace of endless commands, so that the test's own client is not busy with them for long.
const PACE: Duration = Duration::from_millis(1);

/// Panics when it is dropped
#[backdoor_command(name = "ends dropped-badly")]
async fn dropped_badly(gate_name: String) {
    let _bad = BadDrop("a cancelled future");
    gate(&gate_name).visit();
    pending::<()>().await;
}

/// Hears nothing
#[backdoor_command(name = "ends deaf")]
fn deaf(gate_name: String) -> &'static str {
    gate(&gate_name).block();
    "at last"
}

fn service() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

#[test]
fn ctrl_c_ends_what_runs() {
    let runtime = service();
    let backdoor = console().runtime(runtime.handle().clone()).start().unwrap();
    let mut operator = Operator::new(&backdoor);
    for command in ["waits", "asks", "endless", "endless-sync"] {
        let name = format!("ctrl-c {command}");
        operator.types(&format!("ends {command} '{name}'"));
        gate(&name).wait_for_visitors(1);
        operator.interrupts();
        let answer = operator.reads_end();
        assert!(answer.ends_with("interrupted\n"), "{command}: {answer}");
        gate(&name).wait_until_open();
    }
    operator.types("ends dropped-badly ctrl-c-badly");
    gate("ctrl-c-badly").wait_for_visitors(1);
    operator.interrupts();
    assert_eq!(operator.reads_end(), "panicked: in the Drop of a cancelled future\n");
    assert_eq!(operator.asks("ends default --one 1"), "1\n");
}

#[test]
fn a_stuck_command_is_abandoned() {
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    operator.types("ends deaf deaf");
    gate("deaf").wait_for_visitors(1);
    operator.interrupts();
    assert_eq!(
        operator.reads_end(),
        "interrupted; `ends deaf` still runs a second later and is marked stuck\n"
    );
    assert_eq!(operator.asks("ends default --one 1"), "1\n");
    gate("deaf").open();
}

#[test]
fn a_disconnect_ends_the_command() {
    let runtime = service();
    let backdoor = console().runtime(runtime.handle().clone()).start().unwrap();
    for command in ["waits", "asks", "endless", "endless-sync"] {
        let name = format!("vanishes {command}");
        let mut operator = Operator::new(&backdoor);
        operator.types(&format!("ends {command} '{name}'"));
        gate(&name).wait_for_visitors(1);
        operator.vanishes();
        gate(&name).wait_until_open();
    }
    assert_eq!(Operator::new(&backdoor).asks("ends default --one 1"), "1\n");
}

#[test]
fn the_end_of_the_console_ends_its_commands() {
    let runtime = service();
    let backdoor = console().runtime(runtime.handle().clone()).start().unwrap();
    let mut operator = Operator::new(&backdoor);
    operator.types("ends waits the-end");
    gate("the-end").wait_for_visitors(1);
    drop(backdoor);
    gate("the-end").wait_until_open();
}
