//! The trend of a watched number: its points as data.

use std::time::{Duration, SystemTime};

use crate::Value;
use crate::views::trends::ring::Bin;

/// A watched number over the last minute, hour and day.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Trend {
    /// The name.
    pub name: String,
    /// The unit; empty if it is not declared.
    pub unit: String,
    /// The drawn figure.
    pub shown: Shown,
    /// The time of this reading.
    pub time: SystemTime,
    /// The last number; `None` if it could not be read.
    pub now: Option<f64>,
    /// The reason for a missing number.
    pub missing: Option<&'static str>,
    /// The last 60 seconds, the oldest first.
    pub seconds: Vec<Point>,
    /// The last 60 minutes.
    pub minutes: Vec<Point>,
    /// The last 24 hours.
    pub hours: Vec<Point>,
    /// Its manual changes, the oldest first.
    pub changes: Vec<Change>,
}

/// The drawn figure of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shown {
    /// The number itself.
    Value,
    /// Its growth per second: it is a counter.
    Rate,
}

/// A number in a span of time. Minimum, mean and maximum are `None` if no value was read, and have seven digits.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Point {
    /// The begin of the span.
    pub time: SystemTime,
    /// The minimum.
    pub min: Option<f64>,
    /// The mean.
    pub avg: Option<f64>,
    /// The maximum.
    pub max: Option<f64>,
}

/// A manual change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The time, by the wall clock.
    pub time: SystemTime,
    /// Its age, by the monotonic clock: it decides the place in the drawing.
    pub ago: Duration,
    /// The change, its author and its reason, on one line.
    pub text: String,
}

impl Shown {
    /// The name in values.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Rate => "rate",
        }
    }
}

impl Point {
    pub(super) fn new(time: SystemTime, bin: Bin) -> Self {
        // By the shortest decimal text: 0.1 stays 0.1.
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
    /// The point as a record for `--json`.
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
