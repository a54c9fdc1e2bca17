//! The shop's counters. Each is a variable, too, so that `vars` shows it and `trend` draws it.

use std::time::Duration;

use backdoor_runtime::{Counter, Gauge, Histogram, backdoor_var};
use serde::Serialize;

/// Requests of customers
#[backdoor_var(trend)]
pub(crate) static REQUESTS: Counter = Counter::new();

/// How long customers wait for an answer
#[backdoor_var]
pub(crate) static ANSWER_TIME: Histogram<Duration> = Histogram::new();

/// Requests for what is not there
#[backdoor_var]
pub(crate) static UNKNOWN: Counter = Counter::new();

/// Orders that found no place in the queue
#[backdoor_var(trend)]
pub(crate) static REFUSED: Counter = Counter::new();

/// Orders that wait for a worker
#[backdoor_var(trend, unit = "orders")]
pub(crate) static QUEUED: Gauge = Gauge::new();

/// The counts at one moment.
#[derive(Debug, Serialize)]
pub(crate) struct Counts {
    requests: u64,
    /// Requests for unknown products or orders.
    unknown: u64,
    /// Orders that were refused because the queue was full.
    refused: u64,
}

/// The counts so far.
pub(crate) fn counts() -> Counts {
    Counts { requests: REQUESTS.get(), unknown: UNKNOWN.get(), refused: REFUSED.get() }
}
