//! Which code belongs to which compile unit.

/// The index of one program or library.
#[derive(Default)]
pub(super) struct UnitIndex {
    /// The offsets of units in `.debug_info`, sorted.
    pub(super) units: Vec<u64>,
    /// Sorted by the start of the range.
    covered: Vec<Covered>,
}

/// A code range, and the offset of its unit.
struct Covered {
    begin: u64,
    end: u64,
    unit: u64,
}

/// The ranges of one unit: its functions usually follow each other.
#[derive(Default)]
pub(super) struct Covering(Vec<(u64, u64)>);

impl Covering {
    pub(super) fn add(&mut self, begin: u64, end: u64) {
        /// The padding that the linker leaves between two functions.
        const ALIGNMENT: u64 = 16;
        match self.0.last_mut() {
            Some((first, last)) if begin >= *first && begin <= last.saturating_add(ALIGNMENT) => {
                *last = end.max(*last);
            }
            _ => self.0.push((begin, end)),
        }
    }
}

impl UnitIndex {
    /// Adds the ranges of a unit.
    pub(super) fn add(&mut self, unit: u64, covering: Covering) {
        self.covered.extend(covering.0.into_iter().map(|(begin, end)| Covered { begin, end, unit }));
    }

    /// Called after the last unit was added.
    pub(super) fn sort(&mut self) {
        self.units.shrink_to_fit();
        self.covered.shrink_to_fit();
        self.covered.sort_unstable_by_key(|covered| covered.begin);
    }

    /// The unit that covers this code.
    pub(super) fn unit_of(&self, address: u64) -> Option<u64> {
        /// Ranges of two units overlap only if identical code was folded into one copy.
        const LOOK_BACK: usize = 4;
        let behind = self.covered.partition_point(|covered| covered.begin <= address);
        let near = self.covered[..behind].iter().rev().take(LOOK_BACK);
        near.filter(|covered| address < covered.end).map(|covered| covered.unit).next()
    }

    /// The unit that has the entry at this offset.
    pub(super) fn unit_around(&self, entry: u64) -> Option<u64> {
        let behind = self.units.partition_point(|unit| *unit <= entry);
        self.units.get(behind.checked_sub(1)?).copied()
    }

    /// How many bytes the index takes.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(self.units.as_slice()) + size_of_val(self.covered.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_found_in_the_unit_that_covers_it() {
        let mut index = UnitIndex { units: vec![0, 100], ..UnitIndex::default() };
        let mut covering = Covering::default();
        for (begin, end) in [(0x1000, 0x1010), (0x1020, 0x1030), (0x2000, 0x2010)] {
            covering.add(begin, end);
        }
        index.add(100, covering);
        let mut covering = Covering::default();
        covering.add(0x1800, 0x1900);
        index.add(0, covering);
        index.sort();
        assert_eq!(index.covered.len(), 3, "what follows is one");
        assert_eq!(index.unit_of(0x102f), Some(100));
        assert_eq!(index.unit_of(0x1800), Some(0));
        assert_eq!(index.unit_of(0x1900), None);
        assert_eq!(index.unit_of(0xfff), None);
        assert_eq!((index.unit_around(99), index.unit_around(100)), (Some(0), Some(100)));
    }
}
