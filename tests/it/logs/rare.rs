//! Unusual sources of events: a `Debug` that logs, a panic, the end of a thread, and layers of the service that hang.

use std::cell::RefCell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use tracing::dispatcher::{Dispatch, with_default};
use tracing_subscriber::prelude::*;

use super::{counts, of, own_process, subscriber};
use crate::gate::{OpensOnDrop, gate};
use crate::wait::until;

fn messages(target: &str) -> Vec<String> {
    of(target).into_iter().map(|event| event.message).collect()
}

struct Logs;

impl fmt::Debug for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        tracing::info!(target: "it::within", what = 5, "inside");
        f.write_str("value")
    }
}

#[test]
fn an_event_within_the_debug_of_another() {
    // `tracing` drops such an event if the thread has a subscriber of its own.
    own_process("logs::rare::an_event_within_the_debug_of_another", || {
        tracing_subscriber::registry().with(backdoor_runtime::logs()).init();
        within();
    });
}

fn within() {
    tracing::info!(target: "it::within", before = 1, value = ?Logs, after = 2, "outside");
    tracing::info_span!(target: "it::within", "span", value = ?Logs).in_scope(|| {
        tracing::info!(target: "it::within", "in the span");
    });
    let events = of("it::within");
    assert_eq!(messages("it::within"), ["inside", "outside", "inside", "in the span"]);
    let fields: Vec<&str> = events[1].fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(fields, ["before", "value", "after"]);
    assert_eq!(events[1].fields[1].1, "value");
    assert_eq!(events[3].spans, ["span{value=value}"]);
}

struct Panics;

impl fmt::Debug for Panics {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("in a debug")
    }
}

struct LogsWhenDropped(&'static str);

impl Drop for LogsWhenDropped {
    fn drop(&mut self) {
        tracing::info!(target: "it::rare", "{}", self.0);
    }
}

#[test]
fn events_of_a_panic() {
    let dispatch = Dispatch::new(subscriber());
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("panics".to_owned());
        let work = || {
            with_default(&dispatch, || {
                tracing::info!(target: "it::rare", "first");
                let panicked = catch_unwind(AssertUnwindSafe(|| {
                    let _unwinds = LogsWhenDropped("while it unwinds");
                    tracing::info!(target: "it::rare", value = ?Panics, "never whole");
                }));
                assert!(panicked.is_err());
                tracing::info!(target: "it::rare", "after it");
            });
        };
        thread.spawn_scoped(scope, work).unwrap();
    });
    assert_eq!(messages("it::rare"), ["first", "while it unwinds", "after it"]);
    assert!(of("it::rare").iter().all(|event| event.thread.as_deref() == Some("panics")));
}

/// A layer that waits at a gate.
struct Hangs;

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Hangs {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        if event.metadata().target() == "it::hangs" {
            gate("hanging layer").block();
        }
    }
}

#[test]
fn a_hanging_layer_blocks_neither_ring_nor_console() {
    let _released = OpensOnDrop(gate("hanging layer"));
    let dispatch = Dispatch::new(subscriber().with(Hangs));
    let thread =
        thread::spawn(move || with_default(&dispatch, || tracing::info!(target: "it::hangs", "one")));
    gate("hanging layer").wait_for_visitors(1);
    until("what is kept", || messages("it::hangs"), |kept| *kept == ["one"]);
    let answer = backdoor_runtime::Backdoor::testing().run("log last 1 --target it::hangs");
    assert!(answer.text.ends_with("it::hangs: one\n"), "{}", answer.text);
    gate("hanging layer").open();
    thread.join().unwrap();
}

/// In the form that `tracing-log` forwards.
#[test]
fn events_of_the_log_crate_have_their_own_target() {
    let _subscriber = tracing::subscriber::set_default(subscriber());
    tracing::info!(target: "log", { log.target = "it::log_crate", log.line = 5 }, "from far away");
    let event = of("it::log_crate").remove(0);
    assert_eq!((event.message.as_str(), event.fields.len()), ("from far away", 0));
    assert!(counts("it::log_crate").is_some_and(|target| target["info"] == 1));
}

/// Neither a huge value nor a field that is recorded repeatedly may fill the memory.
#[test]
fn long_values_are_cut() {
    let _subscriber = tracing::subscriber::set_default(subscriber());
    let span = tracing::info_span!(target: "it::long", "span", value = tracing::field::Empty);
    for _ in 0..1_000 {
        span.record("value", "x".repeat(100));
    }
    let long = "é".repeat(1_000_000);
    span.in_scope(|| tracing::info!(target: "it::long", long, "{long}"));
    let event = of("it::long").remove(0);
    assert!(event.message.ends_with('…') && event.message.len() <= 4096, "{}", event.message.len());
    assert!(event.fields[0].1.as_str().unwrap().len() <= 1024);
    assert!(event.spans[0].len() <= 1024);
}

#[test]
fn events_of_a_threads_end() {
    own_process("logs::rare::events_of_a_threads_end", || {
        tracing_subscriber::registry().with(backdoor_runtime::logs()).init();
        at_the_end();
    });
}

fn at_the_end() {
    // The thread's locals are destroyed one by one at its end, ours before or after this one.
    thread_local!(static LATE: RefCell<Option<AtItsEnd>> = const { RefCell::new(None) });
    for first in [true, false] {
        let thread = thread::spawn(move || {
            for is_event in [first, !first] {
                match is_event {
                    true => tracing::info!(target: "it::late", "in its life"),
                    false => LATE.set(Some(AtItsEnd)),
                }
            }
        });
        thread.join().unwrap();
    }
    assert_eq!(of("it::late").iter().filter(|event| event.message == "at its end").count(), 2);
}

struct AtItsEnd;

impl Drop for AtItsEnd {
    fn drop(&mut self) {
        tracing::info!(target: "it::late", "at its end");
    }
}
