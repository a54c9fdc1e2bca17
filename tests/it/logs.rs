//! The log of the service, as an operator sees and filters it.

mod env_filter;
mod filter;
mod load;
mod rare;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use backdoor_runtime::logs::{self, LogEvent};
use backdoor_runtime::{Backdoor, Value};
use tracing::Subscriber;
use tracing_subscriber::prelude::*;

use crate::client::script;
use crate::operator::{Operator, console};
use crate::wait::until;

/// The ring and its filter belong to the process, so tests that read all of them take turns. Other tests read targets of their own. Changes
/// are in the journal, which others read.
fn alone() -> [MutexGuard<'static, ()>; 2] {
    static ALONE: Mutex<()> = Mutex::new(());
    [ALONE.lock().unwrap_or_else(PoisonError::into_inner), crate::vars::journal()]
}

/// A subscriber with only our layer.
pub(crate) fn subscriber() -> impl Subscriber + Send + Sync {
    // See `Log::record`: with a global subscriber, callsites stay enabled while other subscribers come and go.
    drop(crate::log::Log::record());
    tracing_subscriber::registry().with(backdoor_runtime::logs())
}

/// The events of this target, and of the modules below it.
fn of(target: &str) -> Vec<LogEvent> {
    let mut events = logs::last(100_000);
    events.retain(|event| {
        event.target.strip_prefix(target).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    });
    events
}

/// The levels that `log set` changed, as rows with `target`, `level`, `was`, `ends_in` and `because`.
fn changes() -> Vec<Value> {
    Backdoor::testing().run("log").value["changes"].as_list().expect("`log` lists changes").to_vec()
}

/// The number of events of each level of a target, as a row of `log targets`.
fn counts(target: &str) -> Option<Value> {
    let answer = Backdoor::testing().run("log targets");
    answer.value.as_list()?.iter().find(|row| row["target"] == target).cloned()
}

/// Runs the rest of a test in a separate process, where no subscriber of another test enables anything.
#[track_caller]
pub(crate) fn own_process(test: &str, work: impl FnOnce()) {
    const MARK: &str = "LOGS_OWN_PROCESS";
    if std::env::var_os(MARK).is_some() {
        return work();
    }
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    let output = child.args(["--exact", test, "--nocapture"]).env(MARK, "yes").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

/// Masks the parts that differ between runs.
fn masked(text: &str) -> String {
    let mut lines = String::new();
    for line in text.lines() {
        let words = line.split(' ').map(|word| {
            let is_time = word.len() == 24 && word.ends_with('Z') && word.as_bytes()[10] == b'T';
            if is_time { "TIME" } else { word }
        });
        lines.push_str(&words.collect::<Vec<_>>().join(" "));
        lines.push('\n');
    }
    lines
}

#[test]
fn the_last_events_are_shown() {
    let _subscriber = tracing::subscriber::set_default(subscriber());
    tracing::info_span!(target: "it::last", "request", id = 4, token = "hunter2").in_scope(|| {
        tracing::info_span!(target: "it::last", "step").in_scope(|| {
            tracing::warn!(target: "it::last", tries = 3, who = "bob b", "gave up on redis://:hunter2@cache");
        });
    });
    tracing::info!(target: "it::last::deep", ok = true, "two\nlines \u{1b}[31mred\u{202e}");
    tracing::debug!(target: "it::last", "not kept");
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    assert_eq!(
        masked(&operator.asks("log last --target it::last")),
        "TIME  WARN request{id=4 token=***}:step: it::last: gave up on redis://:***@cache tries=3 who=\"bob b\"\n\
         TIME  INFO it::last::deep: two\\nlines \\x1b[31mred\\u{202e} ok=true\n"
    );
    assert_eq!(
        masked(&operator.asks("log last 1 --target it::last")),
        "TIME  INFO it::last::deep: two\\nlines \\x1b[31mred\\u{202e} ok=true\n"
    );
    assert_eq!(
        masked(&operator.asks("log last --target it::last --level warn --grep \"GAVE up\"")).lines().count(),
        1
    );
    assert_eq!(operator.asks("log last --target it::last --grep nothing"), "(none)\n");
    let json = script(&backdoor.addresses()[0], "log last 1 --target it::last --level warn --json\n");
    let json: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    let event = json.get(0).unwrap_or(&json);
    assert_eq!(event["level"], "warn");
    assert_eq!(event["target"], "it::last");
    assert_eq!(event["spans"], serde_json::json!(["request{id=4 token=***}", "step"]));
    assert_eq!(event["message"], "gave up on redis://:***@cache");
    assert_eq!(event["fields"], serde_json::json!({ "tries": 3, "who": "bob b" }));
    assert!(event["number"].is_u64() && event["time"].is_object() && event["thread"].is_string(), "{event}");
}

#[test]
fn the_tail_shows_what_comes_until_ctrl_c() {
    let _subscriber = tracing::subscriber::set_default(subscriber());
    tracing::info!(target: "it::tail", "before");
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    operator.types("log tail it::tail --level warn --grep x");
    // `running` lists it before it has begun.
    let shown = || {
        tracing::warn!(target: "it::tail", "fox");
        tracing::info!(target: "it::tail", "fox of another level");
        tracing::warn!(target: "it::tail", "dog");
        String::from_utf8_lossy(&operator.0.read_for(Duration::from_millis(20))).into_owned()
    };
    until("a fox", shown, |shown| shown.contains("fox"));
    tracing::warn!(target: "it::tail", "last x");
    let shown = operator.0.expect("last x");
    assert!(!shown.contains("dog") && !shown.contains("another"), "{shown}");
    operator.interrupts();
    operator.reads_end();
    assert!(operator.asks("version").contains("service"));
}

#[test]
fn the_consoles_own_events_are_there_without_a_loop() {
    own_process("logs::the_consoles_own_events_are_there_without_a_loop", || {
        tracing_subscriber::registry().with(backdoor_runtime::logs()).init();
        no_loop();
    });
}

fn no_loop() {
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    operator.types("log tail backdoor");
    let mut other = Operator::new(&backdoor);
    let shown = || {
        // Reading commands are logged at DEBUG, which the ring does not keep here.
        other.asks("wire count no-loop");
        String::from_utf8_lossy(&operator.0.read_for(Duration::from_millis(50))).into_owned()
    };
    until("the other's command", shown, |shown| shown.contains("command ended session=2 "));
    other.asks("wire count no-loop-last");
    operator.expects("no-loop-last");
    operator.expects("command ended session=2 ");
    operator.expects("\n");
    // Showing events makes no event: without input, nothing is logged.
    let before = of("backdoor").len();
    operator.0.expect_nothing();
    assert_eq!(of("backdoor").len(), before);
}

#[test]
fn m_log_last_leaves_out_the_consoles_own() {
    own_process("logs::m_log_last_leaves_out_the_consoles_own", || {
        tracing_subscriber::registry().with(backdoor_runtime::logs()).init();
        tracing::info!(target: "it::own", "an order came");
        let backdoor = console().start().unwrap();
        let mut operator = Operator::new(&backdoor);
        operator.asks("wire count log-last");
        until("the record", || of("backdoor").len(), |events| *events > 0);
        assert_eq!(masked(&operator.asks("log last")), "TIME  INFO it::own: an order came\n");
        for line in ["log last --console", "log last --target backdoor"] {
            assert!(operator.asks(line).contains("backdoor: command begins"), "{line}");
        }
    });
}

#[test]
fn targets_are_listed() {
    let _subscriber = tracing::subscriber::set_default(subscriber());
    for _ in 0..3 {
        tracing::info!(target: "it::targets", "one");
    }
    tracing::error!(target: "it::targets", "two");
    let target = counts("it::targets").unwrap();
    assert_eq!(["error", "warn", "info"].map(|level| target[level].as_i64()), [Some(1), Some(0), Some(3)]);
    let backdoor = console().start().unwrap();
    let table = Operator::new(&backdoor).asks("log targets");
    let head: Vec<&str> = table.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(head, ["target", "error", "warn", "info", "debug", "trace"]);
    let row = table.lines().find(|line| line.starts_with("it::targets ")).unwrap();
    assert_eq!(row.split_whitespace().collect::<Vec<_>>(), ["it::targets", "1", "0", "3", "0", "0"]);
}
