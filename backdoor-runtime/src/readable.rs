//! What can be shown as a variable.

use crate::Value;

/// Something that can be read at any time and from any thread. Reading never initialises anything and never waits long.
pub trait Readable: Sync {
    /// What it is now.
    fn read(&self) -> Reading;

    /// Whether reading it runs no code of the author's, so that it cannot hang.
    #[doc(hidden)]
    fn is_harmless(&self) -> bool {
        false
    }
}

/// What a read found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Reading {
    /// The value.
    Value(Value),
    /// The value behind a lock that a panic has poisoned.
    Poisoned(Value),
    /// Nothing was put there yet.
    NotSet,
    /// Somebody held the lock for as long as was waited.
    Held,
}

impl Reading {
    /// The value, where one was read.
    pub fn value(&self) -> Option<&Value> {
        match self {
            Self::Value(value) | Self::Poisoned(value) => Some(value),
            Self::NotSet | Self::Held => None,
        }
    }
}
