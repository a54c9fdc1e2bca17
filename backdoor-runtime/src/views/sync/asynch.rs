//! Replacements for tokio's locks, shown by the commands `locks` and `waits`.
//!
//! A task that was not spawned through this crate has no number here: its holds show the thread that polled it then, and it cannot be
//! followed in a cycle. A guard that moves to another task is still shown with the task that took it.

mod mapped;
mod mutex;
mod owned;
mod rwlock;
mod semaphore;

use std::future::{Future, poll_fn};
use std::pin::pin;

pub use mapped::{
    MappedMutexGuard, OwnedMappedMutexGuard, OwnedRwLockMappedWriteGuard, RwLockMappedWriteGuard,
};
pub use mutex::{Mutex, MutexGuard, OwnedMutexGuard};
pub use rwlock::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};
pub use semaphore::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
pub use tokio::sync::{AcquireError, TryAcquireError, TryLockError};
use tokio::task::coop;

use super::place::Place;
use super::record::{Record, Wanted};
use super::who::Owner;

/// Takes a lock: at once if it is free. Otherwise the wait is recorded from its first pending poll until it ends or is dropped. Tokio gives
/// nothing at once while another task waits for the lock, so no waiter is overtaken.
async fn take<F: Future>(
    record: &Record,
    wanted: Wanted,
    place: Place,
    at_once: impl FnOnce() -> Option<F::Output>,
    wait: impl FnOnce() -> F,
) -> F::Output {
    if let Some(taken) = at_once() {
        // As tokio does itself: a task that finds every lock free yields from time to time.
        coop::consume_budget().await;
        return taken;
    }
    let mut taking = pin!(wait());
    let mut noted = None;
    poll_fn(|context| {
        let polled = taking.as_mut().poll(context);
        if polled.is_pending() && noted.is_none() {
            noted = Some(record.wait(Owner::here(true), wanted, place));
        }
        polled
    })
    .await
}
