//! Inconveniences that operators reported: questions without effect, lost rows, unhelpful messages.

use std::time::Duration;

use backdoor_runtime::{Backdoor, Caller, Choice, FromCaller, Guard, Status, backdoor_command};
use futures_core::Stream;
use serde::Serialize;

use crate::gate::{OpensOnDrop, gate};
use crate::operator::{Operator, console};
use crate::wait::until;

struct Nobody;

impl FromCaller for Nobody {
    type Refusal = &'static str;

    fn from_caller(_caller: &Caller<'_>) -> Result<Self, Self::Refusal> {
        Err("not today")
    }
}

#[backdoor_command(name = "courtesy guarded", dangerous)]
fn guarded(_guard: Guard<Nobody>) {}

#[derive(Serialize)]
struct Row {
    row: u32,
}

#[backdoor_command(name = "courtesy numbered", dangerous)]
async fn numbered(number: u8) -> u8 {
    number
}

/// Two rows, and then nothing until the gate opens.
#[backdoor_command(name = "courtesy rows", reads)]
fn rows() -> impl Stream<Item = Row> {
    use tokio_stream::StreamExt as _;
    let rest = tokio_stream::once(Row { row: 3 }).filter(|_| {
        gate("courtesy rows").visit();
        false
    });
    tokio_stream::iter([Row { row: 1 }, Row { row: 2 }]).chain(rest).chain(tokio_stream::pending())
}

#[backdoor_command(name = "courtesy none", reads)]
fn none() -> Vec<Row> {
    Vec::new()
}

#[backdoor_command(name = "courtesy no-items", reads)]
fn no_items() -> impl Iterator<Item = Row> {
    std::iter::empty()
}

#[derive(Choice, Debug)]
enum Metal {
    Aluminium,
    Chromium,
    Copper,
    Gallium,
    Iron,
    Lithium,
    Magnesium,
    Manganese,
    Molybdenum,
    Nickel,
    Platinum,
    Ruthenium,
}

#[backdoor_command(name = "courtesy metal", reads)]
fn metal(metal: Metal) -> String {
    format!("{metal:?}")
}

#[backdoor_command(name = "courtesy took", reads)]
fn took() -> Duration {
    Duration::from_nanos(47_913_997_639)
}

#[test]
fn a_refusing_guard_precedes_the_confirmation() {
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    assert_eq!(operator.asks("courtesy guarded"), "refused: not today\n");
    assert!(operator.asks("courtesy numbered 300").contains("number: 300 is out of range 0..=255"));
    operator.types("courtesy numbered 3");
    operator.expects("Type yes to run it: ");
    assert_eq!(operator.asks("yes"), "3\n");
}

#[test]
fn an_interrupt_shows_the_buffered_rows() {
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    operator.types("courtesy rows");
    // The rows exist when the next one is requested; if they were shown before, the answer is the same.
    gate("courtesy rows").wait_for_visitors(1);
    operator.interrupts();
    let answer = operator.reads_answer();
    assert!(answer.contains("row\n  1\n  2\n"), "{answer:?}");
    assert!(answer.ends_with("interrupted\n"), "{answer:?}");
}

#[test]
fn empty_replies_are_shown_as_empty() {
    let console = Backdoor::testing();
    for line in ["courtesy none", "courtesy no-items"] {
        assert_eq!(console.run(line).text, "(none)\n", "{line}");
        assert_eq!(console.run(&format!("{line} --json")).text, "[]\n", "{line}");
    }
}

#[test]
fn the_value_of_an_answer_in_json_is_kept_for_tests() {
    let console = Backdoor::testing();
    let answer = console.run("courtesy took --json");
    assert_eq!(answer.text, "47.913997639\n");
    assert_eq!(answer.value, Duration::from_nanos(47_913_997_639));
    assert_eq!(console.run("courtesy took").text, "47.9s\n");
}

#[test]
fn a_long_list_of_choices_shows_the_nearest() {
    let check = |word: &str, error: &str| {
        let answer = Backdoor::testing().run(&format!("courtesy metal {word}"));
        assert_eq!((answer.status, answer.error.as_deref()), (Status::Usage, Some(error)));
    };
    check("cooper", "metal: `cooper` is not one of its 12 accepted words; did you mean `copper`?");
    check(
        "wood",
        "metal: `wood` is not one of aluminium, chromium, copper, gallium, iron, lithium, magnesium and 5 more; type `?` in its place to list them",
    );
}

#[test]
fn typing_errors_are_no_foreign_protocol() {
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    assert!(operator.asks("helo world").contains("unknown command `helo`"));
    assert!(operator.asks("log: x").contains("unknown command `log:`"));
    // A line for another service does not run here.
    let refused = operator.asks("billing> status");
    assert!(refused.contains("it looks like the prompt of another program"), "{refused}");
}

#[test]
fn a_stuck_command_is_named_to_its_operator() {
    let _opens = OpensOnDrop(gate("courtesy stuck"));
    // It needs a thread within 10 ms, or it does not run at all.
    let run = || Backdoor::testing().run("courtesy stuck");
    let answer = until("a run that begins in time", run, |answer| !answer.text.contains("was not run"));
    assert_eq!(answer.status, Status::TimedOut);
    assert_eq!(
        answer.text,
        "`courtesy stuck` did not end within 10ms and was cancelled; it still runs a second later and is marked stuck\n"
    );
}

#[backdoor_command(name = "courtesy stuck", timeout = "10ms")]
fn stuck() {
    gate("courtesy stuck").block();
}
