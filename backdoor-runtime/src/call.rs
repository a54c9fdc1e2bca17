//! One call of a command, for everything that takes part in it: the caller, the output and its limit, the reason for a stop, and the
//! outcome.

#[cfg(feature = "console")]
pub(crate) mod budget;
#[cfg(feature = "console")]
pub(crate) mod chunks;
pub(crate) mod failure;
#[cfg(feature = "console")]
pub(crate) mod link;
#[cfg(feature = "console")]
pub(crate) mod output;
#[cfg(feature = "console")]
pub(crate) mod output_event;
#[cfg(feature = "console")]
pub(crate) mod peer;
pub(crate) mod print_error;
pub(crate) mod reply;
#[cfg(feature = "console")]
pub(crate) mod reply_buffer;
#[cfg(feature = "console")]
pub(crate) mod run_state;
#[cfg(feature = "console")]
pub(crate) mod salvage;
pub(crate) mod session;
#[cfg(feature = "console")]
pub(crate) mod stopwatch;
#[cfg(not(feature = "console"))]
pub(crate) mod unconnected;
pub(crate) mod written;

#[cfg(not(feature = "console"))]
pub(crate) use unconnected::{self as link, self as output};
