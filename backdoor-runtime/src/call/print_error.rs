//! Why a command could not print.

use std::fmt;

/// Why a command could not print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PrintError {
    /// The session has ended.
    Closed,
    /// The command was cancelled, and its output is no longer wanted.
    Cancelled,
    /// The answer has reached its limit; the rest was left out.
    Truncated,
    /// The blocking form was called on a worker of a runtime, where waiting for a slow reader would hold up other tasks.
    OnWorker,
}

impl fmt::Display for PrintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "the session has ended",
            Self::Cancelled => "the command was cancelled",
            Self::Truncated => "the answer has reached its limit",
            Self::OnWorker => {
                "blocking_print was called on a worker of a runtime; use `print(..).await` there"
            }
        })
    }
}

impl std::error::Error for PrintError {}
