//! The native thread under a task: its id and its name in the kernel.

use std::cell::Cell;

use crate::base::kernel_ids;
use crate::procfs::task_files;

thread_local! {
    static TID: Cell<u32> = const { Cell::new(0) };
}

/// This thread's id in the kernel; never 0.
#[inline]
pub(crate) fn tid() -> u32 {
    match TID.get() {
        0 => {
            let tid = kernel_ids::thread().unsigned_abs();
            TID.set(tid);
            tid
        }
        tid => tid,
    }
}

/// The thread's name, of at most 15 bytes; nothing if there is no such thread.
pub(crate) fn name(tid: u32) -> Option<String> {
    task_files::name(tid.cast_signed())
}
