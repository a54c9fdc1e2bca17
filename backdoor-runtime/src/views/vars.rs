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

#[cfg(feature = "state-views")]
mod access;
#[cfg(feature = "state-views")]
pub(crate) mod commands;
mod computed;
#[cfg(feature = "state-views")]
mod console;
pub(crate) mod declared;
mod error;
#[cfg(feature = "state-views")]
pub(crate) mod found;
pub(crate) mod functions;
#[cfg(feature = "state-views")]
mod info;
pub(crate) mod place;
pub(crate) mod probe;
#[cfg(feature = "state-views")]
pub(crate) mod registry;
#[cfg(feature = "state-views")]
pub(crate) mod secrets;
#[cfg(feature = "state-views")]
mod set;
#[cfg(feature = "arc-swap")]
mod swapped;
#[cfg(feature = "state-views")]
mod terms;
pub(crate) mod typable;
pub(crate) mod variable;
#[cfg(feature = "state-views")]
pub(crate) mod watched;

#[cfg(feature = "state-views")]
pub use crate::changes::Change;
pub use crate::readable::{Readable, Reading};
#[cfg(feature = "state-views")]
pub(crate) use access::{as_typed, is_secret, known, quoted};
#[cfg(feature = "state-views")]
pub use access::{changes, get, list, reset, set, set_all, undo};
pub use computed::Computed;
pub use error::VarError;
#[cfg(feature = "state-views")]
pub(crate) use info::typed;
#[cfg(feature = "state-views")]
pub use info::{Changed, VarInfo};
#[cfg(feature = "state-views")]
pub use terms::Terms;

impl Computed {
    /// Registers it, and replaces an earlier computed variable with the same name.
    ///
    /// # Errors
    /// The name is not one word of a-z, 0-9 and `-`, or a `#[backdoor_var]` has it.
    pub fn register(self) -> Result<(), VarError> {
        let name = &self.name;
        let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || !name.chars().all(is_word) || name.starts_with('-') || name.ends_with('-') {
            return Err(VarError::new(format!(
                "{name:?} is not the name of a variable: use one word of a-z, 0-9 and `-`"
            )));
        }
        if declared::DECLARED.contains_key(name.as_str()) {
            return Err(VarError::new(format!("a `#[backdoor_var]` is called `{name}` already")));
        }
        #[cfg(feature = "state-views")]
        registry::add(self);
        Ok(())
    }
}

/// Registers a [`Computed`] variable with only a name.
///
/// # Errors
/// As of [`Computed::register`].
pub fn register<T: serde_core::Serialize>(
    name: impl Into<String>,
    read: impl Fn() -> T + Send + Sync + 'static,
) -> Result<(), VarError> {
    Computed::new(name, read).register()
}

/// Removes a computed variable. Returns false if there is none with this name.
pub fn unregister(name: &str) -> bool {
    #[cfg(feature = "state-views")]
    return registry::remove(name);
    #[cfg(not(feature = "state-views"))]
    return {
        let _ = name;
        false
    };
}
