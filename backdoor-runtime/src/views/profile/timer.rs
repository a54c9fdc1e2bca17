//! A timer on a thread's processor time: it expires only while the thread runs, and signals that thread.

use std::mem::{self, MaybeUninit};
use std::time::Duration;
use std::{io, ptr};

/// A timer that runs until it is dropped. After the end of its thread it does nothing.
pub(super) struct Timer(libc::timer_t);

impl Timer {
    /// A timer that expires each time the thread has used this much processor time, the first time after `first`. The signal carries
    /// `mark`.
    ///
    /// # Errors
    /// `EINVAL` or `ESRCH` if the thread has ended, `EAGAIN` if the user may queue no more signals (`RLIMIT_SIGPENDING`).
    pub(super) fn start(
        tid: i32,
        signal: i32,
        mark: u64,
        first: Duration,
        period: Duration,
    ) -> io::Result<Self> {
        // The clock of a thread's processor time, as the kernel numbers it (linux/posix-timers.h: CPUCLOCK_PERTHREAD, CPUCLOCK_SCHED).
        let clock = (!tid << 3) | 4 | 2;
        // SAFETY: all zeros are a valid `sigevent`, and the fields that the kernel reads are set.
        let mut event: libc::sigevent = unsafe { mem::zeroed() };
        event.sigev_notify = libc::SIGEV_THREAD_ID;
        event.sigev_signo = signal;
        event.sigev_notify_thread_id = tid;
        event.sigev_value = libc::sigval { sival_ptr: ptr::without_provenance_mut(mark as usize) };
        let mut timer = MaybeUninit::uninit();
        // SAFETY: the event is valid, and the timer is written if the call returns 0.
        let timer = unsafe {
            if libc::timer_create(clock, &mut event, timer.as_mut_ptr()) != 0 {
                return Err(io::Error::last_os_error());
            }
            // From here on, dropping it deletes the timer.
            Self(timer.assume_init())
        };
        let times = libc::itimerspec { it_interval: timespec(period), it_value: timespec(first) };
        // SAFETY: the timer lives, and the times are read only.
        match unsafe { libc::timer_settime(timer.0, 0, &times, ptr::null_mut()) } {
            0 => Ok(timer),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Whether its thread has ended: then the timer has no next expiration.
    pub(super) fn is_over(&self) -> bool {
        let mut times = MaybeUninit::<libc::itimerspec>::uninit();
        // SAFETY: the timer lives, and the times are written if the call returns 0.
        let left = unsafe {
            match libc::timer_gettime(self.0, times.as_mut_ptr()) {
                0 => times.assume_init().it_value,
                _ => return true,
            }
        };
        left.tv_sec == 0 && left.tv_nsec == 0
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        // SAFETY: it was created and is deleted once.
        unsafe { libc::timer_delete(self.0) };
    }
}

fn timespec(duration: Duration) -> libc::timespec {
    // SAFETY: all zeros are a valid `timespec`, which has padding on some systems.
    let mut time: libc::timespec = unsafe { mem::zeroed() };
    // The type is not named: its name is deprecated for musl.
    time.tv_sec = duration.as_secs() as _;
    time.tv_nsec = duration.subsec_nanos().into();
    time
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_detects_the_end_of_its_thread() {
        const HOUR: Duration = Duration::from_secs(3600);
        let (timer, is_over) = std::thread::scope(|scope| {
            let begun = scope.spawn(|| {
                let tid = crate::base::kernel_ids::thread();
                let timer = Timer::start(tid, libc::SIGRTMAX(), 0, HOUR, HOUR).unwrap();
                let is_over = timer.is_over();
                (Moved(timer), is_over)
            });
            begun.join().unwrap()
        });
        assert!(!is_over);
        // `join` returns a moment before the kernel has forgotten the thread.
        let end = std::time::Instant::now() + Duration::from_secs(10);
        while !timer.0.is_over() && std::time::Instant::now() < end {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(timer.0.is_over());
    }

    struct Moved(Timer);

    // SAFETY: the kernel's timers belong to the process, and any thread may use them.
    unsafe impl Send for Moved {}
}
