//! The thread that a task runs on: as much as a task that does not return from its poll can show of itself.

use std::cell::Cell;
use std::fs;

thread_local! {
    static TID: Cell<u32> = const { Cell::new(0) };
}

/// This thread's number, as the kernel counts; never 0.
#[inline]
pub(crate) fn tid() -> u32 {
    match TID.get() {
        0 => {
            let tid = rustix::thread::gettid().as_raw_nonzero().get().unsigned_abs();
            TID.set(tid);
            tid
        }
        tid => tid,
    }
}

/// The thread's name, where it still lives.
pub(crate) fn name(tid: u32) -> Option<String> {
    let name = fs::read_to_string(format!("/proc/self/task/{tid}/comm")).ok()?;
    Some(name.trim_end().to_owned())
}
