//! The answer of commands that show or set a time.

use std::time::Duration;

use serde::Serialize;

/// A time that a command shows, or sets.
#[derive(Serialize)]
pub(crate) struct Setting {
    pub(crate) was: Option<Duration>,
    pub(crate) now: Duration,
}
