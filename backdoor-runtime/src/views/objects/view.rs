//! The types of tracked objects: their numbers, rates and growth.

use std::cmp::Reverse;
use std::panic::Location;
use std::time::Duration;

use serde_core::ser::{Serialize, SerializeStruct, Serializer};

use super::kind::{Counts, Kind};
use super::sites::Site;
use super::{names, rates};
use crate::base::coarse_clock;
use crate::base::sort;

/// The name of all places beyond the limit.
const OTHER_PLACES: &str = "other places";

/// A type of tracked objects.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TypeInfo {
    /// Its name, with enough of its path to be unique.
    pub name: String,
    /// Its full name as the compiler writes it; another compiler may write another name.
    pub path: &'static str,
    /// The number of live objects.
    pub live: u64,
    /// The largest number of live objects: exact up to 1,024, within 2 % above.
    pub peak: u64,
    /// The number of objects ever created.
    pub created: u64,
    /// The rate of creation, per second, over the last ten seconds with the current one.
    pub created_per_second: f64,
    /// The rate of drops, per second, over the same time.
    pub dropped_per_second: f64,
    /// The age of the oldest live object.
    pub oldest: Option<Duration>,
    /// The places that created its objects, the one with the most live objects first.
    pub places: Vec<PlaceInfo>,
}

/// A place that creates objects of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlaceInfo {
    /// File and line, or `other places`.
    pub place: String,
    /// The number of live objects from there.
    pub live: u64,
    /// The number of objects ever created there.
    pub created: u64,
}

/// The types of tracked objects, the one with the most live objects first. The call stops no thread, so numbers can change during it.
///
/// ```
/// use backdoor_runtime::{Tracked, objects};
///
/// let cached: Vec<Tracked<u64>> = (0..3).map(Tracked::new).collect();
/// let numbers = objects::list().into_iter().find(|counted| counted.name == "u64").unwrap();
/// assert_eq!(numbers.live, 3);
/// assert!(numbers.places[0].place.contains(".rs:"));
/// # drop(cached);
/// ```
pub fn list() -> Vec<TypeInfo> {
    let kinds = Kind::all();
    let paths: Vec<&str> = kinds.iter().map(|kind| kind.facts().name).collect();
    let names = names::distinct(&paths);
    let mut types: Vec<TypeInfo> =
        kinds.iter().zip(names).map(|(kind, name)| TypeInfo::of(kind, name)).collect();
    sort::sort_by(&mut types, |one, other| other.live.cmp(&one.live).then_with(|| one.name.cmp(&other.name)));
    types
}

impl TypeInfo {
    fn of(kind: &Kind, name: String) -> Self {
        let mut oldest: Option<u64> = None;
        kind.look(|seen| oldest = Some(oldest.map_or(seen.key.0, |oldest| oldest.min(seen.key.0))));
        let now = coarse_clock::now();
        let Counts { live, made, last, mut sites } = kind.counts(now);
        sort::sort_by_key(&mut sites, |site| Reverse((site.live, site.made)));
        let facts = kind.facts();
        let seconds = rates::seconds(facts.since, now);
        Self {
            name,
            path: facts.name,
            live,
            peak: kind.peak().max(live),
            created: made,
            created_per_second: rounded(last.made as f64 / seconds),
            dropped_per_second: rounded(last.dropped as f64 / seconds),
            oldest: oldest.map(|made| coarse_clock::between(made, now)),
            places: sites.iter().map(PlaceInfo::of).collect(),
        }
    }

    /// Whether its path, or the path of a place that created its objects, contains this text in any case.
    pub(crate) fn matches(&self, text: &str) -> bool {
        has(self.path, text)
            || has(&self.name, text)
            || self.places.iter().any(|place| has(&place.place, text))
    }
}

impl GrowthInfo {
    /// Whether the type's path, or the path of the place, contains this text in any case.
    pub(crate) fn matches(&self, text: &str) -> bool {
        has(self.path, text) || has(&self.name, text) || has(&self.place, text)
    }
}

fn has(name: &str, text: &str) -> bool {
    name.to_lowercase().contains(&text.to_lowercase())
}

impl PlaceInfo {
    fn of(site: &Site) -> Self {
        Self { place: place(site.location), live: site.live, created: site.made }
    }
}

pub(super) fn place(location: Option<&Location<'_>>) -> String {
    location.map_or_else(|| OTHER_PLACES.to_owned(), |at| format!("{}:{}", at.file(), at.line()))
}

/// A rate with the precision that a reader needs: one decimal if it is small.
fn rounded(rate: f64) -> f64 {
    if rate < 100.0 { (rate * 10.0).round() / 10.0 } else { rate.round() }
}

/// The numbers of objects at one time, for comparison with a later time.
///
/// ```
/// use backdoor_runtime::{Tracked, objects};
///
/// let before = objects::Snapshot::now();
/// let leak: Vec<Tracked<i16>> = (0..40).map(Tracked::new).collect();
/// let growth = before.growth();
/// let grown = growth.iter().find(|grown| grown.name == "i16").unwrap();
/// assert_eq!((grown.grown, grown.grown_there), (40, 40));
/// # drop(leak);
/// ```
pub struct Snapshot(Vec<(&'static Kind, Counts)>);

/// A place whose objects let a type grow.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GrowthInfo {
    /// The type's name.
    pub name: String,
    /// The type's whole name.
    pub path: &'static str,
    /// The number of live objects of the type.
    pub live: u64,
    /// Their growth.
    pub grown: u64,
    /// The number of its objects that were dropped meanwhile.
    pub dropped: u64,
    /// File and line of the place.
    pub place: String,
    /// The number of live objects from there.
    pub live_there: u64,
    /// Their growth.
    pub grown_there: u64,
}

impl Snapshot {
    /// Counts all types.
    pub fn now() -> Self {
        let now = coarse_clock::now();
        Self(Kind::all().into_iter().map(|kind| (kind, kind.counts(now))).collect())
    }

    /// The types with more objects now, and the places of the growth, the largest growth first. A type that grew at one place and shrank
    /// more at others has not grown.
    pub fn growth(&self) -> Vec<GrowthInfo> {
        self.growth_until(&Self::now())
    }

    /// The same until a later snapshot.
    pub(crate) fn growth_until(&self, after: &Self) -> Vec<GrowthInfo> {
        let paths: Vec<&str> = after.0.iter().map(|(kind, _)| kind.facts().name).collect();
        let mut growth = Vec::new();
        for ((kind, counts), name) in after.0.iter().zip(names::distinct(&paths)) {
            let nothing = Counts::default();
            let before = self.0.iter().find(|(known, _)| std::ptr::eq(*known, *kind));
            let before = before.map_or(&nothing, |(_, before)| before);
            let grown = counts.live.saturating_sub(before.live);
            if grown == 0 {
                continue;
            }
            let dropped = (counts.made - counts.live).saturating_sub(before.made - before.live);
            for site in &counts.sites {
                let known = before.sites.iter().find(|known| known.location == site.location);
                let grown_there = site.live.saturating_sub(known.map_or(0, |known| known.live));
                if grown_there > 0 {
                    growth.push(GrowthInfo {
                        name: name.clone(),
                        path: kind.facts().name,
                        live: counts.live,
                        grown,
                        dropped,
                        place: place(site.location),
                        live_there: site.live,
                        grown_there,
                    });
                }
            }
        }
        sort::sort_by(&mut growth, |one, other| {
            let order = other.grown.cmp(&one.grown).then_with(|| one.name.cmp(&other.name));
            order.then_with(|| other.grown_there.cmp(&one.grown_there))
        });
        growth
    }
}

impl Serialize for TypeInfo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_struct("TypeInfo", 9)?;
        record.serialize_field("type", &self.name)?;
        record.serialize_field("path", self.path)?;
        record.serialize_field("live", &self.live)?;
        record.serialize_field("peak", &self.peak)?;
        record.serialize_field("created", &self.created)?;
        record.serialize_field("created_per_second", &self.created_per_second)?;
        record.serialize_field("dropped_per_second", &self.dropped_per_second)?;
        record.serialize_field("oldest", &self.oldest)?;
        record.serialize_field("places", &self.places)?;
        record.end()
    }
}

impl Serialize for PlaceInfo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_struct("PlaceInfo", 3)?;
        record.serialize_field("place", &self.place)?;
        record.serialize_field("live", &self.live)?;
        record.serialize_field("created", &self.created)?;
        record.end()
    }
}

impl Serialize for GrowthInfo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_struct("GrowthInfo", 7)?;
        record.serialize_field("type", &self.name)?;
        record.serialize_field("path", self.path)?;
        record.serialize_field("live", &self.live)?;
        record.serialize_field("grown", &self.grown)?;
        record.serialize_field("place", &self.place)?;
        record.serialize_field("live_there", &self.live_there)?;
        record.serialize_field("grown_there", &self.grown_there)?;
        record.end()
    }
}
