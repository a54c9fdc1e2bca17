//! Changes to the running service: the journal, temporary changes, and how a change is undone.

mod change;
pub(crate) mod entry;
pub(crate) mod journal;
pub(crate) mod lease;

use std::any::Any;
use std::sync::Arc;

pub use change::Change;

/// A value of any type that a change has replaced or stores. Moving it runs no code of its type.
pub(crate) type Kept = Arc<dyn Any + Send + Sync>;
