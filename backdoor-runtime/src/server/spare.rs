//! A descriptor kept in reserve: where the process has none left, a peer can still be told so instead of waiting without a word.

use std::fs::File;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::io::Errno;

/// How long no connection is taken after one could not be, at first and at most: haste would only burn CPU.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A descriptor that is of no use but to be closed.
pub(crate) struct Spare(Mutex<Option<File>>);

impl Spare {
    pub(crate) fn new() -> Self {
        let spare = Self(Mutex::new(None));
        spare.renew();
        spare
    }

    /// Gives it up for what is to be opened now.
    pub(crate) fn give_up(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Opens it again. Where that fails it is tried the next time.
    pub(crate) fn renew(&self) {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if file.is_none() {
            *file = File::open("/dev/null").ok();
        }
    }
}

/// Whether the process or the system has run out of what a connection needs (accept(2)).
pub(crate) fn is_exhaustion(error: &io::Error) -> bool {
    let exhaustion = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];
    Errno::from_io_error(error).is_some_and(|error| exhaustion.contains(&error))
}

/// Pauses that double from the first to the longest.
pub(crate) struct Pauses(Duration);

impl Pauses {
    pub(crate) fn new() -> Self {
        Self(FIRST_PAUSE)
    }

    pub(crate) fn next(&mut self) -> Duration {
        let pause = self.0;
        self.0 = (pause * 2).min(LONGEST_PAUSE);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_second() {
        let mut pauses = Pauses::new();
        let all: Vec<_> = (0..6).map(|_| pauses.next().as_millis()).collect();
        assert_eq!(all, [100, 200, 400, 800, 1000, 1000]);
    }

    #[test]
    fn running_out_is_told_from_other_errors() {
        let is_exhaustion = |errno: Errno| is_exhaustion(&errno.into());
        assert!([Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM].into_iter().all(is_exhaustion));
        assert!(!is_exhaustion(Errno::CONNABORTED));
    }

    #[test]
    fn it_can_be_had_again() {
        let spare = Spare::new();
        assert!(spare.0.lock().unwrap().is_some());
        spare.give_up();
        assert!(spare.0.lock().unwrap().is_none());
        spare.renew();
        assert!(spare.0.lock().unwrap().is_some());
    }
}
