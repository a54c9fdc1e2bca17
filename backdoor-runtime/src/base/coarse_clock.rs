//! A cheap clock, read on every lock and whenever an object is created or dropped.

use std::time::Duration;

/// Nanoseconds of `CLOCK_MONOTONIC_COARSE`: it moves with the kernel's tick, every 4 ms where that is 250 Hz (clock_gettime(2)).
#[inline]
pub(crate) fn now() -> u64 {
    #[cfg(serves)]
    {
        use rustix::time::{ClockId, clock_gettime};
        let now = clock_gettime(ClockId::MonotonicCoarse);
        now.tv_sec.unsigned_abs() * 1_000_000_000 + now.tv_nsec.unsigned_abs()
    }
    #[cfg(not(serves))]
    {
        use std::sync::LazyLock;
        use std::time::Instant;
        static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
        BEGIN.elapsed().as_nanos() as u64
    }
}

/// The time since then.
pub(crate) fn since(then: u64) -> Duration {
    between(then, now())
}

/// The time between the two, in whole milliseconds, which is the clock's resolution.
pub(crate) fn between(then: u64, now: u64) -> Duration {
    Duration::from_millis(now.saturating_sub(then) / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_whole_milliseconds_and_never_negative() {
        assert_eq!(between(5_000_000, 12_999_999), Duration::from_millis(7));
        assert_eq!(between(12_000_000, 5_000_000), Duration::ZERO);
        assert_eq!(since(now() + 60_000_000_000), Duration::ZERO);
    }
}
