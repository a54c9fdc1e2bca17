//! What is known of a watched number, and the points that a machine has of it.

use std::time::{Duration, SystemTime};

use crate::Value;
use crate::views::trends::ring::Bin;

/// What a watched number was in the last minute, hour and day.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Trend {
    /// What it is called.
    pub name: String,
    /// What it is counted in; empty where nobody said.
    pub unit: String,
    /// What is drawn of it.
    pub shown: Shown,
    /// When this was asked.
    pub time: SystemTime,
    /// The number read last; none where that could not be read.
    pub now: Option<f64>,
    /// Why there is none.
    pub missing: Option<&'static str>,
    /// The last 60 seconds, the oldest first.
    pub seconds: Vec<Point>,
    /// The last 60 minutes.
    pub minutes: Vec<Point>,
    /// The last 24 hours.
    pub hours: Vec<Point>,
    /// When it was changed by hand, the oldest first.
    pub changes: Vec<Change>,
}

/// What is drawn of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shown {
    /// The number itself.
    Value,
    /// How fast it grows, by the second: it is a counter.
    Rate,
}

/// What a number was in a span of time. Least, mean and most are none where nothing was measured, and have seven digits.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Point {
    /// When the span began.
    pub time: SystemTime,
    /// The least.
    pub min: Option<f64>,
    /// The mean.
    pub avg: Option<f64>,
    /// The most.
    pub max: Option<f64>,
}

/// A change that somebody made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// When, as the clock said then.
    pub time: SystemTime,
    /// How long ago that is, by a clock that nobody sets: by it the change has its place in the drawing.
    pub ago: Duration,
    /// What, by whom and why, on one line.
    pub text: String,
}

impl Shown {
    /// As values have it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Rate => "rate",
        }
    }
}

impl Point {
    pub(super) fn new(time: SystemTime, bin: Bin) -> Self {
        // Through their shortest text: 0.1 stays 0.1.
        let known = |number: f32| match bin.is_gap() {
            true => None,
            false => Value::from(number).as_f64(),
        };
        Self { time, min: known(bin.min), avg: known(bin.avg), max: known(bin.max) }
    }

    fn value(&self) -> Value {
        Value::record([
            ("time", self.time.into()),
            ("min", self.min.into()),
            ("avg", self.avg.into()),
            ("max", self.max.into()),
        ])
    }
}

impl Trend {
    /// As a machine has it.
    pub(super) fn record(&self) -> Value {
        let points = |points: &[Point]| points.iter().map(Point::value).collect::<Value>();
        let change =
            |change: &Change| Value::record([("time", change.time.into()), ("text", (&change.text).into())]);
        Value::record([
            ("name", (&self.name).into()),
            ("unit", (&self.unit).into()),
            ("shown", self.shown.name().into()),
            ("now", self.now.into()),
            ("seconds", points(&self.seconds)),
            ("minutes", points(&self.minutes)),
            ("hours", points(&self.hours)),
            ("changes", self.changes.iter().map(change).collect()),
            ("missing", self.missing.into()),
        ])
    }
}
