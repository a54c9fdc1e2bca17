//! Descriptors kept in reserve for newcomers: where the process has none left, one operator still gets in, and whoever comes after that
//! is told so instead of waiting without a word.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::base::reserve::{self, Reserve};

/// How long no connection is taken after one could not be, at first: haste would only burn CPU.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// One for who is let in, and one for who is told that nobody else can be.
const COUNT: usize = 2;

/// The descriptors of one console.
pub(crate) struct ReserveFd {
    reserve: Mutex<Reserve>,
    /// Those for views, which are the process's.
    _keeping: reserve::Keeping,
}

impl ReserveFd {
    pub(crate) fn new() -> Self {
        let reserve_fd = Self { reserve: Mutex::default(), _keeping: reserve::Keeping::begin() };
        reserve_fd.renew();
        reserve_fd
    }

    /// Gives one up for a connection that is to be taken now, and says whether it may stay: another is there for the next.
    pub(crate) fn give_up(&self) -> bool {
        let mut reserve = self.reserve();
        reserve.give_up() && reserve.len() + 1 == COUNT
    }

    /// Has them again, as far as there are descriptors.
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
    fn one_connection_may_stay_until_there_are_descriptors_again() {
        let reserve_fd = ReserveFd::new();
        assert_eq!([reserve_fd.give_up(), reserve_fd.give_up(), reserve_fd.give_up()], [true, false, false]);
        reserve_fd.renew();
        assert!(reserve_fd.give_up());
    }
}
