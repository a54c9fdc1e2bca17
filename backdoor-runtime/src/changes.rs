//! Changes to the running service: the journal, temporary changes, and how a change is undone.

mod change;
pub(crate) mod entry;
pub(crate) mod journal;
pub(crate) mod lease;

pub use change::Change;
