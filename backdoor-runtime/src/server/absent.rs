//! The server where there is none: without the feature `console`, or on another operating system than Linux.
//!
//! It stands in for `server.rs`.

mod bind_error;
mod builder;
mod error;
mod limit_knobs;
pub(crate) mod startup_check;
pub(crate) mod unregistered;

use std::time::Duration;

use crate::service::Address;

pub use bind_error::BindError;
pub use builder::Builder;
pub use error::Error;

/// Why there is none.
const REASON: &str = if cfg!(feature = "console") {
    "the console runs on Linux only, on x86-64 and aarch64; `Backdoor::testing()` works here"
} else {
    "this program has no console: `backdoor-runtime` was built without its feature `console`"
};

/// A console that never runs.
#[derive(Debug)]
#[must_use = "where there is a console, dropping this ends it"]
pub struct Backdoor(());

impl Backdoor {
    fn off() -> Self {
        Self(())
    }

    /// The addresses that the console listens on: none.
    pub fn addresses(&self) -> &[Address] {
        &[]
    }

    /// Ends the console, which does not run.
    pub async fn shutdown(self) {}

    /// Drops the console, which does not run.
    #[doc(hidden)]
    pub fn drop_within(self, _limit: Duration) {}
}

fn start_all(_: Builder) -> Result<Backdoor, Error> {
    Err(Error::Unsupported { reason: REASON })
}

fn start_some(builder: Builder) -> Result<Backdoor, Error> {
    start_all(builder)
}
