//! Descriptors in reserve for new peers: if the process has none left, one more operator is accepted, and the next peer gets a message
//! instead of no answer.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::base::reserve::{self, Reserve};

/// The first pause after a connection could not be accepted: a shorter one would only burn CPU.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// One for the peer that is accepted, and one for telling the next peer.
const COUNT: usize = 2;

/// The descriptors of one console.
pub(crate) struct ReserveFd {
    reserve: Mutex<Reserve>,
    /// The descriptors for views, which belong to the process.
    _keeping: reserve::Keeping,
}

impl ReserveFd {
    pub(crate) fn new() -> Self {
        let reserve_fd = Self { reserve: Mutex::default(), _keeping: reserve::Keeping::begin() };
        reserve_fd.renew();
        reserve_fd
    }

    /// Closes one descriptor for a connection that is accepted next. True if the connection may stay: another descriptor is left.
    pub(crate) fn give_up(&self) -> bool {
        let mut reserve = self.reserve();
        reserve.give_up() && reserve.len() + 1 == COUNT
    }

    /// Opens the descriptors again, as far as possible.
    pub(crate) fn renew(&self) {
        self.reserve().renew(COUNT);
    }

    fn reserve(&self) -> MutexGuard<'_, Reserve> {
        self.reserve.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Pauses that double from the first to the longest.
pub(crate) struct Backoff {
    next: Duration,
    longest: Duration,
}

impl Backoff {
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
            let mut backoff = Backoff::up_to(Duration::from_millis(longest));
            (0..6).map(|_| backoff.next().as_millis()).collect::<Vec<_>>()
        };
        assert_eq!(all(1000), [100, 200, 400, 800, 1000, 1000]);
        assert_eq!(all(50), [50; 6]);
        assert_eq!(all(0), [0; 6]);
    }

    #[test]
    fn one_connection_waits_for_free_descriptors() {
        let reserve_fd = ReserveFd::new();
        assert_eq!([reserve_fd.give_up(), reserve_fd.give_up(), reserve_fd.give_up()], [true, false, false]);
        reserve_fd.renew();
        assert!(reserve_fd.give_up());
    }
}
