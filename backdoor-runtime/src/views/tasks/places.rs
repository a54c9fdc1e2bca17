//! Counters for each place where tasks are spawned, and for each name: written when a task starts and when it ends, never by its polls.

use std::borrow::Cow;
use std::num::NonZeroU64;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

/// The most places and the most names that are told apart; the tasks of further ones count together.
const MOST: usize = 1024;

/// At most half of them are used, so that searches are short.
const SLOTS: usize = 2 * MOST;

/// The slot of all further places or names.
pub(crate) const OTHERS: u16 = SLOTS as u16;

/// How many bytes of a panic's message are kept.
const MESSAGE: usize = 256;

static PLACES: Table<&'static Location<'static>> = Table::new();
static NAMES: Table<Option<Box<str>>> = Table::new();

/// The counters of one task: those of its place and those of its name.
#[derive(Clone, Copy)]
pub(crate) struct Slots {
    pub(crate) place: u16,
    pub(crate) name: u16,
}

/// What tasks are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// The place where they were spawned.
    Site,
    Name,
}

/// What a group is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Label {
    Site(&'static Location<'static>),
    /// `None` for tasks without a name.
    Name(Option<String>),
    /// All groups beyond the limit.
    Others,
}

/// The counters of a group.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) spawned: u64,
    pub(crate) ended: u64,
    pub(crate) panicked: u64,
    /// The time in the polls of ended tasks, in nanoseconds.
    pub(crate) busy: u64,
}

/// The last panic of a group.
#[derive(Clone, Debug)]
pub(crate) struct Panic {
    pub(crate) task: NonZeroU64,
    pub(crate) name: Option<Cow<'static, str>>,
    pub(crate) message: String,
    pub(crate) at: u64,
}

/// A panic that is to be recorded: the task, its name, the message, and the time.
pub(crate) type Panicked<'a> = (NonZeroU64, Option<Cow<'static, str>>, &'a str, u64);

struct Table<K> {
    slots: [OnceLock<Box<Tally<K>>>; SLOTS],
    used: AtomicUsize,
    others: Counters,
}

/// On a cache line of its own.
#[repr(align(64))]
struct Tally<K> {
    key: K,
    counters: Counters,
}

struct Counters {
    spawned: AtomicU64,
    ended: AtomicU64,
    panicked: AtomicU64,
    busy: AtomicU64,
    last_panic: Mutex<Option<Box<Panic>>>,
}

impl Slots {
    pub(crate) fn of(spawned: &'static Location<'static>, name: Option<&str>) -> Self {
        // Few places differ in the file alone.
        let place = (u64::from(spawned.line()) << 32) | u64::from(spawned.column());
        let is_it = |known: &&'static Location<'static>| std::ptr::eq(*known, spawned) || *known == spawned;
        let place = PLACES.slot(fnv(&[], place), is_it, || spawned);
        let hash = fnv(name.unwrap_or_default().as_bytes(), u64::from(name.is_some()));
        let name = NAMES.slot(hash, |known| known.as_deref() == name, || name.map(Box::from));
        Self { place, name }
    }

    pub(crate) fn of_group(self, by: By) -> u16 {
        match by {
            By::Site => self.place,
            By::Name => self.name,
        }
    }

    pub(crate) fn began(self) {
        for counters in self.counters() {
            counters.spawned.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A task has ended that was busy for this long, by a panic if there is one.
    pub(crate) fn ended(self, busy: u64, panic: Option<Panicked<'_>>) {
        for counters in self.counters() {
            counters.busy.fetch_add(busy, Ordering::Relaxed);
            if let Some(panic) = &panic {
                counters.panicked(panic);
            }
            // Last, so that an ended task is complete.
            counters.ended.fetch_add(1, Ordering::Release);
        }
    }

    fn counters(self) -> [&'static Counters; 2] {
        [PLACES.counters(self.place), NAMES.counters(self.name)]
    }
}

impl<K> Table<K> {
    const fn new() -> Self {
        Self { slots: [const { OnceLock::new() }; SLOTS], used: AtomicUsize::new(0), others: Counters::new() }
    }

    /// The slot of the key with this hash, which may be new.
    fn slot(&self, hash: u64, is_it: impl Fn(&K) -> bool, key: impl Fn() -> K) -> u16 {
        let first = (hash >> 40) as usize;
        for at in (first..first + SLOTS).map(|at| at % SLOTS) {
            let known = match self.slots[at].get() {
                Some(known) => known,
                None if self.used.load(Ordering::Relaxed) >= MOST => return OTHERS,
                None => self.slots[at].get_or_init(|| {
                    self.used.fetch_add(1, Ordering::Relaxed);
                    Box::new(Tally { key: key(), counters: Counters::new() })
                }),
            };
            if is_it(&known.key) {
                return at as u16;
            }
        }
        OTHERS
    }

    fn counters(&self, slot: u16) -> &Counters {
        match self.slots.get(usize::from(slot)).and_then(OnceLock::get) {
            Some(tally) => &tally.counters,
            None => &self.others,
        }
    }

    /// All groups with any task, as they are now.
    fn all(&self, label: impl Fn(&K) -> Label) -> Vec<(u16, Label, Counts)> {
        let known = self.slots.iter().zip(0..).filter_map(|(slot, at)| Some((at, slot.get()?)));
        let known = known.map(|(at, tally)| (at, label(&tally.key), tally.counters.read()));
        let others = (OTHERS, Label::Others, self.others.read());
        known.chain([others]).filter(|(.., counts)| counts.spawned > 0).collect()
    }
}

impl Counters {
    const fn new() -> Self {
        Self {
            spawned: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            panicked: AtomicU64::new(0),
            busy: AtomicU64::new(0),
            last_panic: Mutex::new(None),
        }
    }

    #[cold]
    fn panicked(&self, (task, name, message, at): &Panicked<'_>) {
        self.panicked.fetch_add(1, Ordering::Relaxed);
        let message = message[..message.floor_char_boundary(MESSAGE)].to_owned();
        let panic = Box::new(Panic { task: *task, name: name.clone(), message, at: *at });
        let before = self.last_panic.lock().unwrap_or_else(PoisonError::into_inner).replace(panic);
        drop(before);
    }

    fn read(&self) -> Counts {
        // The ended ones first: each of them was spawned before.
        let ended = self.ended.load(Ordering::Acquire);
        Counts {
            ended,
            spawned: self.spawned.load(Ordering::Relaxed),
            panicked: self.panicked.load(Ordering::Relaxed),
            busy: self.busy.load(Ordering::Relaxed),
        }
    }
}

/// The counters of all groups: for each its slot, what it is, and its counters.
pub(crate) fn all(by: By) -> Vec<(u16, Label, Counts)> {
    match by {
        By::Site => PLACES.all(|place| Label::Site(place)),
        By::Name => NAMES.all(|name| Label::Name(name.as_deref().map(str::to_owned))),
    }
}

/// The last panic in the group of this slot.
pub(crate) fn last_panic(by: By, slot: u16) -> Option<Panic> {
    let counters = match by {
        By::Site => PLACES.counters(slot),
        By::Name => NAMES.counters(slot),
    };
    counters.last_panic.lock().unwrap_or_else(PoisonError::into_inner).as_deref().cloned()
}

/// FNV-1a, with its high bits mixed.
fn fnv(bytes: &[u8], seed: u64) -> u64 {
    const PRIME: u64 = 0x100_0000_01b3;
    let start = 0xcbf2_9ce4_8422_2325 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let hash = bytes.iter().fold(start, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME));
    hash.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_beyond_the_limit_count_together() {
        let table: Box<Table<u64>> = Box::new(Table::new());
        let slot = |key: u64| table.slot(fnv(&key.to_le_bytes(), 0), |known| *known == key, || key);
        let slots: Vec<u16> = (0..MOST as u64 + 10).map(slot).collect();
        assert_eq!(slots.iter().filter(|slot| **slot == OTHERS).count(), 10);
        for slot in &slots {
            table.counters(*slot).spawned.fetch_add(1, Ordering::Relaxed);
        }
        let again: Vec<u16> = (0..MOST as u64 + 10).map(slot).collect();
        assert_eq!(again, slots, "each key keeps its slot");
        let all = table.all(|_| Label::Name(None));
        assert_eq!(all.len(), MOST + 1);
        assert_eq!(
            all.last().map(|(_, label, counts)| (label.clone(), counts.spawned)),
            Some((Label::Others, 10))
        );
    }

    #[test]
    fn a_group_is_one_cache_line() {
        assert_eq!(size_of::<Tally<&'static Location<'static>>>(), 64);
        assert_eq!(size_of::<Tally<Option<Box<str>>>>(), 64);
    }

    #[test]
    fn copies_of_a_location_are_one_place() {
        #[track_caller]
        fn here() -> &'static Location<'static> {
            Location::caller()
        }
        let [one, other] = [Slots::of(here(), Some("places-one")), Slots::of(here(), None)];
        assert_ne!(one.place, other.place, "two columns");
        let again = |_| here();
        let [one, other] = [again(1), again(2)].map(|place| Slots::of(place, Some("places-one")));
        assert_eq!((one.place, one.name), (other.place, other.name));
    }
}
