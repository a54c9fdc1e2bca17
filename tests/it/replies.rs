//! A reply of any type is text for a person and strict JSON for a machine.

use std::collections::BTreeMap;
use std::fmt;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use backdoor_runtime::{Backdoor, CommandOutput, Page, PrintError, Session, Value, backdoor_command};
use futures_core::Stream;
use serde::Serialize;
use tokio_stream::StreamExt as _;

use crate::client::{Client, script};
use crate::gate::gate;
use crate::operator::{Operator, console};
use crate::wait::{until, until_rest};

/// Checks a line, its text for a person, and its JSON.
#[track_caller]
fn check(line: &str, text: &str, json: &str) {
    let console = Backdoor::testing();
    let line = format!("replies {line}");
    assert_eq!(console.run(&line).text, text, "{line}");
    let answer = console.run(&format!("{line} --json")).text;
    assert_eq!(answer, format!("{json}\n"), "{line} --json");
    serde_json::from_str::<serde_json::Value>(&answer).unwrap();
}

macro_rules! replies {
    ($($name:literal $function:ident -> $type:ty $body:block)*) => {
        $(#[backdoor_command(name = $name, reads)]
        fn $function() -> $type $body)*
    };
}

struct Explicit;

impl CommandOutput for Explicit {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        use fmt::Write;
        writeln!(page, "explicit, {:?} columns", page.width())
    }

    fn value(&self) -> Value {
        7.into()
    }
}

#[derive(Clone, Serialize)]
struct Pool {
    name: &'static str,
    idle: u32,
}

#[derive(Serialize)]
struct Shown(u8);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "shown {}", self.0)
    }
}

#[derive(Debug)]
#[allow(dead_code, reason = "shown by Debug")]
struct Inner {
    depth: u8,
}

#[derive(Serialize)]
struct Bytes(#[serde(serialize_with = "as_bytes")] &'static [u8]);

fn as_bytes<S: serde::Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

const POOLS: [Pool; 2] = [Pool { name: "orders", idle: 3 }, Pool { name: "a", idle: 12 }];

replies! {
    "replies unit" unit -> () {}
    "replies text" text -> &'static str { "two\nlines" }
    "replies number" number -> i64 { -5 }
    "replies explicit" explicit -> Explicit { Explicit }
    "replies display" display -> Shown { Shown(1) }
    "replies record" record -> Pool { POOLS[0].clone() }
    "replies table" table -> Vec<Pool> { POOLS.to_vec() }
    "replies debug" debug -> Inner { Inner { depth: 1 } }
    "replies ok" ok -> Result<Option<u8>, String> { Ok(Some(4)) }
    "replies none" none -> Option<u8> { None }
    "replies ok-none" ok_none -> Result<Option<Pool>, String> { Ok(None) }
    "replies duration" duration -> Duration { Duration::from_secs(5400) }
    "replies address" address -> Ipv4Addr { Ipv4Addr::LOCALHOST }
    "replies list" list -> Vec<u8> { vec![1, 2] }
    "replies tuple" tuple -> (u8, &'static str) { (1, "x") }
    "replies nan" nan -> Vec<f64> { vec![f64::NAN, f64::INFINITY, 1.5] }
    "replies wide" wide -> (u128, i128) { (u128::MAX, i128::MIN) }
    "replies bytes" bytes -> Bytes { Bytes(&[0, 255]) }
    "replies map" map -> BTreeMap<(u8, bool), u8> { BTreeMap::from([((1, true), 2)]) }
    "replies long" long -> String { "x".repeat(20_000) }
    "replies opaque" opaque -> impl fmt::Display + Serialize { Shown(2) }
    "replies iterator" iterator -> impl Iterator<Item = Pool> { POOLS.into_iter() }
    "replies stream" stream -> impl Stream<Item = Pool> { tokio_stream::iter(POOLS) }
    "replies stream-of-options" stream_of_options -> impl Stream<Item = Result<Option<u8>, String>> {
        tokio_stream::iter([Ok(Some(1)), Ok(None), Ok(Some(3))])
    }
    "replies empty-stream" empty_stream -> impl Stream<Item = Pool> { tokio_stream::empty() }
    "replies quotes" quotes -> &'static str { "\"\u{1b}[31m\\\u{202e}" }
}

#[backdoor_command(name = "replies prints", reads)]
fn prints(session: Session) -> Result<u8, PrintError> {
    session.blocking_print("abc")?;
    Ok(123)
}

#[backdoor_command(name = "replies prints-only", reads)]
async fn prints_only(session: Session) -> Result<(), PrintError> {
    session.println("abc").await
}

#[backdoor_command(name = "replies prints-long", reads)]
async fn prints_long(session: Session) -> Result<String, PrintError> {
    session.print("abc").await?;
    Ok("y".repeat(10_000))
}

#[backdoor_command(name = "replies stream-that-prints", reads)]
async fn stream_that_prints(session: Session) -> impl Stream<Item = Result<u8, PrintError>> {
    tokio_stream::iter(1..=2).then(move |number| {
        let session = session.clone();
        async move {
            session.println(format!("before {number}")).await?;
            tokio::task::yield_now().await;
            Ok(number)
        }
    })
}

#[test]
fn every_kind_of_reply_has_text_and_json() {
    check("unit", "", "null");
    check("text", "two\nlines\n", r#""two\nlines""#);
    check("number", "-5\n", "-5");
    check("explicit", "explicit, None columns\n", "7");
    check("display", "shown 1\n", "1");
    check("record", "name  orders\nidle  3\n", r#"{"name":"orders","idle":3}"#);
    check(
        "table",
        "name    idle\norders     3\na         12\n",
        r#"[{"name":"orders","idle":3},{"name":"a","idle":12}]"#,
    );
    check("debug", "Inner {\n    depth: 1,\n}\n", r#""Inner {\n    depth: 1,\n}""#);
    check("ok", "4\n", "4");
    check("none", "(none)\n", "null");
    check("ok-none", "(none)\n", "null");
    check("duration", "1h30m\n", "5400");
    check("address", "127.0.0.1\n", r#""127.0.0.1""#);
    check("list", "1\n2\n", "[1,2]");
    check("opaque", "shown 2\n", "2");
}

#[test]
fn values_without_a_json_form_are_text() {
    check("nan", "NaN\ninf\n1.5\n", "[null,null,1.5]");
    let answer = Backdoor::testing().run("replies wide --json").text;
    assert_eq!(answer, format!("[{},{}]\n", u128::MAX, i128::MIN));
    check("bytes", "00 ff\n", "[0,255]");
    let answer = Backdoor::testing().run("replies map --json").text;
    assert!(serde_json::from_str::<serde_json::Value>(&answer).unwrap().is_object(), "{answer}");
    let answer = Backdoor::testing().run("replies quotes --json").text;
    assert!(answer.is_ascii() && !answer.contains('\u{1b}'), "{answer:?}");
    assert_eq!(serde_json::from_str::<String>(&answer).unwrap(), "\"\u{1b}[31m\\\u{202e}");
}

#[test]
fn replies_in_pieces() {
    let pools = "name    idle\norders     3\na         12\n";
    let json = r#"[{"name":"orders","idle":3},{"name":"a","idle":12}]"#;
    check("iterator", pools, json);
    check("stream", pools, json);
    check("stream-of-options", "1\n3\n", "[1,null,3]");
    check("empty-stream", "(none)\n", "[]");
    assert_eq!(Backdoor::testing().run("replies stream").value[1]["idle"], 12);
}

#[test]
fn printed_text_precedes_the_reply() {
    check("prints", "abc\n123\n", r#"{"printed":"abc","value":123}"#);
    check("prints-only", "abc\n", r#"{"printed":"abc\n","value":null}"#);
    let long = "y".repeat(10_000);
    check("prints-long", &format!("abc\n{long}\n"), &format!(r#"{{"printed":"abc","value":"{long}"}}"#));
    let answer = Backdoor::testing().run("replies stream-that-prints --json").text;
    serde_json::from_str::<serde_json::Value>(&answer).unwrap();
}

#[test]
fn a_long_line_is_not_cut() {
    let long = "x".repeat(20_000);
    check("long", &format!("{long}\n"), &format!("\"{long}\""));
    let backdoor = console().start().unwrap();
    assert_eq!(Operator::new(&backdoor).asks("replies long"), format!("{long}\n"));
}

#[test]
fn tables_fit_the_width() {
    let answer = Backdoor::testing().width(9).run("replies table").text;
    assert_eq!(answer, "name\n  orders\nidle  3\n\nname  a\nidle  12\n");
    let answer = Backdoor::testing().width(12).run("replies table").text;
    assert_eq!(answer, "name    idle\norders     3\na         12\n");
}

/// Every built-in, with the words it needs
#[test]
fn every_command_of_the_console_gives_json() {
    let console = Backdoor::testing();
    for line in
        ["help", "help help", "help replies", "help xyzzy", "version", "uptime", "who", "commands", "quit"]
    {
        let answer = console.run(&format!("{line} --json")).text;
        assert_eq!(answer.lines().count(), 1, "{line}");
        serde_json::from_str::<serde_json::Value>(&answer).unwrap();
    }
}

/// Rows, and then a pause for as long as the test likes
#[backdoor_command(name = "replies pauses-sync", reads)]
fn pauses_sync(gate_name: String) -> impl Iterator<Item = (u8, &'static str)> {
    (1..=3).map(move |number| {
        if number == 3 {
            gate(&gate_name).block();
        }
        (number, "row")
    })
}

/// The same as a stream
#[backdoor_command(name = "replies pauses", reads)]
fn pauses(gate_name: String) -> impl Stream<Item = (u8, &'static str)> {
    tokio_stream::iter(1..=3).then(move |number| {
        let gate = gate(&gate_name);
        async move {
            while number == 3 && !gate.is_open() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            (number, "row")
        }
    })
}

#[test]
fn early_rows_are_shown_before_the_stream_ends() {
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    for command in ["pauses", "pauses-sync"] {
        let name = format!("rows {command}");
        operator.types(&format!("replies {command} '{name}'"));
        // It is shown although the third row never comes.
        operator.expects("1  row\r\n2  row\r\n");
        gate(&name).open();
        assert_eq!(operator.reads_answer(), "3  row\n");
    }
}

static MADE: AtomicUsize = AtomicUsize::new(0);

/// Rows of 1 KiB without end
#[backdoor_command(name = "replies endless", reads)]
fn endless() -> impl Stream<Item = (usize, String)> {
    tokio_stream::iter(0..).map(|number| {
        MADE.store(number, Ordering::Relaxed);
        (number, "x".repeat(1024))
    })
}

#[test]
fn an_endless_stream_is_not_held() {
    let path = std::env::temp_dir().join(format!("backdoor-replies-{}.sock", std::process::id()));
    let backdoor =
        Backdoor::builder("t").listen(format!("unix:{}", path.display()).as_str()).start().unwrap();
    let mut client = Client::connect(&backdoor.addresses()[0]);
    client.send("replies endless\n");
    // Nobody reads, so the output stops when the buffers are full: the socket's, and 256 KiB of pieces.
    let made = || {
        let made = MADE.load(Ordering::Relaxed);
        assert!(made < 8 * 1024, "{made} KiB were made for nobody");
        made
    };
    until("the first row", made, |made| *made > 0);
    // An asynchronous command of another session runs on the same runtime.
    let other = || drop(script(&backdoor.addresses()[0], "runs async\n"));
    let made = until_rest("the making of rows", made, other);
    client.expect(format!("\n{made}  x"));
}
