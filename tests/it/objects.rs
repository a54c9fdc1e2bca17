//! Counted objects, as an operator sees them: `objects` and `fo`.

mod asked;
mod counts;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use backdoor_runtime::{Answer, Backdoor, Track, TrackGuard, Tracked};

use crate::operator::{Operator, console};
use crate::transcript::without_numbers;
use crate::wait::{Waited, until};

/// The answer with numbers and padding masked.
fn asks(line: &str) -> String {
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    without_numbers(&in_time(line, |line| operator.asks(line), String::clone))
}

fn run(line: &str) -> Answer {
    in_time(line, |line| Backdoor::testing().run(line), |answer| answer.text.clone())
}

/// Repeats the query if the machine was too busy for `Debug` to return in time.
fn in_time<A>(line: &str, mut ask: impl FnMut(&str) -> A, text: impl Fn(&A) -> String) -> A {
    let waited = Waited::begin("an answer in time");
    let mut answer = ask(line);
    while text(&answer).contains("answer") {
        waited.goes_on(&text(&answer));
        answer = ask(&format!("{line} --again"));
    }
    answer
}

#[test]
fn types_in_a_table() {
    #[derive(Track)]
    struct Lighthouse {
        track: TrackGuard<Self>,
    }
    let mut lit: Vec<Lighthouse> = (0..5).map(|_| Lighthouse { track: TrackGuard::new() }).collect();
    lit.truncate(3);
    assert_eq!(
        asks("objects Lighthouse"),
        "\
type live peak created/s dropped/s oldest most from
Lighthouse N N N N TIME objects.rs:N
"
    );
    let value = run("objects Lighthouse").value;
    assert_eq!(value[0]["type"], "Lighthouse");
    assert_eq!(value[0]["path"], "it::objects::types_in_a_table::Lighthouse");
    assert_eq!(
        (&value[0]["live"], &value[0]["peak"], &value[0]["created"]),
        (&3.into(), &5.into(), &5.into())
    );
    assert!(value[0]["created_per_second"].as_f64().unwrap() > 0.0);
    assert!(value[0]["dropped_per_second"].as_f64().unwrap() > 0.0);
    let place = value[0]["places"][0]["place"].as_str().unwrap();
    assert!(place.starts_with("tests/it/objects.rs:") || place.starts_with("it/objects.rs:"), "{place}");
    assert_eq!(value[0]["places"][0]["live"], 3);
    let full = asks("objects --full lighthouse");
    assert!(full.contains("\nit::objects::types_in_a_table::Lighthouse N N "), "{full}");
    drop(lit);
    assert_eq!(run("objects Lighthouse").value[0]["live"], 0);
    assert_eq!(
        asks("objects nowhere-at-all"),
        "no tracked type has `nowhere-at-all` in its path or in its places\n"
    );
    assert_eq!(asks("objects --for 5s"), "error: --for needs --growing\n");
}

#[derive(Debug)]
struct Parcel {
    _to: &'static str,
    _kilos: u32,
}

#[test]
fn objects_of_a_type_the_oldest_first() {
    let parcels: Vec<Tracked<Parcel>> = ["Ada", "Grace", "Edsger"]
        .into_iter()
        .zip(10..)
        .map(|(_to, _kilos)| {
            // Younger than the previous object by more than the clock's tick.
            thread::sleep(Duration::from_millis(20));
            Tracked::new(Parcel { _to, _kilos })
        })
        .collect();
    let _shared = parcels[0].clone();
    let labelled = parcels[2].clone().label("express");
    assert_eq!(
        asks("fo Parcel"),
        "\
age shared made at label says
TIME N objects.rs:N Parcel { _to: \"Ada\", _kilos: N }
TIME N objects.rs:N Parcel { _to: \"Grace\", _kilos: N }
TIME N objects.rs:N express Parcel { _to: \"Edsger\", _kilos: N }
"
    );
    assert_eq!(
        asks("fo Parcel --limit 1"),
        "\
age shared made at says
TIME N objects.rs:N Parcel { _to: \"Ada\", _kilos: N }
(N more; --limit shows them)
"
    );
    let found = |line: &str| {
        let value = run(line).value;
        let texts = value.as_list().unwrap().iter().filter_map(|object| object["text"].as_str());
        texts.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(found("fo parcel --where GRACE"), [r#"Parcel { _to: "Grace", _kilos: 11 }"#]);
    assert_eq!(found("fo Parcel --where Express"), [r#"Parcel { _to: "Edsger", _kilos: 12 }"#]);
    assert_eq!(run("fo Parcel").value[0]["strong"], 2);
    assert_eq!(run("fo Parcel --older 1h").text, "no such object of `Parcel` is alive\n");
    assert_eq!(run("fo Parcel --where nobody").text, "no such object of `Parcel` is alive\n");
    let unknown = "no type `Parcels` is tracked; did you mean `Parcel`?";
    assert_eq!(run("fo Parcels").error.as_deref(), Some(unknown));
    assert_eq!(run("fo Parcel --limit 2").value[2]["more"], 1);
    assert!(run("fo Parcel --limit 1 --where parcel").text.ends_with("(up to 2 more; --limit shows them)\n"));
    let completed = run("complete fo Parc").value;
    assert_eq!(completed[0]["word"], "Parcel");
    drop((parcels, labelled, _shared));
    assert_eq!(run("fo Parcel").text, "no object of `Parcel` is alive\n");
}

#[test]
fn guarded_objects_have_an_age_and_no_text() {
    #[derive(Track)]
    struct Anchor {
        track: TrackGuard<Self>,
    }
    let anchor = Anchor { track: TrackGuard::new().label("port side") };
    assert_eq!(asks("fo Anchor"), "age shared made at label\nTIME objects.rs:N port side\n");
    let value = run("fo Anchor --where PORT").value;
    assert_eq!(value[0]["label"], "port side");
    assert!(value[0]["strong"].is_null() && value[0]["text"].is_null() && value[0]["missing"].is_null());
    anchor.track.set_label("starboard");
    assert_eq!(run("fo Anchor").value[0]["label"], "starboard");
    assert_eq!(
        run("fo Anchor --where port").text,
        "no such object of `Anchor` is alive\n(1 not searched: they have no text)\n"
    );
}

#[test]
fn types_of_one_name_are_told_apart() {
    mod harbour {
        #[derive(Debug)]
        pub(super) struct Berth(pub(super) u8);
    }
    mod train {
        #[derive(Debug)]
        pub(super) struct Berth(pub(super) u8);
    }
    let _kept = (Tracked::new(harbour::Berth(1)), Tracked::new(train::Berth(2)));
    let _read = (_kept.0.0, _kept.1.0);
    let error = run("fo Berth").error.unwrap();
    let both = ["`harbour::Berth`, `train::Berth`", "`train::Berth`, `harbour::Berth`"];
    assert!(
        both.map(|both| format!("`Berth` matches several types: {both}; name one of them")).contains(&error),
        "{error}"
    );
    assert_eq!(run("fo train::Berth").value[0]["text"], "Berth(2)");
    let names = run("objects Berth").value;
    let mut names: Vec<&str> =
        names.as_list().unwrap().iter().filter_map(|row| row["type"].as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["harbour::Berth", "train::Berth"]);
}

#[test]
fn growth_is_shown_with_its_line() {
    #[derive(Track)]
    struct Barnacle {
        track: TrackGuard<Self>,
    }
    let (grown, stop) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let is_going = || !stop.load(Ordering::Relaxed);
    let backdoor = console().start().unwrap();
    grown.lock().unwrap().push(Barnacle { track: TrackGuard::new() });
    thread::scope(|scope| {
        scope.spawn(|| {
            while is_going() {
                drop(Barnacle { track: TrackGuard::new() });
                grown.lock().unwrap().push(Barnacle { track: TrackGuard::new() });
                thread::sleep(Duration::from_millis(5));
            }
        });
        let mut watching = Operator::new(&backdoor);
        watching.types("objects Barnacle --growing --for 4s");
        // The helper serves other sessions meanwhile.
        let mut other = Operator::new(&backdoor);
        for _ in 0..3 {
            assert!(other.asks("objects Barnacle").contains("Barnacle"));
        }
        let growth = without_numbers(&watching.reads_answer());
        assert_eq!(
            growth,
            "\
type live grown from live there grown there
Barnacle N +N objects.rs:N N +N
"
        );
        stop.store(true, Ordering::Relaxed);
    });
    let mut operator = Operator::new(&backdoor);
    assert_eq!(operator.asks("objects Barnacle --growing --for 50ms"), "no type grew in 50ms\n");
    assert!(
        grown.lock().unwrap().iter().all(|barnacle| std::ptr::eq(barnacle.track_guard(), &barnacle.track))
    );
}

/// `newcomer.md` 3.3.8: twenty equal rows, with nothing in their last column.
#[test]
fn equal_rows_are_merged_and_counted() {
    #[derive(Track)]
    struct Buoy {
        track: TrackGuard<Self>,
    }
    let buoys: Vec<Buoy> = (0..20).map(|_| Buoy { track: TrackGuard::new() }).collect();
    let one = "\
count age shared made at
N TIME objects.rs:N
(no values: `#[derive(Track)]` counts objects without reading them)
";
    let listed = || {
        let answer = run("fo Buoy");
        let rows = answer.value.as_list().unwrap().len();
        assert_eq!(rows, 21, "a machine gets each, and the end: {}", answer.value);
        answer.text
    };
    // Ages are equal if they are whole seconds.
    until(one, listed, |listed| without_numbers(listed) == one && listed.contains("\n   20  "));
    drop(buoys);
}
