//! Whatever ends a command affects only that command: its session reports it and continues, and other sessions are not affected.

mod from_outside;

use std::fmt;
use std::future::pending;
use std::panic::panic_any;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use backdoor_runtime::{
    ArgError, Backdoor, Caller, Console, FromArg, FromCaller, Guard, PrintError, Session, State, Status,
    backdoor_command,
};
use futures_core::Stream;
use tokio_stream::StreamExt as _;

use crate::client::script;
use crate::gate::gate;
use crate::operator::{Operator, console};
use crate::wait::{PATIENCE, until};

#[backdoor_command(name = "ends panic")]
fn panics() {
    panic!("in the command");
}

#[backdoor_command(name = "ends panic-async")]
async fn panics_async() {
    tokio::task::yield_now().await;
    panic!("in the {} command", "asynchronous");
}

struct BadDisplay;

impl fmt::Display for BadDisplay {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("in the Display");
    }
}

#[backdoor_command(name = "ends display")]
fn display() -> BadDisplay {
    BadDisplay
}

#[backdoor_command(name = "ends display-async")]
async fn display_async() -> BadDisplay {
    BadDisplay
}

#[backdoor_command(name = "ends display-of-error")]
fn display_of_error() -> Result<(), BadDisplay> {
    Err(BadDisplay)
}

struct BadDrop(&'static str);

impl Drop for BadDrop {
    fn drop(&mut self) {
        panic!("in the Drop of {}", self.0);
    }
}

impl fmt::Display for BadDrop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a reply")
    }
}

#[backdoor_command(name = "ends drop")]
fn drops() -> BadDrop {
    BadDrop("the reply")
}

#[backdoor_command(name = "ends drop-async")]
async fn drops_async() -> BadDrop {
    BadDrop("the reply")
}

#[backdoor_command(name = "ends drop-of-stream")]
fn drop_of_stream() -> impl Stream<Item = u8> {
    let bad = BadDrop("the stream");
    tokio_stream::iter(1..=2_u8).map(move |number| {
        let _ = &bad;
        number
    })
}

#[backdoor_command(name = "ends drop-of-iterator")]
fn drop_of_iterator() -> impl Iterator<Item = u8> {
    let bad = BadDrop("the iterator");
    (1..=2_u8).inspect(move |_| {
        let _ = &bad;
    })
}

struct BadArg;

impl FromArg for BadArg {
    const NAME: &'static str = "trouble";

    fn from_arg(_: &str) -> Result<Self, ArgError> {
        panic!("in the FromArg");
    }
}

#[backdoor_command(name = "ends argument")]
fn argument(_one: BadArg) {}

fn no_default() -> u8 {
    panic!("in the default");
}

#[backdoor_command(name = "ends default")]
fn default(#[arg(long, default = no_default())] one: u8) -> u8 {
    one
}

struct BadGuard;

impl FromCaller for BadGuard {
    type Refusal = &'static str;

    fn from_caller(_: &Caller<'_>) -> Result<Self, Self::Refusal> {
        panic!("in the guard");
    }
}

#[backdoor_command(name = "ends guard")]
fn guard(_guard: Guard<BadGuard>) {}

struct Never(String);

impl FromCaller for Never {
    type Refusal = String;

    fn from_caller(caller: &Caller<'_>) -> Result<Self, Self::Refusal> {
        match caller.session().width() {
            Some(columns) => Ok(Self(columns.to_string())),
            None => Err(format!("`{}` is not for you", caller.command())),
        }
    }
}

#[backdoor_command(name = "ends refused")]
fn refused(Guard(never): Guard<Never>) -> String {
    never.0
}

#[backdoor_command(name = "ends payload")]
fn payload() {
    panic_any(BadDrop("the payload"));
}

#[backdoor_command(name = "ends payload-async")]
async fn payload_async() {
    panic_any(BadDrop("the payload"));
}

fn third_panics(number: u8) -> u8 {
    assert!(number < 3, "in the middle");
    number
}

#[backdoor_command(name = "ends stream")]
fn stream() -> impl Stream<Item = u8> {
    tokio_stream::iter(1..).map(third_panics)
}

#[backdoor_command(name = "ends iterator")]
fn iterator() -> impl Iterator<Item = u8> {
    (1..).map(third_panics)
}

#[backdoor_command(name = "ends rows")]
async fn rows() -> impl Iterator<Item = (u8, &'static str)> {
    (1..).map(|number| (third_panics(number), "row"))
}

#[backdoor_command(name = "ends error-in-stream")]
fn error_in_stream() -> impl Stream<Item = Result<u8, &'static str>> {
    tokio_stream::iter([Ok(1), Ok(2), Err("the third is bad"), Ok(4)])
}

#[backdoor_command(name = "ends error")]
fn error() -> Result<(), String> {
    Err("no such shard".to_owned())
}

#[backdoor_command(name = "ends anyhow")]
async fn anyhow_error() -> anyhow::Result<u8> {
    "x".parse::<u8>().context("the third field")
}

#[backdoor_command(name = "ends late", timeout = "100ms")]
async fn late() {
    pending::<()>().await;
}

#[backdoor_command(name = "ends late-sync", timeout = "100ms")]
fn late_sync(session: Session) -> &'static str {
    while !session.is_cancelled() {
        thread::yield_now();
    }
    "what was done so far"
}

#[backdoor_command(name = "ends late-stream", timeout = "500ms")]
fn late_stream() -> impl Stream<Item = u8> {
    tokio_stream::iter([1, 2]).chain(tokio_stream::pending())
}

/// Commands that fail by themselves, and their messages.
const BAD_ENDS: &[(&str, &str)] = &[
    ("panic", "panicked: in the command\n"),
    ("panic-async", "panicked: in the asynchronous command\n"),
    ("display", "panicked: in the Display\n"),
    ("display-async", "panicked: in the Display\n"),
    ("display-of-error", "panicked: in the Display\n"),
    ("drop", "panicked: in the Drop of the reply\n"),
    ("drop-async", "panicked: in the Drop of the reply\n"),
    ("drop-of-stream", "1\n2\npanicked: in the Drop of the stream\n"),
    ("drop-of-iterator", "1\n2\npanicked: in the Drop of the iterator\n"),
    ("argument x", "panicked: in the FromArg\n"),
    ("default", "panicked: in the default\n"),
    ("default --one 3", "3\n"),
    ("guard", "panicked: in the guard\n"),
    ("refused", "refused: `ends refused` is not for you\n"),
    ("payload", "panicked: without a message\n"),
    ("payload-async", "panicked: without a message\n"),
    ("stream", "1\n2\npanicked: in the middle\n"),
    ("iterator", "1\n2\npanicked: in the middle\n"),
    ("rows", "1  row\n2  row\npanicked: in the middle\n"),
    ("error-in-stream", "1\n2\nerror: the third is bad\n"),
    ("error", "error: no such shard\n"),
    ("anyhow", "error: the third field: invalid digit found in string\n"),
    ("late", "`ends late` did not end within 100ms and was cancelled\n"),
    ("late-sync", "what was done so far\n`ends late-sync` did not end within 100ms and was cancelled\n"),
    ("late-stream", "1\n2\n`ends late-stream` did not end within 500ms and was cancelled\n"),
];

#[test]
fn sessions_survive_every_way_a_command_can_end() {
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    let mut other = Operator::new(&backdoor);
    for (line, answer) in BAD_ENDS {
        assert_eq!(operator.asks(&format!("ends {line}")), *answer, "{line}");
        assert_eq!(other.asks("ends default --one 1"), "1\n", "{line}");
    }
}

#[test]
fn a_script_reads_the_same() {
    let backdoor = console().start().unwrap();
    let lines: String = BAD_ENDS.iter().map(|(line, _)| format!("ends {line}\n")).collect();
    let answers: String = BAD_ENDS.iter().map(|(_, answer)| *answer).collect();
    assert_eq!(script(&backdoor.addresses()[0], lines), answers);
}

#[test]
fn every_end_is_one_line_of_json() {
    let console = Backdoor::testing();
    for (line, _) in BAD_ENDS {
        let answer = console.run(&format!("ends {line} --json"));
        assert_eq!(answer.text.lines().count(), 1, "{line}: {}", answer.text);
        let json: serde_json::Value = serde_json::from_str(&answer.text).unwrap();
        let error = match &json {
            serde_json::Value::Array(items) => items.last().unwrap(),
            whole => whole,
        };
        assert_eq!(error["error"].is_object(), answer.status != Status::Done, "{line}: {json}");
    }
}

#[test]
fn every_thread_is_still_there_afterwards() {
    let backdoor = console().command_threads(1).start().unwrap();
    let mut operator = Operator::new(&backdoor);
    for line in ["ends payload", "ends drop", "ends drop-of-stream", "ends panic", "ends late-sync"] {
        operator.asks(line);
        assert_eq!(operator.asks("ends default --one 1"), "1\n", "{line}");
    }
}

/// Much more than a socket holds
#[backdoor_command(name = "ends floods", timeout = "3s")]
async fn floods(session: Session, gate_name: String) -> Result<&'static str, PrintError> {
    let text = format!("{}\n", "x".repeat(8191));
    for _ in 0..64 {
        session.print(&text).await?;
    }
    gate(&gate_name).visit();
    for _ in 0..512 {
        session.print(&text).await?;
    }
    Ok("all of it")
}

#[test]
fn a_slow_reader_pauses_the_time_limit() {
    let directory = std::env::temp_dir().join(format!("backdoor-ends-{}.sock", std::process::id()));
    let backdoor = Backdoor::builder("t")
        .listen(format!("unix:{}", directory.display()).as_str())
        .detect_timeout(PATIENCE)
        .write_stall(Duration::from_secs(60))
        .start()
        .unwrap();
    let mut operator = Operator::new(&backdoor);
    operator.types("ends floods floods");
    // Longer than its time limit, with more output than the socket holds.
    let (begun, mut other) = (Instant::now(), Operator::new(&backdoor));
    let running = || (begun.elapsed(), other.asks("running"));
    let (_, running) = until("3.5 s", running, |(age, _)| *age > Duration::from_millis(3500));
    assert!(running.contains("ends floods"), "{running}");
    let answer = operator.reads_answer();
    assert!(answer.ends_with("x\nall of it\n"), "{}", &answer[answer.len().saturating_sub(200)..]);
    assert_eq!(answer.len(), 576 * 8192 + "all of it\n".len());
}

/// Prints when nobody waits for it any more
#[backdoor_command(name = "ends prints-later")]
async fn prints_later(session: Session, gate_name: String) -> &'static str {
    thread::spawn(move || {
        gate(&gate_name).block();
        session.blocking_println("better late").unwrap();
    });
    "begun"
}

#[test]
fn work_that_outlives_its_command_can_print() {
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    assert_eq!(operator.asks("ends prints-later later"), "begun\n");
    gate("later").open();
    assert_eq!(operator.reads_answer(), "\nbetter late\n");
}

/// Sees the console
#[backdoor_command(name = "ends console", reads)]
fn sees_console(State(console): State<Console>, session: Session) -> String {
    format!("{} {} {}", console.service().name, console.sessions().len(), session.id())
}

#[test]
fn the_console_and_the_session_are_supplied() {
    let backdoor = console().start().unwrap();
    let _first = Operator::new(&backdoor);
    assert_eq!(Operator::new(&backdoor).asks("ends console"), "t 2 2\n");
}

/// Waits for its operator for longer than it may run
#[backdoor_command(name = "ends dangerous", dangerous, timeout = "2s")]
fn dangerous() -> &'static str {
    "done"
}

#[test]
fn a_question_pauses_the_time_limit() {
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    operator.types("ends dangerous");
    operator.expects("Type yes to run it: ");
    let (begun, mut other) = (Instant::now(), Operator::new(&backdoor));
    let running = || (begun.elapsed(), other.asks("running"));
    let (_, running) = until("2.1 s", running, |(age, _)| *age > Duration::from_millis(2100));
    assert!(running.contains("waiting for an answer"), "{running}");
    assert_eq!(operator.asks("yes"), "done\n");
}
