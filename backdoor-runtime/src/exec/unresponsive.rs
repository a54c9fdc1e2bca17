//! The author's code that runs for a view, by what it is about. What has not returned for longer than it may is not asked again before it
//! does: so each such thing leaves one thread behind at most, and takes nothing else along.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What runs, by what it is about. There is an entry for each thread that is in such code.
static RUNNING: Mutex<BTreeMap<String, Vec<Since>>> = Mutex::new(BTreeMap::new());

/// Since when something runs.
struct Since {
    number: u64,
    begun: Instant,
    /// How long it may take.
    limit: Duration,
}

/// While this lives, code of the author's runs.
pub(crate) struct Running {
    what: String,
    number: u64,
}

impl Running {
    /// Code begins to run that may take so long.
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

/// Nobody waits any more for the code about this that runs now.
pub(crate) fn give_up(what: &str) {
    if let Some(of_it) = running().get_mut(what) {
        of_it.iter_mut().for_each(|since| since.limit = Duration::ZERO);
    }
}

/// How long code about this has run, where that is longer than it may.
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
    fn what_has_returned_is_not_silent() {
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
