//! Where the process spends its processor time: by function, by thread and by task.
//!
//! While a profile runs, each thread has a timer on its own processor time (timer_create(2)), so that only threads that compute are ever
//! interrupted, and sleeping threads never are. A thread that blocks the signal, has a debugger attached, or may have no stack left for a
//! signal gets no timer. The signal of the timer is the one that [`threads`](crate::views::threads) reads stacks with; its handler copies
//! the registers and up to 64 KiB of the stack into a slot, and a thread of the profile unwinds the stacks and counts them, in bounded
//! memory. Nothing is installed before the first profile, and the timers are deleted at its end.
//!
//! The profiler looks for new threads ten times a second, so the time of shorter threads may be missing. Only one profile can run at a
//! time.
//!
//! ```
//! use std::time::Duration;
//!
//! let recording = backdoor_runtime::profile::begin(99, Duration::from_secs(10), "the nightly check")?;
//! while !recording.wait(Duration::from_millis(50)) {
//!     // It runs for ten seconds; `break` ends it earlier.
//! #   break;
//! }
//! let profile = recording.end()?;
//! for function in profile.functions(false).iter().take(20) {
//!     println!("{:5.1} % {}", function.self_percent, function.function);
//! }
//! # Ok::<(), backdoor_runtime::profile::ProfileError>(())
//! ```

mod collector;
mod commands;
mod flame;
#[allow(unsafe_code, reason = "slots that a signal handler fills; each block has its reason")]
pub(crate) mod ring;
mod shares;
mod stack;
mod tally;
#[allow(unsafe_code, reason = "the system calls of timers; each block has its reason")]
mod timer;

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use std::{fmt, io};

use crate::base::private_file::Directory;
use crate::exec::own_thread::{self, Priority};
use crate::views::profile::collector::Collector;
pub use crate::views::profile::shares::{FunctionShare, TaskShare, ThreadShare};
use crate::views::profile::stack::Stack;
use crate::views::profile::tally::Tally;
use crate::views::threads::StackError;
use crate::views::threads::symbols::Names;

/// The range of sampling rates, in samples per second of processor time.
pub(crate) const RATES: RangeInclusive<u32> = 1..=1000;

/// The result of a profile.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Profile {
    /// Samples per second of processor time.
    pub rate: u32,
    /// The requested length.
    pub asked: Duration,
    /// The real length.
    pub took: Duration,
    /// The processor time of the process within it.
    pub used: Duration,
    /// The number of samples.
    pub samples: u64,
    /// The number of lost samples: too many arrived at once.
    pub lost: u64,
    /// The number of samples that repeat the stack before them: the clock of the kernel ticks only 100 to 1000 times a second.
    pub late: u64,
    /// The number of samples with a truncated stack.
    pub cut: u64,
    /// The number of samples that are counted by thread only: there were too many different stacks.
    pub not_kept: u64,
    /// The number of watched threads at its end.
    pub watched: usize,
    /// The number of other threads.
    pub unwatched: usize,
    /// The reasons, each with its number of threads: `the signal is blocked`.
    pub unwatched_because: Vec<(String, usize)>,
    /// Whether samples have tasks. In a library that was loaded with `dlopen` they have none: a signal handler cannot read the current task
    /// there.
    pub tells_tasks: bool,
    /// The reason why functions have no names, files or lines, if the program has them.
    pub nameless: Option<String>,
    /// The threads, the busiest first: at most 4096.
    pub threads: Vec<ThreadShare>,
    stacks: Vec<Stack>,
}

/// The files of a saved profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Saved {
    /// The flame graph, an SVG file.
    pub(crate) flame_graph: PathBuf,
    /// The folded stacks: one line per stack, its functions from the outermost inwards, and its samples.
    pub(crate) folded: PathBuf,
}

/// The reason why a profile is not possible.
#[derive(Debug)]
#[non_exhaustive]
pub enum ProfileError {
    /// Another profile is running: its owner, and its remaining time.
    Busy(String, Duration),
    /// No signal can be used.
    Stack(StackError),
    /// /proc, a timer or a thread cannot be used.
    Io(io::Error),
    /// The collector thread has panicked.
    Failed,
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy(who, left) => {
                let left = left.as_secs() + 1;
                write!(f, "{who} is taking a profile, which ends within {left} s; only one profile can run")
            }
            Self::Stack(error) => error.fmt(f),
            Self::Io(error) => write!(f, "a profile is not possible: {error}"),
            Self::Failed => f.write_str("the thread that collects the profile has panicked"),
        }
    }
}

impl std::error::Error for ProfileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Stack(error) => Some(error),
            Self::Io(error) => Some(error),
            Self::Busy(..) | Self::Failed => None,
        }
    }
}

impl From<io::Error> for ProfileError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<StackError> for ProfileError {
    fn from(error: StackError) -> Self {
        Self::Stack(error)
    }
}

/// A running profile. It ends after its time, or when this is dropped.
#[derive(Debug)]
pub struct Recording {
    course: Arc<Course>,
    collector: Option<JoinHandle<Result<Tally, ProfileError>>>,
}

/// The state that a recording and its collector share.
#[derive(Debug, Default)]
struct Course {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    is_stopped: bool,
    has_ended: bool,
}

/// The owner of a running profile, and its latest end.
static TAKEN: Mutex<Option<(String, Instant)>> = Mutex::new(None);

/// The slot of the one profile.
struct Turn;

/// Begins a profile at this rate, from 1 to 1000; 99 is usual, since it does not align with work that happens a hundred times a second.
/// Other callers get the name of the owner in their error.
///
/// # Errors
/// Another profile is running, or a signal, /proc or a thread cannot be used.
pub fn begin(rate: u32, length: Duration, who: &str) -> Result<Recording, ProfileError> {
    let rate = rate.clamp(*RATES.start(), *RATES.end());
    let turn = Turn::take(who, length)?;
    let course = Arc::new(Course::default());
    let of_collector = Arc::clone(&course);
    let collector = own_thread::start("backdoor-prof", Priority::of_ours(), move || {
        let _ended = EndsOnDrop(&of_collector);
        // It outlives the collector, whose timers have to be deleted before the next profile begins.
        let _turn = turn;
        Collector::begin(rate, length)?.run(&of_collector)
    })?;
    Ok(Recording { course, collector: Some(collector) })
}

impl Recording {
    /// Waits for this long, and returns whether the profile has ended.
    pub fn wait(&self, limit: Duration) -> bool {
        let state = self.course.lock();
        let waited = self.course.changed.wait_timeout_while(state, limit, |state| !state.has_ended);
        waited.unwrap_or_else(PoisonError::into_inner).0.has_ended
    }

    /// Ends the profile, if it has not ended yet, and resolves the functions. It blocks.
    ///
    /// # Errors
    /// It could not begin.
    pub fn end(self) -> Result<Profile, ProfileError> {
        self.end_until(|| false)
    }

    /// The same with interruption: an interrupted call takes names from the symbol table.
    pub(crate) fn end_until(mut self, is_enough: impl Fn() -> bool) -> Result<Profile, ProfileError> {
        self.course.stop();
        let collector = self.collector.take().ok_or(ProfileError::Failed)?;
        let tally = collector.join().map_err(|_| ProfileError::Failed)??;
        let names = Names::look_up_until(tally.addresses(), &is_enough);
        Ok(tally.profile(&names))
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.course.stop();
    }
}

impl Course {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stop(&self) {
        self.lock().is_stopped = true;
        self.changed.notify_all();
    }

    /// Waits for this long, and returns whether the profile was stopped.
    fn pause(&self, limit: Duration) -> bool {
        let waited = self.changed.wait_timeout_while(self.lock(), limit, |state| !state.is_stopped);
        waited.unwrap_or_else(PoisonError::into_inner).0.is_stopped
    }
}

struct EndsOnDrop<'a>(&'a Course);

impl Drop for EndsOnDrop<'_> {
    fn drop(&mut self) {
        self.0.lock().has_ended = true;
        self.0.changed.notify_all();
    }
}

impl Turn {
    fn take(who: &str, length: Duration) -> Result<Self, ProfileError> {
        let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((who, until)) = &*taken {
            return Err(ProfileError::Busy(who.clone(), until.saturating_duration_since(Instant::now())));
        }
        let now = Instant::now();
        *taken = Some((who.to_owned(), now.checked_add(length).unwrap_or(now)));
        Ok(Self)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *TAKEN.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Profile {
    /// Whether it ended before its time.
    pub(crate) fn is_partial(&self) -> bool {
        self.took < self.asked
    }

    /// The share of the processor time without samples, in percent: it belongs to unwatched or short-lived threads. `None` if chance can
    /// explain it.
    pub(crate) fn unseen_percent(&self) -> Option<f64> {
        const CHANCE: f64 = 20.0;
        let expected = self.used.as_secs_f64() * f64::from(self.rate);
        let unseen = expected - (self.samples + self.lost) as f64;
        (unseen > CHANCE && unseen * 5.0 > expected).then(|| (unseen / expected * 1000.0).round() / 10.0)
    }

    /// Each stack once, from the outermost function inwards, with its samples: `main;serve;parse 12`, the form that tools for flame
    /// graphs read. With `tasks`, each begins with the name of the task.
    pub fn folded(&self, tasks: bool) -> String {
        flame::folded(&self.stacks, tasks)
    }

    /// A picture (SVG) for a browser: a box for each function, as wide as its share, above its caller. A click makes a box as wide as the
    /// picture. Boxes below a 2000th part are left out.
    pub fn flame_graph(&self, tasks: bool) -> String {
        let title =
            format!("{} samples in {:.1} s at {} Hz", self.samples, self.took.as_secs_f64(), self.rate);
        flame::graph(&self.stacks, tasks, &title)
    }

    /// Writes both into a new directory that only the service's own user can read, in `$XDG_RUNTIME_DIR` or else where temporary
    /// files are. The console never removes them.
    ///
    /// # Errors
    /// They cannot be written. Partial files are removed.
    pub(crate) fn save(&self, tasks: bool) -> io::Result<Saved> {
        let directory = Directory::new()?;
        let flame_graph = directory.write("flame.svg", &self.flame_graph(tasks))?;
        let folded = directory.write("folded.txt", &self.folded(tasks))?;
        directory.keep();
        Ok(Saved { flame_graph, folded })
    }
}
