//! Execution of code: the console's threads and runtimes, code of the author on threads that may be left running, and panics that are
//! caught.

#[cfg(feature = "console")]
pub(crate) mod block_on;
pub(crate) mod catch_panic;
#[cfg(feature = "console")]
pub(crate) mod claim;
#[cfg(feature = "console")]
pub(crate) mod own_thread;
#[cfg(feature = "console")]
pub(crate) mod poll_monitor;
#[cfg(feature = "console")]
pub(crate) mod query;
#[cfg(feature = "console")]
pub(crate) mod runtime_thread;
#[cfg(feature = "console")]
pub(crate) mod task;
#[cfg(feature = "console")]
pub(crate) mod unresponsive;
