//! Tests which system calls a filter (seccomp(2)) allows. A filter cannot be queried, and most filters kill a process that makes an
//! unlisted call. So a call that neither std nor tokio makes is first tried once in a child process, if there is a filter.
//!
//! The child is made by `clone` without a termination signal, so that the service's handler for SIGCHLD does not run and its `wait` calls
//! do not see the child. The child runs no handler of `pthread_atfork`, makes system calls and nothing else, and writes no core file.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::base::reserve;

/// A call that only some commands need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// `tgkill`: asks a running thread for its stack.
    Signal,
    /// `get_robust_list`: finds the stack of a thread.
    RobustList,
    /// `process_vm_readv`: reads memory if `/proc/self/mem` cannot be read.
    ReadMemory,
    /// `timer_create` and its relatives: a profile.
    Timer,
}

/// How long a child may take. It makes only a few system calls.
const CHILD: Duration = Duration::from_secs(2);

const ALL: [Call; 4] = [Call::Signal, Call::RobustList, Call::ReadMemory, Call::Timer];

/// Whether a filter is set on this process; true if that cannot be found out.
pub(crate) fn has_filter() -> bool {
    let Ok(status) = reserve::read("/proc/self/status") else { return true };
    let status = String::from_utf8_lossy(&status);
    status.lines().any(|line| line.strip_prefix("Seccomp:").is_some_and(|mode| mode.trim() == "2"))
}

/// Whether a call can be made without harm: always if there is no filter. The call itself may still fail.
///
/// # Errors
/// The call would kill the service, or it could not be tried.
pub(crate) fn check(call: Call) -> io::Result<()> {
    /// The result for each call.
    static FOUND: Mutex<[Option<bool>; ALL.len()]> = Mutex::new([None; ALL.len()]);
    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    let at = call as usize;
    if found[at].is_none() {
        // A filter can be set later, but is never removed.
        if !has_filter() {
            return Ok(());
        }
        if found.iter().all(Option::is_none) && survives(&ALL)? {
            *found = [Some(true); ALL.len()];
        } else {
            found[at] = Some(survives(&[call])?);
        }
    }
    match found[at] {
        Some(true) => Ok(()),
        _ => Err(io::Error::other(format!(
            "a filter on system calls (seccomp) kills a process that calls {}; let the service make it (systemd: SystemCallFilter=)",
            call.names()
        ))),
    }
}

impl Call {
    fn names(self) -> &'static str {
        match self {
            Self::Signal => "tgkill",
            Self::RobustList => "get_robust_list",
            Self::ReadMemory => "process_vm_readv",
            Self::Timer => "timer_create, timer_settime, timer_gettime or timer_delete",
        }
    }
}

/// Whether a child that makes these calls ends by itself.
fn survives(calls: &[Call]) -> io::Result<bool> {
    let child = start(calls)?;
    let deadline = Instant::now() + CHILD;
    loop {
        let mut status = 0;
        // SAFETY: the call writes one number. `__WALL` finds a child without a termination signal.
        let ended = unsafe { libc::waitpid(child, &mut status, libc::WNOHANG | libc::__WALL) };
        if ended == child {
            return Ok(libc::WIFEXITED(status));
        }
        let error = io::Error::last_os_error();
        if ended < 0 && error.kind() != io::ErrorKind::Interrupted {
            return Err(tried(error));
        }
        if Instant::now() > deadline {
            // SAFETY: it kills the child that was made here; the child was not waited for yet, so that its number is not reused.
            unsafe { libc::kill(child, libc::SIGKILL) };
            return Err(tried(io::Error::from(io::ErrorKind::TimedOut)));
        }
        thread::sleep(Duration::from_millis(1));
    }
}

fn tried(error: io::Error) -> io::Error {
    let why = "there is a filter on system calls (seccomp), and a child that tries them first";
    io::Error::new(error.kind(), format!("{why} cannot be had: {error}"))
}

/// Makes the child, in which no signal handler of the service runs.
fn start(calls: &[Call]) -> io::Result<libc::pid_t> {
    // SAFETY: the sets are initialised before they are used. The child has a copy of the process's memory and this thread alone; it makes
    // system calls without taking a lock or allocating, and ends without returning.
    unsafe {
        let (mut all, mut before) = (std::mem::zeroed(), std::mem::zeroed());
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut before);
        let child = libc::syscall(libc::SYS_clone, 0, 0, 0, 0, 0);
        if child == 0 {
            libc::syscall(libc::SYS_prctl, libc::PR_SET_DUMPABLE, 0, 0, 0, 0);
            for call in calls {
                make(*call);
            }
            libc::syscall(libc::SYS_exit_group, 0);
        }
        let error = io::Error::last_os_error();
        libc::pthread_sigmask(libc::SIG_SETMASK, &before, std::ptr::null_mut());
        if child < 0 { Err(tried(error)) } else { Ok(child as libc::pid_t) }
    }
}

/// Makes a call that has no effect outside the child.
///
/// # Safety
/// Only in the child.
unsafe fn make(call: Call) {
    // SAFETY: every pointer is to a local of the size that the kernel writes or reads.
    unsafe {
        let process = libc::syscall(libc::SYS_getpid);
        match call {
            Call::Signal => {
                libc::syscall(libc::SYS_tgkill, process, process, 0);
            }
            Call::RobustList => {
                let (mut head, mut length) = (0_usize, 0_usize);
                libc::syscall(libc::SYS_get_robust_list, 0, &raw mut head, &raw mut length);
            }
            Call::ReadMemory => {
                let (from, mut to) = (1_u8, 0_u8);
                let local = libc::iovec { iov_base: (&raw mut to).cast(), iov_len: 1 };
                let remote = libc::iovec { iov_base: (&raw const from).cast_mut().cast(), iov_len: 1 };
                let (local, remote) = (&raw const local, &raw const remote);
                libc::syscall(libc::SYS_process_vm_readv, process, local, 1, remote, 1, 0);
            }
            Call::Timer => {
                let mut event: libc::sigevent = std::mem::zeroed();
                event.sigev_notify = libc::SIGEV_NONE;
                let (mut timer, mut times) = (0_i32, std::mem::zeroed::<libc::itimerspec>());
                libc::syscall(libc::SYS_timer_create, libc::CLOCK_MONOTONIC, &raw mut event, &raw mut timer);
                libc::syscall(libc::SYS_timer_settime, timer, 0, &raw const times, 0);
                libc::syscall(libc::SYS_timer_gettime, timer, &raw mut times);
                libc::syscall(libc::SYS_timer_delete, timer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_does_not_see_the_trial_child() {
        assert!(survives(&ALL).unwrap());
        // SAFETY: the call only queries children with a termination signal, as a service does, and waits for none.
        let others = unsafe { libc::waitpid(-1, std::ptr::null_mut(), libc::WNOHANG) };
        assert!(others <= 0, "{others}");
        ALL.into_iter().for_each(|call| check(call).unwrap());
    }
}
