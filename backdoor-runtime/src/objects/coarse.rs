//! The clock of ages: read whenever an object is made or dropped, so it must cost next to nothing.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds of `CLOCK_MONOTONIC_COARSE`: it moves with the kernel's tick, every 4 ms where that is 250 Hz (clock_gettime(2)).
#[inline]
pub(super) fn now() -> u64 {
    let now = clock_gettime(ClockId::MonotonicCoarse);
    now.tv_sec.unsigned_abs() * 1_000_000_000 + now.tv_nsec.unsigned_abs()
}

/// The time between the two, in whole milliseconds: more the clock cannot tell.
pub(super) fn between(then: u64, now: u64) -> Duration {
    Duration::from_millis(now.saturating_sub(then) / 1_000_000)
}
