//! Points in time that fit into an atomic and are cheap enough to take twice in each poll.

use std::time::Duration;

/// Nanoseconds of `CLOCK_MONOTONIC`, the clock of [`Instant`](std::time::Instant). [`coarse::now`](crate::base::coarse_clock::now) is
/// slightly behind it. 584 years fit.
#[inline]
pub(crate) fn now() -> u64 {
    #[cfg(serves)]
    {
        use rustix::time::{ClockId, clock_gettime};
        let now = clock_gettime(ClockId::Monotonic);
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
    Duration::from_nanos(now().saturating_sub(then))
}
