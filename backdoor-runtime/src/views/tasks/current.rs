//! Which task this thread is polling.

use std::cell::Cell;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::procfs::maps::{self, Object};

thread_local! {
    static CURRENT: Cell<Option<NonZeroU64>> = const { Cell::new(None) };
}

/// Whether this code is the program's own.
static IS_IN_PROGRAM: AtomicBool = AtomicBool::new(false);

/// The number of the task that this thread polls now, if it is one of ours.
#[inline]
pub(crate) fn id() -> Option<NonZeroU64> {
    CURRENT.with(Cell::get)
}

/// The same for a signal handler. In the program itself a constant without a destructor needs neither setting up nor a lock, and is
/// read at once. In a library the first use on a thread may allocate, where the thread may just be allocating: there it is not known.
pub(crate) fn id_in_handler() -> Option<NonZeroU64> {
    if IS_IN_PROGRAM.load(Ordering::Relaxed) { id_out_of_line() } else { None }
}

/// Inlined, the compiler would look for the thread-local before it knows whether it is wanted.
#[inline(never)]
fn id_out_of_line() -> Option<NonZeroU64> {
    id()
}

/// Finds out whether a handler may ask, before it does.
pub(crate) fn is_known_to_handlers(objects: &[Object]) -> bool {
    let here = maps::object_at(objects, id_in_handler as *const () as u64);
    let is_in_program = here.is_some_and(Object::is_program);
    IS_IN_PROGRAM.store(is_in_program, Ordering::Relaxed);
    is_in_program
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
