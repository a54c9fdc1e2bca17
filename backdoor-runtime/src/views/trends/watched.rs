//! A number to be watched: its name, its unit and its source.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::readable::{Readable, Reading};

/// A number to be [watched](crate::views::trends::watch).
pub struct Watched {
    pub(super) name: Cow<'static, str>,
    pub(super) unit: Cow<'static, str>,
    pub(super) source: Source,
    /// The reason why it is not set.
    pub(super) unset: &'static str,
}

/// The source of a number.
#[derive(Clone)]
pub(super) enum Source {
    /// Read on the helper thread.
    Variable(&'static dyn Readable),
    /// A built-in trend: a function that reads a number of the process within microseconds, on the helper thread.
    BuiltIn(Arc<dyn Fn() -> Reading + Send + Sync>),
    /// A function of the author, called on a separate thread.
    Computed(Arc<dyn Fn() -> Reading + Send + Sync>),
}

impl Watched {
    /// A variable with a number, a duration, true or false (1 or 0), or a counter of ours, whose rate is drawn; any other value is a gap. A
    /// variable whose reading runs code of the author is read like a computed one.
    pub fn variable(name: impl Into<Cow<'static, str>>, variable: &'static dyn Readable) -> Self {
        if !variable.is_harmless() {
            return Self::computed(name, || variable.read());
        }
        Self::new(name.into(), Source::Variable(variable))
    }

    /// A number that a function computes. The function is called once a second on a separate thread. If it takes longer than 100 ms, there
    /// is a gap, and it is not called again until it has returned.
    pub fn computed(
        name: impl Into<Cow<'static, str>>,
        compute: impl Fn() -> Reading + Send + Sync + 'static,
    ) -> Self {
        Self::new(name.into(), Source::Computed(Arc::new(compute)))
    }

    /// A built-in trend. The function takes microseconds, and needs no descriptor.
    pub(crate) fn built_in(
        name: &'static str,
        unit: &'static str,
        unset: &'static str,
        read: impl Fn() -> Reading + Send + Sync + 'static,
    ) -> Self {
        Self { unit: unit.into(), unset, ..Self::new(name.into(), Source::BuiltIn(Arc::new(read))) }
    }

    fn new(name: Cow<'static, str>, source: Source) -> Self {
        Self { name, unit: "".into(), source, unset: "it is not set yet" }
    }

    /// The unit. Default: none, and seconds for a duration.
    #[must_use]
    pub fn unit(mut self, unit: impl Into<Cow<'static, str>>) -> Self {
        self.unit = unit.into();
        self
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").field("name", &self.name).field("unit", &self.unit).finish_non_exhaustive()
    }
}
