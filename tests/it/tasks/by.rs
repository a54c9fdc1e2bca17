//! Tasks by the place where they were spawned, and by name.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use backdoor_runtime::tasks::{Builder, JoinHandle};
use backdoor_runtime::{Backdoor, Value};
use tokio::runtime::{self, Runtime};

use super::{ENDED, run};
use crate::wait::until;

fn workers() -> Runtime {
    runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

/// The row of this place or name.
fn row(line: &str, key: &str, label: &str) -> Value {
    let (_, value) = run(line);
    let rows = value.as_list().unwrap_or_default();
    let is_it = |row: &&Value| row[key].as_str().is_some_and(|found| found.contains(label));
    rows.iter().find(is_it).cloned().unwrap_or(Value::Null)
}

fn number(row: &Value, key: &str) -> u128 {
    match &row[key] {
        Value::Unsigned(number) => *number,
        Value::Integer(number) => number.unsigned_abs(),
        other => panic!("{key} is {other:?} in {row:?}"),
    }
}

/// `views/task-leak.rs`: the leaking tasks were listed one by one, without a count by place.
#[test]
fn a_place_that_leaks_tasks_is_counted_as_one_row() {
    let runtime = workers();
    let handle = runtime.handle().clone();
    let here = line!() + 1;
    let leak = move || drop(Builder::new().name("by-conn").spawn_on(pending::<()>(), &handle));
    let accepts = async move {
        loop {
            leak();
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let acceptor = Builder::new().name("by-acceptor").spawn_on(accepts, runtime.handle());
    let place = format!("by.rs:{here}");
    let leaks = || row("tasks tasks/by.rs --by site --for 50ms", "site", &place);
    let grows =
        |row: &Value| !row.is_null() && number(row, "live") > 50 && number(row, "spawned_in_window") > 0;
    let leaking = until("a place that grows", leaks, grows);
    assert_eq!(number(&leaking, "ended_in_window"), 0, "{leaking:?}");
    assert!(!leaking["longest_idle"].is_null(), "{leaking:?}");
    let named = row("tasks by-conn --by name --for 10ms", "name", "by-conn");
    assert!(number(&named, "live") > 50, "{named:?}");
    acceptor.abort();
    drop(runtime);
    let gone = || row("tasks by-conn --by name --for 10ms", "name", "by-conn");
    until("their end", gone, |row| row.is_null() || number(row, "live") == 0);
}

/// `views/task-panics.rs`: only the list of ended tasks had them, without a rate.
#[test]
fn panics_of_a_place_are_counted_with_the_last_message() {
    let _ended = ENDED.blocking_read();
    let runtime = workers();
    let spawn = |panics: bool| -> JoinHandle<()> {
        let work = async move { assert!(!panics, "no order 3") };
        Builder::new().name("by-request").spawn_on(work, runtime.handle())
    };
    let ends = [true, false, true].map(|panics| runtime.block_on(spawn(panics)).is_err());
    assert_eq!(ends, [true, false, true]);
    let ended = Arc::new(AtomicBool::new(false));
    let has_ended = ended.clone();
    let handle = runtime.handle().clone();
    let spawner = std::thread::spawn(move || {
        while !has_ended.load(Ordering::Relaxed) {
            Builder::new().name("by-request").spawn_on(async {}, &handle);
            std::thread::sleep(Duration::from_millis(1));
        }
    });
    let requests = || row("tasks by-request --by name --for 20ms", "name", "by-request");
    let ends = |row: &Value| !row.is_null() && number(row, "ended_in_window") > 0;
    let request = until("tasks that end", requests, ends);
    ended.store(true, Ordering::Relaxed);
    spawner.join().unwrap();
    assert_eq!((number(&request, "panicked"), number(&request, "panicked_in_window")), (2, 0));
    assert_eq!(request["last_panic"]["message"], "no order 3");
    let kept = Builder::new().name("by-request").spawn_on(pending::<()>(), runtime.handle());
    for width in [80, 40] {
        let text = Backdoor::testing().width(width).run("tasks by-request --by name --for 10ms").text;
        let words: Vec<&str> = text.split_whitespace().collect();
        let said =
            format!("the last panic in by-request: task {}", request["last_panic"]["task"].to_text(None));
        assert!(
            words.join(" ").contains(said.trim_end()) && words.join(" ").ends_with("no order 3"),
            "{text}"
        );
        assert!(text.lines().all(|line| line.chars().count() <= width), "{text}");
    }
    kept.abort();
}

/// The time of a task that ended within the window counts for its place.
#[test]
fn busy_time_of_ended_tasks_counts_for_their_place() {
    let _ended = ENDED.blocking_read();
    let runtime = workers();
    let spins = || async {
        let began = std::time::Instant::now();
        while began.elapsed() < Duration::from_millis(5) {}
    };
    let handle = runtime.handle().clone();
    let ended = Arc::new(AtomicBool::new(false));
    let has_ended = ended.clone();
    let spawner = std::thread::spawn(move || {
        while !has_ended.load(Ordering::Relaxed) {
            let task = Builder::new().name("by-spins").spawn_on(spins(), &handle);
            handle.block_on(task).unwrap();
        }
    });
    let spins = || row("tasks by-spins --by name --for 100ms", "name", "by-spins");
    let is_busy = |row: &Value| {
        let Value::Duration(busy) = row["busy_in_window"] else { return false };
        busy > Duration::from_millis(5) && number(row, "ended_in_window") > 0
    };
    until("a busy name", spins, is_busy);
    ended.store(true, Ordering::Relaxed);
    spawner.join().unwrap();
}
