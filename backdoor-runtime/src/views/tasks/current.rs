//! The task that this thread is polling.

use std::cell::Cell;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::procfs::maps::{self, Object};

thread_local! {
    static CURRENT: Cell<Option<NonZeroU64>> = const { Cell::new(None) };
}

/// Whether this code is part of the program, and not of a loaded library.
static IS_IN_PROGRAM: AtomicBool = AtomicBool::new(false);

/// The number of the instrumented task that this thread polls, if any.
#[inline]
pub(crate) fn id() -> Option<NonZeroU64> {
    CURRENT.with(Cell::get)
}

/// The same for a signal handler. In the program itself, a constant thread-local without a destructor needs no set-up and no lock, so it
/// can be read at once. In a library, the first use on a thread may allocate, and the signal may have interrupted an allocation: there the
/// task is unknown.
pub(crate) fn id_in_handler() -> Option<NonZeroU64> {
    if IS_IN_PROGRAM.load(Ordering::Relaxed) { id_out_of_line() } else { None }
}

/// If it were inlined, the compiler would find the thread-local's address before the check.
#[inline(never)]
fn id_out_of_line() -> Option<NonZeroU64> {
    id()
}

/// Finds out whether a handler may read it. Called before the handler does.
pub(crate) fn is_known_to_handlers(objects: &[Object]) -> bool {
    let here = maps::object_at(objects, id_in_handler as *const () as u64);
    let is_in_program = here.is_some_and(Object::is_program);
    IS_IN_PROGRAM.store(is_in_program, Ordering::Relaxed);
    is_in_program
}

/// Records that this thread polls the task, until the guard is dropped.
#[inline]
pub(crate) fn enter(id: NonZeroU64) -> Entered {
    Entered { before: CURRENT.replace(Some(id)) }
}

/// Restores the previous task when it is dropped.
pub(crate) struct Entered {
    before: Option<NonZeroU64>,
}

impl Drop for Entered {
    #[inline]
    fn drop(&mut self) {
        CURRENT.set(self.before);
    }
}
