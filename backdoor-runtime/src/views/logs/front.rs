//! The filters in front of the ring: a filter that the service has put in front of all its layers, or a feature of `tracing`, may stop
//! events that the ring should keep. Only the subscriber knows, so it is asked.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::callsite::{DefaultCallsite, Identifier};
use tracing::dispatcher::WeakDispatch;
use tracing::field::FieldSet;
use tracing::level_filters::{LevelFilter, STATIC_MAX_LEVEL};
use tracing::metadata::Kind;
use tracing::{Dispatch, Level, Metadata};

use crate::Console;
use crate::views::logs::filter::Directive;
use crate::views::logs::settings;
use crate::views::vars::declared;

/// How long the service's filters may take to answer.
const LIMIT: Duration = Duration::from_millis(100);

/// The subscribers that the ring's layer is part of.
static SUBSCRIBERS: Mutex<Vec<WeakDispatch>> = Mutex::new(Vec::new());

/// A target whose events reach the ring only in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stopped {
    /// The target; empty for all others.
    pub(crate) target: String,
    /// The level that reaches the ring.
    pub(crate) level: LevelFilter,
}

/// Records that the ring's layer is part of this subscriber.
pub(super) fn register(subscriber: &Dispatch) {
    let mut subscribers = subscribers();
    subscribers.retain(|known| known.upgrade().is_some());
    subscribers.push(subscriber.downgrade());
}

/// The directives of the ring.
pub(crate) fn wanted() -> Vec<Directive> {
    settings::with_filters(|filters| filters.ring.directives().to_vec())
}

/// The directives that the ring wants and that do not reach it. The service's filters run on this thread and may keep state in it, so the
/// thread should log nothing afterwards.
pub(crate) fn stopped(wanted: &[Directive]) -> Vec<Stopped> {
    // Subscribers that have been dropped are skipped.
    let subscribers: Vec<Dispatch> = subscribers().iter().filter_map(WeakDispatch::upgrade).collect();
    if subscribers.is_empty() { Vec::new() } else { stopped_by(&subscribers, wanted) }
}

/// The same for these subscribers: an event that passes one of them reaches the ring.
pub(super) fn stopped_by(subscribers: &[Dispatch], wanted: &[Directive]) -> Vec<Stopped> {
    let levels = [Level::TRACE, Level::DEBUG, Level::INFO, Level::WARN, Level::ERROR];
    let reaches = |target: &str, level: Level| {
        LevelFilter::from_level(level) <= STATIC_MAX_LEVEL
            && subscribers.iter().any(|subscriber| subscriber.enabled(&event(target, level)))
    };
    let stopped = |Directive { target, level: wanted }: &Directive| {
        let most = levels.into_iter().filter(|level| level <= wanted).find(|level| reaches(target, *level));
        let level = most.map_or(LevelFilter::OFF, LevelFilter::from_level);
        (level < *wanted).then(|| Stopped { target: target.clone(), level })
    };
    wanted.iter().filter_map(stopped).collect()
}

impl Console {
    /// The same as [`stopped`], on a thread of its own. Gives nothing if that cannot be started, or if a filter is slow.
    pub(crate) async fn stopped(&self, wanted: Vec<Directive>) -> Vec<Stopped> {
        let asked = self.0.asking.ask_about("filters of the log", LIMIT, move || stopped(&wanted));
        asked.await.unwrap_or_default()
    }

    /// The modules that declare commands or variables: the default targets of their events.
    pub(crate) fn modules(&self) -> impl Iterator<Item = &'static str> {
        let commands = self.0.registry.entries().map(|entry| entry.command.declared.module);
        commands.chain(declared::modules())
    }
}

/// An event that is never logged.
fn event(target: &str, level: Level) -> Metadata<'_> {
    static NOWHERE: Metadata<'static> = Metadata::new(
        "question",
        "backdoor",
        Level::TRACE,
        None,
        None,
        None,
        FieldSet::new(&["message"], Identifier(&CALLSITE)),
        Kind::EVENT,
    );
    static CALLSITE: DefaultCallsite = DefaultCallsite::new(&NOWHERE);
    let fields = FieldSet::new(&["message"], Identifier(&CALLSITE));
    Metadata::new("question", target, level, None, None, None, fields, Kind::EVENT)
}

fn subscribers() -> MutexGuard<'static, Vec<WeakDispatch>> {
    SUBSCRIBERS.lock().unwrap_or_else(PoisonError::into_inner)
}
