//! A rate limit for log events that a peer can cause at any rate: a few in each second, and a count of the others.

use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

/// The events of the current second.
#[derive(Default)]
pub(crate) struct PerSecond {
    begun: Option<Instant>,
    logged: u32,
    unlogged: u64,
}

impl PerSecond {
    /// Whether one more event is logged now, at most `most` in a second, and how many before it were not.
    pub(crate) fn admit(&mut self, most: u32, now: Instant) -> Option<u64> {
        if self.begun.is_none_or(|begun| now.saturating_duration_since(begun) >= SECOND) {
            self.begun = Some(now);
            self.logged = 0;
        }
        if self.logged == most {
            self.unlogged += 1;
            return None;
        }
        self.logged += 1;
        Some(self.untold())
    }

    /// How many events were not logged and not reported yet.
    pub(crate) fn untold(&mut self) -> u64 {
        std::mem::take(&mut self.unlogged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_events_a_second_are_logged_and_the_others_counted() {
        let begin = Instant::now();
        let mut events = PerSecond::default();
        let mut at = |milliseconds| events.admit(5, begin + Duration::from_millis(milliseconds));
        for _ in 0..5 {
            assert_eq!(at(0), Some(0));
        }
        assert_eq!([at(0), at(500), at(999)], [None, None, None]);
        assert_eq!([at(1000), at(1000)], [Some(3), Some(0)]);
        for _ in 0..10 {
            at(1500);
        }
        assert_eq!(events.untold(), 7);
        assert_eq!(events.untold(), 0);
    }
}
