//! Warnings that a peer or the system can cause at any rate, and that must not fill the service's log.

use std::time::{Duration, Instant};

/// The topics of recurring warnings. Each topic is counted separately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    /// A connection could not be accepted.
    Accept,
    /// A connection was accepted with a descriptor from the reserve.
    Reserve,
    /// A peer spoke another protocol.
    Foreign,
    /// A client read no byte.
    Stall,
    /// A session was closed to make room for another.
    Eviction,
    /// A peer was rejected.
    Refusal,
    /// The file of a socket was removed.
    Removal,
}

/// When each topic was last logged, and how often it was suppressed since.
pub(super) struct Recurring {
    every: Duration,
    /// One for each topic so far.
    logged: Vec<Logged>,
}

struct Logged {
    topic: Topic,
    at: Instant,
    suppressed: u64,
}

/// How many warnings of a topic were suppressed since the last logged one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Suppressed(u64);

impl Recurring {
    /// Logs each topic once in this time.
    pub(super) fn new(every: Duration) -> Self {
        Self { every, logged: Vec::new() }
    }

    /// Whether a warning of this topic is logged now.
    pub(super) fn admit(&mut self, topic: Topic, now: Instant) -> Option<Suppressed> {
        let Some(last) = self.logged.iter_mut().find(|logged| logged.topic == topic) else {
            self.logged.push(Logged { topic, at: now, suppressed: 0 });
            return Some(Suppressed(0));
        };
        if now.duration_since(last.at) < self.every {
            last.suppressed += 1;
            return None;
        }
        last.at = now;
        Some(Suppressed(std::mem::take(&mut last.suppressed)))
    }

    /// The counts that remain at the end.
    pub(super) fn untold(&self) -> Option<String> {
        let suppressed: u64 = self.logged.iter().map(|logged| logged.suppressed).sum();
        (suppressed > 0).then(|| format!("{suppressed} further warnings of the console were not logged"))
    }
}

impl Suppressed {
    /// The text of a warning after suppressed ones.
    pub(super) fn told_after(&self, text: String) -> String {
        match self.0 {
            0 => text,
            count => format!("{text} ({count} similar warnings since the last one were not logged)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_topic_is_logged_once_a_minute_and_counted() {
        let begin = Instant::now();
        let mut recurring = Recurring::new(Duration::from_secs(60));
        let mut at = |seconds, topic| {
            recurring.admit(topic, begin + Duration::from_secs(seconds)).map(|suppressed| suppressed.0)
        };
        assert_eq!(at(0, Topic::Accept), Some(0));
        assert_eq!(at(0, Topic::Accept), None);
        assert_eq!(at(59, Topic::Accept), None);
        assert_eq!(at(59, Topic::Refusal), Some(0), "topics do not share");
        assert_eq!(at(60, Topic::Accept), Some(2));
        assert_eq!(at(61, Topic::Accept), None);
        assert_eq!(at(61, Topic::Refusal), None);
        assert_eq!(at(1000, Topic::Accept), Some(1));
        assert_eq!(at(2000, Topic::Accept), Some(0));
        assert_eq!(recurring.untold().unwrap(), "1 further warnings of the console were not logged");
    }

    #[test]
    fn without_the_limit_every_topic_is_logged() {
        let now = Instant::now();
        let mut recurring = Recurring::new(Duration::ZERO);
        for _ in 0..3 {
            assert_eq!(recurring.admit(Topic::Foreign, now), Some(Suppressed(0)));
        }
        assert_eq!(recurring.untold(), None);
    }

    #[test]
    fn only_a_count_above_zero_is_written() {
        assert_eq!(Suppressed(0).told_after("a".to_owned()), "a");
        let told = Suppressed(7).told_after("a".to_owned());
        assert_eq!(told, "a (7 similar warnings since the last one were not logged)");
    }
}
