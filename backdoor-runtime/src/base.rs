//! The lowest layer: escaping and scrubbing of text, clocks, reserved descriptors, and handling of forks. This folder does not know
//! commands, sessions or views.

pub(crate) mod byte_size;
pub(crate) mod causes;
#[cfg(feature = "console")]
pub(crate) mod clock;
#[cfg(feature = "console")]
pub(crate) mod coarse_clock;
pub(crate) mod duration;
#[cfg(not(serves))]
mod elsewhere;
pub(crate) mod escape;
#[cfg(serves)]
#[allow(unsafe_code, reason = "pthread_atfork and what its handler may do; each block has its reason")]
pub(crate) mod fork;
#[cfg(serves)]
#[allow(unsafe_code, reason = "system calls without arguments, whose wrappers in rustix may panic")]
pub(crate) mod kernel_ids;
#[cfg(feature = "console")]
pub(crate) mod per_second;
#[cfg(serves)]
pub(crate) mod private_file;
#[cfg(feature = "console")]
pub(crate) mod process;
pub(crate) mod quote;
#[cfg(feature = "console")]
pub(crate) mod race;
#[cfg(serves)]
pub(crate) mod reserve;
#[cfg(feature = "console")]
pub(crate) mod scrub;
#[cfg(serves)]
pub(crate) mod soft_limit;
pub(crate) mod sort;
pub(crate) mod suggest;

#[cfg(not(serves))]
pub(crate) use elsewhere::{kernel_ids, reserve};
