//! Execution of code: the console's threads and runtimes, code of the author on threads that may be left running, and panics that are
//! caught.

pub(crate) mod block_on;
pub(crate) mod catch_panic;
pub(crate) mod claim;
pub(crate) mod own_thread;
pub(crate) mod poll_monitor;
pub(crate) mod query;
pub(crate) mod runtime_thread;
pub(crate) mod task;
pub(crate) mod unresponsive;
