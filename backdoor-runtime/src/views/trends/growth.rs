//! How a watched number grows: its slope over the last minute and the last hour, and for how long it has not stopped to grow.

use std::time::Duration;

use crate::Value;
use crate::views::trends::ring::Bin;

/// Of the steps from minute to minute, the share that has to rise for a growth: a pause is no end of it.
const RISING: f64 = 0.8;

/// The growth of a number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Growth {
    /// The slope of the last minute, per second. `None` before ten seconds are known.
    pub(crate) minute: Option<f64>,
    /// The slope of the last hour, per second, from the means of its minutes. `None` before three are known.
    pub(crate) hour: Option<f64>,
    /// For this long, no minute had a lower minimum than the one before, and four of five had a higher one. In whole minutes, at most an
    /// hour; zero if it does not grow.
    pub(crate) growing_for: Duration,
    /// The slope of this time, per second.
    pub(crate) per_second: Option<f64>,
}

impl Growth {
    pub(super) fn of(seconds: impl Iterator<Item = Bin>, minutes: impl Iterator<Item = Bin>) -> Self {
        const FEWEST_SECONDS: usize = 10;
        const FEWEST_MINUTES: usize = 3;
        let means = |bins: &[Bin], step: f64| -> Vec<(f64, f64)> {
            let known = bins.iter().enumerate().filter(|(_, bin)| !bin.is_gap());
            known.map(|(at, bin)| (at as f64 * step, f64::from(bin.avg))).collect()
        };
        let seconds: Vec<Bin> = seconds.collect();
        let minutes: Vec<Bin> = minutes.collect();
        // The first minute and the last one are not complete.
        let first = minutes.iter().position(|bin| !bin.is_gap()).map_or(minutes.len(), |first| first + 1);
        let last = minutes.len().saturating_sub(1);
        let complete = minutes.get(first..last).unwrap_or_default();
        let (growing, lows) = growing(complete);
        Self {
            minute: slope(&means(&seconds, 1.0), FEWEST_SECONDS),
            hour: slope(&means(complete, 60.0), FEWEST_MINUTES),
            growing_for: Duration::from_secs(60 * growing as u64),
            per_second: lows.map(|(from, to)| (to - from) / (60.0 * growing as f64)),
        }
    }

    /// The fields for a row of a table.
    pub(super) fn fields(&self) -> [(&'static str, Value); 3] {
        let growing = (!self.growing_for.is_zero()).then_some(self.growing_for);
        let short = |slope: Option<f64>| slope.map(|slope| (slope * 1e4).round() / 1e4);
        [
            ("slope_minute", short(self.minute).into()),
            ("slope_hour", short(self.hour).into()),
            ("growing_for", growing.into()),
        ]
    }
}

/// The steps from minute to minute at the end in which the number grew, and its minimum before and after.
fn growing(minutes: &[Bin]) -> (usize, Option<(f64, f64)>) {
    let (mut steps, mut rises, mut longest) = (0, 0, 0);
    for pair in minutes.windows(2).rev() {
        if pair.iter().any(|bin| bin.is_gap()) || pair[1].min < pair[0].min {
            break;
        }
        steps += 1;
        rises += usize::from(pair[1].min > pair[0].min);
        if rises as f64 >= RISING * steps as f64 {
            longest = steps;
        }
    }
    let end = minutes.len();
    match longest {
        0 => (0, None),
        _ => (longest, Some((f64::from(minutes[end - 1 - longest].min), f64::from(minutes[end - 1].min)))),
    }
}

/// The slope of the line with the least squares; `None` for fewer points than this.
fn slope(points: &[(f64, f64)], fewest: usize) -> Option<f64> {
    if points.len() < fewest {
        return None;
    }
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (middle, height) = (mean(|point| point.0), mean(|point| point.1));
    let shared: f64 = points.iter().map(|(at, number)| (at - middle) * (number - height)).sum();
    let spread: f64 = points.iter().map(|(at, _)| (at - middle).powi(2)).sum();
    Some(shared / spread)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::trends::ring::Ring;

    /// The growth after this many seconds.
    fn after(seconds: u64, number: impl Fn(u64) -> f64) -> Growth {
        let mut ring = Ring::new();
        (0..=seconds).for_each(|second| ring.push(second, number(second)));
        Growth::of(ring.seconds(seconds), ring.minutes(seconds))
    }

    #[track_caller]
    fn is_about(slope: Option<f64>, expected: f64) {
        assert!(slope.is_some_and(|slope| (slope - expected).abs() < 0.01), "{slope:?}");
    }

    #[test]
    fn a_leak_has_its_rate_and_its_duration() {
        let leak = after(41 * 60 + 30, |second| 100.0 + 1.2 * second as f64);
        is_about(leak.minute, 1.2);
        is_about(leak.hour, 1.2);
        is_about(leak.per_second, 1.2);
        assert_eq!(leak.growing_for, Duration::from_secs(39 * 60));
    }

    #[test]
    fn a_leak_that_pauses_goes_on() {
        // One more in 90 seconds: each third minute has none.
        let leak = after(1_800, |second| (second / 75) as f64);
        assert!(leak.growing_for >= Duration::from_secs(20 * 60), "{leak:?}");
        is_about(leak.hour, 1.0 / 75.0);
    }

    #[test]
    fn constant_falling_and_wavy_numbers_do_not_grow() {
        let constant = after(1_800, |_| 7.0);
        is_about(constant.minute, 0.0);
        assert_eq!((constant.growing_for, constant.per_second), (Duration::ZERO, None));
        assert_eq!(after(1_800, |second| -(second as f64)).growing_for, Duration::ZERO);
        let wavy = after(1_800, |second| (second % 600) as f64);
        assert!(wavy.growing_for <= Duration::from_secs(600), "{wavy:?}");
        // A jump at its start, then constant.
        assert_eq!(after(1_800, |second| second.min(300) as f64).growing_for, Duration::ZERO);
    }

    #[test]
    fn a_few_readings_have_no_slope() {
        assert_eq!(after(8, |second| second as f64), Growth::default());
        let minute = after(59, |second| second as f64);
        is_about(minute.minute, 1.0);
        assert_eq!(minute.hour, None);
    }
}
