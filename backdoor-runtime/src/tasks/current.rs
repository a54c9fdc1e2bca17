//! Which task this thread is polling.

use std::cell::Cell;
use std::num::NonZeroU64;

thread_local! {
    static CURRENT: Cell<Option<NonZeroU64>> = const { Cell::new(None) };
}

/// The number of the task that this thread polls now, if it is one of ours.
///
/// A signal handler may ask: a constant without a destructor needs neither setting up nor a lock, and is read at once. (In a library
/// that was loaded with `dlopen`, the first use on a thread may allocate; a command's task is in the program itself as a rule.)
#[inline]
pub(crate) fn id() -> Option<NonZeroU64> {
    CURRENT.with(Cell::get)
}

/// Notes that this thread polls the task, until the guard is dropped.
#[inline]
pub(crate) fn enter(id: NonZeroU64) -> Entered {
    Entered { before: CURRENT.replace(Some(id)) }
}

/// Restores what was before.
pub(crate) struct Entered {
    before: Option<NonZeroU64>,
}

impl Drop for Entered {
    #[inline]
    fn drop(&mut self) {
        CURRENT.set(self.before);
    }
}
