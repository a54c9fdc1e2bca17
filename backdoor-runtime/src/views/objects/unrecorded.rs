//! Counted objects without the view that shows them: nothing is counted.
//!
//! It replaces `kind.rs` and `generic_kinds.rs`.

use std::panic::Location;
use std::sync::Weak;

use super::instance::Instance;

/// A type whose objects are not counted.
pub struct Kind;

/// One object, which is not counted.
pub(super) struct Held;

impl Kind {
    #[expect(clippy::new_without_default, reason = "generated code needs it in a static")]
    /// A type whose objects are not counted.
    pub const fn new() -> Self {
        Self
    }

    #[inline]
    pub(super) fn hold(
        &'static self,
        _name: fn() -> &'static str,
        _location: &'static Location<'static>,
        _instance: Option<Weak<dyn Instance>>,
    ) -> Held {
        Held
    }
}

impl Held {
    #[inline]
    pub(super) fn kind(&self) -> &'static Kind {
        &Kind
    }

    #[inline]
    pub(super) fn set_label(&self, _label: &str) {}
}

/// The kind of all types.
#[inline]
pub fn kind_of<T: 'static>() -> &'static Kind {
    &Kind
}
