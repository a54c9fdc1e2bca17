//! Blocks the signals that a write may raise on a thread: the write fails instead, and the process continues.
#![allow(unsafe_code, reason = "neither std nor rustix has a thread's mask of signals")]

use std::mem::MaybeUninit;
use std::ptr;

/// Blocks SIGPIPE and SIGXFSZ on this thread, for good. The kernel sends both to the thread that writes, where they wait until it ends.
/// Threads that it starts inherit that; programs that std starts do not.
pub(super) fn block_signals_of_writes() {
    let mut signals = MaybeUninit::uninit();
    // SAFETY: sigemptyset initialises the set, the others read or change it, and the old mask is not asked for.
    unsafe {
        libc::sigemptyset(signals.as_mut_ptr());
        libc::sigaddset(signals.as_mut_ptr(), libc::SIGPIPE);
        libc::sigaddset(signals.as_mut_ptr(), libc::SIGXFSZ);
        libc::pthread_sigmask(libc::SIG_BLOCK, signals.as_ptr(), ptr::null_mut());
    }
}
