//! The process's native threads: what the kernel says of them, and their stacks, taken while they run.
//!
//! [`list`] reads /proc and disturbs nobody. [`stacks`] disturbs no thread that sleeps: /proc tells where it is
//! (`/proc/self/task/TID/syscall`), and its stack is copied and followed from there. This is so for threads that block all signals or hang
//! in the kernel, too. A thread that runs is sent a signal; its handler copies the registers and up to 64 KiB of the stack, which takes a
//! few microseconds, and everything else happens on the thread that asked. No handler is installed before a thread is asked for the first
//! time. A thread that cannot be asked, or does not answer within 200 ms, is shown from /proc and says why.
//!
//! Some sleeping threads' stacks cannot be followed to the end, since the kernel tells no frame pointer. Where such a thread is in a call
//! that the kernel makes again after a handler (`futex`, `read`, `recv` and `accept` without a time limit, `wait4`, `flock`), it is asked,
//! too. Else its stack is [cut](ThreadStack::cut).
//!
//! What the service notices: a thread that runs when it is asked, and falls asleep before the signal comes, may find `EINTR` in a call that
//! `SA_RESTART` does not cover (signal(7)): `epoll_wait`, `poll`, `select`, `nanosleep`, `sem_timedwait`, and `recv` or `accept` with a time
//! limit. tokio makes such a call again; std does so in `sleep`, `read_exact` and `read_to_end`, but not in `read`, `recv` and `accept` of
//! sockets. Threads that wait for signals are not asked, nor those that a debugger watches, nor those whose stack may have no room for a
//! signal. A child process is not affected, since `exec` resets handlers.
//!
//! The signal is SIGURG, unless the service has a handler for that: then it is the last real-time one that nobody has a handler for. The
//! author can choose another ([`Builder::stack_signal`](crate::Builder::stack_signal)). A real-time signal that is sent to a thread while
//! that calls `execve` ends the new program; SIGURG does nothing to it.
//!
//! Linux on x86-64 and aarch64. For aarch64 it is compiled with every check, but was never run there; the stacks of threads that sleep are
//! cut there behind the innermost function, unless the thread can be asked.

pub(crate) mod allowance;
mod aside;
mod asleep;
mod call_site;
mod commands;
mod debug_info;
mod elf;
mod entry;
pub(crate) mod fold;
pub(crate) mod frame;
mod groups;
#[allow(unsafe_code, reason = "system calls that read the process's own memory")]
pub(crate) mod memory;
pub(crate) mod modules;
pub(crate) mod nameless;
mod object_file;
pub(crate) mod owner;
#[allow(unsafe_code, reason = "mappings of our own, and the program's image; each block has its reason")]
mod pages;
#[allow(unsafe_code, reason = "a system call that tells where a thread's stack is")]
pub(crate) mod room;
mod section;
#[allow(unsafe_code, reason = "a signal handler, and the system calls around it; each block has its reason")]
pub(crate) mod signal;
pub(crate) mod silent;
pub(crate) mod sweep;
mod symbol_table;
pub(crate) mod symbols;
mod tables;
#[allow(unsafe_code, reason = "a child that makes system calls and nothing else")]
pub(crate) mod trial;
mod unit;
mod unit_index;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{fmt, io};

use serde::ser::{Serialize, Serializer};

use crate::procfs::task_files;
use crate::reply::Value;
pub use crate::views::threads::aside::aside;
pub use crate::views::threads::frame::Frame;
pub use crate::views::threads::groups::Group;
use crate::views::threads::symbols::Names;

/// A thread, as the kernel describes it, and what it did in a window of time.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Thread {
    /// The thread's name, cut by the kernel to 15 bytes.
    pub name: String,
    /// Its id in the kernel.
    pub tid: i32,
    /// `running`, `sleeping`, `uninterruptible`, ..
    pub state: &'static str,
    /// The share of one processor that it used in the window, in percent.
    pub cpu: f64,
    /// The function of the kernel that it waits in, where the kernel tells.
    pub wait_channel: Option<String>,
    /// The system call that it is in.
    pub system_call: Option<String>,
    /// How often it has waited for something since its start.
    pub voluntary: u64,
    /// How often it had to make room for others.
    pub forced: u64,
    /// What it is to tokio, if an earlier look at the stacks has told.
    pub role: Option<&'static str>,
}

/// The stacks of all threads.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stacks {
    /// By thread id.
    pub threads: Vec<ThreadStack>,
    /// From the first thread's turn to the last one's, without the search for functions.
    pub took: Duration,
    /// Why functions have no names, or no files and lines, where that is not for want of them in the program.
    pub nameless: Option<String>,
}

/// One thread with its stack.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ThreadStack {
    /// The thread's name, cut by the kernel to 15 bytes.
    pub name: String,
    /// Its id in the kernel.
    pub tid: i32,
    /// `running`, `sleeping`, `uninterruptible`, ..
    pub state: &'static str,
    /// The function of the kernel that it waits in, where the kernel tells.
    pub wait_channel: Option<String>,
    /// The system call that it is in.
    pub system_call: Option<String>,
    /// What it is to tokio, seen from its stack.
    pub role: Option<&'static str>,
    /// Its functions, the innermost first. At most 256 calls.
    pub frames: Vec<Frame>,
    /// Whether the stack goes on further than was seen.
    pub cut: bool,
    /// Whether it does so since the thread sleeps, where the kernel does not tell its frame pointer.
    pub open: bool,
    /// Why there are no frames.
    pub missing: Option<String>,
    /// How long the thread was held up for it: in the handler, from its first line until the copy was made. Nothing where its stack was
    /// read while it slept.
    pub held: Option<Duration>,
}

/// Why there are no stacks.
#[derive(Debug)]
#[non_exhaustive]
pub enum StackError {
    /// /proc or a signal cannot be used.
    Io(io::Error),
    /// The signal that the author chose is no real-time signal; those are from the second number to the third.
    NotRealTime(i32, i32, i32),
    /// The signal that the author chose has a handler.
    InUse(i32),
    /// Somebody installed a handler of his own for our signal.
    TakenOver(i32),
    /// SIGURG and every real-time signal have handlers.
    NoneFree,
}

impl fmt::Display for StackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const CHOOSE: &str = "choose another with `Builder::stack_signal`";
        match self {
            Self::Io(error) => write!(f, "stacks cannot be taken: {error}"),
            Self::NotRealTime(signal, first, last) => {
                write!(f, "signal {signal} takes no stacks: a real-time signal is needed, {first} to {last}")
            }
            Self::InUse(signal) => write!(f, "signal {signal} is in use by the service; {CHOOSE}"),
            Self::TakenOver(signal) => {
                write!(f, "signal {signal} took stacks until the service gave it another handler; {CHOOSE}")
            }
            Self::NoneFree => {
                f.write_str("no signal is free: SIGURG and every real-time signal have handlers")
            }
        }
    }
}

impl std::error::Error for StackError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for StackError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// All threads, the busiest first, watched for so long. It blocks the calling thread for that time, and disturbs no other.
///
/// # Errors
/// /proc is not mounted.
///
/// ```
/// use std::time::Duration;
///
/// let threads = backdoor_runtime::threads::list(Duration::from_millis(10))?;
/// assert!(!threads.is_empty());
/// # std::io::Result::Ok(())
/// ```
pub fn list(window: Duration) -> io::Result<Vec<Thread>> {
    let watch = Watch::begin()?;
    std::thread::sleep(window);
    watch.end()
}

/// The stacks of all threads but the calling one. It blocks: for milliseconds as a rule, at first for as long as it takes to read the
/// program's tables, and up to a few seconds where threads do not answer. One look is taken at a time; others wait.
///
/// # Errors
/// There is no /proc.
///
/// ```
/// let stacks = backdoor_runtime::threads::stacks()?;
/// assert!(stacks.threads.iter().all(|thread| thread.missing.is_some() == thread.frames.is_empty()));
/// # Ok::<(), backdoor_runtime::threads::StackError>(())
/// ```
pub fn stacks() -> Result<Stacks, StackError> {
    Ok(symbolised(sweep::collect(|_| true, false)?))
}

/// The same, and threads that sleep where it cannot be seen whether a signal ends their call are asked, too: their calls may fail with
/// `EINTR`. Only a process that gave up rights since its start has such threads, and stacks that are [cut](ThreadStack::cut).
///
/// # Errors
/// As of [`stacks`].
pub fn stacks_interrupting() -> Result<Stacks, StackError> {
    Ok(symbolised(sweep::collect(|_| true, true)?))
}

/// The same of the threads with these ids only.
///
/// # Errors
/// As of [`stacks`].
pub fn stacks_of(tids: &[i32]) -> Result<Stacks, StackError> {
    Ok(symbolised(sweep::collect(|tid| tids.contains(&tid), false)?))
}

fn symbolised(sweep: sweep::Sweep) -> Stacks {
    let stacks = sweep.threads.iter().filter_map(|taken| taken.stack.as_ref().ok());
    let names = Names::look_up(stacks.flat_map(modules::Addresses::each));
    let threads: Vec<ThreadStack> =
        sweep.threads.into_iter().map(|taken| with_names(taken, &names)).collect();
    remember_roles(&threads);
    Stacks { threads, took: sweep.took, nameless: names.missing }
}

fn with_names(taken: sweep::Taken, names: &Names) -> ThreadStack {
    let mut stack = ThreadStack {
        name: taken.task.name,
        tid: taken.task.tid,
        state: task_files::state_in_words(taken.task.state),
        wait_channel: taken.waiting.channel,
        system_call: taken.waiting.call.map(Into::into),
        role: None,
        frames: Vec::new(),
        cut: false,
        open: taken.is_open,
        missing: None,
        held: taken.held,
    };
    match taken.stack {
        Ok(found) => {
            for (address, is_return) in found.each() {
                stack.frames.extend(names.at(address, is_return).iter().cloned());
            }
            stack.cut = found.cut;
            stack.role = fold::role(&stack.frames);
        }
        Err(silent) => stack.missing = Some(silent.to_string()),
    }
    stack
}

/// What looks at the stacks have told of threads, by id and name.
static ROLES: Mutex<Option<HashMap<(i32, String), &'static str>>> = Mutex::new(None);

fn remember_roles(threads: &[ThreadStack]) {
    let mut roles = ROLES.lock().unwrap_or_else(PoisonError::into_inner);
    let roles = roles.get_or_insert_default();
    // As many as there are threads: what has ended is forgotten.
    let alive = task_files::tids().unwrap_or_default();
    roles.retain(|(tid, _), _| alive.binary_search(tid).is_ok());
    roles.extend(threads.iter().filter_map(|thread| Some(((thread.tid, thread.name.clone()), thread.role?))));
}

/// A look at all threads' processor time, to be compared with a later one: [`list`] for those who must not block.
#[derive(Debug)]
pub struct Watch {
    since: Instant,
    /// What each thread had used, and when that was read: to read all of many takes a while.
    times: HashMap<i32, (Instant, Duration)>,
}

impl Watch {
    /// Takes the first look.
    ///
    /// # Errors
    /// /proc is not mounted.
    pub fn begin() -> io::Result<Self> {
        let since = Instant::now();
        let time = |tid| Some((tid, (Instant::now(), task_files::cpu_time(tid)?)));
        Ok(Self { since, times: task_files::tids()?.into_iter().filter_map(time).collect() })
    }

    /// The threads that there are now, the busiest first.
    ///
    /// # Errors
    /// /proc is not mounted.
    pub fn end(&self) -> io::Result<Vec<Thread>> {
        let roles = ROLES.lock().unwrap_or_else(PoisonError::into_inner);
        let thread = |tid| {
            let time = task_files::cpu_time(tid);
            let (since, before) = self.times.get(&tid).copied().unwrap_or((self.since, Duration::ZERO));
            let window = since.elapsed().as_secs_f64().max(f64::EPSILON);
            let task = task_files::task(tid)?;
            let waiting = task_files::waiting(tid);
            let used = time.map_or(0.0, |time| time.saturating_sub(before).as_secs_f64());
            let role = roles.as_ref().and_then(|roles| roles.get(&(tid, task.name.clone())).copied());
            Some(Thread {
                name: task.name,
                tid,
                state: task_files::state_in_words(task.state),
                cpu: (used / window * 1000.0).round() / 10.0,
                wait_channel: waiting.channel,
                system_call: waiting.call.map(Into::into),
                voluntary: task.voluntary,
                forced: task.forced,
                role,
            })
        };
        let mut threads: Vec<Thread> = task_files::tids()?.into_iter().filter_map(thread).collect();
        threads.sort_by(|left, right| right.cpu.total_cmp(&left.cpu).then(left.tid.cmp(&right.tid)));
        Ok(threads)
    }
}

impl Thread {
    /// The thread as a value; the fields are those of the struct, but `cpu`, which is `cpu_percent`.
    pub fn value(&self) -> Value {
        Value::record([
            ("name", self.name.as_str().into()),
            ("tid", self.tid.into()),
            ("state", self.state.into()),
            ("cpu_percent", self.cpu.into()),
            ("wait_channel", self.wait_channel.as_deref().into()),
            ("system_call", self.system_call.as_deref().into()),
            ("voluntary", self.voluntary.into()),
            ("forced", self.forced.into()),
            ("role", self.role.into()),
        ])
    }
}

impl ThreadStack {
    /// The thread as a value, with all its frames.
    pub fn value(&self) -> Value {
        Value::record([
            ("name", self.name.as_str().into()),
            ("tid", self.tid.into()),
            ("state", self.state.into()),
            ("wait_channel", self.wait_channel.as_deref().into()),
            ("system_call", self.system_call.as_deref().into()),
            ("role", self.role.into()),
            ("frames", self.frames.iter().map(Frame::value).collect()),
            ("cut", self.cut.into()),
            ("missing", self.missing.as_deref().into()),
            ("held", self.held.into()),
        ])
    }
}

impl Stacks {
    /// Whether the author's functions have files and lines: nothing where no function of his is on any stack.
    pub fn has_lines(&self) -> Option<bool> {
        let own = self.threads.iter().flat_map(|thread| &thread.frames).filter(|frame| !frame.is_inner());
        own.map(|frame| frame.file.is_some()).reduce(|one, other| one || other)
    }

    /// The stacks as a value: a list of the threads.
    pub fn value(&self) -> Value {
        self.threads.iter().map(ThreadStack::value).collect()
    }
}

macro_rules! serialize_as_value {
    ($($type:ty)*) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.value().serialize(serializer)
            }
        }
    )*};
}

serialize_as_value! { Thread ThreadStack Stacks Frame }
