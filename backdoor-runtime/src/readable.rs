//! Types that can be read as a variable.

use std::any::Any;
use std::sync::Arc;

use crate::Value;

/// A value of any type that a change has replaced or stores. Moving it runs no code of its type.
pub(crate) type Kept = Arc<dyn Any + Send + Sync>;

/// A value that can be read at any time and from any thread. A read never initialises anything and never waits long.
pub trait Readable: Sync {
    /// The value now.
    fn read(&self) -> Reading;

    /// Whether a read runs no code of the author, so that it cannot hang.
    #[doc(hidden)]
    fn is_harmless(&self) -> bool {
        false
    }
}

/// The result of a read.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Reading {
    /// The value.
    Value(Value),
    /// The value behind a lock that a panic has poisoned.
    Poisoned(Value),
    /// Not initialised yet.
    NotSet,
    /// The lock was held for as long as the read waited.
    Held,
}

impl Reading {
    /// The value, if one was read.
    pub(crate) fn value(&self) -> Option<&Value> {
        match self {
            Self::Value(value) | Self::Poisoned(value) => Some(value),
            Self::NotSet | Self::Held => None,
        }
    }
}
