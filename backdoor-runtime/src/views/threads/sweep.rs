//! One sweep over the threads. The stack of a sleeping thread is read from memory; a running thread is asked by a signal. A few threads are
//! asked at a time, and each answer is unwound at once.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::base::kernel_ids;
use crate::procfs::maps::{Maps, Writable};
use crate::procfs::system_call::{Asleep, Position};
use crate::procfs::task_files::{self, Task, Waiting};
use crate::views::threads::modules::{Addresses, Modules};
use crate::views::threads::signal::{PIECE, Phase, REQUESTS, Requests, SLOTS};
use crate::views::threads::silent::Silent;
use crate::views::threads::{StackError, memory, room};

/// How long a thread may take to answer. A thread that has begun to by then gets a second.
const ANSWER: Duration = Duration::from_millis(200);
const BEGUN: Duration = Duration::from_secs(1);

/// How long a sweep may take. Threads that had no turn by then are left out.
const SWEEP: Duration = Duration::from_secs(5);

/// How often the signal is sent again to a thread that has not answered.
const SEND_AGAIN: Duration = Duration::from_millis(20);

/// How often, and after which pause, a thread gets another turn: one that moved while its stack was read, that ran and may be about to
/// sleep, or that cannot be asked at the moment.
const LOOKS: u32 = 10;
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// The result of a sweep.
pub(crate) struct Sweep {
    /// Sorted by thread id.
    pub(crate) threads: Vec<Taken>,
    pub(crate) took: Duration,
}

/// One thread.
pub(crate) struct Taken {
    pub(crate) task: Task,
    pub(crate) waiting: Waiting,
    pub(crate) stack: Result<Addresses, Silent>,
    /// The unwinding stopped early because it needed a frame pointer.
    pub(crate) is_open: bool,
    /// How long the handler ran on it; nothing if no signal was sent.
    pub(crate) held: Option<Duration>,
}

/// A thread's next turn: its place in the list, the turns it had, and its counters when it last ran.
#[derive(Clone, Copy)]
struct Turn {
    of: usize,
    looks: u32,
    ran: Option<Ran>,
}

/// How often a running thread had slept, and how much processor time it had used.
#[derive(Clone, Copy)]
struct Ran {
    slept: u64,
    used: Option<Duration>,
}

struct Asked {
    turn: Turn,
    slot: usize,
    since: Instant,
    sent: Instant,
}

/// The result for one thread.
enum Looked {
    /// Its stack, or why there is none.
    Done(Result<Addresses, Silent>),
    /// It is running, and may be asked.
    Ask,
    /// It moved, or is in a state that does not last.
    Again(Silent),
    /// It is running, and may be about to sleep, or was just woken in a call that a signal would interrupt.
    Wait(Ran),
}

static MODULES: Mutex<Option<Modules>> = Mutex::new(None);

/// Takes the stacks of all wanted threads except the calling one. It blocks: usually for milliseconds, up to a few seconds if threads do
/// not answer or another sweep is running.
///
/// With `interrupts`, threads whose system call may fail with EINTR are asked by the signal, too.
///
/// # Errors
/// /proc cannot be read.
pub(crate) fn collect(wanted: impl Fn(i32) -> bool, interrupts: bool) -> Result<Sweep, StackError> {
    let requests = REQUESTS.lock().unwrap_or_else(PoisonError::into_inner);
    let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
    let modules = modules.get_or_insert_with(Modules::default);
    Collector::new(requests, modules, wanted, interrupts)?.run()
}

struct Collector<'a> {
    requests: MutexGuard<'a, Requests>,
    modules: &'a mut Modules,
    interrupts: bool,
    own: i32,
    /// The signal, or why there is none; set when the first thread has to be asked.
    signal: Option<Result<i32, String>>,
    /// Why the stacks of sleeping threads cannot be read.
    unreadable: Option<String>,
    begin: Instant,
    mappings: Arc<Vec<Writable>>,
    /// Whether the mappings were read again after a stack was found outside of all of them.
    fresh: bool,
    threads: Vec<Taken>,
    queue: VecDeque<Turn>,
    /// Threads that get another turn after a pause.
    later: Vec<Turn>,
    asked: Vec<Asked>,
    piece: Vec<u8>,
}

impl<'a> Collector<'a> {
    fn new(
        mut requests: MutexGuard<'a, Requests>,
        modules: &'a mut Modules,
        wanted: impl Fn(i32) -> bool,
        interrupts: bool,
    ) -> Result<Self, StackError> {
        for slot in 0..SLOTS {
            // A slot that an earlier sweep left behind belongs to no thread.
            requests.release(slot);
        }
        let begin = Instant::now();
        let maps = Maps::read()?;
        modules.load(&maps.objects);
        let tids = task_files::tids()?.into_iter().filter(|tid| wanted(*tid));
        let unseen = |tid| {
            let task = Task { tid, ..Task::default() };
            Taken {
                task,
                waiting: Waiting::default(),
                stack: Err(Silent::NoTurn),
                is_open: false,
                held: None,
            }
        };
        let threads: Vec<Taken> = tids.map(unseen).collect();
        Ok(Self {
            requests,
            modules,
            interrupts,
            own: kernel_ids::thread(),
            signal: None,
            unreadable: memory::prepare().err().map(|error| error.to_string()),
            begin,
            mappings: Arc::new(maps.writable),
            fresh: true,
            queue: (0..threads.len()).map(|of| Turn { of, looks: 0, ran: None }).collect(),
            threads,
            later: Vec::new(),
            asked: Vec::new(),
            piece: vec![0; PIECE],
        })
    }

    fn run(mut self) -> Result<Sweep, StackError> {
        loop {
            // Read before the slots, so that no answer is missed while waiting.
            let seen = self.requests.answers();
            self.take_answers()?;
            self.look_at_more()?;
            let Some(oldest) = self.asked.iter().map(|asked| asked.sent).min() else {
                if self.later.is_empty() {
                    break;
                }
                thread::sleep(LOOK_AGAIN);
                self.queue.extend(self.later.drain(..));
                continue;
            };
            let limit = (oldest + SEND_AGAIN).saturating_duration_since(Instant::now());
            self.requests.wait(seen, limit.max(Duration::from_millis(1)));
        }
        self.threads.retain_mut(|taken| match taken.stack {
            // The kernel shows a main thread that has ended as long as others live.
            Err(Silent::NoTurn | Silent::Ended) => task_files::task(taken.task.tid).is_some_and(|task| {
                taken.waiting = task_files::waiting(task.tid);
                taken.task = task;
                true
            }),
            _ => true,
        });
        Ok(Sweep { threads: self.threads, took: self.begin.elapsed() })
    }

    fn take_answers(&mut self) -> Result<(), StackError> {
        for mut asked in std::mem::take(&mut self.asked) {
            let waited = asked.since.elapsed();
            let stack = &mut self.threads[asked.turn.of].stack;
            match self.requests.phase(asked.slot) {
                Phase::Done => self.take(asked.turn, asked.slot)?,
                Phase::Asked if waited >= ANSWER && self.requests.release(asked.slot) => {
                    unanswered(stack);
                }
                // The slot stays taken until the handler has ended, whenever that is.
                Phase::Writing if waited >= BEGUN => unanswered(stack),
                phase => {
                    if phase == Phase::Asked && asked.sent.elapsed() >= SEND_AGAIN {
                        if let Some(Ok(signal)) = self.signal {
                            self.requests.ask_again(signal, asked.slot);
                        }
                        asked.sent = Instant::now();
                    }
                    self.asked.push(asked);
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, turn: Turn, slot: usize) -> Result<(), StackError> {
        let taken = &mut self.threads[turn.of];
        if let Some(copied) = self.requests.answer(slot) {
            if !copied.stack().is_empty() {
                taken.held = Some(Duration::from_nanos(copied.held));
                taken.is_open = false;
                taken.stack = Ok(self.modules.unwind(&copied.registers, copied.stack()));
            } else if taken.stack.is_err() {
                taken.stack = Err(Silent::Unmapped);
                if turn.looks < LOOKS {
                    // The thread is newer than the mappings, or the main thread's stack has grown.
                    self.queue.push_back(Turn { looks: turn.looks + 1, ..turn });
                    self.fresh = false;
                }
            }
        }
        self.requests.release(slot);
        self.refresh()
    }

    fn refresh(&mut self) -> Result<(), StackError> {
        if !self.fresh {
            self.mappings = Arc::new(Maps::read()?.writable);
            self.fresh = true;
        }
        Ok(())
    }

    fn look_at_more(&mut self) -> Result<(), StackError> {
        while self.asked.len() < SLOTS && self.begin.elapsed() < SWEEP {
            let Some(turn) = self.queue.pop_front() else { return Ok(()) };
            let again = Turn { looks: turn.looks + 1, ..turn };
            match self.look_at(turn)? {
                Looked::Done(stack) => self.threads[turn.of].stack = stack,
                Looked::Again(silent) => {
                    self.threads[turn.of].stack = Err(silent);
                    if turn.looks < LOOKS {
                        self.later.push(again);
                    }
                }
                Looked::Wait(ran) => self.later.push(Turn { ran: Some(ran), ..again }),
                Looked::Ask => self.ask(turn),
            }
        }
        Ok(())
    }

    /// Takes a thread's turn: reads its stack if it is sleeping.
    fn look_at(&mut self, turn: Turn) -> Result<Looked, StackError> {
        let tid = self.threads[turn.of].task.tid;
        let position = task_files::position(tid);
        let Some(task) = task_files::task(tid) else { return Ok(Looked::Done(Err(Silent::Ended))) };
        let taken = &mut self.threads[turn.of];
        taken.waiting = task_files::waiting_at(tid, position.as_ref().ok());
        taken.task = task;
        if tid == self.own {
            return Ok(Looked::Done(Err(Silent::Collector)));
        }
        match position {
            Ok(Position::Asleep(asleep)) => self.read(turn, &asleep),
            Ok(Position::Running) => {
                let ran = Ran { slept: taken.task.voluntary, used: task_files::cpu_time(tid) };
                // It has used processor time since the last turn and has not slept.
                let computes =
                    turn.ran.is_some_and(|before| before.slept == ran.slept && before.used < ran.used);
                match computes || turn.looks >= LOOKS {
                    true => self.may_ask(turn),
                    false => Ok(Looked::Wait(ran)),
                }
            }
            Err(error) if is_of_ended(&error) => Ok(Looked::Done(Err(Silent::Ended))),
            // It is not known whether the signal would make its call fail.
            Err(error) => match taken.task.state {
                'R' => self.may_ask(turn),
                _ if self.interrupts => self.may_ask(turn),
                _ => Ok(Looked::Done(Err(Silent::Hidden(error.to_string())))),
            },
        }
    }

    /// Copies the stack of a sleeping thread, and unwinds it if the thread still sleeps at the same place.
    fn read(&mut self, turn: Turn, asleep: &Asleep) -> Result<Looked, StackError> {
        let from = asleep.stack_pointer as usize;
        let mut end = room::mapping(&self.mappings, from).map(|mapping| mapping.end);
        if end.is_none() {
            self.fresh = false;
            self.refresh()?;
            end = room::mapping(&self.mappings, from).map(|mapping| mapping.end);
        }
        let length = end.map_or(0, |end| (end - from).min(PIECE));
        let length = memory::read(from, &mut self.piece[..length]);
        let taken = &self.threads[turn.of];
        let tid = taken.task.tid;
        // Both are read again: a thread that sleeps at the same place and has not run in between has the same stack.
        let is_same = |task: Task| (task.voluntary, task.forced) == (taken.task.voluntary, taken.task.forced);
        let still =
            task_files::position(tid).is_ok_and(|now| matches!(now, Position::Asleep(now) if now == *asleep));
        if !still || !task_files::task(tid).is_some_and(is_same) {
            return match turn.looks < LOOKS {
                true => Ok(Looked::Again(Silent::Moved)),
                // A thread that moves at each turn is running.
                false => self.may_ask(turn),
            };
        }
        if length == 0 {
            return Ok(Looked::Done(Err(match &self.unreadable {
                Some(error) => Silent::Unreadable(error.clone()),
                None => Silent::Unmapped,
            })));
        }
        let followed = self.modules.unwind_asleep(asleep, &self.piece[..length]);
        if !followed.is_open {
            return Ok(Looked::Done(Ok(followed.found)));
        }
        // It is kept in case the thread does not answer.
        self.threads[turn.of].stack = Ok(followed.found);
        self.threads[turn.of].is_open = true;
        let may_ask = (asleep.is_restarted() || self.interrupts)
            && from.saturating_sub(room::NEEDED)
                >= room::mapping(&self.mappings, from).map_or(0, |m| m.start)
            && matches!(self.may_ask(turn)?, Looked::Ask);
        match may_ask {
            true => Ok(Looked::Ask),
            false => Ok(Looked::Done(self.threads[turn.of].stack.clone())),
        }
    }

    /// Whether a thread may be asked by the signal.
    fn may_ask(&mut self, turn: Turn) -> Result<Looked, StackError> {
        let signal = match self.signal() {
            Ok(signal) => signal,
            Err(silent) => return Ok(Looked::Done(Err(silent))),
        };
        let task = &self.threads[turn.of].task;
        Ok(if task.tracer != 0 {
            Looked::Done(Err(Silent::Traced(task.tracer)))
        } else if task.blocked & 1 << (signal - 1) != 0 {
            // A thread blocks all signals only while it starts another thread.
            Looked::Again(Silent::Blocked)
        } else if task.state == 'R' && !room::for_a_signal(task.tid, &self.mappings) {
            Looked::Again(Silent::NoRoom)
        } else {
            Looked::Ask
        })
    }

    fn signal(&mut self) -> Result<i32, Silent> {
        if self.signal.is_none() {
            self.signal = Some(self.requests.prepare().map_err(|error| error.to_string()));
        }
        match self.signal.as_ref() {
            Some(Ok(signal)) => Ok(*signal),
            Some(Err(error)) => Err(Silent::NoSignal(error.clone())),
            None => Err(Silent::NoTurn),
        }
    }

    fn ask(&mut self, turn: Turn) {
        let Ok(signal) = self.signal() else { return };
        let taken = &mut self.threads[turn.of];
        match self.requests.ask(signal, taken.task.tid, &self.mappings) {
            Ok(Some(slot)) => {
                let now = Instant::now();
                self.asked.push(Asked { turn, slot, since: now, sent: now });
            }
            // All slots belong to handlers that have not ended.
            Ok(None) => unanswered(&mut taken.stack),
            Err(error) if is_of_ended(&error) => taken.stack = Err(Silent::Ended),
            Err(error) => {
                if taken.stack.is_err() {
                    taken.stack = Err(Silent::refused(&error));
                }
            }
        }
    }
}

/// Keeps the part of the stack that was read.
fn unanswered(stack: &mut Result<Addresses, Silent>) {
    if stack.is_err() {
        *stack = Err(Silent::Unanswered);
    }
}

fn is_of_ended(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ESRCH | libc::ENOENT))
}
