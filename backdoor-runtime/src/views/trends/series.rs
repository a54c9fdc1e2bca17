//! One watched number: its source and its history.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use crate::Value;
use crate::readable::Reading;
use crate::views::trends::growth::Growth;
use crate::views::trends::ring::{Bin, Ring};
use crate::views::trends::trend::{Point, Shown, Trend};
use crate::views::trends::watched::{Source, Watched};

/// After this many seconds, the last number is not the current one.
const RECENT: u64 = 2;

/// Every number of the process that the author watches, by name.
static WATCHED: Mutex<BTreeMap<String, Arc<Series>>> = Mutex::new(BTreeMap::new());

/// The built-in trends, by name. They are there from the start of the first console that wants them.
static BUILT_IN: Mutex<BTreeMap<String, Arc<Series>>> = Mutex::new(BTreeMap::new());

/// A watched number and its history.
pub(super) struct Series {
    watched: Watched,
    history: Mutex<History>,
    /// Whether the author's function is running.
    is_asked: AtomicBool,
}

struct History {
    ring: Ring,
    shown: Shown,
    is_time: bool,
    /// The last value of a counter, and its time.
    count: Option<(Duration, f64)>,
    now: Option<f64>,
    /// Why there is no current number.
    missing: &'static str,
}

impl Series {
    pub(super) fn new(watched: Watched) -> Self {
        let history = History {
            ring: Ring::new(),
            shown: Shown::Value,
            is_time: false,
            count: None,
            now: None,
            missing: "",
        };
        Self { watched, history: Mutex::new(history), is_asked: AtomicBool::new(false) }
    }

    pub(super) fn source(&self) -> Source {
        self.watched.source.clone()
    }

    /// Stores the reading of these seconds, at this time since the origin; no reading if there was no answer.
    pub(super) fn keep(&self, seconds: RangeInclusive<u64>, at: Duration, reading: Option<&Reading>) {
        let value = reading.and_then(Reading::value);
        let mut history = self.history();
        history.now = match value {
            Some(value @ Value::Record(_)) => {
                let count = value["count"].as_f64();
                if count.is_some() {
                    history.shown = Shown::Rate;
                }
                let last = std::mem::replace(&mut history.count, count.map(|count| (at, count)));
                last.zip(count)
                    .and_then(|((before, last), count)| rate(count - last, at.checked_sub(before)?))
            }
            Some(Value::Duration(length)) => {
                history.is_time = true;
                Some(length.as_secs_f64())
            }
            Some(Value::Bool(truth)) => Some(f64::from(u8::from(*truth))),
            Some(value) => value.as_f64(),
            None => None,
        };
        if let Some(number) = history.now {
            seconds.for_each(|second| history.ring.push(second, number));
        }
        history.missing = match (reading, value) {
            (None, _) => "it did not answer",
            (Some(Reading::Held), _) => "its lock was held",
            (Some(Reading::NotSet), _) => self.watched.unset,
            (_, Some(Value::Record(_))) => "a rate needs two readings",
            (_, Some(Value::Text(_))) => "its value is text, not a number",
            _ => "its value is not a number",
        };
    }

    /// The trend as of this time since the origin, which is this wall-clock time.
    pub(super) fn trend(&self, at: Duration, time: SystemTime) -> Trend {
        let history = self.history();
        let ring = &history.ring;
        let is_recent = ring.last().is_some_and(|last| at.as_secs() <= last + RECENT);
        // A second that is not sampled yet is no gap.
        let now = match (at.as_secs(), ring.last()) {
            (now, Some(last)) if now <= last + 1 => last,
            (now, _) => now,
        };
        let points = |bins: Vec<Bin>, span: u64| {
            let steps_back = (0..bins.len() as u64).rev();
            let times = steps_back.map(|back| {
                let back = Duration::from_secs(now % span + back * span);
                time.checked_sub(back).unwrap_or(SystemTime::UNIX_EPOCH)
            });
            times.zip(bins).map(|(time, bin)| Point::new(time, bin)).collect()
        };
        let unit = match (&*self.watched.unit, history.is_time) {
            ("", true) => "s".to_owned(),
            (unit, _) => unit.to_owned(),
        };
        Trend {
            name: self.watched.name.to_string(),
            unit,
            shown: history.shown,
            time,
            now: history.now.filter(|now| is_recent && now.is_finite()),
            missing: match history.now {
                None if history.missing.is_empty() => Some("it has not been read"),
                None => Some(history.missing),
                Some(now) if !now.is_finite() => Some("its value is not finite"),
                Some(_) if !is_recent => Some("it has not been read for some seconds"),
                Some(_) => None,
            },
            seconds: points(ring.seconds(now).collect(), 1),
            minutes: points(ring.minutes(now).collect(), 60),
            hours: points(ring.hours(now).collect(), 3600),
            changes: Vec::new(),
        }
    }

    /// The right to call the author's function; none while a call is running.
    pub(super) fn turn(this: &Arc<Self>) -> Option<Turn> {
        (!this.is_asked.swap(true, Ordering::Relaxed)).then(|| Turn(this.clone()))
    }

    /// Its growth up to this time since the origin.
    pub(super) fn growth(&self, at: Duration) -> Growth {
        let ring = &self.history().ring;
        Growth::of(ring.seconds(at.as_secs()), ring.minutes(at.as_secs()))
    }

    fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// While this lives, no other thread calls the author's function.
pub(super) struct Turn(Arc<Series>);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.is_asked.store(false, Ordering::Relaxed);
    }
}

/// A counter that went backwards has no rate.
fn rate(more: f64, time: Duration) -> Option<f64> {
    (more >= 0.0 && !time.is_zero()).then(|| more / time.as_secs_f64())
}

/// The author's, locked.
pub(super) fn all() -> MutexGuard<'static, BTreeMap<String, Arc<Series>>> {
    WATCHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The built-in ones, locked.
pub(super) fn built_in() -> MutexGuard<'static, BTreeMap<String, Arc<Series>>> {
    BUILT_IN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The number of this name: the author's, if they watch one.
pub(super) fn find(name: &str) -> Option<Arc<Series>> {
    let found = all().get(name).cloned();
    found.or_else(|| built_in().get(name).cloned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Gauge;

    static GAUGE: Gauge = Gauge::new();

    #[test]
    fn unread_values_are_unknown() {
        let series = Series::new(Watched::variable("n", &GAUGE));
        let seconds = Duration::from_secs;
        let now = |at: u64| series.trend(seconds(at), SystemTime::now()).now;
        series.keep(3..=3, seconds(3), Some(&Reading::Value(7.into())));
        assert_eq!((now(3), now(5), now(6)), (Some(7.0), Some(7.0), None));
        series.keep(4..=4, seconds(4), None);
        assert_eq!(now(4), None);
        series.keep(4..=4, seconds(4), Some(&Reading::Value("many".into())));
        let missing = series.trend(seconds(4), SystemTime::now()).missing;
        assert_eq!(missing, Some("its value is text, not a number"));
        series.keep(5..=5, seconds(5), Some(&Reading::Held));
        assert_eq!(now(5), None);
    }

    #[test]
    fn a_counter_has_a_rate_unless_it_was_reset() {
        let series = Series::new(Watched::variable("n", &GAUGE));
        let keep = |second: u64, millis: u64, count: u64| {
            let value = Value::record([("count", count.into())]);
            series.keep(second..=second, Duration::from_millis(millis), Some(&Reading::Value(value)));
            series.trend(Duration::from_millis(millis), SystemTime::now()).now
        };
        assert_eq!(keep(0, 0, 10), None);
        assert_eq!(keep(1, 1_000, 30), Some(20.0));
        assert_eq!(keep(2, 2_500, 60), Some(20.0));
        assert_eq!(keep(4, 4_000, 0), None);
        assert_eq!(keep(5, 5_000, 5), Some(5.0));
    }

    #[test]
    fn size_is_as_documented() {
        assert!(size_of::<Series>() <= 1_536, "{}", size_of::<Series>());
    }
}
