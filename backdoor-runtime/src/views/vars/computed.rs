//! A variable whose value a closure computes for each reading.

use std::fmt;

use serde_core::Serialize;

use crate::Value;

/// A variable whose value a closure computes for each reading. The closure runs on a separate thread, for at most 100 ms; after that the
/// variable has the reason instead of a value.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use backdoor_runtime::{Backdoor, vars};
///
/// let queue = Arc::new(Mutex::new(vec!["one", "two"]));
/// let asked = queue.clone();
/// vars::Computed::new("queue-length", move || asked.lock().unwrap().len())
///     .help("Orders that wait for a worker")
///     .register()?;
/// assert_eq!(Backdoor::testing().run("get queue-length").value["value"], 2);
/// # Ok::<(), vars::VarError>(())
/// ```
#[must_use = "it is registered by `register`"]
pub struct Computed {
    pub(crate) name: String,
    pub(crate) help: String,
    pub(crate) unit: String,
    pub(crate) hidden: bool,
    pub(crate) secret: bool,
    pub(crate) trend: bool,
    read: Box<dyn Fn() -> Value + Send + Sync>,
}

impl Computed {
    /// A variable with this name: one word of a-z, 0-9 and `-`.
    pub fn new<T: Serialize>(name: impl Into<String>, read: impl Fn() -> T + Send + Sync + 'static) -> Self {
        Self {
            name: name.into(),
            help: String::new(),
            unit: String::new(),
            hidden: false,
            secret: false,
            trend: false,
            read: Box::new(move || Value::of(&read())),
        }
    }

    /// The help text. Default: none.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// The unit, such as `ms`. Default: none.
    pub fn unit(mut self, unit: impl Into<String>) -> Self {
        self.unit = unit.into();
        self
    }

    /// Hides it from lists; `get` still shows it.
    pub fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    /// Makes its value secret: dots replace it everywhere.
    pub fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// Records its numbers over time, for `trend`.
    pub fn trend(mut self) -> Self {
        self.trend = true;
        self
    }

    pub(crate) fn value(&self) -> Value {
        (self.read)()
    }
}

impl fmt::Debug for Computed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Computed").field("name", &self.name).finish_non_exhaustive()
    }
}
