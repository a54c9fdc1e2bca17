//! The built-in trends: numbers of the process that are watched without a word of the author.
//!
//! One reading of all takes about 20 µs, and needs no descriptor that the process may lack.

#[cfg(runtime_views)]
use std::sync::{Mutex, PoisonError};
#[cfg(runtime_views)]
use std::time::{Duration, Instant};

#[cfg(runtime_views)]
use tokio::runtime::Handle;

use crate::Value;
use crate::dispatch::ConsoleState;
use crate::readable::Reading;
#[cfg(feature = "log-view")]
use crate::views::logs;
#[cfg(resource_views)]
use crate::views::resources;
#[cfg(runtime_views)]
use crate::views::tasks;
use crate::views::trends::Watched;

/// Those for which the program has a view.
pub(super) fn all(console: &ConsoleState) -> Vec<Watched> {
    #[allow(unused_mut, reason = "a program may have none of these views")]
    let mut all = Vec::new();
    #[cfg(resource_views)]
    {
        const HIDDEN: &str = "/proc does not show it";
        let resident = || resources::resident().map(|bytes| (bytes as f64 / f64::from(1 << 20)).into());
        let fds = resources::DescriptorCount::default();
        all.push(Watched::built_in("mem", "MiB", HIDDEN, move || reading(resident())));
        all.push(Watched::built_in("fds", "", HIDDEN, move || reading(fds.now().map(Value::from))));
        all.push(Watched::built_in("threads", "", HIDDEN, || reading(resources::threads().map(Value::from))));
    }
    #[cfg(runtime_views)]
    {
        all.push(Watched::built_in("tasks", "", "", || reading(Some(tasks::alive().into()))));
        let busy = console.asynchronous.service().cloned().map(Busy::new);
        let busy = move || reading(busy.as_ref().and_then(Busy::percent).map(Value::from));
        all.push(Watched::built_in("busy", "%", "it needs two readings of the service's runtime", busy));
    }
    #[cfg(feature = "log-view")]
    {
        let count = || logs::errors().map(|count| Value::record([("count", count.into())]));
        all.push(Watched::built_in("errors", "", "no ring of events is installed", move || reading(count())));
    }
    let _ = console;
    all
}

#[allow(dead_code, reason = "a program may have none of these views")]
fn reading(value: Option<Value>) -> Reading {
    value.map_or(Reading::NotSet, Reading::Value)
}

/// The share of the time in which the workers of a runtime were not parked.
#[cfg(runtime_views)]
struct Busy {
    runtime: Handle,
    before: Mutex<Option<(Instant, Vec<Worker>)>>,
}

/// One reading of a worker.
#[cfg(runtime_views)]
#[derive(PartialEq)]
struct Worker {
    busy: Duration,
    turns: u64,
}

#[cfg(runtime_views)]
impl Busy {
    fn new(runtime: Handle) -> Self {
        Self { runtime, before: Mutex::new(None) }
    }

    /// In percent since the last call, with one decimal.
    fn percent(&self) -> Option<f64> {
        let metrics = self.runtime.metrics();
        let read = |worker| Worker {
            busy: metrics.worker_total_busy_duration(worker),
            turns: metrics.worker_park_unpark_count(worker),
        };
        let now: Vec<Worker> = (0..metrics.num_workers()).map(read).collect();
        let at = Instant::now();
        let mut before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        let share = before.as_ref().map(|(since, before)| {
            let window = at.duration_since(*since).as_secs_f64().max(f64::EPSILON);
            let shares = before.iter().zip(&now).map(|(before, now)| now.share(before, window));
            shares.sum::<f64>() / now.len().max(1) as f64
        });
        *before = Some((at, now));
        share.map(|share| (share * 1000.0).round() / 10.0)
    }
}

#[cfg(runtime_views)]
impl Worker {
    /// The part of this many seconds in which it was not parked. A worker writes its time when it parks, so one without any change that is
    /// not parked was busy throughout. An odd count means that it is parked.
    fn share(&self, before: &Self, window: f64) -> f64 {
        match self.turns.is_multiple_of(2) && self == before {
            true => 1.0,
            false => (self.busy.saturating_sub(before.busy).as_secs_f64() / window).min(1.0),
        }
    }
}

#[cfg(all(test, all_views))]
mod tests {
    use super::*;

    #[test]
    fn workers_are_busy_unless_they_are_parked() {
        let worker = |busy, turns| Worker { busy: Duration::from_millis(busy), turns };
        let share = |now: Worker, before: Worker| now.share(&before, 1.0);
        assert_eq!(share(worker(700, 8), worker(200, 6)), 0.5);
        assert_eq!(share(worker(200, 6), worker(200, 6)), 1.0, "one long poll");
        assert_eq!(share(worker(200, 7), worker(200, 7)), 0.0, "parked");
        assert_eq!(share(worker(9_000, 8), worker(200, 6)), 1.0, "the end of a long poll");
    }
}
