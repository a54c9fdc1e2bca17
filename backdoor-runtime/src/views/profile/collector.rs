//! The thread that takes a profile: it starts a timer for every thread, empties the ring, and unwinds the copied stacks.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::sync::PoisonError;
use std::thread;
use std::time::{Duration, Instant};

use rustix::time::ClockId;

use crate::base::kernel_ids;
use crate::procfs::maps::{self, Maps, Object, Writable};
use crate::procfs::task_files;
use crate::views::profile::ring::{Ring, SLOTS};
use crate::views::profile::tally::Tally;
use crate::views::profile::timer::Timer;
use crate::views::profile::{Course, ProfileError};
use crate::views::tasks;
use crate::views::threads::modules::Modules;
use crate::views::threads::signal::{self, REQUESTS};
use crate::views::threads::trial::{self, Call};
use crate::views::threads::{StackError, room, silent};

/// How often the threads are listed.
const LOOK: Duration = Duration::from_millis(100);

/// The shortest interval between two reads of the ring: each read takes processor time from the service.
const DRAIN: Duration = Duration::from_millis(5);

pub(super) struct Collector {
    // Dropped first, so that no sample arrives during the drop. Each timer has its thread's name.
    timers: HashMap<i32, (Timer, String)>,
    ring: Ring,
    signal: i32,
    own: i32,
    period: Duration,
    /// How long it takes to fill half the ring if all processors are busy.
    drain: Duration,
    until: Instant,
    phase: RandomState,
    objects: Vec<Object>,
    writable: Vec<Writable>,
    modules: Modules,
    /// Whether a sample was in no known object.
    is_stale: bool,
    tally: Tally,
    begin: Instant,
    /// The processor time of the process without this thread, at the begin.
    used: Duration,
}

impl Collector {
    /// # Errors
    /// No signal can be used, or /proc cannot be read.
    pub(super) fn begin(rate: u32, length: Duration) -> Result<Self, ProfileError> {
        trial::check(Call::Timer)?;
        let signal = REQUESTS.lock().unwrap_or_else(PoisonError::into_inner).prepare()?;
        let Maps { objects, writable } = Maps::read()?;
        let mut modules = Modules::default();
        modules.load(&objects);
        let mut tally = Tally::new(rate, length);
        tally.tells_tasks = tasks::current::is_known_to_handlers(&objects);
        let begin = Instant::now();
        let period = Duration::from_secs(1) / rate;
        let busy = thread::available_parallelism().map_or(1, |count| count.get().min(SLOTS)) as u32;
        Ok(Self {
            timers: HashMap::new(),
            ring: Ring::open(),
            signal,
            own: kernel_ids::thread(),
            period,
            drain: (period * (SLOTS as u32 / 2) / busy).clamp(DRAIN, LOOK),
            until: begin.checked_add(length).unwrap_or(begin),
            phase: RandomState::new(),
            objects,
            writable,
            modules,
            is_stale: false,
            tally,
            begin,
            used: used(),
        })
    }

    /// Collects until the time is up or the profile is stopped.
    pub(super) fn run(mut self, course: &Course) -> Result<Tally, ProfileError> {
        let mut looked = None;
        loop {
            if looked.is_none_or(|looked: Instant| looked.elapsed() >= LOOK) {
                self.look()?;
                looked = Some(Instant::now());
            }
            let left = self.until.saturating_duration_since(Instant::now());
            let is_stopped = course.pause(self.drain.min(left));
            self.drain();
            if is_stopped || Instant::now() >= self.until {
                break;
            }
        }
        self.tally.took = self.begin.elapsed();
        self.tally.used = used().saturating_sub(self.used);
        // Samples since the last read of the ring.
        self.drain();
        self.name_threads();
        self.tally.lost = self.ring.lost();
        Ok(self.tally)
    }

    /// Starts a timer for each new thread, and removes those of threads that have ended.
    fn look(&mut self) -> Result<(), ProfileError> {
        if !signal::is_ours(self.signal) {
            return Err(StackError::TakenOver(self.signal).into());
        }
        self.name_threads();
        // A new thread may have the id of one that has ended.
        self.timers.retain(|_, (timer, _)| !timer.is_over());
        let mut unwatched = BTreeMap::new();
        for tid in task_files::tids()? {
            if tid == self.own || self.timers.contains_key(&tid) {
                continue;
            }
            let Some(task) = task_files::task(tid) else { continue };
            let why_not = match self.why_not(&task) {
                Some(why_not) => why_not,
                None => {
                    match Timer::start(tid, self.signal, self.ring.mark(tid), self.first(tid), self.period) {
                        Ok(timer) => {
                            self.timers.insert(tid, (timer, task.name));
                            continue;
                        }
                        Err(error) if has_ended(&error) => continue,
                        Err(error) if error.raw_os_error() == Some(libc::EAGAIN) => silent::no_queue(),
                        Err(error) => format!("no timer can be created: {error}"),
                    }
                }
            };
            *unwatched.entry(why_not).or_default() += 1;
        }
        self.tally.unwatched = unwatched;
        self.tally.watched = self.timers.len();
        if self.is_stale {
            self.is_stale = false;
            let Maps { objects, writable } = Maps::read()?;
            self.writable = writable;
            if objects != self.objects {
                self.modules.load(&objects);
                self.objects = objects;
            }
        }
        Ok(())
    }

    /// Why a thread gets no timer. A thread that is starting another one blocks all signals for a moment, and is found the next time.
    fn why_not(&self, task: &task_files::Task) -> Option<String> {
        if task.blocked & 1 << (self.signal - 1) != 0 {
            // The signal would stay pending for ever.
            return Some("the signal is blocked".to_owned());
        }
        if task.tracer != 0 {
            return Some(format!("a debugger is attached (process {})", task.tracer));
        }
        let has_room = room::for_a_signal(task.tid, &self.writable);
        (!has_room).then(|| "its stack may be too full for a signal".to_owned())
    }

    /// A random moment within the first period, so that short-lived threads get their share, and threads are not all sampled at once.
    fn first(&self, tid: i32) -> Duration {
        let nanos = self.period.as_nanos().try_into().unwrap_or(u64::MAX);
        Duration::from_nanos(self.phase.hash_one((tid, self.timers.len())) % nanos + 1)
    }

    fn drain(&mut self) {
        self.ring.drain(|sample| {
            let pc = sample.registers.program_counter;
            self.is_stale |= maps::object_at(&self.objects, pc).is_none();
            let stack = self.modules.unwind(&sample.registers, sample.stack());
            self.tally.add(sample.tid, sample.task, sample.weight, stack);
        });
    }

    fn name_threads(&mut self) {
        let timers = &self.timers;
        let found = |tid: i32| timers.get(&tid).map(|(_, name)| name.clone());
        self.tally.name_threads(|tid| task_files::task(tid).map(|task| task.name).or_else(|| found(tid)));
    }
}

fn has_ended(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ESRCH | libc::EINVAL))
}

/// The processor time of the process without the calling thread.
fn used() -> Duration {
    let time = |clock| kernel_ids::used(clock).unwrap_or_default();
    time(ClockId::ProcessCPUTime).saturating_sub(time(ClockId::ThreadCPUTime))
}
