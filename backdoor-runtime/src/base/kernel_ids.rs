//! The ids that the kernel gives this process, its threads and its user, and the time of its processor clocks. A filter on system calls
//! (seccomp(2)) may refuse these calls, and rustix would panic because it assumes that they succeed.

use std::io;
use std::path::Path;
use std::time::Duration;

use rustix::time::{ClockId, DynamicClockId, clock_gettime_dynamic};

/// This process's id; -1, which no process has, if the kernel refuses it.
pub(crate) fn process() -> i32 {
    std::process::id().cast_signed()
}

/// This thread's id. If the kernel refuses it, it is read from /proc; -1, which no thread has, if that is missing too.
pub(crate) fn thread() -> i32 {
    match thread_in_handler() {
        -1 => thread_in_proc().unwrap_or(-1),
        tid => tid,
    }
}

/// The same by the system call alone, which is async-signal-safe.
pub(crate) fn thread_in_handler() -> i32 {
    // SAFETY: gettid(2) takes no argument. It writes `errno` only where it fails.
    unsafe { libc::syscall(libc::SYS_gettid) as i32 }
}

/// The user of this process; `u32::MAX`, which is no user (chown(2)), if the kernel refuses it.
pub(crate) fn effective_user() -> u32 {
    // SAFETY: geteuid(2) takes no argument.
    unsafe { libc::geteuid() }
}

/// The group of this process, likewise.
pub(crate) fn effective_group() -> u32 {
    // SAFETY: getegid(2) takes no argument.
    unsafe { libc::getegid() }
}

/// The time of a processor-time clock, which always needs a system call: the vDSO has only clocks of the day.
///
/// # Errors
/// The kernel refuses it.
pub(crate) fn used(clock: ClockId) -> io::Result<Duration> {
    let time = clock_gettime_dynamic(DynamicClockId::Known(clock))?;
    Ok(Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32))
}

/// The processor time that this thread has used.
///
/// # Errors
/// As of [`used`].
pub(crate) fn used_by_thread() -> io::Result<Duration> {
    used(ClockId::ThreadCPUTime)
}

/// By `/proc/thread-self`, a link to `4711/task/4712`.
fn thread_in_proc() -> Option<i32> {
    let link = std::fs::read_link("/proc/thread-self").ok()?;
    Path::new(&link).file_name()?.to_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_call_and_proc_give_the_same_number() {
        std::thread::spawn(|| {
            assert_ne!(thread(), process(), "not the main thread");
            assert_eq!(thread_in_proc(), Some(thread()));
        })
        .join()
        .unwrap();
    }
}
