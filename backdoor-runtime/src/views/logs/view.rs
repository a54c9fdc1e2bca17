//! Queries of the log: the last events, new events, the targets, and the state of ring and filter.

use std::time::{Duration, Instant};

use tracing::Level;
use tracing::level_filters::LevelFilter;

use crate::base::coarse_clock;
use crate::base::suggest;
use crate::changes::entry::{Actor, Intent, What};
use crate::views::logs::change::Change;
use crate::views::logs::event::LogEvent;
use crate::views::logs::filter::{Directive, is_within};
use crate::views::logs::lease::{self, ChangedLevel};
use crate::views::logs::{TargetInfo, ring, settings, targets as seen};

/// The target of events of the console.
const CONSOLE: &str = "backdoor";

/// A selection of events; all by default.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// This target and the modules below it.
    pub(crate) target: Option<String>,
    /// This level and more severe ones.
    pub(crate) level: Option<Level>,
    /// A text that events contain, in lower case.
    pub(crate) grep: Option<String>,
    /// Without events of the console, whose target is `backdoor`.
    pub(crate) no_console: bool,
}

/// New events.
#[derive(Debug)]
pub(crate) struct Batch {
    /// The oldest first.
    pub(crate) events: Vec<LogEvent>,
    /// Dropped events of that time, selected or not.
    pub(crate) dropped: u64,
    /// Selected events beyond the limit.
    pub(crate) left_out: usize,
    /// The begin of the next batch.
    pub(crate) end: u64,
}

/// The state of the ring.
#[derive(Debug)]
pub(crate) struct RingInfo {
    /// Whether the layer is in a subscriber.
    pub(crate) installed: bool,
    /// The number of events in it.
    pub(crate) kept: usize,
    /// The number of dropped events.
    pub(crate) dropped: u64,
    /// The age of its oldest event.
    pub(crate) oldest: Option<Duration>,
    /// Its size limit in bytes.
    pub(crate) memory: usize,
}

/// A change of the filter.
#[derive(Clone, Debug)]
pub(crate) struct ChangeInfo {
    /// The target, with the modules below it; empty for all other targets.
    pub(crate) target: String,
    /// The level of the change.
    pub(crate) level: LevelFilter,
    /// The level after the end of the change.
    pub(crate) was: LevelFilter,
    /// The remaining time; `None` if only a reset ends it.
    pub(crate) ends_in: Option<Duration>,
    /// The author.
    pub(crate) by: String,
    /// The reason.
    pub(crate) because: Option<String>,
}

/// The filter in force.
#[derive(Clone, Debug)]
pub(crate) struct InForce {
    /// The filter of the ring, as it is typed.
    pub(crate) filter: String,
    /// The number of the service's layers that follow.
    pub(crate) following: usize,
    /// Its changes while the service runs.
    pub(crate) changes: Vec<ChangeInfo>,
}

/// A target without events so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NotSeen {
    /// The target.
    pub(crate) target: String,
    /// The most similar target, if there is one.
    pub(crate) near: Option<String>,
}

/// The targets among these without any event or span so far, in them or below them, kept or not, and without a known module of that
/// name. A target whose levels are all disabled counts as unseen.
pub(crate) fn unseen<'a>(
    targets: impl Iterator<Item = &'a str>,
    modules: impl Iterator<Item = &'static str>,
) -> Vec<NotSeen> {
    let mut known = seen::known(&ring().counts());
    known.extend(modules.map(str::to_owned));
    let is_seen = |target: &str| target.is_empty() || known.iter().any(|known| is_within(known, target));
    let unseen = targets.filter(|target| !is_seen(target)).map(|target| NotSeen {
        target: target.to_owned(),
        near: suggest::nearest(target, known.iter().map(String::as_str)).map(str::to_owned),
    });
    unseen.collect()
}

/// The last events of the ring, the oldest first.
pub fn last(count: usize) -> Vec<LogEvent> {
    newest(count, &Wanted::default())
}

/// The targets so far, by name, each with the number of events of each level since the start. After 256 targets, the rest is
/// `(others)`.
pub(crate) fn targets() -> Vec<TargetInfo> {
    seen::list(&ring().counts())
}

/// How many errors have reached the ring; `None` if it is not installed.
#[cfg(feature = "state-views")]
pub(crate) fn errors() -> Option<u64> {
    settings::is_installed().then(|| ring().errors())
}

impl Wanted {
    fn matches(&self, event: &LogEvent) -> bool {
        self.target.as_ref().is_none_or(|target| is_within(&event.target, target))
            && !(self.no_console && is_within(&event.target, CONSOLE))
            && self.grep.as_ref().is_none_or(|text| event.contains(text))
    }
}

/// The last selected events, the oldest first.
pub(crate) fn newest(count: usize, wanted: &Wanted) -> Vec<LogEvent> {
    // The last events are usually the wanted ones, so the rest of the ring need not be sorted.
    let end = now();
    let mut window = 4 * count as u64;
    loop {
        let from = end.saturating_sub(window);
        let mut batch = batch(from, count, wanted);
        if batch.events.len() == count || from == 0 {
            return std::mem::take(&mut batch.events);
        }
        window = window.saturating_mul(16);
    }
}

/// The selected events since a number: only the newest, if there are more than `most`.
pub(crate) fn batch(from: u64, most: usize, wanted: &Wanted) -> Batch {
    let read = ring().read(from);
    let mut events = Vec::new();
    let mut left_out = 0;
    for (head, text) in read.iter().rev() {
        if wanted.level.is_some_and(|level| *head.metadata.level() > level) {
            continue;
        }
        if events.len() < most {
            let event = LogEvent::of(head, text);
            if wanted.matches(&event) {
                events.push(event);
            }
        } else if wanted.target.is_none() && wanted.grep.is_none() && !wanted.no_console
            || wanted.matches(&LogEvent::of(head, text))
        {
            left_out += 1;
        }
    }
    events.reverse();
    let dropped = read.end.saturating_sub(from).saturating_sub(read.len() as u64);
    Batch { events, dropped, left_out, end: read.end.max(from) }
}

/// The number of the next event.
pub(crate) fn now() -> u64 {
    ring().count()
}

/// The state of the ring.
pub(crate) fn ring_info() -> RingInfo {
    let read = ring().read(0);
    RingInfo {
        installed: settings::is_installed(),
        kept: read.len(),
        dropped: read.end - read.len() as u64,
        oldest: read.since().map(coarse_clock::since),
        memory: ring().memory(),
    }
}

/// The bytes that the ring holds, and its limit.
pub(crate) fn memory() -> (usize, usize) {
    (ring().taken(), ring().memory())
}

/// The filter of the ring, and its changes.
pub(crate) fn in_force() -> InForce {
    let (filter, following) =
        settings::with_filters(|filters| (filters.ring.to_string(), filters.following()));
    let changes = settings::look(|state| {
        state.changes.iter().map(|change| info(change, |target| state.base(target))).collect()
    });
    InForce { filter, following, changes }
}

/// Changes the level of targets, in the ring and in layers that follow, for this time or until the next change. The journal records the
/// change, so `undo` can undo it.
///
/// # Errors
/// Too many targets have changes, or the time is zero or more than a week.
pub(crate) fn change(directives: Vec<Directive>, intent: &Intent) -> Result<Vec<ChangedLevel>, String> {
    lease::set(directives, intent)
}

/// Removes the changes of these targets, or all, and returns them.
pub(crate) fn forget(targets: &[String], author: Actor) -> Vec<ChangeInfo> {
    let gone = lease::reset(targets, &Intent { what: What::Reset, author, because: None });
    settings::look(|state| gone.iter().map(|change| info(change, |target| state.base(target))).collect())
}

fn info(change: &Change, base: impl FnOnce(&str) -> LevelFilter) -> ChangeInfo {
    ChangeInfo {
        target: change.directive.target.clone(),
        level: change.directive.level,
        was: change.was(base),
        ends_in: change.ends.map(|ends| ends.saturating_duration_since(Instant::now())),
        by: change.by.clone(),
        because: change.because.clone(),
    }
}
