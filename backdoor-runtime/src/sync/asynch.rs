//! Twins of tokio's locks that the commands `locks` and `waits` know.
//!
//! A task that was not spawned through this crate has no number here: what it holds is shown with the thread that polled it then, and
//! it cannot be followed in a cycle. A guard that is sent elsewhere is still shown with who took it.

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

use super::place::Place;
use super::watch::{Record, Wanted};
use super::who::Who;

/// Drives the future that takes a lock, and notes the wait from the first poll that does not get it until this ends or is dropped.
async fn waiting<F: Future>(record: &Record, wanted: Wanted, place: Place, taking: F) -> F::Output {
    let mut taking = pin!(taking);
    let mut wait = None;
    poll_fn(|context| {
        let polled = taking.as_mut().poll(context);
        if polled.is_pending() && wait.is_none() {
            wait = Some(record.wait(Who::here(true), wanted, place));
        }
        polled
    })
    .await
}
