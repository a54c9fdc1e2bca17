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
use tokio::task::coop;

use super::place::Place;
use super::record::{Record, Wanted};
use super::who::Owner;

/// Takes a lock: at once if it is free, else by a wait that is noted from the first poll that does not get it until this ends or is
/// dropped. Tokio gives nothing at once while somebody waits for it, so nobody is overtaken.
async fn take<F: Future>(
    record: &Record,
    wanted: Wanted,
    place: Place,
    at_once: impl FnOnce() -> Option<F::Output>,
    wait: impl FnOnce() -> F,
) -> F::Output {
    if let Some(taken) = at_once() {
        // As tokio does itself: a task that finds every lock free lets others run now and then.
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
