//! Variables: what a service holds, shown by name, and changed where its author allows that.
//!
//! A `static` with [`#[backdoor_var]`](crate::backdoor_var) is known to every console of the process. It may be an atomic, a [`Mutex`], an
//! [`RwLock`], a [`OnceLock`], a [`LazyLock`], one of the latter two around one of the former, or anything that is [`Readable`]. What lives
//! elsewhere is a [`Computed`] variable.
//!
//! ```
//! use std::sync::atomic::{AtomicU32, Ordering};
//! use backdoor_runtime::{Backdoor, backdoor_var, vars};
//!
//! /// How many orders a worker takes at once
//! #[backdoor_var(settable, range = 1..=100)]
//! static BATCH: AtomicU32 = AtomicU32::new(10);
//!
//! let console = Backdoor::testing();
//! assert_eq!(console.run("get batch").value["value"], 10);
//! console.run("set batch 20 --because 'the queue is long'");
//! assert_eq!(BATCH.load(Ordering::Relaxed), 20);
//! assert_eq!(console.run("set batch 900").error.unwrap(), "batch: 900 is out of range 1..=100");
//!
//! vars::reset("batch")?;
//! assert_eq!(BATCH.load(Ordering::Relaxed), 10);
//! # Ok::<(), vars::VarError>(())
//! ```
//!
//! **Reading** never initialises: an untouched `LazyLock` is `(not set yet)`. A lock that somebody holds is waited for, 50 ms at most. A
//! value that is `Clone` is cloned under its lock and shown outside; another is shown under it. What is shown is what `Serialize` says,
//! else `Display`, else `Debug`.
//!
//! **Setting** is by all or nothing: every value is parsed (as parameters are, by `FromArg`), compared with its `range` and shown to its
//! `validate`; then all locks are taken in the order of their addresses; then all values are written. Under the service's lock run
//! `Clone` for a reading and `PartialEq` for taking something back, nothing else. `on_change` is called after all locks are free. Code
//! of a variable's that does not return, to show, judge or tell it, leaves one thread behind: nothing is asked of that variable again
//! before it does.
//!
//! An `Option` is set by `none`, or by what its value is typed as: in a `Mutex<Option<String>>`, `none` is always the former.
//!
//! **A lease**, `set batch 20 --for 15m`, is taken back when its time is over, also when its operator has gone, and at the latest when its
//! console ends; but only where the value is still the one that was set. A second lease takes the place of the first and keeps what that
//! would have put back; so does a change without `--for`, for `undo`.
//!
//! **A runtime** is entered by all of these functions wherever a command has one to enter, so that they may spawn: the service's, or one
//! of the console's own where the service has none. [`set`] and the like run them on the thread that calls.
//!
//! **The journal** has the last 256 changes, and what was there before each, to undo it. Each change is also logged, with the target
//! `backdoor`. A variable is reset only to a default that its `range` and `validate` accept.
//!
//! Two variables of one name are a problem that a console says when it starts, as with commands.
//!
//! [`Mutex`]: std::sync::Mutex
//! [`RwLock`]: std::sync::RwLock
//! [`OnceLock`]: std::sync::OnceLock
//! [`LazyLock`]: std::sync::LazyLock

pub(crate) mod commands;
mod computed;
mod console;
pub(crate) mod found;
pub(crate) mod functions;
mod info;
pub(crate) mod place;
pub(crate) mod probe;
pub(crate) mod registry;
pub(crate) mod secrets;
mod set;
#[cfg(feature = "arc-swap")]
mod swapped;
pub(crate) mod typable;
pub(crate) mod variable;
pub(crate) mod watched;

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

pub use crate::changes::Change;
pub use crate::readable::{Readable, Reading};
pub use computed::Computed;
pub(crate) use info::typed;
pub use info::{Changed, VarError, VarInfo};

use crate::base::escape::escape_line;
use crate::changes::journal::{Actor, Intent, JOURNAL, What};
use crate::exec::runtime_thread::Asynchronous;
use crate::views::vars::info::Seen;
pub(crate) use crate::views::vars::set::lent_for;
use crate::views::vars::set::{Gate, Order};

/// How long a change lasts, and why it is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    lasts: Option<Duration>,
    because: Option<String>,
}

impl Terms {
    /// Until somebody changes it again, without a reason.
    pub fn new() -> Self {
        Self::default()
    }

    /// For so long, a week at most. Default: until somebody changes it again.
    #[must_use]
    pub fn lasting(mut self, time: Duration) -> Self {
        self.lasts = Some(time);
        self
    }

    /// Why, for the journal. Default: nothing.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.because = Some(reason.into());
        self
    }

    pub(crate) fn intent(&self, author: Actor) -> Intent {
        let what = self.lasts.map_or(What::Set, What::Lent);
        Intent { what, author, because: self.because.clone() }
    }
}

/// All variables by name, hidden ones too, read on this thread.
pub fn list() -> Vec<VarInfo> {
    registry::all().iter().map(|found| VarInfo::new(found, Seen::of(found))).collect()
}

/// The variable of this name, read on this thread.
///
/// # Errors
/// There is none.
pub fn get(name: &str) -> Result<VarInfo, VarError> {
    let found = set::find(name)?;
    Ok(VarInfo::new(&found, Seen::of(&found)))
}

/// Registers a [`Computed`] variable with nothing but its name.
///
/// # Errors
/// As of [`Computed::register`].
pub fn register<T: serde::Serialize>(
    name: impl Into<String>,
    read: impl Fn() -> T + Send + Sync + 'static,
) -> Result<(), VarError> {
    Computed::new(name, read).register()
}

/// Forgets a computed variable. False where there is none of this name.
pub fn unregister(name: &str) -> bool {
    registry::remove(name)
}

/// Sets a variable from the service's own code, to what an operator would type, until it is changed again.
///
/// # Errors
/// As of [`set_all`].
pub fn set(name: &str, value: &str) -> Result<Change, VarError> {
    let mut changes = set_all(&[(name, value)], &Terms::new())?;
    changes.pop().ok_or_else(|| VarError::new(format!("`{name}` was not set")))
}

/// Sets variables from the service's own code: all of them, or none. It runs on this thread, which may hold no lock of the variables.
///
/// # Errors
/// A name or a value is wrong, or a lock was held for 50 ms. Nothing is changed then.
pub fn set_all(values: &[(&str, &str)], terms: &Terms) -> Result<Vec<Change>, VarError> {
    let order =
        |(name, word): &(&str, &str)| Order { name: (*name).to_owned(), word: Some((*word).to_owned()) };
    change(values.iter().map(order).collect(), &terms.intent(service()))
}

/// Sets a variable to what it is by default.
///
/// # Errors
/// As of [`set_all`]; and it has no default.
pub fn reset(name: &str) -> Result<Change, VarError> {
    let intent = Intent { what: What::Reset, author: service(), because: None };
    let mut changes = change(vec![Order { name: name.to_owned(), word: None }], &intent)?;
    changes.pop().ok_or_else(|| VarError::new(format!("`{name}` was not set")))
}

/// The changes that are remembered, the latest last: 256 at most.
pub fn changes() -> Vec<Change> {
    console::changes(&JOURNAL.entries())
}

/// Undoes the change with this number, or the last change of any actor, if its value is still in force.
///
/// # Errors
/// There is none, or the value is another by now.
pub fn undo(number: Option<u64>) -> Result<Change, VarError> {
    set::undo(number, &service()).map(|entry| entry.change())
}

fn change(orders: Vec<Order>, intent: &Intent) -> Result<Vec<Change>, VarError> {
    set::set(&orders, intent, &Gate::default()).map(|entries| console::changes(&entries))
}

/// # Errors
/// There is no variable of this name.
pub(crate) fn known(name: &str) -> Result<(), VarError> {
    set::find(name).map(drop)
}

/// Whether the value of this variable is shown to nobody.
pub(crate) fn is_secret(name: &str) -> bool {
    registry::find(name).is_some_and(|found| found.is_secret())
}

/// What an operator typed for this variable, as part of a line that they might type.
pub(crate) fn as_typed<'a>(name: &str, word: &'a str) -> &'a str {
    match is_secret(name) {
        true if word.starts_with('=') => "=VALUE",
        true => "VALUE",
        false => word,
    }
}

/// The same as the subject of a sentence.
pub(crate) fn quoted(name: &str, word: &str) -> String {
    if is_secret(name) { "the typed word".to_owned() } else { format!("`{}`", escape_line(word)) }
}

/// What the service changes itself.
pub(crate) fn service() -> Actor {
    let runtime = Handle::try_current().ok().map(|handle| Arc::new(Asynchronous::on(handle)));
    Actor { who: "the service".to_owned(), owner: 0, console: None, session: 0, notes: None, runtime }
}
