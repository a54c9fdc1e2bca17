//! The author's code that runs for views, by its subject. A subject that exceeds its time limit is not asked again before it has returned:
//! so each one occupies one thread at most, and delays nothing else.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The running calls, by subject, with an entry for each thread.
static RUNNING: Mutex<BTreeMap<String, Vec<Since>>> = Mutex::new(BTreeMap::new());

/// When the call began.
struct Since {
    number: u64,
    begun: Instant,
    /// Its time limit.
    limit: Duration,
}

/// While this exists, code of the author runs.
pub(crate) struct Running {
    what: String,
    number: u64,
}

impl Running {
    /// A call begins, with this time limit.
    pub(crate) fn begin(what: &str, limit: Duration) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        running().entry(what.to_owned()).or_default().push(Since { number, begun: Instant::now(), limit });
        Self { what: what.to_owned(), number }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut running = running();
        if let Some(of_it) = running.get_mut(&self.what) {
            of_it.retain(|since| since.number != self.number);
            if of_it.is_empty() {
                running.remove(&self.what);
            }
        }
    }
}

/// The caller stops waiting for the running call about this subject.
pub(crate) fn give_up(what: &str) {
    if let Some(of_it) = running().get_mut(what) {
        of_it.iter_mut().for_each(|since| since.limit = Duration::ZERO);
    }
}

/// How long the call about this subject has run, if that exceeds its limit.
pub(crate) fn of(what: &str) -> Option<Duration> {
    let running = running();
    let late = running.get(what)?.iter().filter(|since| since.begun.elapsed() > since.limit);
    late.map(|since| since.begun.elapsed()).max()
}

fn running() -> MutexGuard<'static, BTreeMap<String, Vec<Since>>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_that_has_returned_is_responsive() {
        let quick = Running::begin("silence", Duration::MAX);
        assert_eq!(of("silence"), None);
        let late = Running::begin("silence", Duration::MAX);
        give_up("silence");
        while of("silence").is_none() {
            std::thread::yield_now();
        }
        drop((late, quick));
        assert_eq!(of("silence"), None);
        drop(Running::begin("silence", Duration::MAX));
        assert!(!running().contains_key("silence"));
    }
}
