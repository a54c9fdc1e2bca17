//! Locks that record their holders and waiters, for the commands `locks` and `waits`.
//!
//! [`Mutex`], [`RwLock`] and [`Condvar`] replace those of the standard library; [`Semaphore`] and the locks in [`asynch`] replace those of
//! tokio: change the `use`, and nothing else.
//!
//! ```
//! use std::sync::Arc;
//! use backdoor_runtime::sync::{Mutex, RwLock};
//!
//! let orders = Arc::new(Mutex::named("orders", Vec::new()));
//! let prices = RwLock::new(0.5);
//! orders.lock().unwrap().push("a lantern");
//! assert_eq!(*prices.read().unwrap(), 0.5);
//! ```
//!
//! Taking and releasing a free lock costs a few stores and one reading of a coarse clock more than without; `cargo xtask bench locks`
//! compares it with std, parking_lot and tokio. A waiter is registered until the wait ends or its future is dropped. A lock is 56 bytes
//! larger, and has a record of 256 bytes from its first use on; each reader or holder of permits needs 64 bytes, with at most 8 readers
//! and 32 holders of permits per lock. The numbers are for 64-bit machines.
//!
//! A holder is recorded as the thread and, in an instrumented task, the number of the task. Times come from a coarse clock and are exact to
//! a tick of the kernel, 4 ms at 250 Hz. Do not use these locks in a global allocator, since their first use allocates.

mod access;
#[cfg(feature = "tokio")]
pub mod asynch;
#[cfg(runtime_views)]
mod commands;
mod condvar;
#[cfg(runtime_views)]
mod cycle;
#[cfg(runtime_views)]
mod futex;
mod mutex;
#[cfg(runtime_views)]
mod of_task;
mod place;
#[cfg(runtime_views)]
mod poison;
#[cfg(runtime_views)]
mod record;
#[cfg(runtime_views)]
mod registry;
mod rwlock;
#[cfg(runtime_views)]
mod slot;
mod take;
#[cfg(not(runtime_views))]
mod unrecorded;
#[cfg(runtime_views)]
mod view;
#[cfg(runtime_views)]
mod waits;
#[cfg(runtime_views)]
mod watch;
#[cfg(runtime_views)]
mod who;
#[cfg(runtime_views)]
mod window;

#[cfg(not(runtime_views))]
use unrecorded::{poison, record, watch, who};

#[cfg(feature = "tokio")]
pub use asynch::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
pub use condvar::Condvar;
#[cfg(runtime_views)]
pub(crate) use futex::UntrackedInfo;
pub use mutex::{Mutex, MutexGuard};
#[cfg(runtime_views)]
pub(crate) use of_task::{TaskLocks, locks_of_tasks};
pub use rwlock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
pub use std::sync::{LockResult, PoisonError, TryLockError, TryLockResult, WaitTimeoutResult};
#[cfg(runtime_views)]
pub use view::{HolderInfo, LockInfo, WaiterInfo, locks};
#[cfg(runtime_views)]
pub(crate) use view::{first_locks, poisoned_locks};
#[cfg(runtime_views)]
pub(crate) use waits::{Waits, tracked, waits};
#[cfg(runtime_views)]
pub(crate) use window::{LockUse, LockWindow};
