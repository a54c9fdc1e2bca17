//! Rates from earlier readings of a count.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::Value;

/// How many readings are kept: one a second for a minute.
const MARKS: usize = 64;

/// Closer readings count as one, so that two operators do not shorten each other's window.
const APART: Duration = Duration::from_millis(900);

/// Earlier readings with their times. Empty and without memory until the first reading; then 24 bytes each, for at most 64.
pub(super) struct Marks(Mutex<VecDeque<Mark>>);

#[derive(Clone, Copy)]
struct Mark {
    at: Instant,
    count: u64,
}

/// Increments per second over several windows. Without an earlier reading there are none.
pub(super) struct Rates {
    /// Since the latest reading that is about a second old or older.
    pub(super) rate: Option<f64>,
    /// The age of that reading.
    pub(super) window: Option<Duration>,
    /// Over the last ten seconds, if there is a reading from then.
    pub(super) ten: Option<f64>,
    /// Over the last minute, if there is a reading from then.
    pub(super) sixty: Option<f64>,
}

impl Marks {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(VecDeque::new()))
    }

    /// Takes a reading of `count`, and returns it with the rates.
    pub(super) fn look(&self, now: Instant, count: impl FnOnce() -> u64) -> (u64, Rates) {
        let mut marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock, so that later readings are not smaller.
        let mark = Mark { at: now, count: count() };
        let since = |least: Duration| marks.iter().rev().find(|old| mark.age(old) >= least);
        let window = |seconds: u64| {
            // The readings of the sampler are not exactly a second apart.
            let wanted = Duration::from_secs(seconds);
            let old = marks.iter().min_by_key(|old| mark.age(old).abs_diff(wanted))?;
            (mark.age(old).abs_diff(wanted) <= wanted / 10).then(|| mark.rate(old))
        };
        let last = since(APART);
        let rates = Rates {
            rate: last.map(|old| mark.rate(old)),
            window: last.map(|old| Duration::from_millis(mark.age(old).as_millis() as u64)),
            ten: window(10),
            sixty: window(60),
        };
        if marks.back().is_none_or(|last| mark.age(last) >= APART) {
            if marks.len() == MARKS {
                marks.pop_front();
            }
            marks.push_back(mark);
        }
        (mark.count, rates)
    }
}

impl Mark {
    fn age(&self, old: &Self) -> Duration {
        self.at.saturating_duration_since(old.at)
    }

    /// Increments per second, rounded to a thousandth.
    fn rate(&self, old: &Self) -> f64 {
        let rate = self.count.saturating_sub(old.count) as f64 / self.age(old).as_secs_f64();
        (rate * 1000.0).round() / 1000.0
    }
}

impl Rates {
    pub(super) fn fields(&self) -> [(&'static str, Value); 2] {
        [("rate", self.rate.into()), ("window", self.window.into())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn the_first_reading_has_no_rate() {
        let (count, rates) = Marks::new().look(Instant::now(), || 7);
        assert_eq!((count, rates.rate, rates.window), (7, None, None));
    }

    #[test]
    fn the_window_is_the_time_between_two_readings() {
        let (marks, start) = (Marks::new(), Instant::now());
        marks.look(start, || 100);
        let (_, rates) = marks.look(start + seconds(4.0), || 500);
        assert_eq!((rates.rate, rates.window), (Some(100.0), Some(seconds(4.0))));
        assert_eq!((rates.ten, rates.sixty), (None, None));
        // A second operator reads right after the first; the window still begins at the first reading.
        let (_, rates) = marks.look(start + seconds(4.1), || 510);
        assert_eq!((rates.rate, rates.window), (Some(100.0), Some(seconds(4.1))));
    }

    #[test]
    fn readings_every_second_give_three_windows() {
        let (marks, start) = (Marks::new(), Instant::now());
        for second in 0..200u64 {
            // Ten a second, and a hundred a second in the last five seconds.
            let count = 10 * second + 90 * second.saturating_sub(194);
            let (_, rates) = marks.look(start + seconds(second as f64), || count);
            if second == 199 {
                assert_eq!((rates.rate, rates.window), (Some(100.0), Some(seconds(1.0))));
                assert_eq!((rates.ten, rates.sixty), (Some(55.0), Some(17.5)));
            }
        }
        let kept = marks.0.lock().unwrap();
        assert_eq!(kept.len(), MARKS);
        assert!(kept.capacity() * size_of::<Mark>() <= 1536, "the documented memory");
    }

    #[test]
    fn a_reset_count_or_a_stopped_clock_gives_no_rate() {
        let (marks, start) = (Marks::new(), Instant::now());
        marks.look(start, || 100);
        assert_eq!(marks.look(start, || 200).1.rate, None);
        assert_eq!(marks.look(start + seconds(1.0), || 50).1.rate, Some(0.0));
    }
}
