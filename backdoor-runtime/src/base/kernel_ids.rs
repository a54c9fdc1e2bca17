//! The numbers that the kernel gives this process, its threads and its user, and the time of its processor clocks, where a filter on system calls
//! (seccomp(2)) may refuse to tell them: rustix takes it for granted that these calls succeed, and would panic.

use std::io;
use std::path::Path;
use std::time::Duration;

use rustix::time::{ClockId, DynamicClockId, clock_gettime_dynamic};

/// This process's number; -1, which is nobody's, where the kernel does not tell.
pub(crate) fn process() -> i32 {
    std::process::id().cast_signed()
}

/// This thread's number. Where the kernel refuses it, /proc has it; -1, which is nobody's, where that is missing too.
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

/// The user that this process acts as; `u32::MAX`, which is nobody (chown(2)), where the kernel does not tell.
pub(crate) fn effective_user() -> u32 {
    // SAFETY: geteuid(2) takes no argument.
    unsafe { libc::geteuid() }
}

/// The group, likewise.
pub(crate) fn effective_group() -> u32 {
    // SAFETY: getegid(2) takes no argument.
    unsafe { libc::getegid() }
}

/// The time of a clock of the processor's, which is always a system call: the vDSO has only clocks of the day.
///
/// # Errors
/// The kernel refuses it.
pub(crate) fn used(clock: ClockId) -> io::Result<Duration> {
    let time = clock_gettime_dynamic(DynamicClockId::Known(clock))?;
    Ok(Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32))
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
