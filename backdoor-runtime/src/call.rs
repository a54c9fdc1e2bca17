//! One call of a command, for everything that takes part in it: the caller, the output and its limit, the reason for a stop, and the
//! outcome.

pub(crate) mod budget;
pub(crate) mod chunks;
pub(crate) mod failure;
pub(crate) mod output;
pub(crate) mod output_event;
pub(crate) mod peer;
pub(crate) mod reply_buffer;
pub(crate) mod run_state;
pub(crate) mod salvage;
pub(crate) mod session;
pub(crate) mod stopwatch;
