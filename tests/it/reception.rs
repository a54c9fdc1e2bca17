//! Which peers are admitted, which are evicted, and what a flood of connections leaves behind.

mod buffers;
mod descriptors;
mod ends;
mod floods;
mod idle;
mod kernel;
mod places;
mod process;
mod rare;
#[allow(unsafe_code, reason = "no safe function gives a signal its default back")]
mod sigpipe;
