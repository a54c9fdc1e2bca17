//! Locks that say who holds them and who waits, as the commands `locks` and `waits` show it.
//!
//! [`Mutex`], [`RwLock`] and [`Condvar`] are twins of the standard library's, those in [`asynch`] and [`Semaphore`] of tokio's: change
//! the `use`, and nothing else.
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
//! To take a lock that is free, and to let it go, costs a few stores and one look at a coarse clock more than without; `cargo xtask
//! bench locks` measures it beside std's, parking_lot's and tokio's. Who has to wait registers himself until the wait ends or its future
//! is dropped. A lock is 56 bytes larger, and from its first use on has a record of 256 bytes; readers and permits are noted in 64 bytes
//! each, at most 8 readers and 32 holders of permits of one lock. The numbers are of 64-bit machines.
//!
//! What is taken is noted with the thread and, in a task of ours, with its number. Times come from a coarse clock and are right to
//! the kernel's tick, 4 ms where that is 250 Hz. Locks must not be used in a global allocator, since their first use allocates.

mod access;
pub mod asynch;
mod commands;
mod condvar;
mod cycle;
mod futex;
mod mutex;
mod of_task;
mod place;
mod poison;
mod record;
mod registry;
mod rwlock;
mod slot;
mod take;
mod view;
mod waits;
mod watch;
mod who;

pub use asynch::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
pub use condvar::{Condvar, WaitTimeoutResult};
pub use futex::{UntrackedInfo, UntrackedThread};
pub use mutex::{Mutex, MutexGuard};
pub use of_task::{TaskLocks, locks_of_tasks};
pub use rwlock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
pub use std::sync::{LockResult, PoisonError, TryLockError, TryLockResult};
pub(crate) use view::poisoned_locks;
pub use view::{HolderInfo, LockInfo, WaiterInfo, first_locks, locks};
pub(crate) use waits::tracked;
pub use waits::{CycleInfo, EdgeInfo, MemberInfo, Waits, waits};
