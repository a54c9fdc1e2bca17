//! `trend` in a running console: watched numbers are read once a second.

use std::sync::atomic::AtomicU32;
use std::{fs, thread};

use backdoor_runtime::trends::{self, Watched};
use backdoor_runtime::vars::Reading;
use backdoor_runtime::{Backdoor, Gauge, Status, Value, backdoor_var};

use crate::gate::gate;
use crate::logs::{own_process, subscriber};
use crate::operator::{Operator, console};
use crate::wait::until;

fn measured(name: &str) -> usize {
    let trend = trends::find(name).unwrap();
    trend.seconds.iter().filter(|point| point.avg.is_some()).count()
}

/// Waits until this many seconds were measured.
#[track_caller]
fn until_measured(name: &str, seconds: usize) {
    until(&format!("{seconds} seconds of {name}"), || measured(name), |measured| *measured >= seconds);
}

#[test]
fn trends_are_sampled_while_any_console_runs() {
    static QUEUED: Gauge = Gauge::new();
    QUEUED.set(7.0);
    assert!(trends::watch(Watched::variable("trends queued", &QUEUED).unit("jobs")));
    let (first, second) = (console().start().unwrap(), console().start().unwrap());
    until_measured("trends queued", 1);
    let mut operator = Operator::new(&second);
    let drawn = operator.asks("trend 'trends queued'");
    assert!(drawn.starts_with("trends queued: now 7 jobs\n\nlast 60 s: min 7, max 7\n"), "{drawn}");
    let before = measured("trends queued");
    drop(first);
    until_measured("trends queued", before + 1);
    let answer = operator.asks("trend --json 'trends queued'");
    assert!(answer.contains(r#""unit":"jobs","shown":"value","now":7.0,"seconds":["#), "{answer}");
    let drawn = operator.asks("trend --ascii 'trends queued'");
    assert!(drawn.is_ascii(), "{drawn}");
    assert!(trends::forget("trends queued"));
}

#[test]
fn regression_trend_without_a_name_lists_all() {
    static LISTED: Gauge = Gauge::new();
    LISTED.set(2.5);
    trends::watch(Watched::variable("trends listed", &LISTED).unit("jobs"));
    let backdoor = console().start().unwrap();
    until_measured("trends listed", 1);
    let mut operator = Operator::new(&backdoor);
    let listed = operator.asks("trend");
    assert!(listed.starts_with("name "), "{listed}");
    let row = listed.lines().find(|line| line.starts_with("trends listed ")).expect(&listed);
    assert_eq!(row.split_whitespace().collect::<Vec<_>>(), ["trends", "listed", "2.5", "jobs", "value"]);
    let json: serde_json::Value = serde_json::from_str(&operator.asks("trend --json")).unwrap();
    let row = json.as_array().unwrap().iter().find(|row| row["name"] == "trends listed").unwrap();
    assert_eq!((&row["now"], &row["unit"], &row["shown"]), (&2.5.into(), &"jobs".into(), &"value".into()));
    assert!(trends::forget("trends listed"));
}

#[test]
fn a_failing_trend_has_a_gap_and_affects_no_other() {
    let hangs = || {
        gate("trends computed").block();
        Reading::NotSet
    };
    trends::watch(Watched::computed("trends hangs", hangs));
    trends::watch(Watched::computed("trends panics", || panic!("while it was computed")));
    trends::watch(Watched::computed("trends works", || {
        assert_eq!(thread::current().name(), Some("backdoor-ask"));
        Reading::Value(Value::from(3))
    }));
    let backdoor = console().start().unwrap();
    until_measured("trends works", 2);
    assert_eq!((measured("trends hangs"), measured("trends panics")), (0, 0));
    let drawn = Operator::new(&backdoor).asks("trend 'trends panics'");
    assert!(drawn.contains("last 60 s: no value was read"), "{drawn}");
    gate("trends computed").open();
    assert!(["trends hangs", "trends panics", "trends works"].into_iter().all(trends::forget));
}

#[test]
fn an_unknown_trend_is_underlined_with_a_suggestion() {
    static NEAR: Gauge = Gauge::new();
    trends::watch(Watched::variable("nearby", &NEAR));
    let console = Backdoor::testing();
    let answer = console.run("trend naerby");
    assert_eq!(answer.status, Status::Usage);
    assert_eq!(answer.error.as_deref(), Some("name: `naerby` is not marked `trend`; did you mean `nearby`?"));
    let answer = console.run("trend zzzzzzzzzzzz");
    let error = answer.error.unwrap();
    assert!(error.starts_with("name: `zzzzzzzzzzzz` is not marked `trend`; marked are "), "{error}");
    assert!(error.contains("nearby"), "{error}");
    let answer = console.run("complete trend near");
    assert_eq!(answer.value[0]["word"], "nearby");
    trends::forget("nearby");
}

/// Marked, and watched as soon as a console has started.
#[backdoor_var(trend)]
static TRENDS_WORKERS: AtomicU32 = AtomicU32::new(4);

/// `newcomer.md` 1.2 e: the message said that it was not marked.
#[test]
fn a_marked_variable_waits_for_a_console() {
    own_process("trends::a_marked_variable_waits_for_a_console", || {
        let console = Backdoor::testing();
        let why = "the console reads numbers after its start, and none has started in this process";
        let error = console.run("trend trends-workers").error.unwrap();
        assert_eq!(error, format!("name: `trends-workers` is not watched yet: {why}"));
        let listed = console.run("trend").text;
        assert!(
            listed.contains("trends-workers") && listed.contains(&format!(" marked, but {why}")),
            "{listed}"
        );
        let error = console.run("trend trends-worker").error.unwrap();
        assert!(error.ends_with("did you mean `trends-workers`?"), "{error}");
    });
}

/// `vec-leak.rs` and its like: nothing told since when.
#[test]
fn built_in_trends_need_no_word_of_the_author() {
    own_process("trends::built_in_trends_need_no_word_of_the_author", || {
        assert!(!Backdoor::testing().run("trend").text.contains("mem"), "a test samples nothing");
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let _entered = runtime.enter();
        let _subscriber = tracing::subscriber::set_default(subscriber());
        let backdoor = console().start().unwrap();
        let mut held = vec![fs::File::open("/dev/null").unwrap()];
        let task = backdoor_runtime::spawn(std::future::pending::<()>());
        until_measured("fds", 1);
        let before = trends::find("fds").unwrap().now.unwrap();
        held.extend((0..50).map(|_| fs::File::open("/dev/null").unwrap()));
        let fds = || trends::find("fds").unwrap().now.unwrap_or_default();
        until("the new descriptors", fds, |fds| *fds >= before + 50.0);
        until_measured("busy", 1);
        tracing::error!("one");
        let failed = || trends::find("errors").unwrap().seconds.iter().any(|point| point.max > Some(0.0));
        until("the error", failed, |failed| *failed);
        let mut operator = Operator::new(&backdoor);
        let listed: serde_json::Value = serde_json::from_str(&operator.asks("trend --json")).unwrap();
        let names: Vec<_> =
            listed.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
        let all = ["mem", "fds", "threads", "tasks", "busy", "errors"];
        assert!(all.iter().all(|name| names.contains(name)), "{names:?}");
        let now = |name: &str| trends::find(name).unwrap().now.unwrap();
        assert!(now("mem") > 1.0 && now("threads") >= 5.0 && now("tasks") == 1.0 && now("busy") <= 100.0);
        let drawn = operator.asks("trend mem");
        assert!(drawn.starts_with("mem: now ") && drawn.lines().next().unwrap().ends_with(" MiB"), "{drawn}");
        drop((task, held));
    });
}

#[test]
fn without_built_in_trends_nothing_is_sampled() {
    own_process("trends::without_built_in_trends_nothing_is_sampled", || {
        let backdoor = console().builtin_trends(false).start().unwrap();
        let mut operator = Operator::new(&backdoor);
        assert!(!operator.asks("trend").contains("mem"));
        assert!(trends::find("mem").is_err());
    });
}

/// Voluntary context switches of the helper thread.
fn wake_ups() -> u64 {
    let of = |task: std::io::Result<fs::DirEntry>| {
        let task = task.unwrap().path();
        let is_helper = fs::read_to_string(task.join("comm")).is_ok_and(|name| name == "backdoor-helper\n");
        let status = fs::read_to_string(task.join("status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        line.filter(|_| is_helper).map_or(0, |count| count.trim().parse::<u64>().unwrap())
    };
    fs::read_dir("/proc/self/task").unwrap().map(of).sum()
}

#[test]
fn a_sample_of_built_in_trends_is_one_wake_up() {
    own_process("trends::a_sample_of_built_in_trends_is_one_wake_up", || {
        let _backdoor = console().start().unwrap();
        until_measured("mem", 2);
        let (before, first) = (wake_ups(), measured("mem"));
        until_measured("mem", first + 9);
        let (wakes, samples) = (wake_ups() - before, (measured("mem") - first) as u64);
        assert!(wakes <= samples + 2, "{wakes} wake-ups for {samples} samples");
    });
}
