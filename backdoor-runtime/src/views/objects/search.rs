//! The search through the objects of one type: page by page, and without a lock while the author's `Debug` or `Drop` runs.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};
use std::panic::Location;
use std::sync::{Arc, Weak};
use std::time::Duration;

use serde_core::ser::{Serialize, SerializeStruct, Serializer};

use super::instance::Instance;
use super::kind::{Key, Kind};
use super::look::{self, Looked, Seen};
use super::names::{self, NameError};
use super::tracked::Tracked;
use super::view::place;
use crate::base::coarse_clock;
use crate::exec::query::NoAnswer;

/// How many objects are taken from the count at a time. Each time, the search walks over all of them.
const PAGE: usize = 16_384;

/// The least number of objects to take, even if fewer are wanted.
const FEWEST: usize = 256;

/// The most objects for one run of the thread.
const BATCH: usize = 1_024;

/// After this many panics of `Debug` a search stops calling it: each panic is written to the service's log.
const PANICS: u32 = 3;

/// Searches the objects of one type, the oldest first.
///
/// Their `Debug` runs on a separate thread. If one does not return within 100 ms, its thread is abandoned, and `Debug` is not called for
/// objects of its type any more. Objects that are created after the begin of the search are not in it.
pub(crate) struct Search {
    kind: &'static Kind,
    older: Duration,
    text: Option<String>,
    /// How many objects may still be found.
    left: usize,
    /// How long the `Debug` of an object may take.
    patience: Duration,
    begun: u64,
    /// The last object that was taken from the count.
    last: Option<Key>,
    taken: VecDeque<Candidate>,
    /// The last place that was formatted: the next object usually has the same.
    place: (Option<&'static Location<'static>>, Arc<str>),
    panics: u32,
    end: SearchEnd,
}

/// One object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ObjectInfo {
    /// Its age, exact to a tick of the kernel, usually 4 ms.
    pub(crate) age: Duration,
    /// File and line of its creation, or `other places`.
    pub(crate) place: Arc<str>,
    /// Its label, if it has one.
    pub(crate) label: Option<Arc<str>>,
    /// The number of its owners; `None` if a guard counts it.
    pub(crate) strong: Option<usize>,
    /// The first kilobyte of its `Debug` text.
    pub(crate) text: Option<String>,
    /// The reason for missing text.
    pub(crate) missing: Option<String>,
}

/// The objects that a search left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SearchEnd {
    /// Objects beyond the limit. With a search text, not all of them need to match.
    pub(crate) more: usize,
    /// Objects that were skipped because they have no text.
    pub(crate) unsearched: usize,
    /// Objects without a match in the first 64 KiB of their text, which was longer.
    pub(crate) cut: usize,
}

/// A candidate for the result.
struct Candidate {
    key: Key,
    instance: Option<Weak<dyn Instance>>,
    location: Option<&'static Location<'static>>,
    label: Option<Arc<str>>,
}

impl Search {
    /// Searches the type of this name: the name in [`list`](super::list), or the last words of its path. The type's arguments may be left
    /// out.
    ///
    /// # Errors
    /// No type has this name, or several have it.
    pub(crate) fn new(name: &str) -> Result<Self, NameError> {
        let kinds = Kind::all();
        let paths: Vec<&str> = kinds.iter().map(|kind| kind.facts().name).collect();
        Ok(Self {
            kind: kinds[names::find(name, &paths)?],
            older: Duration::ZERO,
            text: None,
            left: usize::MAX,
            patience: look::LIMIT,
            begun: coarse_clock::now(),
            last: None,
            taken: VecDeque::new(),
            place: (None, place(None).into()),
            panics: 0,
            end: SearchEnd::default(),
        })
    }

    /// Only objects of at least this age. Default: all.
    #[must_use]
    pub(crate) fn older(mut self, age: Duration) -> Self {
        self.older = age;
        self
    }

    /// Only objects with this text in their `Debug` text or their label, in any case. Default: all.
    #[must_use]
    pub(crate) fn containing(mut self, text: &str) -> Self {
        self.text = Some(text.to_lowercase());
        self
    }

    /// At most this many objects. Default: no limit.
    #[must_use]
    pub(crate) fn limit(mut self, limit: usize) -> Self {
        self.left = limit;
        self
    }

    /// Calls `Debug` although it hung before.
    #[must_use]
    pub(crate) fn again(self) -> Self {
        self.kind.set_answers();
        self
    }

    /// How long the `Debug` of an object may take. Default: 100 ms, which is too short for a test: on a busy machine the separate thread
    /// may get no processor for longer.
    #[cfg(test)]
    fn patience(mut self, limit: Duration) -> Self {
        self.patience = limit;
        self
    }

    /// The next objects, at most 1,024, or `None` at the end. It needs a tokio runtime with timers.
    pub(crate) async fn next(&mut self) -> Option<Vec<ObjectInfo>> {
        loop {
            if self.taken.is_empty() && self.left > 0 {
                self.take();
            }
            if self.taken.is_empty() || self.left == 0 {
                self.end.more += std::mem::take(&mut self.taken).len();
                return None;
            }
            let wanted = if self.text.is_some() { BATCH } else { BATCH.min(self.left) };
            let mut batch: VecDeque<Candidate> = self.taken.drain(..wanted.min(self.taken.len())).collect();
            let mut found = Vec::new();
            while !batch.is_empty() && found.len() < self.left {
                self.look(&mut batch, &mut found).await;
            }
            self.end.more += batch.len() + found.len().saturating_sub(self.left);
            found.truncate(self.left);
            self.left -= found.len();
            if !found.is_empty() {
                return Some(found);
            }
        }
    }

    /// The objects that were left out, after the end.
    pub(crate) fn end(&self) -> &SearchEnd {
        &self.end
    }

    /// Takes the oldest objects that were not taken yet.
    fn take(&mut self) {
        let Ok(older) = u64::try_from(self.older.as_nanos()) else { return };
        let Some(until) = self.begun.checked_sub(older) else { return };
        // Some of them may be dropped before their `Debug` is called.
        let most = if self.text.is_some() { PAGE } else { PAGE.min(self.left.max(FEWEST)) };
        let mut count = 0;
        let mut oldest: BinaryHeap<Candidate> = BinaryHeap::new();
        self.kind.look(|seen| {
            if seen.entry.made > until || self.last.is_some_and(|last| seen.key <= last) {
                return;
            }
            count += 1;
            if oldest.len() == most {
                if oldest.peek().is_some_and(|youngest| youngest.key < seen.key) {
                    return;
                }
                oldest.pop();
            }
            oldest.push(Candidate {
                key: seen.key,
                instance: seen.entry.instance.clone(),
                location: seen.location(),
                label: seen.label(),
            });
        });
        self.end.more = count - oldest.len();
        self.taken = oldest.into_sorted_vec().into();
        self.last = self.taken.back().map(|candidate| candidate.key).or(self.last);
    }

    /// Calls `Debug` of some of the objects, at least of the first.
    async fn look(&mut self, batch: &mut VecDeque<Candidate>, found: &mut Vec<ObjectInfo>) {
        let silent = self.kind.silent().map(|why| format!("not shown: {why}"));
        let silent = silent.or_else(|| {
            (self.panics >= PANICS)
                .then(|| format!("not shown: `Debug` of this type panicked {PANICS} times"))
        });
        let instances: Vec<_> = batch.iter().map_while(|candidate| candidate.instance.clone()).collect();
        if instances.is_empty() || silent.is_some() {
            batch.drain(..).for_each(|candidate| self.add_unseen(candidate, silent.clone(), found));
            return;
        }
        let (looked, failed) = look::at(instances, self.text.clone(), self.patience).await;
        let seen: Vec<Candidate> = batch.drain(..looked.len()).collect();
        seen.into_iter().zip(looked).for_each(|(candidate, looked)| self.add(candidate, looked, found));
        match failed {
            Some(NoAnswer::Late(_)) => {
                if let Some(candidate) = batch.pop_front() {
                    self.kind.set_silent("`Debug` of this type hung before; --again retries");
                    let missing = format!("`Debug` did not return within {} ms", self.patience.as_millis());
                    self.add_unseen(candidate, Some(missing), found);
                }
            }
            Some(failed) => {
                let missing = failed.to_string();
                batch
                    .drain(..)
                    .for_each(|candidate| self.add_unseen(candidate, Some(missing.clone()), found));
            }
            None => {}
        }
    }

    /// Adds an object to the result if it matches.
    fn add(&mut self, candidate: Candidate, looked: Looked, found: &mut Vec<ObjectInfo>) {
        let Looked { strong, seen } = looked;
        let (has_text, text, missing) = match seen {
            Seen::Gone => return,
            Seen::Opaque => return self.add_unseen(candidate, None, found),
            Seen::Panicked(message) => {
                self.panics += 1;
                return self.add_unseen(candidate, Some(format!("panicked: {message}")), found);
            }
            Seen::Text { text, missing, has_text, is_whole } => {
                if !has_text && !is_whole {
                    self.end.cut += 1;
                }
                (has_text, text, missing)
            }
        };
        if has_text || self.is_in_label(&candidate) {
            found.push(self.info(candidate, Some(strong), Some(text), missing));
        }
    }

    /// Adds an object whose `Debug` cannot or should not be called.
    fn add_unseen(&mut self, candidate: Candidate, missing: Option<String>, found: &mut Vec<ObjectInfo>) {
        let strong = candidate.instance.as_ref().map(Weak::strong_count);
        if strong == Some(0) {
            return;
        }
        if self.text.is_none() || self.is_in_label(&candidate) {
            found.push(self.info(candidate, strong, None, missing));
        } else {
            self.end.unsearched += 1;
        }
    }

    fn info(
        &mut self,
        candidate: Candidate,
        strong: Option<usize>,
        text: Option<String>,
        missing: Option<String>,
    ) -> ObjectInfo {
        if self.place.0 != candidate.location {
            self.place = (candidate.location, place(candidate.location).into());
        }
        let age = coarse_clock::between(candidate.key.0, coarse_clock::now());
        ObjectInfo { age, place: self.place.1.clone(), label: candidate.label, strong, text, missing }
    }

    fn is_in_label(&self, candidate: &Candidate) -> bool {
        let label = candidate.label.as_ref().map(|label| label.to_lowercase());
        self.text.as_ref().zip(label).is_some_and(|(text, label)| label.contains(text))
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Candidate {}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

impl Serialize for ObjectInfo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_struct("ObjectInfo", 6)?;
        record.serialize_field("age", &self.age)?;
        record.serialize_field("place", &*self.place)?;
        record.serialize_field("label", &self.label.as_deref())?;
        record.serialize_field("strong", &self.strong)?;
        record.serialize_field("text", &self.text)?;
        record.serialize_field("missing", &self.missing)?;
        record.end()
    }
}

impl Serialize for SearchEnd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_struct("SearchEnd", 3)?;
        record.serialize_field("more", &self.more)?;
        record.serialize_field("unsearched", &self.unsearched)?;
        record.serialize_field("cut", &self.cut)?;
        record.end()
    }
}

/// The live [`Tracked`] objects of this type, in no order. The iterator holds no lock between its items; objects that are created meanwhile
/// may be missing. The thread that drops the last reference to an object drops the object.
pub fn find<T: Send + Sync + 'static>() -> impl Iterator<Item = Tracked<T>> {
    let kind = Tracked::<T>::kind();
    let (mut next, mut some) = (Some((0, 0)), Vec::new());
    std::iter::from_fn(move || {
        loop {
            while let Some(instance) = some.pop() {
                let instance: Weak<dyn Instance> = instance;
                if let Some(found) = instance.upgrade().and_then(Tracked::from_instance) {
                    return Some(found);
                }
            }
            next = kind.look_at_some(next?, |seen| some.extend(seen.entry.instance.clone()));
        }
    })
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    /// The longest tick of the coarse clock, at 100 Hz.
    const TICK: Duration = Duration::from_millis(10);

    #[tokio::test]
    async fn search_stops_at_its_limit() {
        let words: Vec<Tracked<char>> = "lantern".chars().map(Tracked::new).collect();
        let search = Search::new("char").unwrap().containing("N").limit(10);
        let mut search = search.patience(Duration::from_secs(60));
        let mut found = 0;
        while let Some(some) = search.next().await {
            assert!(some.iter().all(|object| object.text.as_deref() == Some("'n'")));
            found += some.len();
        }
        assert_eq!(found, 2);
        drop(words);
    }

    #[tokio::test]
    async fn search_in_pages_finds_each_object_once() {
        #[derive(Debug)]
        struct Grain(u32);
        let grains: Vec<Tracked<Grain>> = (0..40_000).map(|number| Tracked::new(Grain(number))).collect();
        let mut search = Search::new("Grain").unwrap().patience(Duration::from_secs(60));
        let mut seen = vec![0; grains.len()];
        loop {
            let begun = Instant::now();
            let Some(some) = search.next().await else { break };
            // Each age is read separately, and is exact to the kernel's tick.
            let apart = begun.elapsed() + TICK;
            // Objects created meanwhile are not included.
            drop(Tracked::new(Grain(0)));
            assert!(some.len() <= 1024);
            assert!(some.is_sorted_by(|one, other| other.age <= one.age + apart));
            for object in some {
                let number =
                    object.text.as_deref().and_then(|text| text.strip_prefix("Grain(")?.strip_suffix(')'));
                seen[number.and_then(|number| number.parse::<usize>().ok()).unwrap()] += 1;
            }
        }
        assert!(seen.iter().all(|times| *times == 1));
        assert_eq!(search.end(), &SearchEnd::default());
        assert_eq!(grains.iter().map(|grain| u64::from(grain.0)).sum::<u64>(), 40_000 * 39_999 / 2);
    }
}
