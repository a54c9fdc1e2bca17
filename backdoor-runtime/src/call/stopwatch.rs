//! How long a command has run, without the time that it waited for its operator: a slow reader must not exceed a deadline.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The clock of one running command.
pub(crate) struct Clock(Mutex<Reading>);

struct Reading {
    used: Duration,
    /// When it last started, unless it is stopped.
    since: Option<Instant>,
    pauses: usize,
}

/// Keeps a clock stopped.
pub(crate) struct Pause<'a>(&'a Clock);

impl Clock {
    pub(crate) fn start(now: Instant) -> Self {
        Self(Mutex::new(Reading { used: Duration::ZERO, since: Some(now), pauses: 0 }))
    }

    /// Stops the clock until the pause is dropped; several may overlap.
    pub(crate) fn pause(&self) -> Pause<'_> {
        let mut reading = self.reading();
        if let Some(since) = reading.since.take() {
            reading.used += since.elapsed();
        }
        reading.pauses += 1;
        Pause(self)
    }

    pub(crate) fn used(&self) -> Duration {
        let reading = self.reading();
        reading.used + reading.since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    fn reading(&self) -> std::sync::MutexGuard<'_, Reading> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pause<'_> {
    fn drop(&mut self) {
        let mut reading = self.0.reading();
        reading.pauses -= 1;
        if reading.pauses == 0 {
            reading.since = Some(Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn waiting_for_the_operator_does_not_count() {
        let clock = Clock::start(Instant::now());
        tokio::time::advance(Duration::from_secs(2)).await;
        let (one, other) = (clock.pause(), clock.pause());
        tokio::time::advance(Duration::from_secs(10)).await;
        drop(one);
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(clock.used(), Duration::from_secs(2));
        drop(other);
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(clock.used(), Duration::from_secs(5));
    }
}
