//! How code runs: threads of ours and the runtimes on them, the author's code on threads that may be left behind, panics that are
//! caught.

pub(crate) mod block_on;
pub(crate) mod catch_panic;
pub(crate) mod own_thread;
pub(crate) mod poll_monitor;
pub(crate) mod query;
pub(crate) mod runtime_thread;
pub(crate) mod task;
pub(crate) mod unresponsive;
