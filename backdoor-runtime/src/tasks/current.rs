//! Which task this thread is polling.

use std::cell::Cell;
use std::num::NonZeroU64;

thread_local! {
    static CURRENT: Cell<Option<NonZeroU64>> = const { Cell::new(None) };
}

/// The number of the task that this thread polls now, if it is one of ours.
pub(crate) fn id() -> Option<NonZeroU64> {
    CURRENT.with(Cell::get)
}

/// Notes that this thread polls the task, until the guard is dropped.
pub(crate) fn enter(id: NonZeroU64) -> Entered {
    Entered { before: CURRENT.replace(Some(id)) }
}

/// Restores what was before.
pub(crate) struct Entered {
    before: Option<NonZeroU64>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.before);
    }
}
