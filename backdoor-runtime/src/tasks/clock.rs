//! Points in time that fit into an atomic.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Nanoseconds since the first question; 584 years fit.
#[inline]
pub(crate) fn now() -> u64 {
    let start = *START;
    let since = Instant::now().duration_since(start);
    since.as_secs() * 1_000_000_000 + u64::from(since.subsec_nanos())
}

/// How long ago that was.
pub(crate) fn since(then: u64) -> Duration {
    Duration::from_nanos(now().saturating_sub(then))
}
