//! The holder of a lock: stored by the taking thread in a few writes, and read by the console without stopping a thread.

use std::num::NonZeroU64;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering, fence};

use super::place::{AtomicPlace, Place};
use super::who::Owner;
use crate::base::coarse_clock;

/// One holder, or none. It has a cache line of its own, so that threads that take two neighbouring slots do not slow each other down.
#[repr(align(64))]
pub(super) struct Slot {
    /// A counter: 0 is free, 1 is being filled, 2 is held, 4 is free again. A reader that finds the same number before and after has read
    /// one state; the same number later means that the slot was held the whole time.
    turn: AtomicU64,
    task: AtomicU64,
    since: AtomicU64,
    place: AtomicPlace,
    thread: AtomicU32,
    permits: AtomicU32,
    asynchronous: AtomicBool,
}

/// The contents of a slot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) turn: u64,
    pub(super) who: Owner,
    pub(super) place: Place,
    pub(super) since: u64,
    pub(super) permits: u32,
}

impl Slot {
    pub(super) const fn new() -> Self {
        Self {
            turn: AtomicU64::new(0),
            task: AtomicU64::new(0),
            since: AtomicU64::new(0),
            place: AtomicPlace::new(),
            thread: AtomicU32::new(0),
            permits: AtomicU32::new(0),
            asynchronous: AtomicBool::new(false),
        }
    }

    /// Fills a slot that belongs to the exclusive holder, so that no other thread fills it.
    #[inline]
    pub(super) fn fill(&self, who: Owner, place: Place) {
        let turn = self.turn.load(Ordering::Relaxed);
        self.turn.store(turn + 1, Ordering::Relaxed);
        self.write(turn, who, place, 1);
    }

    /// Fills a slot that other threads may want, if it is free.
    #[inline]
    pub(super) fn claim(&self, who: Owner, place: Place, permits: u32) -> bool {
        let turn = self.turn.load(Ordering::Relaxed);
        let claimed = turn.is_multiple_of(4)
            && self.turn.compare_exchange(turn, turn + 1, Ordering::Acquire, Ordering::Relaxed).is_ok();
        if claimed {
            self.write(turn, who, place, permits);
        }
        claimed
    }

    #[inline]
    fn write(&self, turn: u64, who: Owner, place: Place, permits: u32) {
        fence(Ordering::Release);
        self.thread.store(who.thread, Ordering::Relaxed);
        self.task.store(who.task.map_or(0, NonZeroU64::get), Ordering::Relaxed);
        self.asynchronous.store(who.asynchronous, Ordering::Relaxed);
        self.place.store(place);
        self.since.store(coarse_clock::now(), Ordering::Relaxed);
        self.permits.store(permits, Ordering::Relaxed);
        self.turn.store(turn + 2, Ordering::Release);
    }

    /// Sets the number of permits of its holder, and the begin of the hold.
    pub(super) fn amend(&self, permits: u32, since: Option<u64>) {
        self.permits.store(permits, Ordering::Relaxed);
        if let Some(since) = since {
            self.since.store(since, Ordering::Relaxed);
        }
    }

    #[inline]
    pub(super) fn free(&self) {
        let turn = self.turn.load(Ordering::Relaxed);
        self.turn.store(turn + 2, Ordering::Release);
    }

    /// The holder; nothing if the slot is free or changes faster than it can be read.
    pub(super) fn read(&self) -> Option<Held> {
        const TRIES: usize = 100;
        (0..TRIES).find_map(|_| self.try_read()).flatten()
    }

    /// How often it was filled.
    pub(super) fn taken(&self) -> u64 {
        self.turn.load(Ordering::Relaxed).div_ceil(4)
    }

    /// Whether it has been held without interruption since it was read.
    pub(super) fn is_still(&self, turn: u64) -> bool {
        self.turn.load(Ordering::Acquire) == turn
    }

    /// `None` if it changed meanwhile.
    fn try_read(&self) -> Option<Option<Held>> {
        let turn = self.turn.load(Ordering::Acquire);
        match turn % 4 {
            0 => return Some(None),
            2 => {}
            _ => return None,
        }
        let who = Owner {
            thread: self.thread.load(Ordering::Relaxed),
            task: NonZeroU64::new(self.task.load(Ordering::Relaxed)),
            asynchronous: self.asynchronous.load(Ordering::Relaxed),
        };
        let (since, permits) = (self.since.load(Ordering::Relaxed), self.permits.load(Ordering::Relaxed));
        let place = self.place.load()?;
        fence(Ordering::Acquire);
        let held = Held { turn, who, place, since, permits };
        (self.turn.load(Ordering::Relaxed) == turn).then_some(Some(held))
    }
}

/// Also run under Miri, by `cargo xtask sanitize`.
#[cfg(test)]
mod tests {
    use std::panic::Location;
    use std::thread;

    use super::*;

    #[track_caller]
    fn here() -> Place {
        Location::caller()
    }

    fn who(thread: u32) -> Owner {
        Owner { thread, task: NonZeroU64::new(thread.into()), asynchronous: thread == 2 }
    }

    #[test]
    fn slot_reads_are_consistent() {
        const TURNS: usize = if cfg!(miri) { 50 } else { 5000 };
        let slot = Slot::new();
        let holders = [(who(1), here()), (who(2), here())];
        thread::scope(|scope| {
            let writer = scope.spawn(|| {
                for turn in 0..TURNS {
                    let (who, place) = holders[turn % 2];
                    slot.fill(who, place);
                    thread::yield_now();
                    slot.free();
                }
            });
            while !writer.is_finished() {
                if let Some(held) = slot.read() {
                    let seen = (held.who, held.place);
                    assert!(holders.iter().any(|(who, place)| seen == (*who, *place)), "{held:?}");
                }
                thread::yield_now();
            }
        });
        assert!(slot.read().is_none());
    }

    #[test]
    fn one_of_several_claims_gets_the_slot() {
        let slot = Slot::new();
        let claims = thread::scope(|scope| {
            let claims = [1, 2, 3].map(|thread| {
                scope.spawn({
                    let slot = &slot;
                    move || slot.claim(who(thread), here(), 1)
                })
            });
            claims.map(|claim| claim.join().unwrap())
        });
        assert_eq!(claims.iter().filter(|claimed| **claimed).count(), 1, "{claims:?}");
        let held = slot.read().unwrap();
        assert!(claims[held.who.thread as usize - 1] && slot.is_still(held.turn));
    }
}
