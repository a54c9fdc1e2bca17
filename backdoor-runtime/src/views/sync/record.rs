//! The record of one lock: the place of its creation, its holders, and its waiters.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::place::Place;
use super::slot::{Held, Slot};
use super::who::Owner;
use crate::base::coarse_clock;

/// The most readers of one lock that are listed; further ones are counted.
const READERS: usize = 8;

/// The most holders of permits of one semaphore that are listed; further ones are counted.
const PERMITS: usize = 32;

/// A record that lives as long as any reference to it.
pub(super) type RecordRef = Arc<Record>;

/// The kind of a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Mutex,
    RwLock,
    AsyncMutex,
    AsyncRwLock,
    Semaphore,
}

/// A lock as the console sees it, without its value.
pub(super) struct Record {
    /// The number of the lock, in the order of first use.
    pub(super) number: u64,
    pub(super) kind: Kind,
    pub(super) name: Option<&'static str>,
    pub(super) made: Place,
    /// The one exclusive holder.
    alone: Slot,
    /// Readers, or holders of permits.
    shared: Box<[Slot]>,
    /// Holders for which no slot was free.
    unlisted: AtomicU32,
    poisoned: AtomicBool,
    /// The permits of a semaphore, free and taken.
    permits: AtomicUsize,
    waiters: Mutex<BTreeMap<u64, Waiter>>,
    /// The waits that have ended: their number, and their time in nanoseconds. Written at the end of a wait only.
    ended: AtomicU64,
    ended_time: AtomicU64,
    /// The longest of those since the begin of the last window.
    longest: AtomicU64,
}

/// The request of a waiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Alone,
    Read,
    Permits(u32),
}

/// A waiter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiter {
    pub(super) who: Owner,
    pub(super) wanted: Wanted,
    pub(super) place: Place,
    pub(super) since: u64,
}

/// The waits for a lock, in nanoseconds.
#[derive(Clone, Copy)]
pub(super) struct Waited {
    /// The waits that go on.
    pub(super) open: u64,
    /// The waits that have ended.
    pub(super) ended: u64,
    /// The time of all.
    pub(super) time: u64,
    pub(super) longest: u64,
}

/// Records a holder of a lock until it is dropped, which is before the lock is released.
pub(super) struct Hold<R: Deref<Target = Record>> {
    record: R,
    seat: Seat,
}

#[derive(Clone, Copy)]
enum Seat {
    Alone,
    Shared(usize),
    Unlisted,
}

/// Records a waiter for a lock until it is dropped.
pub(super) struct Wait<'a> {
    record: &'a Record,
    number: u64,
}

impl Record {
    /// The record of a lock; `permits` is for semaphores.
    pub(super) fn new(kind: Kind, name: Option<&'static str>, made: Place, permits: usize) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(1);
        let slots = match kind {
            Kind::Mutex | Kind::AsyncMutex => 0,
            Kind::RwLock | Kind::AsyncRwLock => READERS,
            Kind::Semaphore => permits.clamp(1, PERMITS).next_power_of_two(),
        };
        Self {
            number: NUMBER.fetch_add(1, Ordering::Relaxed),
            kind,
            name,
            made,
            alone: Slot::new(),
            shared: (0..slots).map(|_| Slot::new()).collect(),
            unlisted: AtomicU32::new(0),
            poisoned: AtomicBool::new(false),
            permits: AtomicUsize::new(permits),
            waiters: Mutex::new(BTreeMap::new()),
            ended: AtomicU64::new(0),
            ended_time: AtomicU64::new(0),
            longest: AtomicU64::new(0),
        }
    }

    /// Records the exclusive holder. Called by the holder of the lock.
    #[inline]
    pub(super) fn hold_alone<R: Deref<Target = Self>>(this: R, who: Owner, place: Place) -> Hold<R> {
        this.alone.fill(who, place);
        Hold { record: this, seat: Seat::Alone }
    }

    /// Records a reader, or a holder of permits.
    #[inline]
    pub(super) fn hold_shared<R: Deref<Target = Self>>(
        this: R,
        who: Owner,
        place: Place,
        permits: u32,
    ) -> Hold<R> {
        let slots = &this.shared;
        // Threads begin at different slots, so that they seldom compete. The number of slots is a power of two, so no division is needed.
        let order = (0..slots.len()).map(|at| (at + who.thread as usize) & (slots.len() - 1));
        let seat = match { order }.find(|&at| slots[at].claim(who, place, permits)) {
            Some(at) => Seat::Shared(at),
            None => {
                this.unlisted.fetch_add(1, Ordering::Relaxed);
                Seat::Unlisted
            }
        };
        Hold { record: this, seat }
    }

    /// Records a waiter until the returned value is dropped.
    pub(super) fn wait(&self, who: Owner, wanted: Wanted, place: Place) -> Wait<'_> {
        static NUMBER: AtomicU64 = AtomicU64::new(1);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        self.waiters().insert(number, Waiter { who, wanted, place, since: coarse_clock::now() });
        Wait { record: self, number }
    }

    pub(super) fn waiters(&self) -> MutexGuard<'_, BTreeMap<u64, Waiter>> {
        self.waiters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The waits until now, those that go on among them. `begins` also begins the window of the longest one.
    pub(super) fn waits(&self, begins: bool) -> Waited {
        let waiters = self.waiters();
        let now = coarse_clock::now();
        let times = waiters.values().map(|waiter| now.saturating_sub(waiter.since));
        let open = times.clone().count() as u64;
        let longest = match begins {
            true => self.longest.swap(0, Ordering::Relaxed),
            false => self.longest.load(Ordering::Relaxed),
        };
        Waited {
            open,
            ended: self.ended.load(Ordering::Relaxed),
            time: self.ended_time.load(Ordering::Relaxed) + times.clone().sum::<u64>(),
            longest: times.fold(longest, u64::max),
        }
    }

    /// How often it was taken: by listed holders.
    pub(super) fn taken(&self) -> u64 {
        [&self.alone].into_iter().chain(&self.shared).map(Slot::taken).sum()
    }

    /// The listed holders, each with its seat; seat 0 is that of the exclusive holder.
    pub(super) fn holders(&self) -> impl Iterator<Item = (usize, Held)> {
        let slots = [&self.alone].into_iter().chain(&self.shared);
        slots.enumerate().filter_map(|(seat, slot)| Some((seat, slot.read()?)))
    }

    /// Whether the holder in this seat has held the lock since it was read.
    pub(super) fn is_still_held(&self, seat: usize, turn: u64) -> bool {
        seat.checked_sub(1).map_or(&self.alone, |at| &self.shared[at]).is_still(turn)
    }

    /// Whether the wait of this number still goes on. If it does, the holders were read during the wait.
    pub(super) fn is_still_waited(&self, wait: u64) -> bool {
        self.waiters().contains_key(&wait)
    }

    /// The lock's name in a sentence.
    pub(super) fn label(&self) -> String {
        match self.name {
            Some(name) => format!("`{name}`"),
            None => format!("the {} made at {}:{}", self.kind.as_str(), self.made.file(), self.made.line()),
        }
    }

    pub(super) fn unlisted(&self) -> u32 {
        self.unlisted.load(Ordering::Relaxed)
    }

    pub(super) fn set_poisoned(&self, poisoned: bool) {
        self.poisoned.store(poisoned, Ordering::Relaxed);
    }

    pub(super) fn is_poisoned(&self) -> bool {
        self.poisoned.load(Ordering::Relaxed)
    }

    pub(super) fn permits(&self) -> usize {
        self.permits.load(Ordering::Relaxed)
    }

    pub(super) fn add_permits(&self, permits: usize) {
        self.permits.fetch_add(permits, Ordering::Relaxed);
    }

    pub(super) fn remove_permits(&self, permits: usize) {
        self.permits.fetch_sub(permits, Ordering::Relaxed);
    }
}

impl<R: Deref<Target = Record>> Hold<R> {
    pub(super) fn record(&self) -> &R {
        &self.record
    }

    /// Sets the number of permits of this hold.
    pub(super) fn amend(&self, permits: u32) {
        if let Seat::Shared(at) = self.seat {
            self.record.shared[at].amend(permits, None);
        }
    }

    /// Whether its holder is listed.
    pub(super) fn is_listed(&self) -> bool {
        !matches!(self.seat, Seat::Unlisted)
    }
}

impl<R: Deref<Target = Record> + Clone> Hold<R> {
    /// Records that so many of its permits are held separately from now on, by the same holder and with the same begin.
    pub(super) fn split(&self, left: u32, apart: u32, place: Place) -> Self {
        let taken = match self.seat {
            Seat::Shared(at) => self.record.shared[at].read(),
            _ => None,
        };
        let (who, place) = taken.map_or((Owner::here(true), place), |taken| (taken.who, taken.place));
        self.amend(left);
        let split = Record::hold_shared(self.record.clone(), who, place, apart);
        if let (Some(taken), Seat::Shared(at)) = (taken, split.seat) {
            split.record.shared[at].amend(apart, Some(taken.since));
        }
        split
    }
}

impl<R: Deref<Target = Record>> Drop for Hold<R> {
    #[inline]
    fn drop(&mut self) {
        match self.seat {
            Seat::Alone => self.record.alone.free(),
            Seat::Shared(at) => self.record.shared[at].free(),
            Seat::Unlisted => {
                self.record.unlisted.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        let now = coarse_clock::now();
        // The sums change under the lock, so that a wait is either among those that have ended or among those that go on.
        let mut waiters = self.record.waiters();
        let Some(waiter) = waiters.remove(&self.number) else { return };
        let time = now.saturating_sub(waiter.since);
        self.record.ended.fetch_add(1, Ordering::Relaxed);
        self.record.ended_time.fetch_add(time, Ordering::Relaxed);
        self.record.longest.fetch_max(time, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sizes in the documentation of [`sync`](crate::views::sync).
    #[test]
    #[cfg(target_pointer_width = "64")]
    fn a_record_has_its_documented_size() {
        // With the two counters of an `Arc`, in whole cache lines.
        assert_eq!(size_of::<Record>().next_multiple_of(64) + 64, 256);
        assert_eq!(size_of::<Slot>(), 64);
    }
}
