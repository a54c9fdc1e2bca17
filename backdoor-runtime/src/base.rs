//! The lowest layer: escaping and scrubbing of text, clocks, reserved descriptors, and handling of forks. This folder does not know
//! commands, sessions or views.

pub(crate) mod byte_size;
pub(crate) mod causes;
pub(crate) mod clock;
pub(crate) mod coarse_clock;
pub(crate) mod duration;
pub(crate) mod escape;
#[allow(unsafe_code, reason = "pthread_atfork and what its handler may do; each block has its reason")]
pub(crate) mod fork;
#[allow(unsafe_code, reason = "system calls without arguments, whose wrappers in rustix may panic")]
pub(crate) mod kernel_ids;
pub(crate) mod per_second;
pub(crate) mod private_file;
pub(crate) mod quote;
pub(crate) mod reserve;
pub(crate) mod scrub;
pub(crate) mod soft_limit;
pub(crate) mod suggest;
