//! The lowest layer: escaping and scrubbing of text, clocks, reserved descriptors, and handling of forks. This folder does not know
//! commands, sessions or views.

pub(crate) mod byte_size;
pub(crate) mod causes;
#[cfg(feature = "console")]
pub(crate) mod clock;
#[cfg(feature = "console")]
pub(crate) mod coarse_clock;
pub(crate) mod duration;
pub(crate) mod escape;
#[cfg(feature = "console")]
#[allow(unsafe_code, reason = "pthread_atfork and what its handler may do; each block has its reason")]
pub(crate) mod fork;
#[cfg(feature = "console")]
#[allow(unsafe_code, reason = "system calls without arguments, whose wrappers in rustix may panic")]
pub(crate) mod kernel_ids;
#[cfg(feature = "console")]
pub(crate) mod per_second;
#[cfg(feature = "console")]
pub(crate) mod private_file;
pub(crate) mod quote;
#[cfg(feature = "console")]
pub(crate) mod reserve;
#[cfg(feature = "console")]
pub(crate) mod scrub;
#[cfg(feature = "console")]
pub(crate) mod soft_limit;
pub(crate) mod suggest;
