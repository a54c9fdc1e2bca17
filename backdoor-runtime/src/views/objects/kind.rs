//! All objects of one type: counted in shards, and listed piece by piece.

use std::cell::Cell;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use super::instance::Instance;
use super::rates::Happened;
use super::shard::Shard;
use super::sites::{self, Site};
use super::slab::Entry;
use crate::base::coarse_clock;

/// Threads of equal number, modulo this, count in the same shard.
const SHARDS: usize = 16;

/// A shard reports each change to the type's own count while that is below this number; above it, once the change is large enough. So a
/// peak is exact while it is small, and at most a sixty-fourth off above.
const EXACT_BELOW: i64 = 1024;

/// How many chunks of a slab are read before its lock is released: some 4,096 objects, a few microseconds.
const CHUNKS_AT_ONCE: usize = 64;

/// A type whose objects are counted.
pub struct Kind {
    shards: [Line<Mutex<Shard>>; SHARDS],
    tally: Line<Tally>,
    is_listed: AtomicBool,
    facts: OnceLock<Facts>,
    /// Why `Debug` of these objects is not called any more.
    silent: Mutex<Option<Arc<str>>>,
}

/// The types whose objects are counted, in the order of their first objects.
static LISTED: Mutex<Vec<&'static Kind>> = Mutex::new(Vec::new());

/// The sums that the shards have reported.
struct Tally {
    live: AtomicI64,
    peak: AtomicI64,
}

#[derive(Clone, Copy)]
pub(super) struct Facts {
    pub(super) name: &'static str,
    /// When the first object was created.
    pub(super) since: u64,
}

/// One cache line, or two on processors that fetch lines in pairs, so that threads do not slow each other down.
#[repr(align(128))]
struct Line<T>(T);

/// Keeps one object in the count until this is dropped.
pub(super) struct Held {
    kind: &'static Kind,
    shard: u8,
    slot: u32,
}

/// A live object, for the reader.
pub(super) struct Seen<'a> {
    /// Older objects have smaller keys, and no two live objects have the same key.
    pub(super) key: Key,
    pub(super) entry: &'a Entry,
    shard: &'a Shard,
}

/// The time of creation, the shard and the slot.
pub(super) type Key = (u64, u8, u32);

/// The counts of a type, without its objects.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) live: u64,
    pub(super) made: u64,
    pub(super) last: Happened,
    pub(super) sites: Vec<Site>,
}

impl Kind {
    #[expect(clippy::new_without_default, reason = "generated code needs it in a static")]
    /// A type without objects.
    pub const fn new() -> Self {
        Self {
            shards: [const { Line(Mutex::new(Shard::new())) }; SHARDS],
            tally: Line(Tally { live: AtomicI64::new(0), peak: AtomicI64::new(0) }),
            is_listed: AtomicBool::new(false),
            facts: OnceLock::new(),
            silent: Mutex::new(None),
        }
    }

    /// All types that ever had objects, in the order of their first objects.
    pub(super) fn all() -> Vec<&'static Self> {
        LISTED.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    #[inline]
    pub(super) fn hold(
        &'static self,
        name: fn() -> &'static str,
        location: &'static Location<'static>,
        instance: Option<Weak<dyn Instance>>,
    ) -> Held {
        if !self.is_listed.load(Ordering::Relaxed) {
            self.enlist(name());
        }
        let shard = this_thread();
        let mut counting = self.shard(shard);
        let slot = counting.make(location, instance);
        self.tell(&mut counting);
        Held { kind: self, shard, slot }
    }

    #[cold]
    fn enlist(&'static self, name: &'static str) {
        let mut is_first = false;
        self.facts.get_or_init(|| {
            is_first = true;
            Facts { name, since: coarse_clock::now() }
        });
        if is_first {
            LISTED.lock().unwrap_or_else(PoisonError::into_inner).push(self);
        }
        self.is_listed.store(true, Ordering::Relaxed);
    }

    /// Reports a shard's changes to the type's own count, if they are large enough.
    #[inline]
    fn tell(&self, shard: &mut Shard) {
        if shard.unsaid.abs() > shard.may_keep {
            let Line(Tally { live, peak }) = &self.tally;
            let live = live.fetch_add(shard.unsaid, Ordering::Relaxed) + shard.unsaid;
            if live > peak.load(Ordering::Relaxed) {
                peak.fetch_max(live, Ordering::Relaxed);
            }
            shard.unsaid = 0;
            shard.may_keep = live / EXACT_BELOW;
        }
    }

    fn shard(&self, number: u8) -> MutexGuard<'_, Shard> {
        self.shards[usize::from(number) % SHARDS].0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn facts(&self) -> Facts {
        self.facts.get().copied().unwrap_or(Facts { name: "", since: 0 })
    }

    /// The most objects that lived at a time.
    pub(super) fn peak(&self) -> u64 {
        self.tally.0.peak.load(Ordering::Relaxed).unsigned_abs()
    }

    pub(super) fn counts(&self, now: u64) -> Counts {
        let mut counts = Counts::default();
        let mut found: Vec<Site> = Vec::new();
        for number in 0..SHARDS {
            // The counting thread may have a lower priority and be preempted under the lock; so nothing is compared or allocated under it.
            found.reserve(sites::MOST + 1);
            let shard = self.shard(number as u8);
            counts.live += shard.live;
            counts.made += shard.made;
            let last = shard.rates.last(now);
            counts.last.made += last.made;
            counts.last.dropped += last.dropped;
            found.extend(shard.sites.all().copied());
            drop(shard);
            for site in found.drain(..) {
                // One place may have several addresses.
                match counts.sites.iter_mut().find(|known| known.location == site.location) {
                    Some(known) => {
                        known.live += site.live;
                        known.made += site.made;
                    }
                    None => counts.sites.push(site),
                }
            }
        }
        counts
    }

    /// Calls `each` for every object, some at a time; meanwhile objects may be created and dropped. `each` runs no code of the author's.
    pub(super) fn look(&self, mut each: impl FnMut(Seen<'_>)) {
        let mut at = (0, 0);
        while let Some(next) = self.look_at_some(at, &mut each) {
            at = next;
        }
    }

    /// Reads some of the objects of a shard, and returns where to continue.
    pub(super) fn look_at_some(
        &self,
        (number, first): (u8, usize),
        mut each: impl FnMut(Seen<'_>),
    ) -> Option<(u8, usize)> {
        if usize::from(number) >= SHARDS {
            return None;
        }
        let shard = self.shard(number);
        let (entries, more) = shard.slab.some(first, CHUNKS_AT_ONCE);
        for (slot, entry) in entries {
            each(Seen { key: (entry.made, number, slot), entry, shard: &shard });
        }
        Some(if more { (number, first + CHUNKS_AT_ONCE) } else { (number + 1, 0) })
    }

    /// Why `Debug` of these objects is not called any more.
    pub(super) fn silent(&self) -> Option<Arc<str>> {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Stops calling `Debug` for these objects.
    pub(super) fn set_silent(&self, why: &str) {
        *self.silent.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.into());
    }

    /// Allows `Debug` to be called again.
    pub(super) fn set_answers(&self) {
        *self.silent.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Seen<'_> {
    pub(super) fn location(&self) -> Option<&'static Location<'static>> {
        self.shard.sites.location(self.entry.site)
    }

    pub(super) fn label(&self) -> Option<Arc<str>> {
        if self.entry.has_label { self.shard.label(self.key.2) } else { None }
    }
}

impl Held {
    #[inline]
    pub(super) fn kind(&self) -> &'static Kind {
        self.kind
    }

    pub(super) fn set_label(&self, label: &str) {
        let label = Arc::from(bounded(label));
        self.kind.shard(self.shard).set_label(self.slot, label);
    }
}

impl Drop for Held {
    #[inline]
    fn drop(&mut self) {
        let mut shard = self.kind.shard(self.shard);
        let removed = shard.remove(self.slot);
        self.kind.tell(&mut shard);
        drop(shard);
        drop(removed);
    }
}

/// The part of a label that is kept.
fn bounded(label: &str) -> &str {
    const LONGEST: usize = 128;
    &label[..label.floor_char_boundary(LONGEST)]
}

/// The number of this thread's shard.
#[inline]
fn this_thread() -> u8 {
    static NEXT: AtomicU8 = AtomicU8::new(0);
    // It has no destructor, so that values dropped at the end of the thread can still use it.
    thread_local!(static NUMBER: Cell<u8> = const { Cell::new(u8::MAX) });
    let number = NUMBER.get();
    if number != u8::MAX {
        return number;
    }
    let number = NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS as u8;
    NUMBER.set(number);
    number
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{TrackGuard, Tracked};

    #[test]
    fn sizes_are_as_documented() {
        assert_eq!(size_of::<TrackGuard<u8>>(), 16);
        assert_eq!(size_of::<Tracked<u8>>(), size_of::<Arc<u8>>());
        assert_eq!(size_of::<Entry>(), 32);
        assert!(size_of::<Kind>() <= 10 * 1024, "{}", size_of::<Kind>());
    }

    #[test]
    fn labels_are_cut_between_characters() {
        assert_eq!(bounded("short"), "short");
        assert_eq!(bounded(&"ü".repeat(100)), "ü".repeat(64));
        assert_eq!(bounded(&format!("x{}", "ü".repeat(100))).len(), 127);
    }
}
