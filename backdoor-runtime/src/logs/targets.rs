//! The targets that were seen: how many events of each level the ring was given.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};
use tracing::Level;

/// Targets that are told apart; what comes later is counted together.
pub(super) const MOST: usize = 256;

/// The longest name of a target that is kept.
const NAME: usize = 128;

/// The name under which the rest is counted.
const OTHERS: &str = "(others)";

/// One target that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TargetInfo {
    /// The target, as it stands in the source or is the module's path.
    pub target: String,
    /// Events that the ring was given: errors.
    pub error: u64,
    /// Warnings.
    pub warn: u64,
    /// Information.
    pub info: u64,
    /// Details.
    pub debug: u64,
    /// Everything else.
    pub trace: u64,
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
pub(super) struct Counts(HashMap<Box<str>, [u64; 5]>);

impl Counts {
    pub(super) fn add(&mut self, target: &str, level: &Level) {
        match self.0.get_mut(target) {
            Some(counts) => counts[index(level)] += 1,
            None => self.of(target)[index(level)] += 1,
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (target, counts) in &other.0 {
            self.of(target).iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
    }

    /// What was counted, by target.
    pub(super) fn rows(&self) -> BTreeMap<&str, [u64; 5]> {
        self.0.iter().map(|(target, counts)| (&**target, *counts)).collect()
    }

    fn of(&mut self, target: &str) -> &mut [u64; 5] {
        let target = &target[..target.floor_char_boundary(NAME)];
        let is_known = self.0.contains_key(target);
        let name = if is_known || self.0.len() < MOST { target } else { OTHERS };
        if !self.0.contains_key(name) {
            self.0.insert(name.into(), [0; 5]);
        }
        self.0.get_mut(name).expect("it was put in if it was not there")
    }
}

/// All targets that were seen, by name.
pub(super) fn list(counts: &Counts) -> Vec<TargetInfo> {
    let info = |(target, [error, warn, info, debug, trace]): (&str, [u64; 5])| TargetInfo {
        target: target.to_owned(),
        error,
        warn,
        info,
        debug,
        trace,
    };
    counts.rows().into_iter().map(info).collect()
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
            counts.add(&format!("target{number}{}", "é".repeat(NAME)), &Level::WARN);
        }
        counts.add("target0", &Level::TRACE);
        let rows = counts.rows();
        assert_eq!(rows.len(), MOST + 1);
        assert!(rows.keys().all(|target| target.len() <= NAME));
        assert_eq!(rows[OTHERS], [0, MOST as u64, 0, 0, 1]);
        let mut twice = Counts::default();
        twice.merge(&counts);
        twice.merge(&counts);
        assert_eq!(twice.rows().values().flatten().sum::<u64>(), 2 * (2 * MOST as u64 + 1));
    }
}
