//! A thread that blocks all signals, as threads of C libraries do. No safe function does that.

use std::mem::MaybeUninit;
use std::ptr;

/// Blocks all signals in the calling thread.
pub(crate) fn block_all_signals() {
    let mut all = MaybeUninit::uninit();
    // SAFETY: `sigfillset` makes `all` a whole set, and both take valid pointers.
    let result = unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_BLOCK, all.as_ptr(), ptr::null_mut())
    };
    assert_eq!(result, 0);
}
