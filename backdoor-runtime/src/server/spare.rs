//! A descriptor kept in reserve: where the process has none left, a peer can still be told so instead of waiting without a word.

use std::fs::File;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::io::Errno;

/// How long no connection is taken after one could not be, at first: haste would only burn CPU.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

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

/// Whether the process or the system has run out of descriptors (accept(2)), so that a spare one helps. Where the kernel has no memory
/// (`ENOBUFS`, `ENOMEM`) it does not: who waits is served when there is some again.
pub(crate) fn helps(error: &io::Error) -> bool {
    Errno::from_io_error(error).is_some_and(|error| [Errno::MFILE, Errno::NFILE].contains(&error))
}

/// Pauses that double from the first to the longest.
pub(crate) struct Pauses {
    next: Duration,
    longest: Duration,
}

impl Pauses {
    pub(crate) fn up_to(longest: Duration) -> Self {
        Self { next: FIRST_PAUSE.min(longest), longest }
    }

    pub(crate) fn next(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(self.longest);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_second() {
        let all = |longest| {
            let mut pauses = Pauses::up_to(Duration::from_millis(longest));
            (0..6).map(|_| pauses.next().as_millis()).collect::<Vec<_>>()
        };
        assert_eq!(all(1000), [100, 200, 400, 800, 1000, 1000]);
        assert_eq!(all(50), [50; 6]);
        assert_eq!(all(0), [0; 6]);
    }

    #[test]
    fn a_descriptor_helps_where_descriptors_are_missing() {
        let helps = |errno: Errno| helps(&errno.into());
        assert!([Errno::MFILE, Errno::NFILE].into_iter().all(helps));
        assert!(![Errno::NOBUFS, Errno::NOMEM, Errno::CONNABORTED].into_iter().any(helps));
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
