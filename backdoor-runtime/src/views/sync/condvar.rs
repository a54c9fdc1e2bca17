//! Condition variables for our [`Mutex`](super::Mutex).

use std::panic::Location;
use std::sync::{LockResult, PoisonError, WaitTimeoutResult};
use std::time::{Duration, Instant};

use super::mutex::MutexGuard;
use super::take::map_guard;

/// A replacement for [`std::sync::Condvar`] that works with our [`Mutex`](super::Mutex). The mutex is not shown as held during the wait.
///
/// Waiters for a condition are not listed: it has no holder.
///
/// ```
/// use std::thread;
/// use backdoor_runtime::sync::{Condvar, Mutex};
///
/// static READY: Mutex<bool> = Mutex::named("ready", false);
/// static CHANGED: Condvar = Condvar::new();
///
/// let waiter = thread::spawn(|| {
///     let ready = CHANGED.wait_while(READY.lock().unwrap(), |ready| !*ready).unwrap();
///     *ready
/// });
/// *READY.lock().unwrap() = true;
/// CHANGED.notify_one();
/// assert!(waiter.join().unwrap());
/// ```
#[derive(Debug, Default)]
pub struct Condvar(std::sync::Condvar);

impl Condvar {
    /// A condition variable without waiters.
    pub const fn new() -> Self {
        Self(std::sync::Condvar::new())
    }

    /// Releases the mutex until a notification, or until a spurious wakeup.
    ///
    /// # Errors
    /// The mutex is poisoned; the guard is in the error.
    #[track_caller]
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        let (waited, held) = guard.while_released(Location::caller(), |inner| self.0.wait(inner));
        map_guard(waited, held)
    }

    /// Waits as long as `condition` returns true.
    ///
    /// # Errors
    /// The mutex is poisoned; the guard is in the error.
    #[track_caller]
    pub fn wait_while<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> LockResult<MutexGuard<'a, T>> {
        while condition(&mut guard) {
            guard = self.wait(guard)?;
        }
        Ok(guard)
    }

    /// As [`wait`](Self::wait), for at most this time.
    ///
    /// # Errors
    /// The mutex is poisoned; the guard is in the error.
    #[track_caller]
    pub fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        timeout: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        let place = Location::caller();
        let (waited, held) = guard.while_released(place, |inner| self.0.wait_timeout(inner, timeout));
        map_guard(waited, |(inner, ended)| (held(inner), ended))
    }

    /// As [`wait_while`](Self::wait_while), for at most this time.
    ///
    /// # Errors
    /// The mutex is poisoned; the guard is in the error.
    #[track_caller]
    pub fn wait_timeout_while<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        timeout: Duration,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        let start = Instant::now();
        loop {
            if !condition(&mut guard) {
                return Ok((guard, outcome(false)));
            }
            let Some(left) = timeout.checked_sub(start.elapsed()) else {
                return Ok((guard, outcome(true)));
            };
            guard = self.wait_timeout(guard, left)?.0;
        }
    }

    /// Wakes one waiter.
    pub fn notify_one(&self) {
        self.0.notify_one();
    }

    /// Wakes all waiters.
    pub fn notify_all(&self) {
        self.0.notify_all();
    }
}

/// The outcome of a wait, which only a wait of the standard library makes: here one that does not last.
fn outcome(timed_out: bool) -> WaitTimeoutResult {
    let mutex = std::sync::Mutex::new(());
    let guard = mutex.lock().unwrap_or_else(PoisonError::into_inner);
    let waited = std::sync::Condvar::new().wait_timeout_while(guard, Duration::ZERO, |()| timed_out);
    waited.unwrap_or_else(PoisonError::into_inner).1
}
