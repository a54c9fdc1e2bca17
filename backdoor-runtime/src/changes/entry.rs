//! One change: its values, its author and reason, and how to undo it.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};

use tokio::runtime::Handle;

use crate::Value;
use crate::audit::Notes;
use crate::base::escape::escape_line;
use crate::exec::runtime_thread::Asynchronous;
use crate::reply::text;

/// The longest temporary change: a week. A longer change should be permanent.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// The author of a change, and where it is logged.
#[derive(Clone)]
pub(crate) struct Actor {
    pub(crate) who: String,
    /// The console whose end ends their leases; 0 is none.
    pub(crate) owner: u64,
    /// The name of that console.
    pub(crate) console: Option<Arc<str>>,
    /// The number of the session there.
    pub(crate) session: u64,
    /// The audit record of that console. Changes by the service are logged on its own thread.
    pub(crate) notes: Option<Notes>,
    /// The runtime that the author's code has entered when a change is undone.
    pub(crate) runtime: Option<Arc<Asynchronous>>,
}

impl Actor {
    /// The service itself.
    pub(crate) fn service() -> Self {
        let runtime = Handle::try_current().ok().map(|handle| Arc::new(Asynchronous::on(handle)));
        Self { who: "the service".to_owned(), owner: 0, console: None, session: 0, notes: None, runtime }
    }
}

/// The kind of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Set,
    /// For so long.
    Lent(Duration),
    Reset,
    /// Undoes the change of this number.
    Undo(u64),
    /// The time of this change is over.
    End(u64),
    /// The time of this change is over, and its value was changed since.
    LeftAlone(u64),
}

/// A change that is about to be made: everything that is known before.
pub(crate) struct Intent {
    pub(crate) what: What,
    pub(crate) author: Actor,
    pub(crate) because: Option<String>,
}

impl Intent {
    /// How long the change lasts, where that is limited.
    ///
    /// # Errors
    /// It is too short or too long.
    pub(crate) fn length(&self) -> Result<Option<Duration>, String> {
        match self.what {
            What::Lent(time) if time.is_zero() || time > LONGEST => {
                Err("--for: a temporary change lasts from 1ns to 1w; without `--for` a change is permanent"
                    .to_owned())
            }
            What::Lent(time) => Ok(Some(time)),
            _ => Ok(None),
        }
    }
}

/// Undoes a change.
pub(crate) trait Revert: Send + Sync {
    /// Restores the previous value, if the new value is still there, and records that.
    fn revert(&self, change: u64, intent: &Intent) -> Reverted;

    /// The command that shows the present value.
    fn see(&self) -> String;
}

/// The result of an undo.
pub(crate) enum Reverted {
    /// The previous value is restored.
    Done(Arc<Entry>),
    /// The value was changed since.
    LeftAlone,
    /// The value is the previous one already.
    Nothing,
    /// Its lock could not be acquired.
    Held,
    /// The author's code failed.
    Failed(String),
}

/// One change.
pub(crate) struct Entry {
    pub(crate) number: u64,
    pub(super) at: SystemTime,
    /// The same by the monotonic clock.
    pub(super) made: Instant,
    pub(crate) name: String,
    /// Formatted after the change was made, because formatting runs code of the author.
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
    /// Whether this session made this change.
    pub(crate) fn is_of(&self, author: &Actor) -> bool {
        (self.owner, self.session) == (author.owner, author.session)
    }

    /// How it is undone. `None` if it was undone, or cannot be.
    pub(crate) fn revert(&self) -> Option<&Arc<dyn Revert>> {
        self.revert.as_ref().filter(|_| !self.undone.load(Ordering::Relaxed))
    }

    pub(crate) fn set_undone(&self) {
        self.undone.store(true, Ordering::Relaxed);
    }
}

impl Actor {
    /// Logs a warning.
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
            Self::LeftAlone(number) => write!(f, "end of {number}, not restored"),
        }
    }
}
