//! What was changed from a console or by the API: when, by whom, why, and how to take it back. Variables are recorded here, and so is
//! whatever else an operator changes for a while.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use crate::Value;
use crate::console::escape::escape_line;
use crate::dispatch::audit::Notes;
use crate::reply::text;
use crate::vars::Change;
use crate::vars::lease;

/// How many changes are remembered. The last one of each name is remembered besides.
pub(crate) const REMEMBERED: usize = 256;

/// Who changes something, and where that is logged.
#[derive(Clone)]
pub(crate) struct Author {
    pub(crate) who: String,
    /// The console whose end ends his leases; 0 is none.
    pub(crate) owner: u64,
    /// The audit record of that console. What the service changes itself is logged on its own thread.
    pub(crate) notes: Option<Notes>,
}

/// What a change was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Set,
    /// For so long.
    Lent(Duration),
    Reset,
    /// Takes back the change of this number.
    Undo(u64),
    /// The time of this change is over.
    End(u64),
    /// The time of this change is over, and somebody else has changed it since.
    LeftAlone(u64),
}

/// A change is about to be made: all that is known of it before.
pub(crate) struct Intent {
    pub(crate) what: What,
    pub(crate) author: Author,
    pub(crate) because: Option<String>,
}

/// Takes a change back.
pub(crate) trait Revert: Send + Sync {
    /// Puts back what was there, if what the change put there is still there, and records it.
    fn revert(&self, change: u64, intent: &Intent) -> Reverted;

    /// The command that shows what it is now.
    fn see(&self) -> String;
}

/// What came of it.
pub(crate) enum Reverted {
    /// It is as it was before.
    Done(Arc<Entry>),
    /// Somebody has changed it since.
    LeftAlone,
    /// Its lock could not be had.
    Held,
    /// The author's code failed.
    Failed(String),
}

/// One change.
pub(crate) struct Entry {
    pub(crate) number: u64,
    at: SystemTime,
    pub(crate) name: String,
    /// Shown after the change was made, since showing it is the author's code.
    pub(crate) old: OnceLock<Value>,
    pub(crate) new: Value,
    pub(crate) what: What,
    who: String,
    because: Option<String>,
    until: Option<SystemTime>,
    revert: Option<Arc<dyn Revert>>,
    undone: AtomicBool,
}

/// What an entry is made of, but for what the journal knows itself.
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

/// The journal, opened to write. Nothing of the author's may run meanwhile.
pub(crate) struct Pages {
    entries: VecDeque<Arc<Entry>>,
    last: BTreeMap<String, Arc<Entry>>,
    next: u64,
}

impl Journal {
    /// Opens it to write.
    pub(crate) fn open(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is remembered, the latest last.
    pub(crate) fn entries(&self) -> Vec<Arc<Entry>> {
        self.open().entries.iter().cloned().collect()
    }

    /// The last change of what has this name.
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

    /// Writes a change down. What is forgotten for it is given back: to drop it is the author's code.
    pub(crate) fn write(&mut self, draft: Draft<'_>) -> (Arc<Entry>, Forgotten) {
        let Draft { name, new, intent, revert } = draft;
        let at = SystemTime::now();
        let entry = Arc::new(Entry {
            number: self.next,
            at,
            name: name.to_owned(),
            old: OnceLock::new(),
            new,
            what: intent.what,
            who: intent.author.who.clone(),
            because: intent.because.clone(),
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
        (entry, Forgotten(first, last))
    }
}

/// Entries that the journal has no more room for.
pub(crate) struct Forgotten(
    #[expect(dead_code, reason = "only its drop counts")] Option<Arc<Entry>>,
    #[expect(dead_code, reason = "only its drop counts")] Option<Arc<Entry>>,
);

impl Entry {
    /// For whoever asks.
    pub(crate) fn change(&self) -> Change {
        Change {
            number: self.number,
            at: self.at,
            name: self.name.clone(),
            old: self.old.get().cloned().unwrap_or_default(),
            new: self.new.clone(),
            what: self.what.to_string(),
            by: self.who.clone(),
            because: self.because.clone(),
            until: self.until.filter(|_| lease::is_in_force(&self.name, self.number)),
        }
    }

    /// How it is taken back. `None` where that was done, or cannot be.
    pub(crate) fn revert(&self) -> Option<&Arc<dyn Revert>> {
        self.revert.as_ref().filter(|_| !self.undone.load(Ordering::Relaxed))
    }

    pub(crate) fn set_undone(&self) {
        self.undone.store(true, Ordering::Relaxed);
    }

    /// Says it to the log.
    pub(crate) fn tell(&self, author: &Author) {
        let change = self.change();
        match &author.notes {
            Some(notes) => notes.changed(change),
            None => change.log(),
        }
    }
}

impl Author {
    /// Logs what somebody should look at.
    pub(crate) fn warn(&self, text: String) {
        match &self.notes {
            Some(notes) => notes.warn(text),
            None => tracing::warn!(target: "backdoor", "{}", escape_line(&text)),
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Set => f.write_str("set"),
            Self::Lent(time) => write!(f, "set for {}", text::duration(time)),
            Self::Reset => f.write_str("reset"),
            Self::Undo(number) => write!(f, "undo of {number}"),
            Self::End(number) => write!(f, "end of {number}"),
            Self::LeftAlone(number) => write!(f, "end of {number}, left alone"),
        }
    }
}
