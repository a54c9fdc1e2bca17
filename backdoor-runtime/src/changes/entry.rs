//! One change: what it was, who made it and why, and how to take it back.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};

use crate::Value;
use crate::audit::Notes;
use crate::base::escape::escape_line;
use crate::exec::runtime_thread::Asynchronous;
use crate::reply::text;

/// Who changes something, and where that is logged.
#[derive(Clone)]
pub(crate) struct Actor {
    pub(crate) who: String,
    /// The console whose end ends their leases; 0 is none.
    pub(crate) owner: u64,
    /// What that console is called.
    pub(crate) console: Option<Arc<str>>,
    /// The number of the session there.
    pub(crate) session: u64,
    /// The audit record of that console. What the service changes itself is logged on its own thread.
    pub(crate) notes: Option<Notes>,
    /// What the author's code enters when a change is taken back.
    pub(crate) runtime: Option<Arc<Asynchronous>>,
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
    pub(crate) author: Actor,
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
    /// It is by now as it was before.
    Nothing,
    /// Its lock could not be had.
    Held,
    /// The author's code failed.
    Failed(String),
}

/// One change.
pub(crate) struct Entry {
    pub(crate) number: u64,
    pub(super) at: SystemTime,
    /// The same by a clock that nobody sets.
    pub(super) made: Instant,
    pub(crate) name: String,
    /// Shown after the change was made, since showing it is the author's code.
    pub(crate) old: OnceLock<Value>,
    pub(crate) new: Value,
    pub(crate) what: What,
    pub(super) who: String,
    pub(super) owner: u64,
    pub(super) console: Option<Arc<str>>,
    pub(super) session: u64,
    pub(super) because: Option<String>,
    pub(super) until: Option<SystemTime>,
    pub(super) revert: Option<Arc<dyn Revert>>,
    pub(super) undone: AtomicBool,
}

impl Entry {
    /// Whether this is a change that this session has made.
    pub(crate) fn is_of(&self, author: &Actor) -> bool {
        (self.owner, self.session) == (author.owner, author.session)
    }

    /// How it is taken back. `None` where that was done, or cannot be.
    pub(crate) fn revert(&self) -> Option<&Arc<dyn Revert>> {
        self.revert.as_ref().filter(|_| !self.undone.load(Ordering::Relaxed))
    }

    pub(crate) fn set_undone(&self) {
        self.undone.store(true, Ordering::Relaxed);
    }
}

impl Actor {
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
