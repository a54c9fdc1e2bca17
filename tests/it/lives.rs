//! If the kernel refuses something, a service with a console runs as well as one without: `docs/limits.md`, "Where the console lives".

mod filter;
mod no_descriptor;
mod no_thread;
mod place;
#[allow(unsafe_code, reason = "no safe function sets a limit between fork and exec")]
mod process;
mod strategy;
mod valgrind;
