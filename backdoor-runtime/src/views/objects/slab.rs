//! The objects of one shard, each in a fixed slot. Slots are found, taken and freed in constant time, and memory that many objects have
//! left is returned to the allocator.

use std::sync::Weak;

use super::instance::Instance;

/// Objects of a chunk: one bit for each in a word that marks the vacant slots.
const CHUNK: usize = 64;

const ALL_VACANT: u64 = u64::MAX;

/// One object.
#[derive(Clone)]
pub(super) struct Entry {
    /// The time of its creation, by [`coarse`](crate::base::coarse_clock).
    pub(super) made: u64,
    /// The object itself, if the console can reach it.
    pub(super) instance: Option<Weak<dyn Instance>>,
    /// The number of the place that created it.
    pub(super) site: u16,
    pub(super) has_label: bool,
}

struct Chunk {
    vacant: u64,
    entries: [Entry; CHUNK],
}

pub(super) struct Slab {
    chunks: Vec<Option<Box<Chunk>>>,
    /// Chunks with vacant slots, including chunks without memory.
    roomy: Vec<u32>,
    /// How many chunks have memory and no objects.
    empty: usize,
}

impl Slab {
    pub(super) const fn new() -> Self {
        Self { chunks: Vec::new(), roomy: Vec::new(), empty: 0 }
    }

    /// Stores an object, and returns its slot.
    pub(super) fn insert(&mut self, entry: Entry) -> u32 {
        let at = match self.roomy.last() {
            Some(at) => *at,
            None => {
                let at =
                    u32::try_from(self.chunks.len()).expect("2^32 chunks do not fit into an address space");
                self.chunks.push(None);
                self.roomy.push(at);
                at
            }
        };
        let empty = &mut self.empty;
        let chunk = self.chunks[at as usize].get_or_insert_with(|| {
            *empty += 1;
            Box::new(Chunk { vacant: ALL_VACANT, entries: [const { Entry::NONE }; CHUNK] })
        });
        if chunk.vacant == ALL_VACANT {
            *empty -= 1;
        }
        let free = chunk.vacant.trailing_zeros();
        chunk.vacant &= !(1 << free);
        if chunk.vacant == 0 {
            self.roomy.pop();
        }
        chunk.entries[free as usize] = entry;
        at * CHUNK as u32 + free
    }

    /// Removes the object from its slot.
    pub(super) fn remove(&mut self, slot: u32) -> Option<Entry> {
        let (at, bit) = (slot / CHUNK as u32, slot % CHUNK as u32);
        let place = self.chunks.get_mut(at as usize)?;
        let chunk = place.as_mut().filter(|chunk| chunk.vacant & (1 << bit) == 0)?;
        if chunk.vacant == 0 {
            self.roomy.push(at);
        }
        chunk.vacant |= 1 << bit;
        let entry = std::mem::replace(&mut chunk.entries[bit as usize], Entry::NONE);
        if chunk.vacant == ALL_VACANT {
            // One empty chunk is kept, for code that repeatedly creates and drops one object.
            match self.empty {
                0 => self.empty = 1,
                _ => *place = None,
            }
        }
        Some(entry)
    }

    pub(super) fn get_mut(&mut self, slot: u32) -> Option<&mut Entry> {
        let chunk = self.chunks.get_mut(slot as usize / CHUNK)?.as_mut()?;
        let bit = slot as usize % CHUNK;
        (chunk.vacant & (1 << bit) == 0).then(|| &mut chunk.entries[bit])
    }

    /// The objects of the chunks in this range, with their slots, and whether more chunks follow.
    pub(super) fn some(&self, first: usize, count: usize) -> (impl Iterator<Item = (u32, &Entry)>, bool) {
        let end = self.chunks.len().min(first.saturating_add(count));
        let chunks = self.chunks.get(first..end).unwrap_or_default().iter().enumerate();
        let taken =
            chunks.filter_map(|(at, chunk)| Some((at, chunk.as_ref()?))).flat_map(move |(at, chunk)| {
                let slot = move |bit: usize| ((first + at) * CHUNK + bit) as u32;
                let taken = (0..CHUNK).filter(|bit| chunk.vacant & (1 << bit) == 0);
                taken.map(move |bit| (slot(bit), &chunk.entries[bit]))
            });
        (taken, end < self.chunks.len())
    }
}

impl Entry {
    const NONE: Self = Self { made: 0, instance: None, site: 0, has_label: false };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(made: u64) -> Entry {
        Entry { made, ..Entry::NONE }
    }

    fn made(slab: &Slab) -> Vec<u64> {
        let (entries, more) = slab.some(0, usize::MAX);
        assert!(!more);
        let mut made: Vec<u64> = entries.map(|(_, entry)| entry.made).collect();
        made.sort_unstable();
        made
    }

    #[test]
    fn slots_are_reused_without_touching_others() {
        let mut slab = Slab::new();
        let slots: Vec<u32> = (0..200).map(|made| slab.insert(entry(made))).collect();
        for at in (0..200).step_by(2) {
            assert_eq!(slab.remove(slots[at]).map(|entry| entry.made), Some(at as u64));
            assert!(slab.remove(slots[at]).is_none());
            assert!(slab.get_mut(slots[at]).is_none());
        }
        assert_eq!(made(&slab), (0..200).filter(|made| made % 2 == 1).collect::<Vec<_>>());
        let again: Vec<u32> = (300..400).map(|made| slab.insert(entry(made))).collect();
        assert!(again.iter().all(|slot| *slot < 256 && slot % 2 == 0 || *slot >= 200), "{again:?}");
        assert_eq!(made(&slab).len(), 200);
        assert_eq!(slab.chunks.len(), 4);
    }

    #[test]
    fn memory_of_many_objects_is_returned() {
        let mut slab = Slab::new();
        let slots: Vec<u32> = (0..6400).map(|made| slab.insert(entry(made))).collect();
        for slot in slots {
            slab.remove(slot);
        }
        assert_eq!(slab.chunks.iter().flatten().count(), 1);
        for _ in 0..1000 {
            let slot = slab.insert(entry(1));
            assert_eq!(made(&slab), [1]);
            slab.remove(slot);
        }
        assert!(slab.chunks.iter().flatten().count() <= 2);
        assert_eq!(slab.roomy.len(), 100);
    }

    #[test]
    fn reading_in_batches_finds_every_object() {
        let mut slab = Slab::new();
        assert_eq!((0..1000).map(|made| slab.insert(entry(made))).last(), Some(999));
        let (mut seen, mut first) = (Vec::new(), 0);
        loop {
            let (entries, more) = slab.some(first, 3);
            seen.extend(entries.map(|(slot, entry)| (slot, entry.made)));
            if !more {
                break;
            }
            first += 3;
        }
        assert_eq!(seen.len(), 1000);
        assert!(seen.iter().all(|(slot, made)| u64::from(*slot) == *made));
    }
}
