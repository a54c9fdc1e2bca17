//! Changes of the filter: who made them, why, and until when. A temporary change is undone at its end, unless the same target was changed
//! since. The journal of changes records them and also ends them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::level_filters::LevelFilter;

use crate::Value;
use crate::changes::entry::{Entry, Intent, Revert, Reverted};
use crate::changes::journal::{Draft, Forgotten, JOURNAL, Pages};
use crate::changes::lease::{self, Lease};
use crate::views::logs::change::Change;
use crate::views::logs::filter::Directive;
use crate::views::logs::settings::{self, State};

/// The most targets that may have changes at the same time.
const MOST: usize = 64;

/// The effect of a change on one target.
#[derive(Clone, Debug)]
pub(crate) struct ChangedLevel {
    /// The target; empty for all others.
    pub(crate) target: String,
    /// The old level of the ring.
    pub(crate) old: LevelFilter,
    /// The new level.
    pub(crate) new: LevelFilter,
}

/// The name of a target in the journal.
fn name(target: &str) -> String {
    if target.is_empty() { "log".to_owned() } else { format!("log {target}") }
}

/// Changes the level of some targets, permanently or for a time.
///
/// # Errors
/// Too many targets have changes, or the time is zero.
pub(super) fn set(directives: Vec<Directive>, intent: &Intent) -> Result<Vec<ChangedLevel>, String> {
    let length = intent.length()?;
    if length.is_some() {
        lease::prepare().map_err(|error| {
            format!("nothing was set: no thread for the end of the change could be started: {error}")
        })?;
    }
    let (levels, written) = settings::change(|state| {
        let is_new =
            |directive: &&Directive| !state.changes.iter().any(|change| change.is_of(&directive.target));
        if state.changes.len() + directives.iter().filter(is_new).count() > MOST {
            return Err(too_many());
        }
        let mut pages = JOURNAL.open();
        let done = directives.into_iter().map(|directive| put(directive, length, intent, state, &mut pages));
        Ok(done.unzip::<_, _, Vec<_>, Vec<_>>())
    })?;
    written.iter().for_each(|written| written.entry.tell(&intent.author));
    Ok(levels)
}

fn too_many() -> String {
    format!("at most {MOST} targets can have a change; `log reset TARGET` frees one")
}

fn put(
    directive: Directive,
    length: Option<Duration>,
    intent: &Intent,
    state: &mut State,
    pages: &mut Pages,
) -> (ChangedLevel, Written) {
    let (target, old, new) = (directive.target.clone(), state.level(&directive.target), directive.level);
    let ends = length.map(|length| Instant::now() + length);
    let known = state.changes.iter().position(|change| change.is_of(&target));
    // The change that a temporary one replaced returns at the end of the new one.
    let before = known.map(|at| state.changes.remove(at)).and_then(|known| match known.ends {
        Some(_) => known.before,
        None => Some(Box::new(known)),
    });
    state.changes.push(Change {
        directive,
        before: before.clone().filter(|_| ends.is_some()),
        ends,
        by: intent.author.who.clone(),
        because: intent.because.clone(),
    });
    let revert: Arc<dyn Revert> = Arc::new(PutBack { target: target.clone(), before });
    let written = Written::of(&target, (old, new), Some(revert.clone()), intent, pages);
    if let Some(until) = ends {
        written.lend(until, intent, revert);
    }
    (ChangedLevel { target, old, new }, written)
}

/// Removes the changes of these targets, or all, and returns them.
pub(super) fn reset(targets: &[String], intent: &Intent) -> Vec<Change> {
    let (gone, written): (Vec<Change>, Vec<Written>) = settings::change(|state| {
        let is_meant = |change: &mut Change| targets.is_empty() || targets.contains(&change.directive.target);
        let gone: Vec<Change> = state.changes.extract_if(.., is_meant).collect();
        let mut pages = JOURNAL.open();
        let write = |change: &Change| {
            let target = &change.directive.target;
            let levels = (change.directive.level, state.level(target));
            let revert = PutBack { target: target.clone(), before: Some(Box::new(change.clone())) };
            Written::of(target, levels, Some(Arc::new(revert)), intent, &mut pages)
        };
        let written = gone.iter().map(write).collect();
        (gone, written)
    });
    written.iter().for_each(|written| written.entry.tell(&intent.author));
    gone
}

/// The new entry, and the entry that it pushed out: dropping that one runs code of the author, so no lock is held then.
struct Written {
    entry: Arc<Entry>,
    _replaced: (Forgotten, Option<Lease>),
}

impl Written {
    fn of(
        target: &str,
        (old, new): (LevelFilter, LevelFilter),
        revert: Option<Arc<dyn Revert>>,
        intent: &Intent,
        pages: &mut Pages,
    ) -> Self {
        let level = |level: LevelFilter| Value::Text(level.to_string());
        let name = name(target);
        let ended = lease::forget(&name);
        let (entry, forgotten) = pages.write(Draft { name: &name, new: level(new), intent, revert });
        let _ = entry.old.set(level(old));
        Self { entry, _replaced: (forgotten, ended) }
    }

    /// Registers the revert at the end of the change's time.
    fn lend(&self, until: Instant, intent: &Intent, revert: Arc<dyn Revert>) {
        lease::begin(Lease {
            name: self.entry.name.clone(),
            change: self.entry.number,
            author: intent.author.clone(),
            until,
            // The change itself knows the old level.
            old: Arc::new(()),
            revert,
            is_ending: false,
        });
    }
}

/// Restores the change that this one replaced.
struct PutBack {
    target: String,
    before: Option<Box<Change>>,
}

impl Revert for PutBack {
    fn revert(&self, change: u64, intent: &Intent) -> Reverted {
        let Self { target, before } = self;
        let name = name(target);
        // The journal records every change of a level, so the last entry is the one in force.
        if JOURNAL.open().last_of(&name) != change {
            return Reverted::LeftAlone;
        }
        let written = settings::change(|state| {
            let mut pages = JOURNAL.open();
            if pages.last_of(&name) != change {
                return Err(Reverted::LeftAlone);
            }
            let back = before.as_deref().cloned().and_then(|change| change.left(Instant::now()));
            let old = state.level(target);
            let now = state.changes.iter().find(|change| change.is_of(target));
            if back.is_none() && now.is_none() {
                // The change that would return has expired as well.
                return Err(Reverted::Nothing);
            }
            state.changes.retain(|change| !change.is_of(target));
            if back.is_some() && state.changes.len() >= MOST {
                return Err(Reverted::Failed(too_many()));
            }
            state.changes.extend(back.clone());
            let written = Written::of(target, (old, state.level(target)), None, intent, &mut pages);
            // A temporary change returns with its remaining time.
            if let Some(Change { before, ends: Some(until), .. }) = back {
                written.lend(until, intent, Arc::new(Self { target: target.clone(), before }));
            }
            Ok(written)
        });
        let written = match written {
            Ok(written) => written,
            Err(why) => return why,
        };
        written.entry.tell(&intent.author);
        Reverted::Done(written.entry)
    }

    fn see(&self) -> String {
        "log".to_owned()
    }
}
