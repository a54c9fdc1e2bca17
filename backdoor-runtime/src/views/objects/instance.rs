//! An object behind its `Arc`, without its type.

use std::any::Any;
use std::fmt;

/// A tracked object of any type.
pub(super) trait Instance: Any + Send + Sync {
    /// Writes its `Debug` text, which runs the author's code. `None` if the object has none.
    fn show(&self, into: &mut dyn fmt::Write) -> Option<fmt::Result>;
}
