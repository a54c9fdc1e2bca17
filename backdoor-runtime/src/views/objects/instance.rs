//! An object behind its `Arc`, without its type.

use std::any::Any;
use std::fmt;

/// An object that can be looked at, whatever its type.
pub(super) trait Instance: Any + Send + Sync {
    /// Writes its `Debug`, which is the author's code. None where it has none.
    fn show(&self, into: &mut dyn fmt::Write) -> Option<fmt::Result>;
}
