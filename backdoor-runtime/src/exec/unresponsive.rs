//! The author's code that runs for views, by its subject. A subject that exceeds its time limit is not asked again before it has returned:
//! so each one occupies one thread at most, and delays nothing else.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::exec::own_thread::own_time::Work;

/// The running calls, by subject, with an entry for each thread.
static RUNNING: Mutex<BTreeMap<String, Vec<Since>>> = Mutex::new(BTreeMap::new());

/// When the call began.
#[derive(Clone, Copy)]
struct Since {
    number: u64,
    /// Its thread.
    work: Work,
    begun: Instant,
    /// Its time limit; zero once its caller has stopped waiting.
    limit: Duration,
}

/// While this exists, code of the author runs.
pub(crate) struct Running {
    what: String,
    number: u64,
}

impl Running {
    /// A call begins on this thread, with this time limit.
    pub(crate) fn begin(what: &str, limit: Duration) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let since = Since { number, work: Work::begin(), begun: Instant::now(), limit };
        running().entry(what.to_owned()).or_default().push(since);
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
    let is_over = |since: &&Since| since.begun.elapsed() > since.limit;
    let over: Vec<Since> = running().get(what)?.iter().filter(is_over).copied().collect();
    over.iter().filter(|since| since.is_late()).map(|since| since.begun.elapsed()).max()
}

impl Since {
    /// Whether the limit is exceeded also without the time in which the thread had no processor, as its caller judges it.
    fn is_late(&self) -> bool {
        self.limit.is_zero() || self.work.left(self.limit, self.begun.elapsed()).is_none()
    }
}

fn running() -> MutexGuard<'static, BTreeMap<String, Vec<Since>>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;

    use super::*;

    #[test]
    fn code_that_has_returned_is_responsive() {
        let quick = Running::begin("silence", Duration::MAX);
        assert_eq!(of("silence"), None);
        let late = Running::begin("silence", Duration::MAX);
        give_up("silence");
        while of("silence").is_none() {
            thread::yield_now();
        }
        drop((late, quick));
        assert_eq!(of("silence"), None);
        drop(Running::begin("silence", Duration::MAX));
        assert!(!running().contains_key("silence"));
    }

    /// A call that began five seconds ago, with a limit of one.
    fn of_this_thread() -> Since {
        let begun = Instant::now().checked_sub(Duration::from_secs(5)).unwrap();
        Since { number: 0, work: Work::begin(), begun, limit: Duration::from_secs(1) }
    }

    #[test]
    fn a_thread_that_waits_for_a_processor_is_not_late() {
        let runs = thread::spawn(|| {
            let since = of_this_thread();
            (since.is_late(), Since { limit: Duration::ZERO, ..since }.is_late())
        });
        assert_eq!(runs.join().unwrap(), (false, true), "it runs, and has not run for a second");
    }

    #[test]
    fn a_thread_that_sleeps_beyond_its_limit_is_late() {
        let ((send, since), (end, ended)) = (channel(), channel::<()>());
        let sleeps = thread::spawn(move || {
            send.send(of_this_thread()).unwrap();
            ended.recv()
        });
        let since = since.recv().unwrap();
        while !since.is_late() {
            thread::yield_now();
        }
        drop(end);
        assert!(sleeps.join().unwrap().is_err());
    }
}
