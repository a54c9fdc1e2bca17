//! Why an address could not be bound, and how to fix it.

use std::error::Error;
use std::fmt;
use std::io;

use crate::base::causes;

/// Why an address could not be bound. Its `source()` is the system's error, if there was one; the text does not repeat it. `Debug` reads as
/// `Display`, with the source after it.
pub struct BindError {
    place: String,
    reason: String,
    source: Option<io::Error>,
    is_held: bool,
}

impl BindError {
    /// Whether another process listens there, which may end: it is often a predecessor.
    pub(crate) fn is_held(&self) -> bool {
        self.is_held
    }
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot listen on {}: {}", self.place, self.reason)
    }
}

impl fmt::Debug for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&causes::chain(self))
    }
}

impl Error for BindError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

/// A [`BindError`] without its address.
pub(super) struct Failure {
    reason: String,
    source: Option<io::Error>,
    is_held: bool,
}

impl From<&str> for Failure {
    fn from(reason: &str) -> Self {
        Failure { reason: reason.to_owned(), source: None, is_held: false }
    }
}

impl Failure {
    /// The error of this place.
    pub(super) fn at(self, place: String) -> BindError {
        let Self { reason, source, is_held } = self;
        BindError { place, reason, source, is_held }
    }

    /// The error of the system, if there was one.
    pub(super) fn source(&self) -> Option<&io::Error> {
        self.source.as_ref()
    }

    pub(super) fn system(reason: impl Into<String>, source: io::Error) -> Self {
        Failure { reason: reason.into(), source: Some(source), is_held: false }
    }

    /// Another process listens there.
    pub(super) fn held(reason: impl Into<String>, source: Option<io::Error>) -> Self {
        Failure { reason: reason.into(), source, is_held: true }
    }
}
