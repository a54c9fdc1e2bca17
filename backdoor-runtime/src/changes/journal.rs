//! The recorded changes from consoles and from the API: of variables, and of other settings that an operator changes temporarily.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::Value;
use crate::audit::Event;
use crate::changes::entry::{Actor, Entry, Intent, Revert, What};
use crate::changes::{Change, lease};

/// How many changes are kept. The last change of each name is kept in addition.
pub(crate) const REMEMBERED: usize = 256;

/// The parts of an entry that the journal does not know itself.
pub(crate) struct Draft<'a> {
    pub(crate) name: &'a str,
    pub(crate) new: Value,
    pub(crate) intent: &'a Intent,
    pub(crate) revert: Option<Arc<dyn Revert>>,
}

/// The changes of this process.
pub(crate) static JOURNAL: Journal = Journal { pages: Mutex::new(Pages::EMPTY) };

pub(crate) struct Journal {
    pages: Mutex<Pages>,
}

/// The journal, locked for writing. No code of the author may run meanwhile.
pub(crate) struct Pages {
    entries: VecDeque<Arc<Entry>>,
    last: BTreeMap<String, Arc<Entry>>,
    next: u64,
}

impl Journal {
    /// Locks it for writing.
    pub(crate) fn open(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The kept changes, the latest last.
    pub(crate) fn entries(&self) -> Vec<Arc<Entry>> {
        self.open().entries.iter().cloned().collect()
    }

    /// The last change of this name.
    pub(crate) fn last(&self, name: &str) -> Option<Arc<Entry>> {
        self.open().last.get(name).cloned()
    }
}

impl Pages {
    const EMPTY: Self = Self { entries: VecDeque::new(), last: BTreeMap::new(), next: 1 };

    /// The number of the last change of this name; 0 is none.
    pub(crate) fn last_of(&self, name: &str) -> u64 {
        self.last.get(name).map_or(0, |entry| entry.number)
    }

    /// Records a change. Returns the entries that were dropped for it: dropping them runs code of the author.
    pub(crate) fn write(&mut self, draft: Draft<'_>) -> (Arc<Entry>, Forgotten) {
        let Draft { name, new, intent, revert } = draft;
        let at = SystemTime::now();
        let entry = Arc::new(Entry {
            number: self.next,
            at,
            name: name.to_owned(),
            old: OnceLock::new(),
            new,
            made: Instant::now(),
            what: intent.what,
            who: intent.author.who.clone(),
            owner: intent.author.owner,
            console: intent.author.console.clone(),
            session: intent.author.session,
            because: intent.because.as_deref().map(|because| bounded(because).to_owned()),
            until: match intent.what {
                What::Lent(time) => at.checked_add(time),
                _ => None,
            },
            revert,
            undone: AtomicBool::new(false),
        });
        self.next += 1;
        self.entries.push_back(entry.clone());
        let first = if self.entries.len() > REMEMBERED { self.entries.pop_front() } else { None };
        let last = self.last.insert(name.to_owned(), entry.clone());
        (entry, Forgotten(first, last, self.forget_a_name()))
    }

    /// The oldest of the names that are not variables, if there are too many. Operators choose log targets freely, so their number is
    /// unbounded; the number of variables is fixed.
    fn forget_a_name(&mut self) -> Option<Arc<Entry>> {
        let chosen = || self.last.values().filter(|entry| entry.name.contains(' '));
        if chosen().count() <= REMEMBERED {
            return None;
        }
        let oldest =
            chosen().filter(|entry| !lease::is_leased(&entry.name)).min_by_key(|entry| entry.number)?;
        let name = oldest.name.clone();
        self.last.remove(&name)
    }
}

/// A reason, cut to its limit.
fn bounded(reason: &str) -> &str {
    const LONGEST: usize = 1024;
    &reason[..reason.floor_char_boundary(LONGEST)]
}

/// Entries that were removed from the journal.
pub(crate) struct Forgotten(
    #[expect(dead_code, reason = "only its drop counts")] Option<Arc<Entry>>,
    #[expect(dead_code, reason = "only its drop counts")] Option<Arc<Entry>>,
    #[expect(dead_code, reason = "only its drop counts")] Option<Arc<Entry>>,
);

impl Entry {
    /// The public form of the entry.
    pub(crate) fn change(&self) -> Change {
        Change {
            number: self.number,
            at: self.at,
            name: self.name.clone(),
            old: self.old.get().cloned().unwrap_or_default(),
            new: self.new.clone(),
            what: self.what.to_string(),
            by: self.who.clone(),
            console: self.console.as_deref().map(str::to_owned),
            console_id: (self.owner > 0).then_some(self.owner),
            because: self.because.clone(),
            ago: self.made.elapsed(),
            until: self.until.filter(|_| lease::is_in_force(&self.name, self.number)).map(|until| {
                // Its time is measured by the monotonic clock.
                by_the_clock_of(SystemTime::now(), until, self.at, self.made.elapsed())
            }),
        }
    }

    /// Logs it.
    pub(crate) fn tell(&self, author: &Actor) {
        let change = self.change();
        match &author.notes {
            Some(notes) => notes.tell(change),
            None => change.emit(),
        }
    }
}

/// Converts a future time that was computed when the clock said `at` to a clock that says `now` after that time has passed on the monotonic
/// clock. Steps of less than a second are ignored.
fn by_the_clock_of(now: SystemTime, time: SystemTime, at: SystemTime, since: Duration) -> SystemTime {
    const STEP: Duration = Duration::from_secs(1);
    let Some(expected) = at.checked_add(since) else { return time };
    match now.duration_since(expected) {
        Ok(ahead) if ahead >= STEP => time.checked_add(ahead).unwrap_or(time),
        Err(behind) if behind.duration() >= STEP => time.checked_sub(behind.duration()).unwrap_or(time),
        _ => time,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `operator.md` C30: a lease from three days ago was shown with an end in the past while it was in force.
    #[test]
    fn end_of_a_lease_follows_steps_of_the_clock() {
        let seconds = Duration::from_secs;
        let days = |days: u64| seconds(days * 86_400);
        let at = SystemTime::UNIX_EPOCH + days(20_000);
        let until = at + seconds(900);
        let check = |now: SystemTime, shown: SystemTime| {
            assert_eq!(by_the_clock_of(now, until, at, seconds(10)), shown);
        };
        check(at + seconds(10), until);
        check(at + seconds(10) + Duration::from_millis(900), until);
        check(at + seconds(10) + days(3), until + days(3));
        check(at + seconds(10) - days(2), until - days(2));
    }

    /// `log set` takes any target, and each was kept for ever.
    #[test]
    fn names_that_an_operator_chooses_are_bounded() {
        let mut pages = Pages::EMPTY;
        let author = Actor::service();
        let intent = Intent { what: What::Set, author, because: Some("x".repeat(5000)) };
        for number in 0..3 * REMEMBERED {
            for name in [format!("log target-{number}"), "variable".to_owned()] {
                let draft = Draft { name: &name, new: Value::Null, intent: &intent, revert: None };
                let (entry, _) = pages.write(draft);
                assert!(entry.because.as_ref().is_some_and(|because| because.len() == 1024));
            }
        }
        assert_eq!((pages.last.len(), pages.entries.len()), (REMEMBERED + 1, REMEMBERED));
        assert!(pages.last.contains_key("variable") && !pages.last.contains_key("log target-0"));
    }
}
