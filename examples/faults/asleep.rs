//! Threads that no signal can interrupt.

use std::mem::MaybeUninit;
use std::ptr;
use std::time::Duration;

/// Blocks all signals in the calling thread.
pub(crate) fn block_all_signals() {
    let mut all = MaybeUninit::uninit();
    // SAFETY: `sigfillset` makes `all` a whole set, and both take valid pointers.
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_BLOCK, all.as_ptr(), ptr::null_mut());
    }
}

/// Sleeps uninterruptibly: the calling thread stays in the kernel until its child has ended.
pub(crate) fn uninterruptibly(time: Duration) {
    let rest = libc::timespec {
        tv_sec: libc::time_t::try_from(time.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: time.subsec_nanos().into(),
    };
    let flags = libc::c_long::from(libc::CLONE_VFORK | libc::SIGCHLD);
    // SAFETY: without `CLONE_VM` the child has memory of its own, as after fork(2), and no pointer is given.
    let child = unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) };
    if child == 0 {
        // SAFETY: it is alone in its memory and only makes system calls until it exits, so that no lock that another thread held at the
        // fork is needed. It keeps no socket, and ends with its parent.
        unsafe {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            libc::syscall(libc::SYS_close_range, 0, libc::c_uint::MAX, 0);
            libc::syscall(libc::SYS_nanosleep, &raw const rest, ptr::null_mut::<libc::timespec>());
            libc::_exit(0);
        }
    }
    if let Ok(child) = libc::pid_t::try_from(child) {
        // SAFETY: a null pointer means that the status is not wanted.
        unsafe { libc::waitpid(child, ptr::null_mut(), 0) };
    }
}
