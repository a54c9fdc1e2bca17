//! The terms of a change: how long it lasts, and why it is made.

use std::time::Duration;

use crate::changes::entry::{Actor, Intent, What};

/// The length and the reason of a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    lasts: Option<Duration>,
    because: Option<String>,
}

impl Terms {
    /// Until the next change, without a reason.
    pub fn new() -> Self {
        Self::default()
    }

    /// For this time, at most a week. Default: until the next change.
    #[must_use]
    pub fn lasting(mut self, time: Duration) -> Self {
        self.lasts = Some(time);
        self
    }

    /// The reason, for the journal. Default: none.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.because = Some(reason.into());
        self
    }

    pub(crate) fn intent(&self, author: Actor) -> Intent {
        let what = self.lasts.map_or(What::Set, What::Lent);
        Intent { what, author, because: self.because.clone() }
    }
}
