//! Variables of a service: read by name, and set where the author allows it.
//!
//! A `static` with [`#[backdoor_var]`](crate::backdoor_var) is available to every console of the process. It may be an atomic, a [`Mutex`], an
//! [`RwLock`], a [`OnceLock`], a [`LazyLock`], one of the latter two around one of the former, or any [`Readable`] type. A value
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
//! **Reading** never initialises: an untouched `LazyLock` is `(not set yet)`. Reading waits at most 50 ms for a held lock. A
//! `Clone` value is cloned under its lock and formatted outside; other values are formatted under it. The format is `Serialize`,
//! else `Display`, else `Debug`.
//!
//! **Setting** changes all variables or none: every value is parsed (like a parameter, by `FromArg`), compared with its `range` and passed
//! to its `validate`; then all locks are taken in the order of their addresses; then all values are written. Under a lock of the service
//! run only `Clone` (for a reading) and `PartialEq` (for an undo). `on_change` is called after all locks are released. Code of a variable
//! that does not return blocks one thread; the console does not use that variable again until the code returns.
//!
//! An `Option` is set by `none`, or by its value: in a `Mutex<Option<String>>`, `none` always means `None`.
//!
//! **A temporary change**, `set batch 20 --for 15m`, is undone after its time, also when its session has ended, and at the latest when its
//! console ends; but only if its value is still in force. A second temporary change replaces the first and restores the value from before
//! the first; `undo` of a change without `--for` does the same.
//!
//! **A runtime** is entered for all of these functions, as for commands, so that they can spawn: the runtime of the service, or one of the
//! console if the service has none. [`set`] and similar functions run them on the calling thread.
//!
//! **The journal** has the last 256 changes, each with its previous value, for `undo`. Each change is also logged, with the target
//! `backdoor`. A variable is reset only to a default that its `range` and `validate` accept.
//!
//! Two variables with one name are an error at the start of a console, as with commands.
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
use crate::changes::entry::{Actor, Intent, What};
use crate::changes::journal::JOURNAL;
use crate::exec::claim::Claim;
use crate::exec::runtime_thread::Asynchronous;
use crate::views::vars::info::Seen;
use crate::views::vars::set::Order;
pub(crate) use crate::views::vars::set::lent_for;

/// The length and the reason of a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    lasts: Option<Duration>,
    because: Option<String>,
}

impl Terms {
    /// Until the next change, without a reason.
    pub fn new() -> Self {
        Self::default()
    }

    /// For this time, at most a week. Default: until the next change.
    #[must_use]
    pub fn lasting(mut self, time: Duration) -> Self {
        self.lasts = Some(time);
        self
    }

    /// The reason, for the journal. Default: none.
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
/// There is no such variable.
pub fn get(name: &str) -> Result<VarInfo, VarError> {
    let found = set::find(name)?;
    Ok(VarInfo::new(&found, Seen::of(&found)))
}

/// Registers a [`Computed`] variable with only a name.
///
/// # Errors
/// As of [`Computed::register`].
pub fn register<T: serde::Serialize>(
    name: impl Into<String>,
    read: impl Fn() -> T + Send + Sync + 'static,
) -> Result<(), VarError> {
    Computed::new(name, read).register()
}

/// Removes a computed variable. Returns false if there is none with this name.
pub fn unregister(name: &str) -> bool {
    registry::remove(name)
}

/// Sets a variable from the code of the service, to a value as an operator types it, until the next change.
///
/// # Errors
/// As of [`set_all`].
pub fn set(name: &str, value: &str) -> Result<Change, VarError> {
    let mut changes = set_all(&[(name, value)], &Terms::new())?;
    changes.pop().ok_or_else(|| VarError::new(format!("`{name}` was not set")))
}

/// Sets variables from the code of the service: all of them, or none. It runs on this thread, which must not hold a lock of the variables.
///
/// # Errors
/// A name or a value is wrong, or a lock was held for 50 ms. Nothing is changed then.
pub fn set_all(values: &[(&str, &str)], terms: &Terms) -> Result<Vec<Change>, VarError> {
    let order =
        |(name, word): &(&str, &str)| Order { name: (*name).to_owned(), word: Some((*word).to_owned()) };
    change(values.iter().map(order).collect(), &terms.intent(service()))
}

/// Sets a variable to its default.
///
/// # Errors
/// Those of [`set_all`]; or it has no default.
pub fn reset(name: &str) -> Result<Change, VarError> {
    let intent = Intent { what: What::Reset, author: service(), because: None };
    let mut changes = change(vec![Order { name: name.to_owned(), word: None }], &intent)?;
    changes.pop().ok_or_else(|| VarError::new(format!("`{name}` was not set")))
}

/// The recorded changes, the latest last: at most 256.
pub fn changes() -> Vec<Change> {
    console::changes(&JOURNAL.entries())
}

/// Undoes the change with this number, or the last change of any actor, if its value is still in force.
///
/// # Errors
/// There is no such change, or its value is not in force any more.
pub fn undo(number: Option<u64>) -> Result<Change, VarError> {
    set::undo(number, &service()).map(|entry| entry.change())
}

fn change(orders: Vec<Order>, intent: &Intent) -> Result<Vec<Change>, VarError> {
    set::set(&orders, intent, &Claim::default()).map(|entries| console::changes(&entries))
}

/// # Errors
/// There is no variable of this name.
pub(crate) fn known(name: &str) -> Result<(), VarError> {
    set::find(name).map(drop)
}

/// Whether the value of this variable is secret.
pub(crate) fn is_secret(name: &str) -> bool {
    registry::find(name).is_some_and(|found| found.is_secret())
}

/// The typed value of this variable, as part of a suggested line.
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

/// The actor of changes by the service.
pub(crate) fn service() -> Actor {
    let runtime = Handle::try_current().ok().map(|handle| Arc::new(Asynchronous::on(handle)));
    Actor { who: "the service".to_owned(), owner: 0, console: None, session: 0, notes: None, runtime }
}
