//! The process that something was made in: a forked child has copies of all that its parent made.

use std::process;

/// The process in which a value was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Process(u32);

impl Process {
    pub(crate) fn this() -> Self {
        Self(process::id())
    }

    pub(crate) fn is_this(self) -> bool {
        self == Self::this()
    }

    pub(crate) fn id(self) -> u32 {
        self.0
    }
}
