//! Bytes on the wire: one console for all tests, and commands that show what has run.
//!
//! Tests run in parallel, so each counts under its own name and opens its own gates.

mod bounds;
mod dangerous;
mod foreign;
mod interrupt;
mod limits;
mod line_ends;
mod opening;
mod options;
mod pasted;
mod queued;
mod raw;
mod script;
mod sessions;
mod text;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Condvar, LazyLock, Mutex};
use std::thread;

use backdoor_runtime::{Address, Backdoor, Builder, PrintError, Session, backdoor_command};
use serde::Serialize;

static CONSOLE: LazyLock<Backdoor> = LazyLock::new(|| {
    let socket = std::env::temp_dir().join(format!("backdoor-wire-{}.sock", std::process::id()));
    let address = format!("unix:{}", socket.display());
    let console =
        builder().listen("127.0.0.1:0").listen("plain:127.0.0.1:0").listen(address).start().unwrap();
    remove_in_the_end(&socket);
    console
});

/// Removes the file when this process ends in any way: a static is never dropped.
fn remove_in_the_end(path: &Path) {
    let remover = Command::new("sh")
        .args(["-c", "cat; rm -f -- \"$0\""])
        .arg(path)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Its input ends with this process.
    std::mem::forget(remover);
}

/// The console of all tests here, without addresses.
pub(crate) fn builder() -> Builder {
    Backdoor::builder("test").max_sessions(1000)
}

pub(crate) fn tcp() -> &'static Address {
    &CONSOLE.addresses()[0]
}

pub(crate) fn plain_tcp() -> &'static Address {
    &CONSOLE.addresses()[1]
}

pub(crate) fn unix() -> &'static Address {
    &CONSOLE.addresses()[2]
}

static COUNTS: LazyLock<Mutex<HashMap<String, u32>>> = LazyLock::new(Mutex::default);
static OPEN: LazyLock<(Mutex<HashSet<String>>, Condvar)> = LazyLock::new(Default::default);

/// How often a command ran under this name.
pub(crate) fn count_of(name: &str) -> u32 {
    COUNTS.lock().unwrap().get(name).copied().unwrap_or_default()
}

/// Opens this gate permanently.
pub(crate) fn open(gate: &str) {
    OPEN.0.lock().unwrap().insert(gate.to_owned());
    OPEN.1.notify_all();
}

/// Waits until this gate is open.
pub(crate) fn wait_for(gate: &str) {
    let closed = OPEN.0.lock().unwrap();
    drop(OPEN.1.wait_while(closed, |open| !open.contains(gate)).unwrap());
}

fn is_open(gate: &str) -> bool {
    OPEN.0.lock().unwrap().contains(gate)
}

/// Count a call
#[backdoor_command(name = "wire count")]
fn count(name: String) -> u32 {
    let mut counts = COUNTS.lock().unwrap();
    let count = counts.entry(name).or_default();
    *count += 1;
    *count
}

/// Count a call that nobody should make by mistake
#[backdoor_command(name = "wire drop", dangerous)]
fn drop_all(name: String) -> u32 {
    count(name)
}

static NOTES: LazyLock<Mutex<HashMap<String, Vec<u32>>>> = LazyLock::new(Mutex::default);

/// The numbers noted under this name, in order.
pub(crate) fn notes_of(name: &str) -> Vec<u32> {
    NOTES.lock().unwrap().get(name).cloned().unwrap_or_default()
}

/// Note a number
#[backdoor_command(name = "wire note")]
fn note(name: String, number: u32) {
    NOTES.lock().unwrap().entry(name).or_default().push(number);
}

/// Say it again
#[backdoor_command(name = "wire echo")]
fn echo(#[arg(rest)] text: Option<String>) -> String {
    text.unwrap_or_default()
}

/// Wait at a gate, and end when it is told to
#[backdoor_command(name = "wire wait")]
async fn wait(session: Session, gate: String) -> Result<&'static str, PrintError> {
    session.println("waiting").await?;
    while !is_open(&gate) {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    Ok("passed")
}

/// Wait at a gate, whatever it is told
#[backdoor_command(name = "wire stuck")]
fn stuck(session: Session, gate: String) -> Result<(), PrintError> {
    session.blocking_println("waiting")?;
    wait_for(&gate);
    Ok(())
}

/// Open a gate, as a command does that tells its service to end
#[backdoor_command(name = "wire ender")]
fn ender(gate: String) -> &'static str {
    open(&gate);
    "OK"
}

/// Print from a thread of one's own when the gate opens
#[backdoor_command(name = "wire later")]
fn later(session: Session, gate: String) -> &'static str {
    thread::spawn(move || {
        wait_for(&gate);
        let _ = session.blocking_println(format!("later: {gate}"));
    });
    "begun"
}

/// Print so many numbered lines
#[backdoor_command(name = "wire flood")]
fn flood(session: Session, lines: u32) -> Result<&'static str, PrintError> {
    for line in 0..lines {
        session.blocking_println(format!("{line:063}"))?;
    }
    Ok("end of flood")
}

/// Named as a method of HTTP is
#[backdoor_command(name = "get")]
fn get(path: String) -> String {
    path
}

/// Named as verbs of other protocols are
#[backdoor_command(name = "user", aliases("info", "options", "ping"))]
fn user(name: Option<String>) -> String {
    name.unwrap_or_default()
}

/// Tick until told to end
#[backdoor_command(name = "wire endless", reads, timeout = "none")]
async fn endless(session: Session) -> Result<(), PrintError> {
    loop {
        session.println("tick").await?;
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

/// Say how many words there are
#[backdoor_command(name = "wire many")]
fn many(words: Vec<String>) -> usize {
    words.len()
}

/// Print so many numbered lines, and count a call that came to its end
#[backdoor_command(name = "wire pour")]
fn pour(session: Session, lines: u32, name: String) -> Result<(), PrintError> {
    flood(session, lines)?;
    count(name);
    Ok(())
}

/// Columns of the terminal
#[backdoor_command(name = "wire width")]
fn width(session: Session) -> Option<usize> {
    session.width()
}

#[derive(Serialize)]
struct Row {
    name: &'static str,
    text: String,
}

/// A table wider than any terminal
#[backdoor_command(name = "wire table")]
fn table() -> Vec<Row> {
    vec![Row { name: "one", text: "word ".repeat(100) }, Row { name: "two", text: "x".repeat(500) }]
}
