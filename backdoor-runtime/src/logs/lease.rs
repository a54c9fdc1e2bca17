//! Changes of the filter: who made them, why, and until when. One with an end is undone at its end, unless somebody has changed the same
//! target since.

use std::mem;
use std::time::{Duration, Instant};

use tracing::level_filters::LevelFilter;

use crate::logs::filter::Directive;
use crate::logs::settings;

/// Targets that are changed at the same time.
const MOST: usize = 64;

/// A change in force.
#[derive(Clone, Debug)]
pub(super) struct Change {
    /// The number of the change that made it, for who undoes it.
    number: u64,
    pub(super) directive: Directive,
    /// What comes back at its end; the service's own filter where there is nothing.
    before: Option<Box<Change>>,
    pub(super) ends: Option<Instant>,
    pub(super) by: String,
    pub(super) because: Option<String>,
}

/// What a change has done to one target.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChangedLevel {
    /// The target; empty for all others.
    pub target: String,
    /// What the ring kept of it.
    pub old: LevelFilter,
    /// What it keeps now.
    pub new: LevelFilter,
}

/// A change that is undone when this is dropped, unless the same target was changed since.
#[derive(Debug)]
#[must_use = "dropping it undoes the change"]
pub struct Lease(u64);

impl Change {
    /// What the ring keeps when this has ended.
    pub(super) fn was(&self, base: impl FnOnce(&str) -> LevelFilter) -> LevelFilter {
        match &self.before {
            Some(before) => before.directive.level,
            None => base(&self.directive.target),
        }
    }
}

/// Changes the level of some targets, for ever or for this time.
///
/// # Errors
/// Too many targets are changed.
pub(super) fn set(
    directives: Vec<Directive>,
    length: Option<Duration>,
    by: &str,
    because: Option<String>,
) -> Result<(Vec<ChangedLevel>, Option<Lease>), String> {
    let ends = length.and_then(|length| Instant::now().checked_add(length));
    settings::change(|state| {
        let is_new = |directive: &&Directive| {
            !state.changes.iter().any(|change| change.directive.target == directive.target)
        };
        if state.changes.len() + directives.iter().filter(is_new).count() > MOST {
            return Err(format!("{MOST} targets are changed at most; `log reset TARGET` makes room"));
        }
        state.last += 1;
        let number = state.last;
        let mut done = Vec::new();
        for directive in directives {
            let old = state.level(&directive.target);
            let known = state.changes.iter().position(|change| change.directive.target == directive.target);
            // What a lease replaced comes back at the end of the one that replaces it.
            let before = known.map(|at| state.changes.remove(at)).and_then(|known| match known.ends {
                Some(_) => known.before,
                None => Some(Box::new(known)),
            });
            state.changes.push(Change {
                number,
                directive: directive.clone(),
                before: before.filter(|_| ends.is_some()),
                ends,
                by: by.to_owned(),
                because: because.clone(),
            });
            done.push(ChangedLevel { target: directive.target, old, new: directive.level });
        }
        Ok((done, ends.map(|_| Lease(number))))
    })
}

/// Forgets the changes of these targets, or all. Gives those that there were.
pub(super) fn reset(targets: &[String]) -> Vec<Change> {
    settings::change(|state| {
        let is_meant = |change: &Change| targets.is_empty() || targets.contains(&change.directive.target);
        let (gone, kept) = mem::take(&mut state.changes).into_iter().partition(is_meant);
        state.changes = kept;
        gone
    })
}

impl Drop for Lease {
    fn drop(&mut self) {
        let is_ours = |change: &Change| change.number == self.0 && change.ends.is_some();
        if !settings::look(|state| state.changes.iter().any(is_ours)) {
            return;
        }
        settings::change(|state| {
            let after = |change: Change| match is_ours(&change) {
                true => change.before.map(|before| *before),
                false => Some(change),
            };
            state.changes = mem::take(&mut state.changes).into_iter().filter_map(after).collect();
        });
    }
}
