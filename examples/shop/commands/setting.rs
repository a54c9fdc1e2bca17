//! The reply of commands that show or set a time.

use std::time::Duration;

use serde::Serialize;

/// A time that a command shows, or sets.
#[derive(Serialize)]
pub(crate) struct Setting {
    /// Only if it was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) was: Option<Duration>,
    pub(crate) now: Duration,
}
