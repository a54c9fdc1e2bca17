//! What watched numbers were in the last minute, hour and day.
//!
//! All of them together are read once a second, by one timer on the helper's thread of a console that runs, and only while there is
//! something to read. Each takes 1.5 KB.

mod chart;
mod commands;
mod ring;
mod sampler;
mod series;
mod trend;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::SystemTime;

pub use self::series::Watched;
pub use self::trend::{Change, Point, Shown, Trend};

use self::series::Series;
use crate::base::suggest;

pub(crate) use self::sampler::{attach, detach};

/// How many numbers are watched at most, which is 1.5 MB.
const MOST: usize = 1_000;

/// Every watched number of the process, by name.
static WATCHED: Mutex<BTreeMap<String, Arc<Series>>> = Mutex::new(BTreeMap::new());

type Journal = Box<dyn Fn(&str) -> Vec<Change> + Send + Sync>;

/// Who knows what was changed by hand.
static JOURNAL: OnceLock<Journal> = OnceLock::new();

/// Why there is no trend of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotWatched {
    /// The name that is most like it, if one is.
    pub near: Option<String>,
}

/// Watches a number from now on; one of the same name is forgotten. Returns whether there was room: a thousand are the most.
///
/// Nothing is read before a console has started.
///
/// ```
/// use backdoor_runtime::Gauge;
/// use backdoor_runtime::trends::{self, Watched};
///
/// static QUEUED: Gauge = Gauge::new();
///
/// assert!(trends::watch(Watched::variable("queued", &QUEUED).unit("jobs")));
/// assert_eq!(trends::find("queued").unwrap().unit, "jobs");
/// # trends::forget("queued");
/// ```
pub fn watch(watched: Watched) -> bool {
    let mut all = all();
    if all.len() >= MOST && !all.contains_key(&*watched.name) {
        return false;
    }
    let name = watched.name.to_string();
    let replaced = all.insert(name, Arc::new(Series::new(watched)));
    // Its function is the author's, and so is the Drop of that.
    drop((all, replaced));
    sampler::settle();
    true
}

/// Watches it no longer, and gives back its memory. Returns whether it was watched.
pub fn forget(name: &str) -> bool {
    let forgotten = all().remove(name);
    sampler::settle();
    forgotten.is_some()
}

/// The names of what is watched, sorted.
pub fn names() -> Vec<String> {
    all().keys().cloned().collect()
}

/// What a number was.
///
/// # Errors
/// It is not watched.
pub fn find(name: &str) -> Result<Trend, NotWatched> {
    let series = {
        let all = all();
        let near = || suggest::nearest(name, all.keys().map(String::as_str)).map(str::to_owned);
        all.get(name).cloned().ok_or_else(|| NotWatched { near: near() })?
    };
    let mut trend = series.trend(sampler::since_origin(), SystemTime::now());
    if let Some(journal) = JOURNAL.get() {
        trend.changes = journal(name);
    }
    Ok(trend)
}

/// Says whom to ask what was changed by hand, by the name of the number; the oldest first. Only the first to say so is asked, on the
/// thread that draws.
pub fn journal(journal: impl Fn(&str) -> Vec<Change> + Send + Sync + 'static) {
    // The first stays.
    let _ = JOURNAL.set(Box::new(journal));
}

fn all() -> MutexGuard<'static, BTreeMap<String, Arc<Series>>> {
    WATCHED.lock().unwrap_or_else(PoisonError::into_inner)
}
