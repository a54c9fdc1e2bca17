//! A count that only grows.

use std::fmt;
use std::sync::atomic::Ordering;
use std::time::Instant;

use crate::Value;
use crate::views::counters::rate::Marks;
use crate::views::counters::shard::{SHARDS, Shard, mine};
use crate::views::vars::{Readable, Reading};

/// Counts events from any thread.
///
/// It has 16 parts, each on a cache line of its own, and a thread always writes to the same part: counting costs a few nanoseconds, even if
/// many threads count at once. A counter takes 1 KB, and up to 1.5 KB more after its first reading.
///
/// A reading is a record: `count`; `rate`, the increments per second since the last reading that is about a second old, and `window`, the
/// age of that reading (both null at the first reading); `rate_10s` and `rate_60s`, which are null without a reading at that time; `trend`
/// makes one every second.
///
/// ```
/// use backdoor_runtime::Counter;
///
/// static REQUESTS: Counter = Counter::new();
///
/// REQUESTS.increment();
/// REQUESTS.add(2);
/// assert_eq!(REQUESTS.get(), 3);
/// ```
pub struct Counter {
    shards: [Shard; SHARDS],
    marks: Marks,
}

impl Counter {
    /// A counter at zero.
    pub const fn new() -> Self {
        Self { shards: [const { Shard::new() }; SHARDS], marks: Marks::new() }
    }

    /// Adds one.
    #[inline]
    pub fn increment(&self) {
        self.add(1);
    }

    /// Adds this many. Beyond `u64::MAX` it wraps to zero.
    #[inline]
    pub fn add(&self, more: u64) {
        self.shards[mine(SHARDS)].0.fetch_add(more, Ordering::Relaxed);
    }

    /// The count. Concurrent increments may or may not be included.
    pub fn get(&self) -> u64 {
        self.shards.iter().fold(0, |sum, shard| sum.wrapping_add(shard.0.load(Ordering::Relaxed)))
    }

    fn value(&self, now: Instant) -> Value {
        let (count, rates) = self.marks.look(now, || self.get());
        let more = [("rate_10s", rates.ten.into()), ("rate_60s", rates.sixty.into())];
        Value::record([("count", count.into())].into_iter().chain(rates.fields()).chain(more))
    }
}

impl Readable for Counter {
    fn read(&self) -> Reading {
        Reading::Value(self.value(Instant::now()))
    }

    fn is_harmless(&self) -> bool {
        true
    }
}

impl Default for Counter {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Counter").field(&self.get()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn concurrent_increments_are_not_lost() {
        static COUNTER: Counter = Counter::new();
        thread::scope(|scope| {
            for _ in 0..3 * SHARDS {
                scope.spawn(|| (0..1_000).for_each(|_| COUNTER.increment()));
            }
        });
        assert_eq!(COUNTER.get(), 3 * SHARDS as u64 * 1_000);
    }

    #[test]
    fn a_reading_has_count_and_rates() {
        let (counter, start) = (Counter::new(), Instant::now());
        counter.add(5);
        assert_eq!(
            counter.value(start).to_string(),
            r#"{"count":5,"rate":null,"window":null,"rate_10s":null,"rate_60s":null}"#
        );
        counter.add(30);
        assert_eq!(
            counter.value(start + Duration::from_secs(10)).to_string(),
            r#"{"count":35,"rate":3.0,"window":10,"rate_10s":3.0,"rate_60s":null}"#
        );
    }

    #[test]
    fn count_wraps_after_the_last_number() {
        let counter = Counter::new();
        counter.add(u64::MAX);
        counter.add(3);
        assert_eq!(counter.get(), 2);
    }

    #[test]
    fn size_is_as_documented() {
        assert!(size_of::<Counter>() <= 1024 + 64, "{}", size_of::<Counter>());
    }
}
