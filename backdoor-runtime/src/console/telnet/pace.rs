//! The rate limit of answers to option commands: further ones get no answer.

use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

/// Counts the option commands of the current second.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pace {
    limit: usize,
    begun: Option<Instant>,
    count: usize,
}

impl Pace {
    /// How many are answered in one second.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, begun: None, count: 0 }
    }

    /// Counts one, and returns whether it is answered.
    pub(super) fn allows(&mut self, now: Instant) -> bool {
        if self.begun.is_none_or(|begun| now.saturating_duration_since(begun) >= SECOND) {
            self.begun = Some(now);
            self.count = 0;
        }
        let allowed = self.count < self.limit;
        self.count = self.count.saturating_add(1);
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negotiation_is_limited_per_second() {
        let mut pace = Pace::new(32);
        let begin = Instant::now();
        let mut answered =
            |after| (0..100).filter(|_| pace.allows(begin + Duration::from_millis(after))).count();
        assert_eq!(answered(0), 32);
        assert_eq!(answered(999), 0);
        assert_eq!(answered(1000), 32);
        assert_eq!(answered(1999), 0);
        assert_eq!(answered(7000), 32);
        let mut off = Pace::new(usize::MAX);
        assert!((0..10_000).all(|_| off.allows(begin)));
    }
}
