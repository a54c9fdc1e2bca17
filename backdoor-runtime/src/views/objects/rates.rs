//! Objects created and dropped in the last seconds, without a background thread: each creation or drop finds the current second itself.

/// The seconds that a rate covers, the current one included.
pub(super) const WINDOW: u64 = 10;

const SECOND: u64 = 1_000_000_000;

/// More than the window, and a power of two.
const SECONDS: usize = 16;

#[derive(Clone, Copy)]
struct OneSecond {
    /// The number of the second, by the clock.
    number: u32,
    made: u32,
    dropped: u32,
}

/// The events of each of the last seconds.
pub(super) struct Rates([OneSecond; SECONDS]);

/// The events of a time span.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Happened {
    pub(super) made: u64,
    pub(super) dropped: u64,
}

impl Rates {
    pub(super) const fn new() -> Self {
        Self([OneSecond { number: 0, made: 0, dropped: 0 }; SECONDS])
    }

    #[inline]
    pub(super) fn made(&mut self, now: u64) {
        let second = self.second(now);
        second.made = second.made.saturating_add(1);
    }

    #[inline]
    pub(super) fn dropped(&mut self, now: u64) {
        let second = self.second(now);
        second.dropped = second.dropped.saturating_add(1);
    }

    /// The events of the window that ends now.
    pub(super) fn last(&self, now: u64) -> Happened {
        let now = number(now);
        let mut last = Happened::default();
        for second in self.0.iter().filter(|second| u64::from(now.wrapping_sub(second.number)) < WINDOW) {
            last.made += u64::from(second.made);
            last.dropped += u64::from(second.dropped);
        }
        last
    }

    #[inline]
    fn second(&mut self, now: u64) -> &mut OneSecond {
        let number = number(now);
        let second = &mut self.0[number as usize % SECONDS];
        if second.number != number {
            *second = OneSecond { number, made: 0, dropped: 0 };
        }
        second
    }
}

/// How many seconds of the window have passed, if the counting began at `since`.
pub(super) fn seconds(since: u64, now: u64) -> f64 {
    let begin = (now / SECOND).saturating_sub(WINDOW - 1) * SECOND;
    // One object in the first ten milliseconds must not give a rate of a hundred a second.
    now.saturating_sub(begin.max(since)).max(SECOND) as f64 / SECOND as f64
}

fn number(now: u64) -> u32 {
    (now / SECOND) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_before_the_window_are_dropped() {
        let mut rates = Rates::new();
        let start = 1_000_000 * SECOND;
        for second in 0..40 {
            rates.made(start + second * SECOND);
            rates.made(start + second * SECOND + 1);
            rates.dropped(start + second * SECOND);
        }
        let check = |after: u64, made, dropped| {
            assert_eq!(rates.last(start + after * SECOND), Happened { made, dropped }, "{after}");
        };
        check(39, 20, 10);
        check(44, 10, 5);
        check(48, 2, 1);
        check(49, 0, 0);
        check(4000, 0, 0);
    }

    #[test]
    fn the_window_grows_until_it_is_whole() {
        let start = 1_000_000 * SECOND;
        assert_eq!(seconds(start, start), 1.0);
        assert_eq!(seconds(start, start + 5 * SECOND), 5.0);
        assert_eq!(seconds(start, start + 100 * SECOND), 9.0);
        assert_eq!(seconds(start, start + 100 * SECOND + SECOND / 2), 9.5);
    }
}
