//! How fast something grows, from what was seen of it before.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::Value;

/// How many looks are remembered: a minute of them, one a second.
const MARKS: usize = 64;

/// Looks closer together than this are one, lest two operators shorten each other's window.
const APART: Duration = Duration::from_millis(900);

/// What was seen, and when. Empty, and without memory, until somebody looks; then 24 bytes a look, 64 looks at most.
pub(super) struct Marks(Mutex<VecDeque<Mark>>);

#[derive(Clone, Copy)]
struct Mark {
    at: Instant,
    count: u64,
}

/// How many a second, over several windows. Without an earlier look there is none.
pub(super) struct Rates {
    /// Since the youngest look that is about a second old or older.
    pub(super) rate: Option<f64>,
    /// How long ago that was.
    pub(super) window: Option<Duration>,
    /// Over the last ten seconds, where a look was taken then.
    pub(super) ten: Option<f64>,
    /// Over the last minute, where a look was taken then.
    pub(super) sixty: Option<f64>,
}

impl Marks {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(VecDeque::new()))
    }

    /// Takes a look: what `count` says now, and how fast it got there.
    pub(super) fn look(&self, now: Instant, count: impl FnOnce() -> u64) -> (u64, Rates) {
        let mut marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock, so that later looks see more.
        let mark = Mark { at: now, count: count() };
        let since = |least: Duration| marks.iter().rev().find(|old| mark.age(old) >= least);
        let window = |seconds: u64| {
            // A sampler's looks are not a second apart to the millisecond.
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

    /// How many a second, to the thousandth.
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
    fn a_first_look_knows_no_rate() {
        let (count, rates) = Marks::new().look(Instant::now(), || 7);
        assert_eq!((count, rates.rate, rates.window), (7, None, None));
    }

    #[test]
    fn the_window_is_what_lies_between_two_looks_and_is_said() {
        let (marks, start) = (Marks::new(), Instant::now());
        marks.look(start, || 100);
        let (_, rates) = marks.look(start + seconds(4.0), || 500);
        assert_eq!((rates.rate, rates.window), (Some(100.0), Some(seconds(4.0))));
        assert_eq!((rates.ten, rates.sixty), (None, None));
        // A second operator, right behind the first, has the first look to compare with.
        let (_, rates) = marks.look(start + seconds(4.1), || 510);
        assert_eq!((rates.rate, rates.window), (Some(100.0), Some(seconds(4.1))));
    }

    #[test]
    fn looks_a_second_apart_give_three_windows_and_stay_bounded() {
        let (marks, start) = (Marks::new(), Instant::now());
        for second in 0..200u64 {
            // Ten a second, and a hundred a second in the last five.
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
