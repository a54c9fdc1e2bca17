//! One sweep: every thread is asked for its stack, a few at a time, and what comes is followed at once.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::threads::StackError;
use crate::threads::maps::{Maps, Writable};
use crate::threads::modules::{Addresses, Modules};
use crate::threads::proc::{self, Task, Waiting};
use crate::threads::signal::{Phase, REQUESTS, Requests, SLOTS};

/// How long a thread may take to answer. One that has begun by then gets a second.
const ANSWER: Duration = Duration::from_millis(200);
const BEGUN: Duration = Duration::from_secs(1);

/// How long a sweep may take. Threads that had no turn by then are not asked.
const SWEEP: Duration = Duration::from_secs(5);

/// How often and after how long those are looked at again that were running with the signal blocked.
const LOOKS_AGAIN: usize = 5;
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// What a sweep found.
pub(crate) struct Sweep {
    /// By thread id.
    pub(crate) threads: Vec<Taken>,
    pub(crate) took: Duration,
}

/// One thread as it was found.
pub(crate) struct Taken {
    pub(crate) task: Task,
    pub(crate) waiting: Waiting,
    pub(crate) stack: Result<Addresses, Silent>,
    /// How long the handler ran on it.
    pub(crate) held: Option<Duration>,
}

/// Why there is no stack of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Silent {
    Collector,
    Blocked,
    Unanswered,
    Refused,
    NoTurn,
    Unknown,
}

impl fmt::Display for Silent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Collector => "this thread takes the stacks",
            Self::Blocked => "it blocks the signal that takes stacks",
            Self::Unanswered => "it did not answer within 200 ms",
            Self::Refused => "too many signals are queued in the process",
            Self::NoTurn => "it had no turn within 5 s",
            Self::Unknown => "its stack is in no mapping that could be read",
        })
    }
}

/// A thread that is to be asked: its place in the list, and whether it was asked before.
#[derive(Clone, Copy)]
struct Turn {
    of: usize,
    again: bool,
}

struct Asked {
    turn: Turn,
    slot: usize,
    since: Instant,
}

static MODULES: Mutex<Option<Modules>> = Mutex::new(None);

/// Takes the stacks of all threads that are wanted, but not of the one that calls. It blocks: for milliseconds as a rule, up to a few
/// seconds where threads do not answer or another sweep is under way.
///
/// # Errors
/// There is no /proc, or no signal to use.
pub(crate) fn collect(wanted: impl Fn(i32) -> bool) -> Result<Sweep, StackError> {
    let requests = REQUESTS.lock().unwrap_or_else(PoisonError::into_inner);
    let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
    let modules = modules.get_or_insert_with(Modules::default);
    Collector::new(requests, modules, wanted)?.run()
}

struct Collector<'a> {
    requests: MutexGuard<'a, Requests>,
    modules: &'a mut Modules,
    signal: i32,
    /// Its bit in a set of signals.
    mask: u64,
    begin: Instant,
    mappings: Arc<Vec<Writable>>,
    /// Whether the mappings were read since a thread was found whose stack is in none.
    fresh: bool,
    threads: Vec<Taken>,
    queue: VecDeque<Turn>,
    asked: Vec<Asked>,
}

impl<'a> Collector<'a> {
    fn new(
        mut requests: MutexGuard<'a, Requests>,
        modules: &'a mut Modules,
        wanted: impl Fn(i32) -> bool,
    ) -> Result<Self, StackError> {
        let signal = requests.prepare()?;
        for slot in 0..SLOTS {
            // What an earlier sweep left behind is nobody's.
            requests.release(slot);
        }
        let begin = Instant::now();
        let maps = Maps::read()?;
        modules.load(&maps.objects);
        let own = rustix::thread::gettid().as_raw_nonzero().get();
        let mask = 1_u64 << (signal - 1);
        let mut threads = Vec::new();
        for tid in proc::tids()?.into_iter().filter(|tid| wanted(*tid)) {
            // One that has ended meanwhile is left out.
            let Some(task) = proc::task(tid) else { continue };
            let silent = if tid == own {
                Silent::Collector
            } else if task.blocked & mask != 0 {
                Silent::Blocked
            } else if task.pending & mask != 0 && task.state != 'R' {
                // Another one would only be queued behind the first. One that waits for a processor takes both when it has it: the
                // first is of its timer, where a profile is being taken.
                Silent::Unanswered
            } else {
                Silent::NoTurn
            };
            threads.push(Taken { waiting: proc::waiting(tid), task, stack: Err(silent), held: None });
        }
        let turn = |(of, taken): (usize, &Taken)| {
            (taken.stack == Err(Silent::NoTurn)).then_some(Turn { of, again: false })
        };
        Ok(Self {
            queue: threads.iter().enumerate().filter_map(turn).collect(),
            requests,
            modules,
            signal,
            mask,
            begin,
            mappings: Arc::new(maps.writable),
            fresh: true,
            threads,
            asked: Vec::new(),
        })
    }

    fn run(mut self) -> Result<Sweep, StackError> {
        self.ask_all()?;
        for _ in 0..LOOKS_AGAIN {
            // A thread blocks all signals while it starts another, for no longer than that takes.
            let blocked = |taken: &Taken| taken.stack == Err(Silent::Blocked) && taken.task.state == 'R';
            if !self.threads.iter().any(blocked) {
                break;
            }
            thread::sleep(LOOK_AGAIN);
            for (of, taken) in self.threads.iter_mut().enumerate().filter(|(_, taken)| blocked(taken)) {
                match proc::task(taken.task.tid) {
                    Some(task) if task.blocked & self.mask == 0 => {
                        taken.stack = Err(Silent::NoTurn);
                        self.queue.push_back(Turn { of, again: false });
                    }
                    Some(_) => {}
                    None => taken.stack = Err(Silent::Unknown),
                }
            }
            self.ask_all()?;
        }
        self.threads
            .retain(|taken| taken.stack != Err(Silent::Unknown) || proc::task(taken.task.tid).is_some());
        Ok(Sweep { threads: self.threads, took: self.begin.elapsed() })
    }

    fn ask_all(&mut self) -> Result<(), StackError> {
        loop {
            // Read before the slots are looked at, so that no answer is slept through.
            let seen = self.requests.answers();
            self.take_answers()?;
            self.ask_more();
            let Some(oldest) = self.asked.iter().map(|asked| asked.since).min() else { break };
            let limit = (oldest + ANSWER).saturating_duration_since(Instant::now());
            self.requests.wait(seen, limit.max(Duration::from_millis(1)));
        }
        Ok(())
    }

    fn take_answers(&mut self) -> Result<(), StackError> {
        for asked in std::mem::take(&mut self.asked) {
            let waited = asked.since.elapsed();
            match self.requests.phase(asked.slot) {
                Phase::Done => self.take(asked.turn, asked.slot)?,
                Phase::Asked if waited >= ANSWER && self.requests.release(asked.slot) => {
                    self.threads[asked.turn.of].stack = Err(Silent::Unanswered);
                }
                // The slot stays its own until the handler has ended, whenever that is.
                Phase::Writing if waited >= BEGUN => {
                    self.threads[asked.turn.of].stack = Err(Silent::Unanswered);
                }
                Phase::Asked | Phase::Writing => self.asked.push(asked),
            }
        }
        Ok(())
    }

    fn take(&mut self, turn: Turn, slot: usize) -> Result<(), StackError> {
        let taken = &mut self.threads[turn.of];
        if let Some(copied) = self.requests.answer(slot) {
            if copied.stack().is_empty() {
                taken.stack = Err(Silent::Unknown);
                if !turn.again {
                    self.queue.push_back(Turn { again: true, ..turn });
                    self.fresh = false;
                }
            } else {
                taken.held = Some(Duration::from_nanos(copied.held));
                taken.stack = Ok(self.modules.unwind(&copied.registers, copied.stack()));
            }
        }
        self.requests.release(slot);
        if !self.fresh {
            // A thread that was born after the mappings were read, or the main thread's stack has grown.
            self.mappings = Arc::new(Maps::read()?.writable);
            self.fresh = true;
        }
        Ok(())
    }

    fn ask_more(&mut self) {
        while self.asked.len() < SLOTS && self.begin.elapsed() < SWEEP {
            let Some(turn) = self.queue.pop_front() else { return };
            let tid = self.threads[turn.of].task.tid;
            match self.requests.ask(self.signal, tid, &self.mappings) {
                Ok(Some(slot)) => self.asked.push(Asked { turn, slot, since: Instant::now() }),
                Ok(None) => {
                    self.queue.push_front(turn);
                    return;
                }
                // It has ended. What /proc said of it is no longer so, and it is left out at the end.
                Err(error) if error.raw_os_error() == Some(libc::ESRCH) => {
                    self.threads[turn.of].stack = Err(Silent::Unknown);
                }
                Err(_) => self.threads[turn.of].stack = Err(Silent::Refused),
            }
        }
    }
}
