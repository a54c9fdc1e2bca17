//! What locks did in a window of time: how often they were taken, waited for, and for how long they were held.
//!
//! Each lock counts its waits when they end, which is the slow path anyway, and the slots of its holders count how often they were filled.
//! Nothing is measured when a lock is released, so the time that it was held is an estimate from samples.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::record::{Record, Waited};
use super::registry;
use super::view::{matching, place};
use crate::base::coarse_clock;
use crate::reply::record;

/// The most locks that are sampled: those with waits before others.
const SAMPLED: usize = 1_000;

/// A lock in a window.
#[derive(Clone, Debug)]
pub(crate) struct LockUse {
    /// The number of the lock in `locks`.
    pub(crate) id: u64,
    /// Its name.
    pub(crate) name: Option<&'static str>,
    /// As in `locks`.
    pub(crate) kind: &'static str,
    /// Where it was made.
    pub(crate) made: String,
    /// How often it was taken; holders without a slot are not counted.
    pub(crate) taken: u64,
    /// The waits in the window, those that go on among them.
    pub(crate) waits: u64,
    /// The time that was waited within the window, of all waiters together.
    pub(crate) waited: Duration,
    /// The longest wait that ended in the window or goes on.
    pub(crate) longest_wait: Option<Duration>,
    /// The time that it was held within the window, of all holders together: an estimate from `samples`.
    pub(crate) held: Duration,
    /// The longest hold that a sample has seen.
    pub(crate) longest_hold: Option<Duration>,
    /// How often its holders were looked at.
    pub(crate) samples: u64,
}

record!(LockUse: id, name, kind, made, taken, waits, waited, longest_wait, held, longest_hold, samples);

/// Locks that are watched.
pub(crate) struct LockWindow {
    pattern: String,
    since: u64,
    before: HashMap<u64, (u64, Waited)>,
    holds: HashMap<u64, Holds>,
    samples: u64,
}

/// What samples have seen of a lock.
#[derive(Clone, Copy, Default)]
struct Holds {
    /// The holders in all samples.
    seen: u64,
    /// Nanoseconds.
    longest: u64,
}

impl LockWindow {
    /// The shortest pause between two samples.
    pub(crate) const SAMPLE: Duration = Duration::from_millis(5);

    /// Begins to watch the locks with this text in their name, kind or place. Of two windows at a time, the earlier one may miss its longest
    /// wait.
    pub(crate) fn begin(pattern: &str) -> Self {
        let before = |record: &Arc<Record>| (record.number, (record.taken(), record.waits(true)));
        let records = registry::all();
        Self {
            pattern: pattern.to_owned(),
            since: coarse_clock::now(),
            before: records.iter().map(before).collect(),
            holds: HashMap::new(),
            samples: 0,
        }
    }

    /// Looks at the holders once.
    pub(crate) fn sample(&mut self) {
        let now = coarse_clock::now();
        let mut records = matching(&self.pattern);
        if records.len() > SAMPLED {
            records.sort_by_cached_key(|record| (record.waiters().is_empty(), record.number));
            records.truncate(SAMPLED);
        }
        self.samples += 1;
        for record in &records {
            for (_, held) in record.holders() {
                let holds = self.holds.entry(record.number).or_default();
                holds.seen += u64::from(held.permits.max(1));
                holds.longest = holds.longest.max(now.saturating_sub(held.since));
            }
        }
    }

    /// The locks that were used or waited for, the most waited for first, and those with the most time held.
    pub(crate) fn end(&self) -> Vec<LockUse> {
        let window = coarse_clock::now().saturating_sub(self.since);
        let mut locks: Vec<LockUse> =
            matching(&self.pattern).iter().map(|record| self.of(record, window)).collect();
        locks.retain(|lock| lock.taken > 0 || lock.waits > 0 || !lock.held.is_zero());
        locks.sort_by_key(|lock| (Reverse((lock.waited, lock.held, lock.taken)), lock.id));
        locks
    }

    fn of(&self, record: &Record, window: u64) -> LockUse {
        let nothing = Waited { open: 0, ended: 0, time: 0, longest: 0 };
        let (taken, before) = self.before.get(&record.number).copied().unwrap_or((0, nothing));
        let waited = record.waits(false);
        let holds = self.holds.get(&record.number).copied().unwrap_or_default();
        let waits = waited.ended - before.ended + waited.open;
        let held = window as f64 * holds.seen as f64 / self.samples.max(1) as f64;
        LockUse {
            id: record.number,
            name: record.name,
            kind: record.kind.as_str(),
            made: place(record.made),
            taken: record.taken().saturating_sub(taken),
            waits,
            waited: millis(waited.time.saturating_sub(before.time)),
            longest_wait: (waits > 0).then(|| millis(waited.longest)),
            held: millis(held as u64),
            longest_hold: (holds.seen > 0).then(|| millis(holds.longest)),
            samples: self.samples,
        }
    }
}

/// Whole milliseconds, which is the resolution of the clock.
fn millis(nanos: u64) -> Duration {
    Duration::from_millis(nanos / 1_000_000)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::views::sync::Mutex;

    fn of(window: &LockWindow, name: &str) -> Option<LockUse> {
        window.end().into_iter().find(|lock| lock.name == Some(name))
    }

    /// `lock-convoy.rs`: nothing told a convoy from one unlucky moment.
    #[test]
    fn takings_waits_and_holds_are_counted_in_a_window() {
        let lock = Mutex::named("window convoy", ());
        drop(lock.lock());
        let mut window = LockWindow::begin("window convoy");
        assert!(of(&window, "window convoy").is_none(), "it was used before only");
        let held = lock.lock().unwrap();
        thread::scope(|scope| {
            let waiters: Vec<_> = (0..3).map(|_| scope.spawn(|| drop(lock.lock()))).collect();
            while of(&window, "window convoy").is_none_or(|lock| lock.waits < 3 || lock.waited.is_zero()) {
                window.sample();
                thread::yield_now();
            }
            let during = of(&window, "window convoy").unwrap();
            assert_eq!((during.taken, during.waits), (1, 3));
            assert!(
                during.longest_wait > Some(Duration::ZERO) && during.longest_hold.is_some(),
                "{during:?}"
            );
            drop(held);
            waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
        });
        let after = of(&window, "window convoy").unwrap();
        assert_eq!((after.taken, after.waits), (4, 3));
        assert!(after.waited >= after.longest_wait.unwrap() && !after.held.is_zero(), "{after:?}");
        assert!(of(&LockWindow::begin("window convoy"), "window convoy").is_none(), "a new window");
    }
}
