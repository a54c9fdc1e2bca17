//! What is asked of the log: its last events, what came since, its targets, and the state of ring and filter.

use std::time::{Duration, Instant};

use tracing::Level;
use tracing::level_filters::LevelFilter;

use crate::base::coarse_clock;
use crate::base::suggest;
use crate::changes::journal::{Actor, Intent, What};
use crate::views::logs::change::Change;
use crate::views::logs::event::LogEvent;
use crate::views::logs::filter::{Directive, is_within};
use crate::views::logs::lease::{self, ChangedLevel};
use crate::views::logs::{Stopped, TargetInfo, front, ring, settings, targets as seen};

/// The target of what the console itself logs.
const CONSOLE: &str = "backdoor";

/// Which events are wanted; all by default.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// This target and the modules below it.
    pub target: Option<String>,
    /// This level and more severe ones.
    pub level: Option<Level>,
    /// Text in it, in lower case.
    pub grep: Option<String>,
    /// None of the console's own, whose target is `backdoor`.
    pub no_console: bool,
}

/// What came since.
#[derive(Debug)]
#[non_exhaustive]
pub struct Batch {
    /// The oldest first.
    pub events: Vec<LogEvent>,
    /// Events of the time that are gone, wanted or not.
    pub dropped: u64,
    /// Wanted ones that are more than were asked for.
    pub left_out: usize,
    /// Where the next batch begins.
    pub end: u64,
}

/// The ring's state.
#[derive(Debug)]
#[non_exhaustive]
pub struct RingInfo {
    /// Whether the layer is in a subscriber at all.
    pub installed: bool,
    /// Events in it.
    pub kept: usize,
    /// Events that are gone.
    pub dropped: u64,
    /// How long ago the oldest event in it was logged.
    pub oldest: Option<Duration>,
    /// Bytes that it may take.
    pub memory: usize,
}

/// A change of the filter.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChangeInfo {
    /// Of this target and the modules below it; empty for all others.
    pub target: String,
    /// What is kept of it.
    pub level: LevelFilter,
    /// What is kept of it at the end of the change.
    pub was: LevelFilter,
    /// When it ends; none where nothing but a reset ends it.
    pub ends_in: Option<Duration>,
    /// Who made it.
    pub by: String,
    /// Why.
    pub because: Option<String>,
}

/// The filter in force.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InForce {
    /// What the ring keeps, as it is typed.
    pub filter: String,
    /// Layers of the service's own that follow.
    pub following: usize,
    /// What of it was changed while the service runs.
    pub changes: Vec<ChangeInfo>,
}

/// What a change did.
#[derive(Debug)]
#[non_exhaustive]
pub struct Changed {
    /// Each target with its old and its new level.
    pub levels: Vec<ChangedLevel>,
    /// Of these targets, those of which less reaches the ring: a filter stands in front of all layers, or a feature of `tracing`.
    pub stopped: Vec<Stopped>,
}

/// A target that nothing has come of so far.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotSeen {
    /// The target.
    pub target: String,
    /// The one that is most like it, if one is.
    pub near: Option<String>,
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

/// The targets that were seen, by name: how many events of each level the ring was given since the start. 256 are told apart, the
/// rest is `(others)`.
pub fn targets() -> Vec<TargetInfo> {
    seen::list(&ring().counts())
}

impl Wanted {
    fn matches(&self, event: &LogEvent) -> bool {
        self.target.as_ref().is_none_or(|target| is_within(&event.target, target))
            && !(self.no_console && is_within(&event.target, CONSOLE))
            && self.grep.as_ref().is_none_or(|text| event.contains(text))
    }
}

/// The last events that are wanted, the oldest first.
pub fn newest(count: usize, wanted: &Wanted) -> Vec<LogEvent> {
    // Most often the last events are the wanted ones, and the rest of the ring need not be sorted.
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

/// The events since a number that are wanted: the newest of them, where they are more than `most`.
pub fn batch(from: u64, most: usize, wanted: &Wanted) -> Batch {
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

/// The number that the next event gets.
pub fn now() -> u64 {
    ring().count()
}

/// How full the ring is.
pub fn ring_info() -> RingInfo {
    let read = ring().read(0);
    RingInfo {
        installed: settings::is_installed(),
        kept: read.len(),
        dropped: read.end - read.len() as u64,
        oldest: read.since().map(coarse_clock::since),
        memory: ring().memory(),
    }
}

/// How many bytes the ring has, and how many it may have.
pub(crate) fn memory() -> (usize, usize) {
    (ring().taken(), ring().memory())
}

/// What the ring keeps, and who changed it.
pub fn in_force() -> InForce {
    let (filter, following) =
        settings::with_filters(|filters| (filters.ring.to_string(), filters.following()));
    let changes = settings::look(|state| {
        state.changes.iter().map(|change| info(change, |target| state.base(target))).collect()
    });
    InForce { filter, following, changes }
}

/// Changes the level of targets, in the ring and in layers that follow, for this time or until somebody changes it again. The journal
/// has it, so that `undo` takes it back.
///
/// # Errors
/// Too many targets are changed, or the time is none or more than a week.
pub fn set(
    directives: Vec<Directive>,
    length: Option<Duration>,
    by: &str,
    because: Option<String>,
) -> Result<Changed, String> {
    let author = Actor { who: by.to_owned(), ..crate::views::vars::service() };
    let wanted = directives.clone();
    let levels = change(directives, &Intent { what: length.map_or(What::Set, What::Lent), author, because })?;
    Ok(Changed { levels, stopped: front::stopped_aside(wanted) })
}

/// The same, with the session of a console as the actor.
pub(crate) fn change(directives: Vec<Directive>, intent: &Intent) -> Result<Vec<ChangedLevel>, String> {
    lease::set(directives, intent)
}

/// Forgets the changes of these targets, or all. Gives those that there were.
pub fn reset(targets: &[String]) -> Vec<ChangeInfo> {
    forget(targets, crate::views::vars::service())
}

/// The same, with the session of a console as the actor.
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
