//! One change of what the ring keeps of a target, while it is in force.

use std::time::Instant;

use tracing::level_filters::LevelFilter;

use crate::views::logs::filter::Directive;

/// A change in force.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) directive: Directive,
    /// The change that this one replaced and that returns at its end; `None` for the filter of the service.
    pub(super) before: Option<Box<Change>>,
    pub(super) ends: Option<Instant>,
    pub(super) by: String,
    pub(super) because: Option<String>,
}

impl Change {
    /// The level that the ring keeps after this change has ended.
    pub(super) fn was(&self, base: impl FnOnce(&str) -> LevelFilter) -> LevelFilter {
        match &self.before {
            Some(before) => before.directive.level,
            None => base(&self.directive.target),
        }
    }

    pub(super) fn is_of(&self, target: &str) -> bool {
        self.directive.target == target
    }

    /// What is in force after `now`: this change, or, after its end, the one that it replaced.
    pub(super) fn left(self, now: Instant) -> Option<Self> {
        match self.ends {
            Some(end) if end <= now => self.before.map(|before| *before),
            _ => Some(self),
        }
    }
}
