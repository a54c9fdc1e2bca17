//! Each limit is tested twice: with it there is no harm, and without it there is. A test that passes without the limit would prove nothing.

use std::time::Duration;

use backdoor_runtime::{Backdoor, Builder};

use crate::wait::PATIENCE;

/// Whether the limit is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    On,
    Off,
}

impl Limit {
    /// How long to wait for an effect that the limit causes.
    pub(crate) fn patience(self) -> Duration {
        if self == Self::On { PATIENCE } else { Duration::from_secs(1) }
    }
}

/// Attacks a console with the limit and one without, and checks whether there was harm.
#[track_caller]
pub(crate) fn harms_only_without(
    limit: impl FnOnce(Builder) -> Builder,
    off: impl FnOnce(Builder) -> Builder,
    builder: impl Fn() -> Builder,
    harms: impl Fn(&Backdoor, Limit) -> bool,
) {
    let with = limit(builder()).start().unwrap();
    assert!(!harms(&with, Limit::On), "the limit does not hold");
    drop(with);
    let without = off(builder()).start().unwrap();
    assert!(harms(&without, Limit::Off), "without the limit nothing happens, so that the test shows nothing");
}
