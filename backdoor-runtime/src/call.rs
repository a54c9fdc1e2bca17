//! One call of a command, as everything that takes part in it sees it: who asked, what the command may say and how much, why it was
//! told to stop, how it ended.

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
