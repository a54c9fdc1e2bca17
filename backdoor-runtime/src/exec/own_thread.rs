//! The console's threads. All of them start here: each has a name and the console's nice value, and if the kernel refuses a thread, only
//! its work is lost.

#[cfg(serves)]
mod mask;
pub(crate) mod own_time;

use std::cell::Cell;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use std::{fs, io};

use crate::base::kernel_ids;

/// The thread that computes the built-in views.
pub(crate) const HELPER: &str = "backdoor-helper";

/// The default nice value of the console's threads.
const STEPS: u8 = 13;

/// The largest value of nice(2); the kernel cuts larger ones.
const LARGEST: i32 = 19;

/// No value, in [`OF_PROCESS`].
const NONE: i32 = i32::MAX;

/// The nice value for threads that are started from outside the console's threads: that of the console which was started last.
static OF_PROCESS: AtomicI32 = AtomicI32::new(NONE);

thread_local! {
    /// Whether this is one of the console's threads, whose value is inherited by the threads that it starts.
    static IS_OURS: Cell<bool> = const { Cell::new(false) };
}

/// The nice value that a thread takes when it begins. Without one it keeps that of the thread which starts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Priority(Option<i32>);

impl Priority {
    /// For work that the service waits for.
    pub(crate) const OF_STARTER: Self = Self(None);

    /// For the threads of a console that is started on this thread: this many steps more, and the reason if there are none.
    ///
    /// If the author has not asked for steps, none are taken under a seccomp filter: setpriority(2) may end the process there, and the
    /// service itself never calls it.
    #[cfg(serves)]
    pub(crate) fn of_console(asked: Option<u8>) -> (Self, Option<String>) {
        let steps = match asked.map_or_else(steps_by_default, Ok) {
            Ok(steps) => steps,
            Err(why_not) => return (Self(None), Some(why_not.to_owned())),
        };
        if steps == 0 {
            return (Self(None), None);
        }
        match rustix::process::getpriority_process(None) {
            Ok(own) => (Self(Some((own + i32::from(steps)).min(LARGEST))), None),
            Err(error) => (Self(None), Some(format!("getpriority: {}", io::Error::from(error)))),
        }
    }

    /// Makes it the value of all threads that are started from outside the console's threads.
    pub(crate) fn note(self) {
        OF_PROCESS.store(self.0.unwrap_or(NONE), Ordering::Relaxed);
    }

    /// The value of the console's other threads.
    pub(crate) fn of_ours() -> Self {
        match OF_PROCESS.load(Ordering::Relaxed) {
            // It inherits the value of the thread that starts it.
            _ if IS_OURS.get() => Self(None),
            NONE => Self(None),
            value => Self(Some(value)),
        }
    }

    /// Applies it to this thread. On Linux it holds for the calling thread alone (sched(7), "The nice value").
    ///
    /// # Errors
    /// The call is refused. The kernel always allows a larger value, but a filter may refuse it.
    pub(crate) fn take(self) -> io::Result<()> {
        #[cfg(serves)]
        if let Some(value) = self.0 {
            rustix::process::setpriority_process(None, value)?;
        }
        Ok(())
    }
}

/// Starts a thread.
///
/// # Errors
/// The kernel refuses the thread. Then the work is dropped on this thread, so its drop must neither fail nor wait.
pub(crate) fn start<T: Send + 'static>(
    name: impl Into<String>,
    priority: Priority,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    start_boxed(name.into(), priority, Box::new(work))
}

/// The same, compiled once for each result, since a start of a thread is much code.
fn start_boxed<T: Send + 'static>(
    name: String,
    priority: Priority,
    work: Box<dyn FnOnce() -> T + Send>,
) -> io::Result<JoinHandle<T>> {
    thread::Builder::new().name(name).spawn(move || {
        let _counted = Counted;
        IS_OURS.set(true);
        // The console has said at its start if this is refused.
        let _ = priority.take();
        work()
    })
}

/// Makes a write on this thread fail where it would otherwise end the process: a write to a pipe that nobody reads, or beyond the longest
/// file that the process may write. The service's own threads are not changed.
pub(crate) fn survive_writes() {
    #[cfg(serves)]
    mask::block_signals_of_writes();
}

/// Nanoseconds of processor time of our ended threads, which the kernel forgets.
static ENDED: AtomicU64 = AtomicU64::new(0);

/// Counts the time of a thread when it ends.
struct Counted;

impl Drop for Counted {
    fn drop(&mut self) {
        ENDED.fetch_add(used(), Ordering::Relaxed);
    }
}

/// The processor time that this thread has used, in nanoseconds.
fn used() -> u64 {
    kernel_ids::used_by_thread().map_or(0, |used| used.as_nanos() as u64)
}

/// The processor time of all threads of ours that have ended.
pub(crate) fn used_by_ended() -> Duration {
    Duration::from_nanos(ENDED.load(Ordering::Relaxed))
}

/// Whether this is the thread that computes views, which may block because nothing else runs there.
pub(crate) fn is_helper() -> bool {
    thread::current().name() == Some(HELPER)
}

/// Checks that setpriority is safe to call.
///
/// # Errors
/// The process may not survive the call, for this reason.
fn steps_by_default() -> Result<u8, &'static str> {
    match is_filtered() {
        Some(false) => Ok(STEPS),
        Some(true) => Err("a seccomp filter is active, and setpriority could end the process"),
        None => Err(
            "without /proc the console cannot rule out a seccomp filter, and setpriority could end the process",
        ),
    }
}

/// Whether a seccomp filter is active for this thread, if /proc shows that.
pub(crate) fn is_filtered() -> Option<bool> {
    let status = fs::read_to_string("/proc/thread-self/status").ok()?;
    // Kernels without filters have no such line.
    let mode = status.lines().find_map(|line| line.strip_prefix("Seccomp:"));
    Some(mode.is_some_and(|mode| mode.trim() != "0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> i32 {
        rustix::process::getpriority_process(None).unwrap()
    }

    /// `newcomer.md` 3.6, 1: `self` showed 10 ms although ended threads had used 160.
    #[test]
    fn time_of_ended_threads_is_counted() {
        const WORK: u64 = 30_000_000;
        let before = used_by_ended();
        let work = || while used() < WORK {};
        start("works", Priority::OF_STARTER, work).unwrap().join().unwrap();
        assert!(used_by_ended() >= before + Duration::from_nanos(WORK));
    }

    #[test]
    fn a_nice_value_of_zero_makes_no_call() {
        assert_eq!(Priority::of_console(Some(0)), (Priority::OF_STARTER, None));
    }

    #[test]
    fn a_thread_has_the_nice_value_of_its_console() {
        let expected = (own() + 3).min(LARGEST);
        let (priority, why_not) = Priority::of_console(Some(3));
        assert_eq!(why_not, None);
        let of_next = || start("next", Priority::of_ours(), own).unwrap().join().unwrap();
        let seen = start("first", priority, move || (own(), of_next())).unwrap().join().unwrap();
        assert_eq!(seen, (expected, expected));
        assert_eq!((own() + 3).min(LARGEST), expected, "the starter's own stays");
    }
}
