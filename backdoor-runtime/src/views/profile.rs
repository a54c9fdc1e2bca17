//! Where the process spends its processor time: by function, by thread and by task.
//!
//! While a profile runs, each thread has a timer on its own processor time (timer_create(2)), so that only threads that compute are
//! ever interrupted, and a thread that sleeps never is. Those that block the signal, that a debugger watches, or whose stack may have no
//! room for a signal have none. The timer's signal is the one that [`threads`](crate::views::threads) takes stacks
//! with; its handler copies the registers and up to 64 KiB of the stack into a slot, and a thread of the profile's own follows the
//! stacks and counts them, in bounded memory. Nothing is installed before the first profile, and when one ends its timers go.
//!
//! Threads are looked for ten times a second: one that lives for less may not be seen, and its time is missing among the samples.
//! There is one profile at a time.
//!
//! ```
//! use std::time::Duration;
//!
//! let recording = backdoor_runtime::profile::begin(99, Duration::from_secs(10), "the nightly check")?;
//! while !recording.wait(Duration::from_millis(50)) {
//!     // It has ten seconds; who has seen enough ends it earlier.
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

/// How many samples a second of processor time can be asked for.
pub const RATES: RangeInclusive<u32> = 1..=1000;

/// What a profile has found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Profile {
    /// Samples a second of processor time.
    pub rate: u32,
    /// How long it was to be.
    pub asked: Duration,
    /// How long it was.
    pub took: Duration,
    /// The processor time that the process used in it.
    pub used: Duration,
    /// How many samples there are.
    pub samples: u64,
    /// How many were lost, since too many came at once.
    pub lost: u64,
    /// How many of them were taken together with the one before: the kernel's clock ticks 100 to 1000 times a second, and for more
    /// than one at times.
    pub late: u64,
    /// Of how many the stack goes on further than was copied or could be followed.
    pub cut: u64,
    /// How many are counted by thread only, since there were too many different stacks.
    pub not_kept: u64,
    /// Threads that were watched when it ended.
    pub watched: usize,
    /// Threads that were not.
    pub unwatched: usize,
    /// Why, and how many for each reason: `the signal is blocked`.
    pub unwatched_because: Vec<(String, usize)>,
    /// Whether samples are told apart by task. In a library that was loaded by `dlopen` they are not, since a signal handler cannot ask
    /// there which task runs.
    pub tells_tasks: bool,
    /// Why functions have no names, or no files and lines, where that is not for want of them in the program.
    pub nameless: Option<String>,
    /// Who used the time, the busiest first. At most 4096; later ones are not listed.
    pub threads: Vec<ThreadShare>,
    stacks: Vec<Stack>,
}

/// Where a profile was written to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Saved {
    /// A picture for a browser.
    pub flame_graph: PathBuf,
    /// A line a stack: its functions from the outermost inwards, and how many samples.
    pub folded: PathBuf,
}

/// Why there is no profile.
#[derive(Debug)]
#[non_exhaustive]
pub enum ProfileError {
    /// Another one runs: who began it, and how long it may still take.
    Busy(String, Duration),
    /// There is no signal to use.
    Stack(StackError),
    /// /proc, a timer or a thread cannot be used.
    Io(io::Error),
    /// The thread that collects has panicked.
    Failed,
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy(who, left) => {
                let left = left.as_secs() + 1;
                write!(f, "{who} is taking a profile, which ends within {left} s; there is one at a time")
            }
            Self::Stack(error) => error.fmt(f),
            Self::Io(error) => write!(f, "no profile can be taken: {error}"),
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

/// A profile that is being taken. It ends by itself when its time is up, or when this is dropped.
#[derive(Debug)]
pub struct Recording {
    course: Arc<Course>,
    collector: Option<JoinHandle<Result<Tally, ProfileError>>>,
}

/// What a recording and its collector share.
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

/// Who takes a profile, and until when at the latest.
static TAKEN: Mutex<Option<(String, Instant)>> = Mutex::new(None);

/// The place of the one profile that there may be.
struct Turn;

/// Begins a profile with so many samples a second of processor time, within [`RATES`]; 99 are usual, since that is out of step with
/// what happens a hundred times a second. Who takes it is told to others that want one.
///
/// # Errors
/// Another one runs, or a signal, /proc or a thread cannot be had.
pub fn begin(rate: u32, length: Duration, who: &str) -> Result<Recording, ProfileError> {
    let rate = rate.clamp(*RATES.start(), *RATES.end());
    let turn = Turn::take(who, length)?;
    let course = Arc::new(Course::default());
    let of_collector = Arc::clone(&course);
    let collector = own_thread::start("backdoor-prof", Priority::of_ours(), move || {
        let _ended = EndsOnDrop(&of_collector);
        // It outlives the collector, whose timers are to be gone before the next one begins.
        let _turn = turn;
        Collector::begin(rate, length)?.run(&of_collector)
    })?;
    Ok(Recording { course, collector: Some(collector) })
}

impl Recording {
    /// Waits for so long, and says whether it has ended.
    pub fn wait(&self, limit: Duration) -> bool {
        let state = self.course.lock();
        let waited = self.course.changed.wait_timeout_while(state, limit, |state| !state.has_ended);
        waited.unwrap_or_else(PoisonError::into_inner).0.has_ended
    }

    /// Ends it, if it has not ended yet, and finds the functions. It blocks.
    ///
    /// # Errors
    /// It could not begin.
    pub fn end(self) -> Result<Profile, ProfileError> {
        self.end_until(|| false)
    }

    /// The same, for somebody who may have enough: what was collected has names from the symbol table then.
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

    /// Waits for so long, and says whether it was stopped.
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
    /// Whether it was ended before its time.
    pub fn is_partial(&self) -> bool {
        self.took < self.asked
    }

    /// The share of the processor time that no sample stands for, in percent: threads that lived too briefly to be found used it, or
    /// that are not watched. Nothing where it may be chance.
    pub fn unseen_percent(&self) -> Option<f64> {
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

    /// A picture (SVG) for a browser: a box a function, as wide as its share, above its caller. A click makes one as wide as the
    /// picture. What has less than a 2000th part is left out.
    pub fn flame_graph(&self, tasks: bool) -> String {
        let title =
            format!("{} samples in {:.1} s at {} Hz", self.samples, self.took.as_secs_f64(), self.rate);
        flame::graph(&self.stacks, tasks, &title)
    }

    /// Writes both into a new directory that only the service's own user can read, in `$XDG_RUNTIME_DIR` or else where temporary
    /// files are. They stay until somebody removes them.
    ///
    /// # Errors
    /// They cannot be written. Nothing is left of them then.
    pub fn save(&self, tasks: bool) -> io::Result<Saved> {
        let directory = Directory::new()?;
        let flame_graph = directory.write("flame.svg", &self.flame_graph(tasks))?;
        let folded = directory.write("folded.txt", &self.folded(tasks))?;
        directory.keep();
        Ok(Saved { flame_graph, folded })
    }
}
