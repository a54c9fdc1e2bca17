//! All watched numbers of the process.

use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use super::growth::Growth;
use super::sampler;
use super::series::{self, Series, all, built_in};
use super::trend::{Change, Trend};
use super::watched::Watched;
use crate::base::suggest;

/// The most watched numbers, which need 1.5 MB.
const MOST: usize = 1_000;

type Journal = Box<dyn Fn(&str) -> Vec<Change> + Send + Sync>;

/// The source of manual changes.
static JOURNAL: OnceLock<Journal> = OnceLock::new();

/// The reason why a name has no trend.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotWatched {
    /// The most similar name, if there is one.
    pub near: Option<String>,
}

/// Watches a number from now on, and replaces one with the same name. Returns false if a thousand are watched already.
///
/// Reading begins when a console starts.
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
    // The author's function may run code in its `Drop`, so it is dropped here.
    drop((all, replaced));
    sampler::settle();
    true
}

/// Stops watching it, and frees its memory. Returns whether it was watched.
pub fn forget(name: &str) -> bool {
    let forgotten = all().remove(name);
    sampler::settle();
    forgotten.is_some()
}

/// The names of the numbers that the author watches, sorted.
pub(crate) fn names() -> Vec<String> {
    all().keys().cloned().collect()
}

/// The names of these and of the built-in trends, sorted.
pub(crate) fn all_names() -> Vec<String> {
    let mut names = names();
    names.extend(built_in().keys().cloned());
    names.sort_unstable();
    names.dedup();
    names
}

/// The growth of a number; `None` if it is not watched.
pub(crate) fn growth(name: &str) -> Option<Growth> {
    Some(series::find(name)?.growth(sampler::since_origin()))
}

/// The trend of a number. A number that the author watches comes before a built-in trend of the same name.
///
/// # Errors
/// It is not watched.
pub fn find(name: &str) -> Result<Trend, NotWatched> {
    let series = series::find(name).ok_or_else(|| {
        let near = suggest::nearest(name, all_names().iter().map(String::as_str)).map(str::to_owned);
        NotWatched { near }
    })?;
    let mut trend = series.trend(sampler::since_origin(), SystemTime::now());
    if let Some(journal) = JOURNAL.get() {
        trend.changes = journal(name);
    }
    Ok(trend)
}

/// Sets the function that returns the manual changes of a number, by its name, the oldest first. Only the first call has an effect; the
/// drawing thread runs the function.
pub(crate) fn journal(journal: impl Fn(&str) -> Vec<Change> + Send + Sync + 'static) {
    // Only the first call has an effect.
    let _ = JOURNAL.set(Box::new(journal));
}
