//! The targets so far, and the number of events of each level that reached the ring.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Mutex, PoisonError};

use serde_core::Serialize;
use serde_core::ser::{SerializeStruct, Serializer};
use tracing::Level;

/// How many targets are told apart; events of further targets are counted together.
pub(super) const MOST: usize = 256;

/// The longest name of a target that is kept.
const NAME: usize = 128;

/// The name for all further targets.
const OTHERS: &str = "(others)";

/// How many targets of callsites are remembered.
const NOTED: usize = 4096;

/// The targets of callsites that were ever reached, kept by the ring or not.
static REACHED: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// Records the target of a callsite that was reached for the first time.
pub(super) fn note(target: &'static str) {
    let mut reached = REACHED.lock().unwrap_or_else(PoisonError::into_inner);
    if reached.len() < NOTED {
        reached.insert(target);
    }
}

/// Every target so far: of a callsite that was reached, or of an event of the `log` crate.
pub(super) fn known(counts: &Counts) -> BTreeSet<String> {
    let reached = REACHED.lock().unwrap_or_else(PoisonError::into_inner).clone();
    reached.into_iter().map(str::to_owned).chain(counts.named.keys().map(ToString::to_string)).collect()
}

/// One target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TargetInfo {
    /// The target: as written in the source, or the module's path.
    pub(crate) target: String,
    /// The number of errors that reached the ring.
    pub(crate) error: u64,
    /// Warnings.
    pub(crate) warn: u64,
    /// Information.
    pub(crate) info: u64,
    /// Details.
    pub(crate) debug: u64,
    /// Events of the level trace.
    pub(crate) trace: u64,
}

impl Serialize for TargetInfo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("TargetInfo", 6)?;
        fields.serialize_field("target", &self.target)?;
        fields.serialize_field("error", &self.error)?;
        fields.serialize_field("warn", &self.warn)?;
        fields.serialize_field("info", &self.info)?;
        fields.serialize_field("debug", &self.debug)?;
        fields.serialize_field("trace", &self.trace)?;
        fields.end()
    }
}

/// Events of each target, by level.
#[derive(Default)]
pub(super) struct Counts {
    /// The key is the address of the name, which is faster to compare than the name; one name may have several addresses.
    fixed: HashMap<usize, (&'static str, [u64; 5]), BuildHasherDefault<AddressHasher>>,
    named: BTreeMap<Box<str>, [u64; 5]>,
}

/// Hashes addresses, which no attacker can choose.
#[derive(Default)]
struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_usize(usize::from(*byte)));
    }

    fn write_usize(&mut self, address: usize) {
        // Fibonacci hashing (Knuth, The Art of Computer Programming, 6.4).
        self.0 = (self.0 ^ address as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(20);
    }
}

impl Counts {
    /// Counts an event whose target is written in the source.
    pub(super) fn add(&mut self, target: &'static str, level: &Level) {
        let address = target.as_ptr().addr();
        let has_room = self.fixed.len() < MOST;
        match self.fixed.get_mut(&address) {
            Some((known, counts)) if known.len() == target.len() => counts[index(level)] += 1,
            None if has_room => {
                self.fixed.entry(address).or_insert((target, [0; 5])).1[index(level)] += 1;
            }
            _ => self.add_named(target, level),
        }
    }

    /// Counts an event of any target.
    pub(super) fn add_named(&mut self, target: &str, level: &Level) {
        self.of(target)[index(level)] += 1;
    }

    /// Adds the counts of another.
    pub(super) fn merge(&mut self, other: &Self) {
        let fixed = other.fixed.values().map(|(target, counts)| (*target, counts));
        let named = other.named.iter().map(|(target, counts)| (&**target, counts));
        for (target, counts) in fixed.chain(named) {
            self.of(target).iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
    }

    fn of(&mut self, target: &str) -> &mut [u64; 5] {
        let target = &target[..target.floor_char_boundary(NAME)];
        let is_known = self.named.contains_key(target) || self.named.len() < MOST;
        self.named.entry(if is_known { target } else { OTHERS }.into()).or_default()
    }
}

/// All targets so far, by name.
pub(super) fn list(counts: &Counts) -> Vec<TargetInfo> {
    let info = |(target, [error, warn, info, debug, trace]): (&str, [u64; 5])| TargetInfo {
        target: target.to_owned(),
        error,
        warn,
        info,
        debug,
        trace,
    };
    let mut all = Counts::default();
    all.merge(counts);
    all.named.iter().map(|(target, counts)| info((target, *counts))).collect()
}

fn index(level: &Level) -> usize {
    match *level {
        Level::ERROR => 0,
        Level::WARN => 1,
        Level::INFO => 2,
        Level::DEBUG => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_bounded_and_nothing_is_uncounted() {
        let mut counts = Counts::default();
        for number in 0..2 * MOST {
            counts.add_named(&format!("target{number}{}", "é".repeat(NAME)), &Level::WARN);
        }
        counts.add("written in the source", &Level::TRACE);
        // A part of another name at the same address.
        let written: &'static str = "net::tcp";
        counts.add(written, &Level::INFO);
        counts.add(&written[..3], &Level::INFO);
        let rows = list(&counts);
        assert!(rows.len() <= MOST + 1 && rows.iter().all(|row| row.target.len() <= NAME));
        let sum = |row: &TargetInfo| row.error + row.warn + row.info + row.debug + row.trace;
        assert_eq!(rows.iter().map(sum).sum::<u64>(), 2 * MOST as u64 + 3);
        assert!(rows.iter().any(|row| row.target == OTHERS && row.warn >= MOST as u64));
        let mut few = Counts::default();
        few.add(written, &Level::INFO);
        few.add(&written[..3], &Level::INFO);
        few.add(written, &Level::ERROR);
        let rows: Vec<_> = list(&few).into_iter().map(|row| (row.target, row.error, row.info)).collect();
        assert_eq!(rows, [("net".to_owned(), 0, 1), ("net::tcp".to_owned(), 1, 1)]);
    }
}
