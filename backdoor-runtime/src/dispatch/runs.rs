//! The table of runs: every call, from its line to the end of the author's code, also after its session stopped waiting for it.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use serde_core::ser::{Serialize, SerializeStruct, Serializer};
use tokio::sync::Notify;

use crate::call::run_state::{RunState, Stop};
use crate::command::{Command, Place, Run};

/// The runs of one console.
#[derive(Default)]
pub(crate) struct RunTable {
    listed: Mutex<Vec<Weak<RunEntry>>>,
    /// Wakes the callers that wait for a run to end or to be marked stuck.
    changed: Notify,
}

/// One run in the table. It is there as long as the dispatcher waits for it or the author's code runs.
pub(crate) struct RunEntry {
    pub(crate) run: Arc<RunState>,
    pub(crate) command: &'static Command,
    /// The operator is asked to confirm it.
    asks: AtomicBool,
    /// The runtime polls the stream that a synchronous command returned.
    streams: AtomicBool,
    /// Its session does not wait for it any more.
    stuck: AtomicBool,
    runs: Arc<RunTable>,
}

/// The thread or runtime of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Executor {
    Thread,
    Runtime,
    Helper,
    Console,
}

/// One line that runs, as [`Console::running`](crate::Console::running) gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunInfo {
    /// Its number, unique in the process.
    pub run: u64,
    /// The session that typed it.
    pub session: u64,
    /// `running`, `waiting for a thread`, `waiting for the runtime`, `waiting for the helper`, `waiting for an answer`, `stopping` (it was
    /// told to stop), or `stuck` (it still runs one second after that, and its session does not wait for it any more).
    pub state: &'static str,
    /// `thread`, `runtime` (the service's), `helper` or `console`.
    pub place: &'static str,
    /// How long it has run, or has waited to run.
    pub time: Duration,
    /// Its time limit; the time that it waits for its reader does not count. None for `timeout = "none"`.
    pub limit: Option<Duration>,
    /// The name of its command.
    pub command: &'static str,
    /// The line, with dots in place of secrets.
    pub line: String,
}

/// The result of telling a run to stop.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Killed {
    /// The run. If it has not ended, its `state` is `stuck` or `stopping`.
    pub run: RunInfo,
    /// Whether it has ended.
    pub ended: bool,
}

impl RunTable {
    /// Lists a line that is about to run.
    pub(crate) fn list(self: &Arc<Self>, run: Arc<RunState>, command: &'static Command) -> Arc<RunEntry> {
        let listed = Arc::new(RunEntry {
            run,
            command,
            asks: AtomicBool::new(false),
            streams: AtomicBool::new(false),
            stuck: AtomicBool::new(false),
            runs: self.clone(),
        });
        let mut runs = self.lock();
        runs.retain(|run| run.strong_count() > 0);
        runs.push(Arc::downgrade(&listed));
        listed
    }

    /// The runs, in the order of their start.
    pub(crate) fn all(&self) -> Vec<Arc<RunEntry>> {
        self.lock().iter().filter_map(Weak::upgrade).collect()
    }

    /// The runs that occupy threads.
    pub(crate) fn on_threads(&self) -> Vec<Arc<RunEntry>> {
        let on_thread =
            |entry: &Arc<RunEntry>| entry.place() == Executor::Thread && entry.run.reached.has_begun();
        self.all().into_iter().filter(on_thread).collect()
    }

    /// The runs that occupy the thread of this view. A view of the same kind cannot get another thread.
    pub(crate) fn on_helper_of(&self, view: &Command) -> Vec<Arc<RunEntry>> {
        let is_builtin = view.is_builtin();
        let is_there = |entry: &Arc<RunEntry>| {
            matches!((entry.command.place, entry.command.run), (Place::Helper, Run::Sync(_)))
                && entry.command.is_builtin() == is_builtin
                && entry.run.reached.has_begun()
        };
        self.all().into_iter().filter(is_there).collect()
    }

    /// The runs on threads whose sessions do not wait any more.
    pub(crate) fn stuck_on_threads(&self) -> Vec<Arc<RunEntry>> {
        self.on_threads().into_iter().filter(|run| run.is_stuck()).collect()
    }

    /// Tells a run to stop, as Ctrl-C does, and waits for the result; after one second the dispatcher marks it stuck. `None` if there is no
    /// run of this number.
    pub(crate) async fn kill(&self, id: u64, by: u64) -> Option<Killed> {
        let listed = self.all().into_iter().find(|entry| entry.run.id == id)?;
        listed.run.stop(Stop::Killed(by));
        let mut info = listed.info();
        let run = Arc::downgrade(&listed);
        drop(listed);
        loop {
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            match run.upgrade() {
                None => return Some(Killed { run: info, ended: true }),
                Some(run) => info = run.info(),
            }
            if info.state == STUCK {
                return Some(Killed { run: info, ended: false });
            }
            changed.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Weak<RunEntry>>> {
        self.listed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The state of a run that was marked stuck.
const STUCK: &str = "stuck";

impl RunEntry {
    pub(crate) fn place(&self) -> Executor {
        match (self.command.place, self.command.run) {
            _ if self.streams.load(Ordering::Relaxed) => Executor::Runtime,
            (Place::Service, Run::Sync(_)) => Executor::Thread,
            (Place::Service, Run::Async(_)) => Executor::Runtime,
            (Place::Helper, _) => Executor::Helper,
            (Place::Console, _) => Executor::Console,
        }
    }

    /// The thread has finished it, and the runtime polls its stream.
    pub(crate) fn streams(&self) {
        self.streams.store(true, Ordering::Relaxed);
    }

    /// Records that the operator is asked to confirm, or has answered.
    pub(crate) fn set_asks(&self, asks: bool) {
        self.asks.store(asks, Ordering::Relaxed);
    }

    /// Its session does not wait any more.
    pub(crate) fn left_behind(&self) {
        self.stuck.store(true, Ordering::Relaxed);
        self.runs.changed.notify_waiters();
    }

    fn is_stuck(&self) -> bool {
        self.stuck.load(Ordering::Relaxed)
    }

    fn state(&self) -> &'static str {
        if self.is_stuck() {
            STUCK
        } else if self.run.stopped().is_some() {
            "stopping"
        } else if self.asks.load(Ordering::Relaxed) {
            "waiting for an answer"
        } else if self.run.reached.has_begun() {
            "running"
        } else {
            match self.place() {
                Executor::Thread => "waiting for a thread",
                Executor::Runtime => "waiting for the runtime",
                Executor::Helper => "waiting for the helper",
                Executor::Console => "waiting for the console",
            }
        }
    }

    pub(crate) fn info(&self) -> RunInfo {
        RunInfo {
            run: self.run.id,
            session: self.run.session,
            state: self.state(),
            place: match self.place() {
                Executor::Thread => "thread",
                Executor::Runtime => "runtime",
                Executor::Helper => "helper",
                Executor::Console => "console",
            },
            time: self.run.begin.elapsed(),
            limit: self.run.limit(),
            command: self.command.name,
            line: self.run.shown().to_owned(),
        }
    }

    /// The label of the run in messages: `` `cache flush` (session 1, run 7) for 12 s ``.
    pub(crate) fn label(&self) -> String {
        let RunState { id, session, begin, .. } = &*self.run;
        let seconds = begin.elapsed().as_secs();
        format!("`{}` (session {session}, run {id}) for {seconds} s", self.command.name)
    }
}

impl Drop for RunEntry {
    fn drop(&mut self) {
        self.runs.changed.notify_waiters();
    }
}

impl Serialize for RunInfo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const TENTH: u64 = 100;
        let time = Duration::from_millis(self.time.as_millis() as u64 / TENTH * TENTH);
        let mut record = serializer.serialize_struct("RunInfo", 7)?;
        record.serialize_field("run", &self.run)?;
        record.serialize_field("session", &self.session)?;
        record.serialize_field("state", self.state)?;
        record.serialize_field("where", self.place)?;
        record.serialize_field("for", &time)?;
        record.serialize_field("limit", &self.limit)?;
        record.serialize_field("line", &self.line)?;
        record.end()
    }
}
