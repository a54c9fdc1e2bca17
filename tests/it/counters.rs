//! Counters of a service, as its operator reads them.

use std::thread;
use std::time::Duration;

use backdoor_runtime::counters::{self, Metric};
use backdoor_runtime::vars::{Readable, Reading};
use backdoor_runtime::{Backdoor, Counter, Gauge, Histogram, Value, backdoor_command};

static REQUESTS: Counter = Counter::new();
static QUEUED: Gauge = Gauge::new();
static TOOK: Histogram<Duration> = Histogram::new();

fn seen(readable: &dyn Readable) -> Value {
    match readable.read() {
        Reading::Value(value) | Reading::Poisoned(value) => value,
        _ => Value::Null,
    }
}

/// What was counted
#[backdoor_command(name = "counters show", reads)]
fn show() -> Value {
    Value::record([("requests", seen(&REQUESTS)), ("queued", seen(&QUEUED)), ("took", seen(&TOOK))])
}

#[test]
fn an_operator_reads_what_threads_have_counted() {
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for number in 1..=250 {
                    REQUESTS.increment();
                    QUEUED.add(1.0);
                    TOOK.record(Duration::from_millis(number));
                }
            });
        }
    });
    let value = Backdoor::testing().run("counters show").value;
    assert_eq!(value["requests"]["count"], 1_000);
    assert_eq!(value["queued"], 1_000.0);
    assert_eq!(
        (&value["took"]["count"], &value["took"]["max"]),
        (&1_000.into(), &Duration::from_millis(250).into())
    );
    let Value::Duration(median) = value["took"]["p50"] else { panic!("{value}") };
    assert!(median.abs_diff(Duration::from_millis(125)) <= Duration::from_millis(125) / 32, "{median:?}");
    let Value::Record(fields) = &value["took"] else { panic!("{value}") };
    let names: Vec<&str> = fields.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["count", "rate", "window", "p50", "p90", "p99", "p999", "max"]);
}

/// Metrics of another crate are listed among the variables.
#[test]
fn metrics_of_another_registry_are_listed_with_the_variables() {
    let metric = |name: &str, value: u64| Metric::new(name, [("code", "200")], Reading::Value(value.into()));
    assert!(counters::show("vars-of-others", move || {
        vec![metric("it_requests_total", 7).unit("requests").help("All that came"), metric("it_replies", 6)]
    }));
    let console = Backdoor::testing();
    let listed = console.run("vars it_requests --json").value;
    assert_eq!(listed[0]["name"], "it_requests_total{code=\"200\"}");
    assert_eq!((&listed[0]["value"], &listed[0]["settable"]), (&7.into(), &false.into()));
    assert_eq!((&listed[0]["unit"], &listed[0]["type"]), (&"requests".into(), &"metric".into()));
    assert!(!console.run("vars --changed").text.contains("it_requests"));
    let one = console.run("sys get 'it_replies{code=\"200\"}'");
    assert_eq!((&one.value["value"], one.error), (&6.into(), None));
    let error = console.run("sys get it_replies").error.unwrap();
    assert!(error.starts_with("there is no variable `it_replies`"), "{error}");
}
