//! Starts a call on its executor and waits for it: its deadline, its cancellation, and notices to the operator.

mod reasons;

use std::future::{Future, pending};
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

use crate::base::race::{First, race};
use crate::call::failure::Failure;
use crate::call::link::Link;
use crate::call::output;
use crate::call::output_event::Output;
use crate::call::reply::Trailer;
use crate::call::reply::{Pieces, Reply};
use crate::call::run_state::{HOLD, RunState, Stop};
use crate::call::salvage::Salvage;
use crate::call::session::Session;
use crate::command::reply_kind::runner;
use crate::command::{Command, Place, Run};
use crate::dispatch::invocation::Invocation;
use crate::dispatch::runs::{Executor, RunEntry};
use crate::dispatch::supervise::reasons::{given_up, never_begun, stop_failure};
use crate::dispatch::{Calling, Dispatcher, Ended};
use crate::exec::catch_panic::catch_panic;
use crate::exec::task::Task;
use crate::limits::FOREVER;

/// How long a call may wait for a thread before the operator is told which commands occupy the threads.
const THREAD: Duration = Duration::from_millis(200);

/// How long a runtime may leave a new or woken call unpolled before the operator is told.
const RUNTIME: Duration = Duration::from_secs(1);

/// How long a call may run after it was told to stop before it is marked stuck.
const STUCK: Duration = Duration::from_secs(1);

/// How long a command runs before its begin is logged in any case.
const LONG: Duration = Duration::from_secs(1);

/// The precision of a deadline. A paused stopwatch close to its deadline is checked this often.
const RESOLUTION: Duration = Duration::from_millis(10);

/// The delay before held rows that found no room are tried again.
const RETRY: Duration = Duration::from_millis(20);

/// Runs a call until it ends or is marked stuck.
pub(super) async fn run(
    dispatcher: &Dispatcher,
    calling: &Calling<'_>,
    job: Invocation,
) -> Result<String, Ended> {
    let ended = match place(dispatcher, job) {
        Err(error) => Err(Failure::refused(format!("no thread can be started for it: {error}")).into()),
        Ok(Started::Done(ended)) => ended.map_err(Ended::from),
        // Separate, because the console's own commands have mostly ended by then and should not carry its size.
        Ok(Started::Waits(call)) => Box::pin(wait(dispatcher, calling, call)).await,
    };
    match ended {
        Ok(tail) => Ok(tail.0),
        Err(mut ended) => {
            // Output before the failure is shown, except for the end of a JSON answer: the error is its end.
            let run = &calling.listed.run;
            if run.json.load(Ordering::Relaxed) {
                ended.tail.clear();
            }
            ended.tail.insert_str(0, &run.held.take_all());
            Err(ended)
        }
    }
}

/// Waits for a call, and for the stream that it may leave.
async fn wait(dispatcher: &Dispatcher, calling: &Calling<'_>, mut call: Waiting) -> Result<Trailer, Ended> {
    let session = Session { link: Link::new(calling.peer.clone(), calling.listed.run.clone()) };
    loop {
        match watch(dispatcher, &mut call, &session, &calling.listed).await {
            Ok(Finished::Done(ended)) => return ended.map_err(Ended::from),
            Ok(Finished::Stream(stream)) => call = stream,
            Err(ended) => return Err(reasons::explained(ended, &call)),
        }
    }
}

/// The state of a call after it was started.
enum Started {
    Done(Result<Trailer, Failure>),
    Waits(Waiting),
}

/// A call that was started.
struct Waiting {
    place: Executor,
    on: On,
    /// How long its runtime had not polled it when it was told to stop.
    late: Option<Duration>,
}

enum On {
    Thread(oneshot::Receiver<Finished>),
    Runtime(Task<Trailer, Failure>),
}

/// The result of a call.
enum Finished {
    Done(Result<Trailer, Failure>),
    /// A synchronous call whose reply is a stream, which the runtime polls.
    Stream(Waiting),
}

fn place(dispatcher: &Dispatcher, job: Invocation) -> io::Result<Started> {
    let console = Handle::current;
    let helper = |job: &Invocation| dispatcher.shared.helper_of(job.command()).handle();
    Ok(match (job.command().place, job.function()) {
        (Place::Service, Run::Sync(function)) => on_thread(dispatcher, job, function)?,
        (Place::Service, Run::Async(function)) => {
            Started::on(&dispatcher.asynchronous.handle()?, Executor::Runtime, job.run_async(function))
        }
        (Place::Helper, Run::Sync(function)) => {
            Started::on(&helper(&job)?, Executor::Helper, job.run_here(function))
        }
        (Place::Helper, Run::Async(function)) => {
            Started::on(&helper(&job)?, Executor::Helper, job.run_async(function))
        }
        (Place::Console, Run::Async(function)) => {
            Started::on(&console(), Executor::Console, job.run_async(function))
        }
        // Called at once; only a call whose operator may have to be waited for is a task.
        (Place::Console, Run::Sync(function)) => match job.call_here(function) {
            Err(failure) => Started::Done(Err(failure)),
            Ok(reply) => match output::at_once(reply, &job.session, job.form) {
                Ok(tail) => Started::Done(Ok(tail)),
                Err(unsent) => {
                    let sent = async move { unsent.deliver(&job.session, job.form).await };
                    Started::on(&console(), Executor::Console, sent)
                }
            },
        },
    })
}

/// On a thread that has entered the service's runtime. A reply that is a stream goes from there to the runtime, because nothing of the
/// author may pass through the console's thread, where it might be dropped.
fn on_thread(
    dispatcher: &Dispatcher,
    job: Invocation,
    function: &'static dyn runner::Run,
) -> io::Result<Started> {
    if let Some(refusal) = dispatcher.too_many_stuck(&job) {
        return Ok(Started::Done(Err(refusal)));
    }
    let (sender, receiver) = oneshot::channel();
    let asynchronous = dispatcher.asynchronous.clone();
    let id = job.session.link.run().id;
    let work = Box::new(move || {
        // No caller waits for an abandoned call.
        if job.session.is_cancelled() {
            return;
        }
        // A command that needs no runtime still runs if none can be made.
        let runtime = asynchronous.handle().ok();
        let _entered = runtime.as_ref().map(Handle::enter);
        let called = match job.call_here(function) {
            Ok(Reply::Stream(stream)) => match asynchronous.handle() {
                Ok(handle) => Finished::Stream(stream_on(&handle, job, stream)),
                Err(error) => {
                    let dropped = catch_panic(|| drop(stream));
                    let refused = format!("no runtime can be started for its stream: {error}");
                    Finished::Done(dropped.map_err(Failure::from).and(Err(Failure::refused(refused))))
                }
            },
            Ok(Reply::Done(rendered)) => {
                done(output::deliver_blocking(rendered, &job.session, job.form), job)
            }
            Ok(Reply::Sent(tail)) => done(Ok(tail), job),
            Err(failure) => done(Err(failure), job),
        };
        let _ = sender.send(called);
    });
    dispatcher.pool.run(id, work)?;
    Ok(Started::Waits(Waiting { place: Executor::Thread, on: On::Thread(receiver), late: None }))
}

/// The end of a call. It is removed from the list of runs before its session is told.
fn done(ended: Result<Trailer, Failure>, job: Invocation) -> Finished {
    drop(job.listed);
    Finished::Done(ended)
}

fn stream_on(runtime: &Handle, job: Invocation, stream: Pieces) -> Waiting {
    job.listed.streams();
    job.session.link.run().reached.again();
    let polled = async move {
        job.session.link.run().reached.begin();
        let _salvage = Salvage(&job.session);
        output::deliver(Reply::Stream(stream), &job.session, job.form).await
    };
    Waiting { place: Executor::Runtime, on: On::Runtime(Task::spawn(runtime, polled)), late: None }
}

impl Started {
    fn on(
        runtime: &Handle,
        place: Executor,
        call: impl Future<Output = Result<Trailer, Failure>> + Send + 'static,
    ) -> Self {
        Self::Waits(Waiting { place, on: On::Runtime(Task::spawn(runtime, call)), late: None })
    }
}

impl Waiting {
    /// Waits for the end. `None` if the call was dropped unfinished: cancelled, or its runtime has ended.
    async fn ended(&mut self) -> Option<Finished> {
        match &mut self.on {
            On::Thread(receiver) => receiver.await.ok(),
            On::Runtime(task) => task.ended().await.map(Finished::Done),
        }
    }
}

/// Waits for a call: keeps its deadline, stops it, and marks it stuck if it does not stop.
async fn watch(
    dispatcher: &Dispatcher,
    call: &mut Waiting,
    session: &Session,
    listed: &RunEntry,
) -> Result<Finished, Ended> {
    let (command, state, limit) = (listed.command, session.link.run(), listed.run.limit());
    let begin = Instant::now();
    let mut told = false;
    let mut told_unpolled = false;
    let mut recorded = state.begins.get().is_none();
    let mut held_until: Option<Instant> = None;
    let mut stopped: Option<(Stop, Instant)> = None;
    loop {
        let now = Instant::now();
        let begun = state.reached.has_begun();
        let mut wake = now + FOREVER;
        if let Some((_, at)) = stopped {
            wake = wake.min(at + STUCK);
        } else if let Some(limit) = limit {
            wake = wake.min(now + limit.saturating_sub(state.clock.used()).max(RESOLUTION));
        }
        if !begun && !told {
            wake = wake.min(begin + call.patience());
        } else if matches!(call.on, On::Runtime(_)) && stopped.is_none() {
            // Nothing reports when it is woken.
            let unpolled = call.unpolled_for().filter(|_| !told_unpolled);
            wake = wake.min(now + RUNTIME.saturating_sub(unpolled.unwrap_or_default()));
        }
        if !recorded {
            wake = wake.min(state.begin + LONG);
        }
        if state.held.is_holding() {
            wake = wake.min(*held_until.get_or_insert(now + HOLD));
        } else {
            held_until = None;
        }
        let until_stopped = async {
            match stopped {
                None => state.until_stopped().await,
                Some(_) => pending().await,
            }
        };
        let until_due = race(state.attention.notified(), sleep_until(wake));
        match race(call.ended(), race(until_stopped, until_due)).await {
            First::Left(called) => {
                // A command may notice that it was told to stop, and end, before this code does.
                let stop = stopped.map(|(stop, _)| stop).or_else(|| state.stopped());
                return end(called, stop, command, limit, call.place);
            }
            // It may have been told to stop before the wait began.
            First::Right(First::Left(reason)) => {
                stopped = Some((reason, Instant::now()));
                call.late = call.unpolled_for().filter(|time| *time >= RUNTIME);
                dispatcher.stop(call, state);
                if state.reached.give_up() {
                    return Err(never_begun(reason, command, limit, call.place).into());
                }
            }
            First::Right(First::Right(_)) => {}
        }
        let now = Instant::now();
        if !recorded && now >= state.begin + LONG {
            recorded = true;
            session.link.note_length();
        }
        if held_until.is_some_and(|until| now >= until) {
            held_until = if session.link.show_held() { None } else { Some(now + RETRY) };
        }
        match (stopped, limit) {
            (Some((reason, at)), _) if now >= at + STUCK => {
                return Err(given_up(dispatcher, reason, listed, call).into());
            }
            (None, Some(limit)) if state.clock.used() >= limit => state.stop(Stop::TimedOut),
            _ => {}
        }
        if !begun && !told && now >= begin + call.patience() && !state.reached.has_begun() {
            told = true;
            session.notice(dispatcher.why_not_begun(call, command));
        }
        if begun && stopped.is_none() {
            let unpolled = call.unpolled_for().is_some_and(|time| time >= RUNTIME);
            if unpolled && !told_unpolled {
                session.notice(reasons::not_polled_yet(call, command));
            }
            told_unpolled = unpolled;
        }
    }
}

impl Waiting {
    /// How long the call may wait to begin before the operator is told.
    fn patience(&self) -> Duration {
        match self.place {
            Executor::Thread => THREAD,
            Executor::Runtime | Executor::Helper | Executor::Console => RUNTIME,
        }
    }

    /// How long its runtime has not polled it, though it was woken.
    fn unpolled_for(&self) -> Option<Duration> {
        match &self.on {
            On::Thread(_) => None,
            On::Runtime(task) => task.unpolled_for(),
        }
    }
}

impl Dispatcher {
    fn stop(&self, call: &Waiting, state: &RunState) {
        match &call.on {
            On::Runtime(task) => task.abort(),
            On::Thread(_) => self.pool.forget(state.id),
        }
    }

    fn why_not_begun(&self, call: &Waiting, command: &Command) -> String {
        let name = command.name;
        match call.place {
            Executor::Thread => reasons::no_thread(name, &labels(&self.shared.runs.on_threads())),
            Executor::Runtime => format!(
                "the service's runtime has not polled `{name}` for a second; its workers may be blocked. Ctrl-C cancels"
            ),
            Executor::Helper => match &*labels(&self.shared.runs.on_helper_of(command)) {
                "" => format!("`{name}` waits for the helper thread, which is busy. Ctrl-C cancels"),
                runs => format!(
                    "`{name}` waits for the helper thread, which is occupied by {runs}. `running` lists it, Ctrl-C cancels"
                ),
            },
            Executor::Console => {
                format!("`{name}` waits for the console's own thread, which is busy. Ctrl-C cancels")
            }
        }
    }
}

impl Dispatcher {
    /// Why the command gets no thread: too many threads are stuck.
    fn too_many_stuck(&self, job: &Invocation) -> Option<Failure> {
        let limit = match self.limits.stuck_threads {
            usize::MAX => return None,
            limit => limit.min(self.limits.threads),
        };
        if job.command().is_builtin() {
            return None;
        }
        let stuck = self.shared.runs.stuck_on_threads();
        (stuck.len() >= limit).then(|| {
            Failure::refused(format!(
                "`{}` needs a thread, and too many are stuck: {}. It can run when one of them ends; `running` lists them",
                job.command().name,
                labels(&stuck)
            ))
        })
    }
}

fn labels(runs: &[Arc<RunEntry>]) -> String {
    runs.iter().map(|run| run.label()).collect::<Vec<_>>().join(", ")
}

impl Session {
    /// Sends the operator a notice about their command, if there is room.
    fn notice(&self, text: String) {
        let _ = self.link.try_notice(Output::Notice(text));
    }
}

fn end(
    called: Option<Finished>,
    stopped: Option<Stop>,
    command: &Command,
    limit: Option<Duration>,
    place: Executor,
) -> Result<Finished, Ended> {
    let stop = stopped.map(|stop| stop_failure(stop, command, limit));
    match (called, stop) {
        (Some(called), None) => Ok(called),
        // A panic during the cancellation is more important than the cancellation.
        (Some(Finished::Done(Err(failure))), Some(_)) if failure.is_panic() => Err(failure.into()),
        (Some(Finished::Done(Ok(tail))), Some(failure)) => Err(Ended { failure, tail: tail.0 }),
        (Some(_) | None, Some(failure)) => Err(failure.into()),
        (None, None) => Err(Failure::failed(match place {
            Executor::Thread => format!("`{}` was dropped before it could run", command.name),
            Executor::Runtime | Executor::Helper | Executor::Console => {
                format!("`{}` was dropped before it finished: its runtime has ended", command.name)
            }
        })
        .into()),
    }
}
