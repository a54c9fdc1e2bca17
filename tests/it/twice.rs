//! A limit is tested twice: with it the harm does not come, and without it the harm is seen. A test that passes without the limit
//! would prove nothing.

use backdoor_runtime::{Backdoor, Builder};

/// Attacks a console with the limit and one without, and looks whether it did harm.
#[track_caller]
pub(crate) fn harms_only_without(
    limit: impl FnOnce(Builder) -> Builder,
    off: impl FnOnce(Builder) -> Builder,
    builder: impl Fn() -> Builder,
    harms: impl Fn(&Backdoor) -> bool,
) {
    let with = limit(builder()).start().unwrap();
    assert!(!harms(&with), "the limit does not hold");
    drop(with);
    let without = off(builder()).start().unwrap();
    assert!(harms(&without), "without the limit nothing happens, so that the test shows nothing");
}
