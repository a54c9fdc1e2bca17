//! The distribution of measurements, in bounded memory.

use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::Value;
use crate::views::counters::rate::Marks;
use crate::views::counters::shard::mine;
use crate::views::vars::{Readable, Reading};

/// Each power of two is divided into this many buckets.
const LINEAR: u32 = 16;

/// Numbers below [`LINEAR`] have a bucket each; the 60 powers of two above share the rest.
const BUCKETS: usize = 16 + 60 * 16;

/// Fewer than a counter has: threads seldom record into the same bucket at once.
const SHARDS: usize = 4;

/// A distribution of measurements: response times, sizes of requests.
///
/// Numbers fall into 976 buckets, 16 for each power of two, in 4 parts, and a thread always writes to the same part. That is 31 KB, and up
/// to 1.5 KB more after the first reading; for a `static`, the system allocates only the pages that are written to. Recording costs about
/// as much as with a [`Counter`](crate::Counter).
///
/// A reading is a record: `count`, `rate` and `window` as for a counter, the percentiles `p50`, `p90`, `p99` and `p999`, and `max`, all
/// since the start. A percentile is off by at most 1/32 (3.1 %), and exact below 32; the maximum is exact.
///
/// ```
/// use std::time::Duration;
/// use backdoor_runtime::Histogram;
///
/// static SIZES: Histogram = Histogram::new();
/// static TOOK: Histogram<Duration> = Histogram::new();
///
/// SIZES.record(512);
/// TOOK.record(Duration::from_millis(3));
/// assert_eq!(SIZES.count(), 1);
/// ```
pub struct Histogram<T = u64> {
    shards: [[AtomicU64; BUCKETS]; SHARDS],
    max: AtomicU64,
    marks: Marks,
    measures: PhantomData<fn(T)>,
}

/// A type that a [`Histogram`] can record: each value has a whole number, and each whole number a value.
pub trait Measured {
    /// The number for this value.
    fn to_number(self) -> u64;

    /// The value for a number, as the operator sees it.
    fn show(number: u64) -> Value;
}

impl Measured for u64 {
    fn to_number(self) -> u64 {
        self
    }

    fn show(number: u64) -> Value {
        number.into()
    }
}

/// In nanoseconds; longer durations than 584 years count as 584 years.
impl Measured for Duration {
    fn to_number(self) -> u64 {
        u64::try_from(self.as_nanos()).unwrap_or(u64::MAX)
    }

    fn show(number: u64) -> Value {
        Duration::from_nanos(number).into()
    }
}

/// In billionths, from 0 to 18 billion: negative numbers and NaN count as 0.
impl Measured for f64 {
    fn to_number(self) -> u64 {
        // The conversion saturates, and turns NaN into 0.
        (self * 1e9) as u64
    }

    fn show(number: u64) -> Value {
        (number as f64 / 1e9).into()
    }
}

impl<T: Measured> Histogram<T> {
    /// An empty histogram.
    pub const fn new() -> Self {
        Self {
            shards: [const { [const { AtomicU64::new(0) }; BUCKETS] }; SHARDS],
            max: AtomicU64::new(0),
            marks: Marks::new(),
            measures: PhantomData,
        }
    }

    /// Records one value.
    #[inline]
    pub fn record(&self, value: T) {
        let number = value.to_number();
        self.shards[mine(SHARDS)][bucket(number)].fetch_add(1, Ordering::Relaxed);
        // A load is cheaper than a store that changes nothing.
        if number > self.max.load(Ordering::Relaxed) {
            self.max.fetch_max(number, Ordering::Relaxed);
        }
    }

    /// The number of recorded values.
    pub fn count(&self) -> u64 {
        self.shards.iter().flatten().map(|bucket| bucket.load(Ordering::Relaxed)).sum()
    }

    fn value(&self, now: Instant) -> Value {
        let sums: Vec<u64> = (0..BUCKETS)
            .map(|bucket| self.shards.iter().map(|shard| shard[bucket].load(Ordering::Relaxed)).sum())
            .collect();
        let (count, rates) = self.marks.look(now, || sums.iter().sum());
        let max = self.max.load(Ordering::Relaxed);
        let percentile = |thousandths: u64| match count {
            0 => Value::Null,
            _ => T::show(percentile(&sums, count, thousandths).min(max)),
        };
        let percentiles = [
            ("p50", percentile(500)),
            ("p90", percentile(900)),
            ("p99", percentile(990)),
            ("p999", percentile(999)),
            ("max", if count == 0 { Value::Null } else { T::show(max) }),
        ];
        Value::record([("count", count.into())].into_iter().chain(rates.fields()).chain(percentiles))
    }
}

/// The bucket of a number: its own below 16; above, given by its power of two and the next four bits.
#[inline]
fn bucket(number: u64) -> usize {
    let shift = (number | 0xf).ilog2() - 3;
    match number {
        0..16 => number as usize,
        _ => ((shift - 1) * LINEAR) as usize + (number >> (shift - 1)) as usize,
    }
}

/// The number in the middle of a bucket.
fn middle(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    match bucket {
        0..16 => bucket,
        _ => {
            let shift = bucket / 16 - 1;
            ((bucket % 16 + 16) << shift) + ((1 << shift) >> 1)
        }
    }
}

/// The middle of the bucket with the value at this many thousandths of all values.
fn percentile(sums: &[u64], count: u64, thousandths: u64) -> u64 {
    let rank = (u128::from(count) * u128::from(thousandths)).div_ceil(1000).max(1);
    let mut seen = 0;
    let found = sums.iter().position(|&sum| {
        seen += u128::from(sum);
        seen >= rank
    });
    found.map_or(0, middle)
}

impl<T: Measured> Readable for Histogram<T> {
    fn read(&self) -> Reading {
        Reading::Value(self.value(Instant::now()))
    }

    fn is_harmless(&self) -> bool {
        true
    }
}

impl<T: Measured> Default for Histogram<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Measured> fmt::Debug for Histogram<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Histogram").field("count", &self.count()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_number_has_its_bucket() {
        assert_eq!(bucket(0), 0);
        assert_eq!(bucket(15), 15);
        assert_eq!(bucket(16), 16);
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
        for at in 0..BUCKETS {
            assert_eq!(bucket(middle(at)), at);
        }
        assert!((0..32).all(|number| middle(bucket(number)) == number));
    }

    proptest! {
        #[test]
        fn a_bucket_is_off_by_a_thirty_second_at_most(number: u64, shift in 0..64u32) {
            let number = number >> shift;
            prop_assert!(middle(bucket(number)).abs_diff(number) <= number / 32);
        }
    }

    #[test]
    fn percentiles_of_a_known_distribution() {
        let histogram = Histogram::<u64>::new();
        (1..=10_000).for_each(|number| histogram.record(number));
        let value = histogram.value(Instant::now());
        assert_eq!(value["count"], 10_000);
        assert_eq!(value["max"], 10_000);
        for (name, expected) in [("p50", 5_000), ("p90", 9_000), ("p99", 9_900), ("p999", 9_990)] {
            let found = value[name].as_i64().unwrap();
            assert!(found.abs_diff(expected) <= expected as u64 / 32, "{name} is {found}");
        }
    }

    #[test]
    fn percentiles_of_no_value_and_of_one_value() {
        let histogram = Histogram::<Duration>::new();
        assert_eq!(
            histogram.value(Instant::now()).to_string(),
            concat!(
                r#"{"count":0,"rate":null,"window":null,"p50":null,"p90":null,"p99":null,"#,
                r#""p999":null,"max":null}"#
            )
        );
        histogram.record(Duration::from_millis(3));
        let value = histogram.value(Instant::now());
        for name in ["p50", "p99", "p999", "max"] {
            let Value::Duration(found) = value[name] else { panic!("{name} is {}", value[name]) };
            assert!(found.abs_diff(Duration::from_millis(3)) <= Duration::from_millis(3) / 32);
        }
        assert_eq!(value["max"], Duration::from_millis(3));
    }

    #[test]
    fn values_out_of_range_are_clamped() {
        assert_eq!(Duration::MAX.to_number(), u64::MAX);
        assert_eq!((-1.0).to_number(), 0);
        assert_eq!(f64::NAN.to_number(), 0);
        assert_eq!(f64::INFINITY.to_number(), u64::MAX);
        assert_eq!(<f64 as Measured>::show(0.0125.to_number()), 0.0125);
        let histogram = Histogram::<u64>::new();
        histogram.record(u64::MAX);
        histogram.record(0);
        let value = histogram.value(Instant::now());
        assert_eq!((&value["p50"], &value["max"]), (&0.into(), &u64::MAX.into()));
    }

    #[test]
    fn concurrent_records_are_not_lost() {
        static SIZES: Histogram = Histogram::new();
        thread::scope(|scope| {
            for thread in 0..8 {
                scope.spawn(move || (0..1_000).for_each(|number| SIZES.record(number * thread)));
            }
        });
        assert_eq!(SIZES.count(), 8_000);
        assert_eq!(SIZES.value(Instant::now())["max"], 6_993);
    }

    #[test]
    fn size_is_as_documented() {
        assert!(size_of::<Histogram>() <= 31_400, "{}", size_of::<Histogram>());
    }
}
