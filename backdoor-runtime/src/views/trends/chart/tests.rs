//! Charts as a terminal shows them, one file for each case and width; `BLESS=1` rewrites the files.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use super::*;
use crate::views::trends::series::Series;
use crate::views::trends::watched::Watched;
use crate::views::vars::Reading;
use crate::{CommandOutput, Counter, Gauge};

/// 2026-11-22T22:40:00Z.
const START: u64 = 1_795_387_200;

static GAUGE: Gauge = Gauge::new();
static COUNTER: Counter = Counter::new();

fn time(second: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(START + second)
}

/// A change at this second, as seen at the second `now`.
fn change(second: u64, now: u64, text: &str) -> Change {
    Change { time: time(second), ago: Duration::from_secs(now - second), text: text.to_owned() }
}

/// A number's history: its value at each second.
fn trend(watched: Watched, seconds: u64, at: impl Fn(u64) -> Option<Value>) -> Trend {
    let series = Series::new(watched);
    for second in 0..=seconds {
        if let Some(value) = at(second) {
            series.keep(second..=second, Duration::from_secs(second), Some(&Reading::Value(value)));
        }
    }
    series.trend(Duration::from_secs(seconds), time(seconds))
}

fn queued() -> Watched {
    Watched::variable("shop queued", &GAUGE).unit("jobs")
}

/// Two hours of changing values, with a minute in which the process was suspended, and two changes.
fn queue() -> Trend {
    let at = |second: u64| {
        let suspended = (7_150..7_162).contains(&second) || (4_500..5_100).contains(&second);
        let wave = (second as f64 / 9.0).sin() * 20.0 + (second as f64 / 900.0).sin() * 60.0;
        (!suspended).then_some(Value::Float((100.0 + wave).round()))
    };
    let mut trend = trend(queued(), 7_199, at);
    trend.changes = vec![
        change(5_400, 7_199, "limit 200 -> 500 by anna: too many are refused"),
        change(7_180, 7_199, "limit 500 -> 200 by the lease of anna"),
    ];
    trend
}

/// Forty minutes of a counter that grows by 25 a second, and for some time by 200.
fn requests() -> Trend {
    let at = |second: u64| {
        let burst = second.saturating_sub(2_370).min(15);
        Some(Value::record([("count", (25 * second + 175 * burst).into())]))
    };
    trend(Watched::variable("requests", &COUNTER), 2_400, at)
}

fn drawn(trend: &Trend, width: usize, ascii: bool) -> String {
    let mut text = String::new();
    trend.draw(&mut text, width, ascii).unwrap();
    text
}

#[track_caller]
fn check(name: &str, trend: &Trend, width: usize, ascii: bool) {
    let text = drawn(trend, width, ascii);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/views/trends/chart").join(name);
    if std::env::var_os("BLESS").is_some() {
        fs::write(&file, &text).unwrap();
    }
    assert_eq!(text, fs::read_to_string(&file).unwrap_or_default(), "BLESS=1 accepts it");
    // The texts of changes are the operators' own, and are not cut.
    let charts = text.lines().filter(|line| !line.contains("Z limit"));
    assert!(charts.clone().all(|line| line.chars().count() <= width), "{text}");
    assert!(!ascii || text.is_ascii(), "{text}");
}

#[test]
fn chart_at_60_columns() {
    check("60-columns.txt", &queue(), 60, false);
}

#[test]
fn chart_at_120_columns() {
    check("120-columns.txt", &queue(), 120, false);
}

#[test]
fn chart_in_ascii() {
    check("ascii.txt", &queue(), 60, true);
}

#[test]
fn a_counter_is_drawn_as_its_rate() {
    check("rate.txt", &requests(), 60, false);
    let value = requests().value();
    assert_eq!((&value["shown"], &value["now"]), (&"rate".into(), &25.0.into()));
}

#[test]
fn newcomer_3_3_6_all_axes_begin_at_the_same_number() {
    let grows = trend(queued(), 7_199, |second| Some((second as i64).into()));
    let text = drawn(&grows, 60, false);
    let bottoms = text.lines().filter(|line| line.trim_start().starts_with("0 │")).count();
    assert_eq!(bottoms, 3, "{text}");
}

#[test]
fn constant_negative_and_missing_values_are_drawn() {
    let constant = trend(queued(), 30, |_| Some((-5).into()));
    let drawn_constant = drawn(&constant, 60, false);
    assert!(drawn_constant.contains("last 60 s: min -5, max -5"));
    // newcomer_3_3_6: the label is at the height of the bars.
    let label = drawn_constant.lines().find(|line| line.starts_with("-5 │")).unwrap();
    assert!(label.ends_with('█'), "{drawn_constant}");
    let never = drawn(&trend(queued(), 30, |_| Some("a text".into())), 60, false);
    assert!(never.contains("text, not a number\n\nlast 60 s: no value was read\n"), "{never}");
    let huge =
        trend(queued(), 30, |second| Some(Value::Float(if second % 2 == 0 { f64::MAX } else { f64::MIN })));
    assert!(drawn(&huge, 60, false).contains("min -3.403e38, max 3.403e38"), "{}", drawn(&huge, 60, false));
    let odd =
        trend(queued(), 30, |second| Some(Value::Float([f64::NAN, f64::INFINITY, 7.0][second as usize % 3])));
    assert!(drawn(&odd, 60, false).contains("last 60 s: min 7, max 7"), "{}", drawn(&odd, 60, false));
}

#[test]
fn a_change_is_marked_below_its_point() {
    for (width, count) in [(60, 60), (75, 60), (54, 60), (120, 24), (12, 24), (113, 60)] {
        let mut trend = trend(queued(), 0, |_| None);
        let end = 100 * count as u64;
        trend.time = time(end);
        for point in 0..count {
            let at = |point| time(100 * point as u64);
            let points: Vec<Point> = (0..count)
                .map(|other| {
                    let number = (other == point) as u8 as f32;
                    Point::new(
                        at(other),
                        crate::views::trends::ring::Bin { min: number, avg: number, max: number },
                    )
                })
                .collect();
            for offset in [0, 49, 99] {
                trend.changes = vec![change(100 * point as u64 + offset, end, "")];
                let chart = Chart { columns: width, ..Chart::new(&trend, 80, false) };
                let marked = chart.marks(&points, Duration::from_secs(100)).find('a').unwrap();
                let column = chart.column(&points, marked).unwrap();
                assert_eq!(column.max, 1.0, "point {point} of {count} at {width}");
            }
        }
    }
}

/// `operator.md` C30: between the changes, the clock was set three days ahead and two back, and their marks appeared as `ba`, or not at
/// all.
#[test]
fn marks_keep_their_order_when_the_clock_steps() {
    let mut trend = trend(queued(), 59, |second| Some(second.into()));
    trend.changes = vec![change(20, 59, "first"), change(40, 59, "second")];
    trend.changes[0].time += Duration::from_secs(3 * 86_400);
    trend.changes[1].time -= Duration::from_secs(2 * 86_400);
    let text = drawn(&trend, 80, false);
    let marks: Vec<&str> = text.lines().filter(|line| line.trim_start().starts_with('a')).collect();
    assert!(marks.iter().take(1).all(|line| line.find('a') < line.find('b')), "{text}");
    assert!(marks.len() >= 2 && text.contains("\na 2026-"), "{text}");
}

/// `newcomer.md` 1.2 j: a variable of text was drawn as unknown, without a reason.
#[test]
fn text_values_are_reported() {
    let text = drawn(&trend(queued(), 3, |_| Some("many".into())), 80, false);
    assert!(text.starts_with("shop queued: now unknown: its value is text, not a number\n"), "{text}");
}

#[test]
fn any_width_draws_without_control_characters() {
    let watched = Watched::variable("a\u{1b}[2Jb", &GAUGE).unit("\u{7}");
    let mut trend = trend(watched, 90, |second| Some((second * second).into()));
    trend.changes = vec![change(80, 90, "\u{1b}]0;x")];
    for width in 0..300 {
        let text = drawn(&trend, width, false);
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
    }
}

#[test]
fn the_points_have_times_and_gaps_are_null() {
    let value = trend(queued(), 59, |second| (second != 58).then(|| second.into())).value();
    assert_eq!(
        value["seconds"][57].to_string(),
        Value::record([
            ("time", time(57).into()),
            ("min", 57.0.into()),
            ("avg", 57.0.into()),
            ("max", 57.0.into())
        ])
        .to_string()
    );
    assert_eq!(value["seconds"][58]["time"], time(58));
    assert!(value["seconds"][58]["avg"].is_null());
    assert_eq!(value["minutes"][59]["time"], time(0));
    assert_eq!((&value["minutes"][59]["min"], &value["minutes"][59]["max"]), (&0.0.into(), &59.0.into()));
    let lengths = ["seconds", "minutes", "hours"].map(|view| value[view].as_list().unwrap().len());
    assert_eq!(lengths, [60, 60, 24]);
}

#[test]
fn numbers_are_short() {
    let check = |value: f64, expected: &str| assert_eq!(number(value), expected);
    check(0.0, "0");
    check(-0.0, "0");
    check(42.0, "42");
    check(-3.25, "-3.25");
    check(0.0125, "0.0125");
    check(1234.5678, "1235");
    check(9_999_999.0, "9999999");
    check(8_589_934_592.0, "8.590e9");
    check(0.000_012, "1.200e-5");
    check(99.999, "100");
}
