//! The native threads of the process: their states from the kernel, and their stacks, read while they run.
//!
//! [`list`] reads /proc and interrupts no thread. [`stacks`] interrupts no sleeping thread: /proc has its stack pointer and program counter
//! (`/proc/self/task/TID/syscall`), and its stack is copied and unwound from there. This includes threads that block all signals or hang in
//! the kernel. A running thread is sent a signal; the handler copies the registers and up to 64 KiB of the stack, which takes a few
//! microseconds, and the calling thread does the rest. The handler is installed at the first signal. A thread that cannot be signalled, or
//! does not handle the signal within 200 ms, is shown from /proc, with the reason.
//!
//! The stacks of some sleeping threads cannot be unwound to the end, since the kernel does not show the frame pointer. If such a thread is in
//! a call that the kernel restarts after a handler (`futex`, `read`, `recv` and `accept` without a time limit, `wait4`, `flock`), it is
//! signalled, too. Otherwise its stack is [cut](ThreadStack::cut).
//!
//! Effects on the service: a thread that falls asleep between the check and the signal may get `EINTR` from a call that `SA_RESTART` does not
//! cover (signal(7)): `epoll_wait`, `poll`, `select`, `nanosleep`, `sem_timedwait`, and `recv` or `accept` with a time limit. tokio repeats
//! such a call; std does so in `sleep`, `read_exact` and `read_to_end`, but not in `read`, `recv` and `accept` of sockets. Threads that wait
//! for signals, that a debugger traces, or whose stack may have no room for a signal are not signalled. Child processes are not affected,
//! since `exec` resets handlers.
//!
//! The signal is SIGURG, unless the service has a handler for it: then it is the last real-time signal without a handler. The author can
//! choose another ([`Builder::stack_signal`](crate::Builder::stack_signal)). A real-time signal that is sent to a thread during its `execve`
//! ends the new program; SIGURG has no effect on it.
//!
//! Linux on x86-64 and aarch64. The code for aarch64 is compiled with every check, but has never been run; stacks of sleeping threads are
//! cut there after the innermost function, unless the thread can be signalled.

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

use serde_core::ser::{Serialize, Serializer};

use crate::base::{kernel_ids, sort};
use crate::procfs::task_files;
use crate::reply::Value;
pub(crate) use crate::views::threads::aside::aside;
pub use crate::views::threads::frame::Frame;
pub(crate) use crate::views::threads::groups::Group;
use crate::views::threads::symbols::Names;

/// A thread with its state in the kernel, and its use of the processor in a window of time.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Thread {
    /// The name of the thread, truncated by the kernel to 15 bytes.
    pub name: String,
    /// Its id in the kernel.
    pub tid: i32,
    /// `running`, `sleeping`, `uninterruptible`, ..
    pub state: &'static str,
    /// The share of one processor that it used in the window, in percent.
    pub cpu: f64,
    /// The share of the window in which it could run and waited for a processor, in percent. `None` if the kernel does not count it.
    pub cpu_wait: Option<f64>,
    /// Its policy or its nice value (sched(7)), where they are not those of the process's first thread.
    pub scheduling: Option<String>,
    /// The function of the kernel that it waits in, if the kernel shows it.
    pub wait_channel: Option<String>,
    /// The current system call.
    pub system_call: Option<String>,
    /// The number of voluntary context switches since its start.
    pub voluntary: u64,
    /// The number of involuntary context switches since its start.
    pub forced: u64,
    /// Its role in tokio, if an earlier reading of the stacks has shown it.
    pub role: Option<&'static str>,
}

/// The stacks of all threads.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stacks {
    /// By thread id.
    pub threads: Vec<ThreadStack>,
    /// The time from the first thread to the last, without the search for functions.
    pub took: Duration,
    /// The reason why functions have no names, files or lines, if the program has them.
    pub nameless: Option<String>,
}

/// One thread with its stack.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ThreadStack {
    /// The name of the thread, truncated by the kernel to 15 bytes.
    pub name: String,
    /// Its id in the kernel.
    pub tid: i32,
    /// `running`, `sleeping`, `uninterruptible`, ..
    pub state: &'static str,
    /// The function of the kernel that it waits in, if the kernel shows it.
    pub wait_channel: Option<String>,
    /// The current system call.
    pub system_call: Option<String>,
    /// Its role in tokio, as its stack shows.
    pub role: Option<&'static str>,
    /// Its functions, the innermost first. At most 256 calls.
    pub frames: Vec<Frame>,
    /// Whether the stack is incomplete.
    pub cut: bool,
    /// Whether it is incomplete because the thread sleeps and its frame pointer is unknown.
    pub open: bool,
    /// The reason for missing frames.
    pub missing: Option<String>,
    /// The length of the interruption: from the begin of the handler to the end of the copy. `None` if the stack was read during a
    /// sleep.
    pub held: Option<Duration>,
}

/// The reason why stacks cannot be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum StackError {
    /// /proc or a signal cannot be used.
    Io(io::Error),
    /// The chosen signal is not a real-time signal; those lie between the second number and the third.
    NotRealTime(i32, i32, i32),
    /// The chosen signal has a handler.
    InUse(i32),
    /// The service has replaced our signal handler.
    TakenOver(i32),
    /// SIGURG and every real-time signal have handlers.
    NoneFree,
}

impl fmt::Display for StackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const CHOOSE: &str = "choose another with `Builder::stack_signal`";
        match self {
            Self::Io(error) => write!(f, "stacks cannot be read: {error}"),
            Self::NotRealTime(signal, first, last) => {
                write!(f, "signal {signal} cannot read stacks: use a real-time signal, {first} to {last}")
            }
            Self::InUse(signal) => write!(f, "signal {signal} is in use by the service; {CHOOSE}"),
            Self::TakenOver(signal) => {
                write!(f, "the service has replaced the console's handler of signal {signal}; {CHOOSE}")
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

/// All threads, the busiest first, watched for this time. It blocks the calling thread for that time, and interrupts no other.
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

/// The stacks of all threads except the calling one. It blocks: usually for milliseconds, the first time until the tables of the program
/// are read, and up to a few seconds if threads do not handle the signal. Concurrent calls run one after another.
///
/// # Errors
/// /proc is not mounted.
///
/// ```
/// let stacks = backdoor_runtime::threads::stacks()?;
/// assert!(stacks.threads.iter().all(|thread| thread.missing.is_some() == thread.frames.is_empty()));
/// # Ok::<(), backdoor_runtime::threads::StackError>(())
/// ```
pub fn stacks() -> Result<Stacks, StackError> {
    Ok(symbolised(sweep::collect(|_| true, false)?))
}

/// The same, and also signals sleeping threads whose system call cannot be read: the call may fail with `EINTR`. Only a process that
/// dropped privileges after its start has such threads, and stacks that are [cut](ThreadStack::cut).
///
/// # Errors
/// As of [`stacks`].
pub(crate) fn stacks_interrupting() -> Result<Stacks, StackError> {
    Ok(symbolised(sweep::collect(|_| true, true)?))
}

/// The same for the threads with these ids.
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

/// The roles that stacks have shown, by thread id and name.
static ROLES: Mutex<Option<HashMap<(i32, String), &'static str>>> = Mutex::new(None);

fn remember_roles(threads: &[ThreadStack]) {
    let mut roles = ROLES.lock().unwrap_or_else(PoisonError::into_inner);
    let roles = roles.get_or_insert_default();
    // As many as there are threads: what has ended is forgotten.
    let alive = task_files::tids().unwrap_or_default();
    roles.retain(|(tid, _), _| alive.binary_search(tid).is_ok());
    roles.extend(threads.iter().filter_map(|thread| Some(((thread.tid, thread.name.clone()), thread.role?))));
}

/// A reading of the processor time of all threads, for comparison with a later one: [`list`] for callers that must not block.
#[derive(Debug)]
pub(crate) struct Watch {
    since: Instant,
    /// The processor time of each thread, its wait for a processor, and the time of the reading: reading many threads takes time.
    times: HashMap<i32, (Instant, Duration, Option<Duration>)>,
}

impl Watch {
    /// Takes the first reading.
    ///
    /// # Errors
    /// /proc is not mounted.
    pub(crate) fn begin() -> io::Result<Self> {
        let since = Instant::now();
        let time =
            |tid| Some((tid, (Instant::now(), task_files::cpu_time(tid)?, task_files::run_delay(tid))));
        Ok(Self { since, times: task_files::tids()?.into_iter().filter_map(time).collect() })
    }

    /// The current threads, the busiest first.
    ///
    /// # Errors
    /// /proc is not mounted.
    pub(crate) fn end(&self) -> io::Result<Vec<Thread>> {
        let process = task_files::scheduling(kernel_ids::process());
        let roles = ROLES.lock().unwrap_or_else(PoisonError::into_inner);
        let thread = |tid| {
            let time = task_files::cpu_time(tid);
            let start = (self.since, Duration::ZERO, Some(Duration::ZERO));
            let (since, before, waited_before) = self.times.get(&tid).copied().unwrap_or(start);
            let window = since.elapsed().as_secs_f64().max(f64::EPSILON);
            let task = task_files::task(tid)?;
            let waiting = task_files::waiting(tid);
            let waited = task_files::run_delay(tid).zip(waited_before);
            let percent = |time: Duration| (time.as_secs_f64() / window * 1000.0).round() / 10.0;
            let used = time.map_or(Duration::ZERO, |time| time.saturating_sub(before));
            let role = roles.as_ref().and_then(|roles| roles.get(&(tid, task.name.clone())).copied());
            Some(Thread {
                name: task.name,
                tid,
                state: task_files::state_in_words(task.state),
                cpu: percent(used),
                // The two numbers of the window are read one after the other.
                cpu_wait: waited.map(|(now, before)| percent(now.saturating_sub(before)).min(100.0)),
                scheduling: task_files::scheduling(tid).zip(process).and_then(|(own, of)| own.unlike(of)),
                wait_channel: waiting.channel,
                system_call: waiting.call.map(Into::into),
                voluntary: task.voluntary,
                forced: task.forced,
                role,
            })
        };
        let mut threads: Vec<Thread> = task_files::tids()?.into_iter().filter_map(thread).collect();
        sort::sort_by(&mut threads, |left, right| {
            right.cpu.total_cmp(&left.cpu).then(left.tid.cmp(&right.tid))
        });
        Ok(threads)
    }
}

impl Thread {
    /// The thread as a value; the fields are those of the struct, but `cpu` and `cpu_wait`, which are `cpu_percent` and
    /// `cpu_wait_percent`.
    pub(crate) fn value(&self) -> Value {
        Value::record([
            ("name", self.name.as_str().into()),
            ("tid", self.tid.into()),
            ("state", self.state.into()),
            ("cpu_percent", self.cpu.into()),
            ("cpu_wait_percent", self.cpu_wait.into()),
            ("wait_channel", self.wait_channel.as_deref().into()),
            ("system_call", self.system_call.as_deref().into()),
            ("voluntary", self.voluntary.into()),
            ("forced", self.forced.into()),
            ("scheduling", self.scheduling.as_deref().into()),
            ("role", self.role.into()),
        ])
    }
}

impl ThreadStack {
    /// The thread as a value, with all its frames.
    pub(crate) fn value(&self) -> Value {
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
    /// Whether functions of the author have files and lines; `None` if no stack has one.
    pub(crate) fn has_lines(&self) -> Option<bool> {
        let own = self.threads.iter().flat_map(|thread| &thread.frames).filter(|frame| !frame.is_inner());
        own.map(|frame| frame.file.is_some()).reduce(|one, other| one || other)
    }

    /// The stacks as a value: a list of the threads.
    pub(crate) fn value(&self) -> Value {
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
