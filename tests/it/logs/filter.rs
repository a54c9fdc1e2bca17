//! `log set`: its effects, its limits, and its end.

use backdoor_runtime::{Backdoor, Status, Value, logs};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;

use super::{alone, changes, of, own_process, subscriber};
use crate::log::Log;
use crate::operator::{Operator, console};
use crate::wait::until;

#[test]
fn the_filter_is_changed_shown_and_reset() {
    let _alone = alone();
    let _subscriber = tracing::subscriber::set_default(subscriber());
    let log = |text: &str| tracing::debug!(target: "it::set::deep", "{text}");
    log("one");
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    let answer = operator.asks("log set it::set=debug it::other=off --because \"a customer asks\"");
    // The other targets so far depend on the other tests.
    let answer: Vec<&str> = answer.lines().filter(|line| !line.contains(" has come so far")).collect();
    assert_eq!(
        answer,
        [
            "it::set: info -> debug",
            "it::other: info -> off",
            "only in the ring: the layers of the service do not change"
        ]
    );
    log("two");
    let shown = operator.asks("log");
    assert!(shown.starts_with("keeps   info,it::set=debug,it::other=off\nring    "), "{shown}");
    assert!(shown.contains("\nlayers  no layer of the service follows `log set`\n"), "{shown}");
    let row = shown.lines().find(|line| line.contains("customer")).unwrap();
    assert!(
        row.contains("debug") && row.contains("info") && row.contains("session 1 (127.0.0.1:"),
        "{shown}"
    );
    assert_eq!(
        operator.asks("log reset it::set it::other"),
        "it::set: no longer debug\nit::other: no longer off\n"
    );
    log("three");
    let messages: Vec<String> = of("it::set").into_iter().map(|event| event.message).collect();
    assert_eq!(messages, ["two"]);
    assert_eq!(operator.asks("log reset"), "nothing was reset\n");
    assert_eq!(
        operator.asks("log reset it::set"),
        "error: `it::set` has no change; `log` lists the changes\n"
    );
}

#[test]
fn errors_of_log_commands_have_a_correction() {
    let _subscriber = tracing::subscriber::set_default(subscriber());
    let console = Backdoor::testing();
    let error = |line: &str| {
        let answer = console.run(line);
        assert_ne!(answer.status, Status::Done, "{line}");
        answer.error.unwrap_or(answer.text)
    };
    assert_eq!(
        error("log set net=verbose"),
        "filter: `verbose` is not one of off, error, warn, info, debug, trace"
    );
    assert!(error("log set net").contains("`net` has no level; write net=debug"), "{}", error("log set net"));
    assert!(error("log set").contains("such as net::tcp=trace or debug"), "{}", error("log set"));
}

#[test]
fn a_lease_ends_and_restores_the_level_before_the_first() {
    let _alone = alone();
    let _subscriber = tracing::subscriber::set_default(subscriber());
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    operator.asks("log set it::lease=warn");
    operator.asks("log set it::lease=debug --for 1h");
    assert!(operator.asks("log").contains("59m"));
    assert_eq!(
        operator.asks("log set it::lease=trace --for 300ms").lines().next(),
        Some("it::lease: debug -> trace for 300ms")
    );
    // On a busy machine it may have expired before it is read.
    let lent = || {
        operator.asks("log set it::lease=trace --for 300ms");
        (changes()[0]["level"].clone(), changes()[0]["was"].clone())
    };
    until("a lease", lent, |seen| seen.0 == "trace" && seen.1 == "warn");
    until("its end", || changes()[0]["level"].clone(), |level| *level == "warn");
    assert!(changes()[0]["ends_in"].is_null());
    // A later change is kept.
    operator.asks("log set it::lease=trace --for 200ms");
    operator.asks("log set it::lease=error");
    operator.asks("log set it::marker=trace --for 400ms");
    until("the end of the later one", changes, |changes| changes.len() == 1);
    assert_eq!(changes()[0]["level"], "error");
    operator.asks("log reset it::lease");
    assert!(changes().is_empty());
}

#[test]
fn a_lease_ends_with_the_console() {
    let _alone = alone();
    let _subscriber = tracing::subscriber::set_default(subscriber());
    let backdoor = console().start().unwrap();
    Operator::new(&backdoor).asks("log set it::ends=trace --for 1h");
    assert_eq!(changes().len(), 1);
    drop(backdoor);
    until("its end", changes, Vec::is_empty);
}

/// `undo` undid the change before it.
#[test]
fn regression_a_reset_can_be_undone() {
    let _alone = alone();
    let _subscriber = tracing::subscriber::set_default(subscriber());
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    // By its number: other tests change variables meanwhile.
    let undone = |operator: &mut Operator| {
        let json = operator.asks("changes 'log it::reset' --json");
        let changes: serde_json::Value = serde_json::from_str(&json).unwrap();
        let answer =
            operator.asks(&format!("undo {}", changes.as_array().unwrap().last().unwrap()["change"]));
        answer.split(" (").next().unwrap().to_owned()
    };
    operator.asks("log set it::reset=debug --because \"a customer asks\"");
    operator.asks("log reset it::reset");
    assert_eq!(undone(&mut operator), "log it::reset: info -> debug");
    let [change] = &changes()[..] else { panic!("{:?}", changes()) };
    assert_eq!((change["ends_in"].is_null(), change["because"].as_str()), (true, Some("a customer asks")));
    // The temporary change returns for its remaining time.
    operator.asks("log set it::reset=trace --for 1h");
    operator.asks("log reset");
    assert_eq!(undone(&mut operator), "log it::reset: info -> trace");
    let [change] = &changes()[..] else { panic!("{:?}", changes()) };
    let Value::Duration(left) = change["ends_in"] else { panic!("{change}") };
    assert!(left <= std::time::Duration::from_secs(3600));
    assert_eq!(change["was"], "debug");
    // If no time remains, the level is what it would be by then.
    operator.asks("log set it::reset=trace --for 100ms");
    operator.asks("log reset");
    until_later_lease_ends(&mut operator, "100ms");
    assert_eq!(undone(&mut operator), "log it::reset: info -> debug");
    operator.asks("log set it::reset=trace --for 500ms");
    operator.asks("log reset");
    undone(&mut operator);
    until("its end", changes, |changes| changes.iter().all(|change| change["level"] == "debug"));
    operator.asks("log reset");
}

/// Waits until a lease that begins now has ended: earlier leases of the same length have then ended, too.
#[track_caller]
fn until_later_lease_ends(operator: &mut Operator, time: &str) {
    operator.asks(&format!("log set it::later=trace --for {time}"));
    until("the end of a later lease", changes, |changes| {
        !changes.iter().any(|change| change["target"] == "it::later")
    });
}

/// A level is in the journal like a variable: `changes` shows it with its end, and `undo` undoes it.
#[test]
fn the_journal_has_the_levels_that_were_changed() {
    let _alone = alone();
    let _subscriber = tracing::subscriber::set_default(subscriber());
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    let journal = |operator: &mut Operator| -> Vec<(String, String, String)> {
        let json = operator.asks("changes 'log it::jour_nal' --json");
        let changes: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let row = |change: &serde_json::Value| {
            let what = text(&change["what"]);
            let what = what.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
            (text(&change["old"]), text(&change["new"]), what)
        };
        changes.iter().map(row).collect()
    };
    let row = |old: &str, new: &str, what: &str| (old.to_owned(), new.to_owned(), what.to_owned());
    operator.asks("log set it::jour_nal=warn");
    operator.asks("log set it::jour_nal=trace --for 200ms --because busy");
    until("its end", || changes()[0]["level"].clone(), |level| *level == "warn");
    until("its record", || journal(&mut operator), |changes| changes.len() == 3);
    let mut expected = vec![
        row("info", "warn", "set"),
        row("warn", "trace", "set for 200ms"),
        row("trace", "warn", "end of "),
    ];
    assert_eq!(journal(&mut operator), expected);
    // The first change is no longer in force, although its level is.
    let json = operator.asks("changes 'log it::jour_nal' --json");
    let changes: serde_json::Value = serde_json::from_str(&json).unwrap();
    let error = operator.asks(&format!("undo {}", changes[0]["change"]));
    assert!(error.contains("so nothing was undone; `log` shows the current value"), "{error}");
    operator.asks("log set it::jour_nal=debug --for 1h");
    let shown = operator.asks("doctor --for 10ms");
    assert!(shown.contains("`log it::jour_nal` is debug until "), "{shown}");
    assert!(shown.contains(" and then returns to warn\n  changes"), "{shown}");
    let json = operator.asks("changes 'log it::jour_nal' --json");
    let changes: serde_json::Value = serde_json::from_str(&json).unwrap();
    operator.asks(&format!("undo {}", changes[3]["change"]));
    assert_eq!(super::changes()[0]["level"], "warn");
    operator.asks("log reset it::jour_nal");
    expected.extend([
        row("warn", "debug", "set for 1h"),
        row("debug", "warn", "undo of "),
        row("warn", "info", "reset"),
    ]);
    assert_eq!(journal(&mut operator), expected);
    assert_eq!(
        operator.asks("log set it::jour_nal=debug --for 8d"),
        "error: --for: a temporary change lasts from 1ns to 1w; without `--for` a change is permanent\n"
    );
}

fn fmt<S: tracing::Subscriber + for<'a> LookupSpan<'a>>(log: &Log) -> impl Layer<S> + use<S> {
    let writer = log.clone();
    tracing_subscriber::fmt::layer().without_time().with_ansi(false).with_writer(move || writer.clone())
}

/// The service's own layers get the events that they want and no other: a layer with the following filter changes, others do not.
#[test]
fn other_layers_get_no_additional_events() {
    let _alone = alone();
    drop(Log::record());
    let (own, following) = (Log::default(), Log::default());
    let subscriber = tracing_subscriber::registry()
        .with(logs())
        .with(fmt(&own).with_filter(LevelFilter::WARN))
        .with(fmt(&following).with_filter(logs::filter("warn").unwrap()));
    let _subscriber = tracing::subscriber::set_default(subscriber);
    let log = |round: &str| {
        tracing::warn!(target: "it::layers", "warn {round}");
        tracing::info!(target: "it::layers", "info {round}");
        tracing::trace!(target: "it::layers", "trace {round}");
    };
    log("before");
    let console = Backdoor::testing();
    let answer = console.run("log set it::layers=trace");
    assert!(answer.text.ends_with("in the ring and in 1 layer of the service\n"), "{}", answer.text);
    log("within");
    console.run("log reset it::layers");
    log("after");
    let messages: Vec<String> = of("it::layers").into_iter().map(|event| event.message).collect();
    let all = [
        "warn before",
        "info before",
        "warn within",
        "info within",
        "trace within",
        "warn after",
        "info after",
    ];
    assert_eq!(messages, all);
    let shown = |log: &Log| -> Vec<String> {
        log.lines().iter().filter_map(|line| Some(line.split_once("it::layers: ")?.1.to_owned())).collect()
    };
    assert_eq!(shown(&own), ["warn before", "warn within", "warn after"]);
    assert_eq!(
        shown(&following),
        ["warn before", "warn within", "info within", "trace within", "warn after"]
    );
}

/// A callsite that no subscriber wants is not queried, so that it costs as little as a disabled one; a wanted one is not queried again.
#[test]
fn unwanted_callsites_are_disabled() {
    own_process("logs::filter::unwanted_callsites_are_disabled", || {
        tracing_subscriber::registry().with(logs()).init();
        disabled();
    });
}

#[test]
fn unwanted_callsites_are_disabled_beside_another_layer() {
    own_process("logs::filter::unwanted_callsites_are_disabled_beside_another_layer", || {
        let fmt = tracing_subscriber::fmt::layer().with_writer(std::io::sink).with_filter(LevelFilter::WARN);
        tracing_subscriber::registry().with(logs()).with(fmt).init();
        disabled();
    });
}

fn disabled() {
    assert_eq!(LevelFilter::current(), LevelFilter::INFO);
    tracing::info!(target: "it::disabled", "kept");
    tracing::debug!(target: "it::disabled", "not kept");
    let console = Backdoor::testing();
    console.run("log set it::disabled=debug --for 1h");
    assert_eq!(LevelFilter::current(), LevelFilter::DEBUG);
    assert!(!tracing::enabled!(target: "it::another", tracing::Level::DEBUG));
    assert!(tracing::enabled!(target: "it::disabled", tracing::Level::DEBUG));
    drop(console);
    until("its end", LevelFilter::current, |level| *level == LevelFilter::INFO);
    assert!(!tracing::enabled!(target: "it::disabled", tracing::Level::DEBUG));
    assert_eq!(of("it::disabled").len(), 1);
}

/// `author.md` A7: a filter that is a layer also filters for the ring, and no message said so.
#[test]
fn events_stopped_by_a_filter_in_front_are_reported() {
    own_process("logs::filter::events_stopped_by_a_filter_in_front_are_reported", || {
        let front = tracing_subscriber::filter::Targets::new()
            .with_default(LevelFilter::WARN)
            .with_target("it::open", LevelFilter::TRACE);
        let fmt = tracing_subscriber::fmt::layer().with_writer(std::io::sink).with_filter(LevelFilter::TRACE);
        tracing_subscriber::registry().with(front).with(logs()).with(fmt).init();
        let console = Backdoor::testing();
        let stops = "reaches the ring: a filter before all layers, or a feature of `tracing`, stops it; the author can \
                     give the filter to one layer, by `.with_filter`\n";
        let answer = console.run("log set it::front=trace it::open=debug");
        let lines: Vec<&str> = answer.text.split_inclusive('\n').collect();
        assert_eq!(
            lines.last(),
            Some(&&*format!("but no event below warn of `it::front` {stops}")),
            "{}",
            answer.text
        );
        assert_eq!(answer.value["stopped"][0]["target"], "it::front");
        // It is reported for as long as it is so.
        let shown = console.run("log").text;
        assert!(shown.contains(&format!("\nstopped no event below warn of `it::front` {stops}")), "{shown}");
        assert!(shown.contains(&format!("\nstopped no event below warn of all others {stops}")), "{shown}");
        console.run("log reset");
        assert!(!console.run("log").text.contains("`it::front`"));
        // The query leaves no state that would drop an event.
        tracing::warn!(target: "it::front", "kept");
        assert_eq!(of("it::front").len(), 1);
    });
}

/// `newcomer.md` 3.3.12: an unknown target was accepted without a message.
#[test]
fn a_target_without_events_is_named() {
    let _alone = alone();
    let _subscriber = tracing::subscriber::set_default(subscriber());
    tracing::info!(target: "it::orders", "one");
    let console = Backdoor::testing();
    let answer = console.run("log set it::orderz=debug");
    assert!(
        answer.text.contains(
            "no event of `it::orderz` has come so far at the enabled levels; did you mean `it::orders`?\n"
        ),
        "{}",
        answer.text
    );
    assert!(!console.run("log set it::orders=debug it=debug").text.contains("has come so far"));
    console.run("log reset");
}

/// `newcomer.md` 3.3.11: `undo` of a reset restored an expired lease, which changed nothing.
#[test]
fn undo_restores_no_expired_change() {
    let _alone = alone();
    let _subscriber = tracing::subscriber::set_default(subscriber());
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    let reset = || {
        operator.asks("log set it::over=debug --for 1s");
        operator.asks("log reset it::over")
    };
    until("a reset before it is over", reset, |answer| answer.contains("no longer debug"));
    // `undo` is about changes of its own session.
    until_later_lease_ends(&mut Operator::new(&backdoor), "1s");
    let answer = operator.asks("undo");
    assert!(answer.contains("nothing to undo: `log it::over` has the value from before change "), "{answer}");
}

/// The message said that another session had changed it since.
#[test]
fn undo_reports_that_a_change_had_expired() {
    let _alone = alone();
    let _subscriber = tracing::subscriber::set_default(subscriber());
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    operator.asks("log set it::ended=debug --for 50ms");
    until("its end", || operator.asks("changes it::ended"), |changes| changes.contains("end of "));
    let answer = operator.asks("undo");
    assert!(answer.contains("nothing to undo: change "), "{answer}");
    assert!(
        answer.contains(" was set for 50ms, and `log it::ended` has the value from before it"),
        "{answer}"
    );
}
