//! Instrumented tasks: the list of them, the state of each, and the place where it waits, with file and line.
//!
//! A service spawns with [`spawn()`] and [`spawn_named`] instead of tokio's, with a [`JoinSet`] or a
//! [`Builder`] of ours, or lets any future be listed with [`Instrument::instrumented`]. Nothing else is needed: neither
//! `tokio_unstable` nor a subscriber. The operator then has `tasks`, `pgt`, `runtime` and `cancel`.
//!
//! The stack of a task comes from one poll with a waker of ours: each future that clones the waker is a leaf. The stack contains
//! - sleeps, sockets, channels, locks, `JoinHandle`s: each is a leaf, with the functions that await it;
//! - `select!`, `join!`, `timeout`: a leaf for each branch that waits;
//! - `FuturesUnordered`, and `join_all` of more than 30 futures: one leaf, the awaited future of the collection (`Next`, `JoinAll`), since
//!   it polls only woken members; spawn the members as tasks to see more;
//! - a `LocalSet`: each task in it that was spawned with us; the set itself is a leaf of the task that drives it;
//! - tasks of a current-thread runtime, as of any other, while its thread polls;
//! - a future that wakes itself: the place of the wake, marked as such;
//! - a future that registers no waker, such as `pending()`: no leaf, and a note with the reason.
//!
//! A task that does not return from its poll is shown as running, with the native stack of its thread; a task that is not polled
//! within 200 ms has a note instead.
//! `tasks` and `runtime` count the tasks that are not instrumented, without listing them. With `--cfg tokio_unstable` there are
//! `on_task_spawn` and `on_task_terminate` for the hooks of the same names of `tokio::runtime::Builder`: they list those, too, with the
//! place where they were spawned.
//!
//! What it costs is measured by `cargo xtask bench tasks`.

#[cfg(runtime_views)]
mod cancel;
#[cfg(runtime_views)]
mod commands;
#[cfg(runtime_views)]
pub(crate) mod current;
#[cfg(runtime_views)]
mod groups;
#[cfg(all(tokio_unstable, runtime_views))]
mod hook;
#[cfg(runtime_views)]
mod info;
mod join_set;
#[cfg(runtime_views)]
pub(crate) mod long_polls;
#[cfg(runtime_views)]
mod names;
#[cfg(runtime_views)]
pub(crate) mod native;
#[cfg(runtime_views)]
#[allow(unsafe_code, reason = "the unwinder's functions; each block has its reason")]
mod own_stack;
#[cfg(runtime_views)]
mod places;
#[cfg(runtime_views)]
#[allow(
    unsafe_code,
    reason = "a waker that notices its clones has a table of its own, which only `unsafe` can make"
)]
mod probe;
#[cfg(runtime_views)]
mod query;
#[cfg(runtime_views)]
mod record;
#[cfg(runtime_views)]
pub(crate) mod registry;
#[cfg(runtime_views)]
mod runtime;
#[cfg(runtime_views)]
pub(crate) mod self_wake;
mod spawn;
#[cfg(runtime_views)]
mod stack;
#[cfg(runtime_views)]
mod thread;
#[cfg(runtime_views)]
mod tracked;
#[cfg(not(runtime_views))]
mod unrecorded;
#[cfg(runtime_views)]
pub(crate) mod waiting;

#[cfg(not(runtime_views))]
use unrecorded as tracked;

#[cfg(runtime_views)]
pub(crate) use cancel::{CancelError, cancel};
#[cfg(runtime_views)]
pub(crate) use groups::{Group, GroupWatch};
#[cfg(all(tokio_unstable, runtime_views))]
pub use hook::{on_task_spawn, on_task_terminate};
#[cfg(runtime_views)]
pub(crate) use info::{EndedTask, HowEnded, rounded};
#[cfg(runtime_views)]
pub use info::{TaskInfo, TaskState};
pub use join_set::JoinSet;
#[cfg(runtime_views)]
pub(crate) use places::By;
#[cfg(runtime_views)]
pub use query::list;
#[cfg(runtime_views)]
pub(crate) use query::{blocked, busy, counted_by, ended, get, running};
#[cfg(all(runtime_views, feature = "state-views"))]
pub(crate) use registry::alive;
#[cfg(runtime_views)]
pub(crate) use runtime::{RuntimeInfo, runtime};
pub use spawn::{Builder, Instrument, JoinHandle, spawn, spawn_named};
#[cfg(runtime_views)]
pub use stack::{Frame, Leaf, TaskStack, stacks};
pub use tracked::Instrumented;
