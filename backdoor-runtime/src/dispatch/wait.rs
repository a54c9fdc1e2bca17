//! Puts a call where it belongs and waits for it: its deadline, its cancellation, and what the operator is told meanwhile.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, JoinError};
use tokio::time::{Instant, sleep_until};

use crate::command::{Command, Place, Run};
use crate::dispatch::failure::Failure;
use crate::dispatch::job::{Called, Job, panicked};
use crate::dispatch::output::{self, Tail};
use crate::dispatch::session::{HOLD, RunState, Session, Stop, What};
use crate::dispatch::{Dispatcher, Ended};
use crate::reply::text;

/// How long a call may wait for a thread before its operator is told what occupies them.
const THREAD: Duration = Duration::from_millis(200);

/// How long a runtime may leave a call unpolled before the operator is told.
const RUNTIME: Duration = Duration::from_secs(1);

/// How long a call that was told to stop may go on before it is called stuck.
const STUCK: Duration = Duration::from_secs(1);

/// Farther away than any command runs.
const NEVER: Duration = Duration::from_secs(365 * 86_400);

/// Runs a call to its end, or until it is given up.
pub(crate) async fn run(dispatcher: &Dispatcher, job: Job, limit: Option<Duration>) -> Result<String, Ended> {
    if job.command.place == Place::Console
        && let Run::Sync(function) = job.function()
    {
        return on_console(job, function).await;
    }
    let (command, session) = (job.command, job.session.clone());
    let mut placed = place(dispatcher, job)
        .map_err(|error| Failure::refused(format!("no thread can be started for it: {error}")))?;
    loop {
        let called = watch(dispatcher, &mut placed, command, &session, limit).await?;
        match called {
            Called::Done(ended) => return ended.map(|tail| tail.0).map_err(Ended::from),
            Called::Stream(stream) => {
                let handle = dispatcher.asynchronous().map_err(|error| {
                    Failure::refused(format!("no runtime can be started for its stream: {error}"))
                })?;
                let form = placed.form;
                let polled = session.clone();
                let reply = crate::command::ladder::Reply::Stream(stream);
                let task = async move { output::deliver(reply, &polled, form).await };
                placed = Placed::on(&handle, form, Where::Runtime, task);
            }
        }
    }
}

/// A synchronous command on the console's own thread: called on the spot.
async fn on_console(
    job: Job,
    function: fn(&mut crate::command::arguments::Call<'_>) -> Result<crate::command::ladder::Reply, Failure>,
) -> Result<String, Ended> {
    match job.run(function, None) {
        Called::Done(ended) => ended.map(|tail| tail.0).map_err(Ended::from),
        Called::Stream(stream) => {
            let reply = crate::command::ladder::Reply::Stream(stream);
            output::deliver(reply, &job.session, job.form).await.map(|tail| tail.0).map_err(Ended::from)
        }
    }
}

/// A call that is on its way.
struct Placed {
    form: crate::reply::Form,
    place: Where,
    done: Pin<Box<dyn Future<Output = Finished> + Send>>,
    abort: Option<AbortHandle>,
}

#[derive(Clone, Copy, PartialEq)]
enum Where {
    Thread,
    Runtime,
    Helper,
}

enum Finished {
    Called(Called),
    /// It was dropped unfinished: cancelled, or its runtime has ended.
    Dropped,
}

fn place(dispatcher: &Dispatcher, job: Job) -> std::io::Result<Placed> {
    let form = job.form;
    Ok(match (job.command.place, job.function()) {
        (Place::Service, Run::Sync(function)) => {
            let (sender, receiver) = oneshot::channel();
            let service = dispatcher.service.clone();
            let (id, label) = (job.session.run().id, job.label());
            let work = Box::new(move || {
                if !job.session.cancelled() {
                    // Nobody waits any more for a call that was given up.
                    let _ = sender.send(job.run(function, service.as_ref()));
                }
            });
            dispatcher.pool.run(id, label, work)?;
            let done = async { receiver.await.map_or(Finished::Dropped, Finished::Called) };
            Placed { form, place: Where::Thread, done: Box::pin(done), abort: None }
        }
        (Place::Service, Run::Async(function)) => {
            Placed::on(&dispatcher.asynchronous()?, form, Where::Runtime, job.run_async(function))
        }
        (Place::Helper, run) => {
            let helper = dispatcher.shared.helper.handle()?;
            match run {
                Run::Sync(function) => Placed::on(&helper, form, Where::Helper, job.run_here(function)),
                Run::Async(function) => Placed::on(&helper, form, Where::Helper, job.run_async(function)),
            }
        }
        (Place::Console, Run::Sync(function)) => {
            Placed::on(&Handle::current(), form, Where::Runtime, job.run_here(function))
        }
        (Place::Console, Run::Async(function)) => {
            Placed::on(&Handle::current(), form, Where::Runtime, job.run_async(function))
        }
    })
}

impl Placed {
    fn on(
        runtime: &Handle,
        form: crate::reply::Form,
        place: Where,
        task: impl Future<Output = Result<Tail, Failure>> + Send + 'static,
    ) -> Self {
        let task = runtime.spawn(task);
        let abort = task.abort_handle();
        let done = async move { finished(task.await) };
        Self { form, place, done: Box::pin(done), abort: Some(abort) }
    }
}

fn finished(joined: Result<Result<Tail, Failure>, JoinError>) -> Finished {
    match joined {
        Ok(ended) => Finished::Called(Called::Done(ended)),
        Err(error) => match error.try_into_panic() {
            Ok(payload) => Finished::Called(Called::Done(Err(panicked(payload)))),
            Err(_) => Finished::Dropped,
        },
    }
}

impl Dispatcher {
    /// Where asynchronous commands run.
    fn asynchronous(&self) -> std::io::Result<Handle> {
        match &self.service {
            Some(handle) => Ok(handle.clone()),
            None => self.fallback.handle(),
        }
    }
}

/// Waits for a call: keeps its deadline, stops it when it has to, and gives it up when it does not stop.
async fn watch(
    dispatcher: &Dispatcher,
    placed: &mut Placed,
    command: &Command,
    session: &Session,
    limit: Option<Duration>,
) -> Result<Called, Ended> {
    let state = session.run();
    let mut stops = state.stop.subscribe();
    let begin = Instant::now();
    let mut told = false;
    let mut held_until: Option<Instant> = None;
    let mut stopped: Option<(Stop, Instant)> = None;
    loop {
        let now = Instant::now();
        let begun = state.begun.load(Ordering::Relaxed);
        let mut wake = now + NEVER;
        if let Some((_, at)) = stopped {
            wake = wake.min(at + STUCK);
        } else if let Some(limit) = limit {
            wake = wake.min(now + limit.saturating_sub(state.clock.used()).max(Duration::from_millis(1)));
        }
        if !begun && !told {
            wake = wake.min(begin + placed.patience());
        }
        if state.holding.load(Ordering::Relaxed) {
            wake = wake.min(*held_until.get_or_insert(now + HOLD));
        } else {
            held_until = None;
        }
        tokio::select! {
            biased;
            finished = &mut placed.done => {
                return end(finished, stopped.map(|(stop, _)| stop), command, limit, placed.place);
            }
            _ = stops.changed(), if stopped.is_none() => {
                let reason = (*stops.borrow_and_update()).unwrap_or(Stop::Interrupted);
                stopped = Some((reason, Instant::now()));
                dispatcher.stop(placed, state);
                if !state.begun.load(Ordering::Relaxed) {
                    return Err(stop_failure(reason, command, limit).into());
                }
            }
            () = state.attention.notified() => {}
            () = sleep_until(wake) => {}
        }
        let now = Instant::now();
        if held_until.is_some_and(|until| now >= until) {
            held_until = None;
            state.holding.store(false, Ordering::Relaxed);
            state.flush.notify_one();
        }
        match (stopped, limit) {
            (Some((reason, at)), _) if now >= at + STUCK => {
                return Err(given_up(dispatcher, reason, command, session, limit).into());
            }
            (None, Some(limit)) if state.clock.used() >= limit => state.stop(Stop::TimedOut),
            _ => {}
        }
        if !begun && !told && now >= begin + placed.patience() && !state.begun.load(Ordering::Relaxed) {
            told = true;
            session.notice(dispatcher.why_not_begun(placed, command));
        }
    }
}

impl Placed {
    /// How long the call may wait to begin before its operator is told.
    fn patience(&self) -> Duration {
        match self.place {
            Where::Thread => THREAD,
            Where::Runtime | Where::Helper => RUNTIME,
        }
    }
}

impl Dispatcher {
    fn stop(&self, placed: &Placed, state: &RunState) {
        match &placed.abort {
            Some(abort) => abort.abort(),
            None => self.pool.forget(state.id),
        }
    }

    fn why_not_begun(&self, placed: &Placed, command: &Command) -> String {
        let name = command.name;
        match placed.place {
            Where::Thread => format!(
                "`{name}` waits for a thread; they are occupied by {}. Ctrl-C leaves",
                self.pool.occupied_by().join(", ")
            ),
            Where::Runtime => format!(
                "the service's runtime has not polled `{name}` for a second; its workers may be blocked. Ctrl-C leaves"
            ),
            Where::Helper => format!("`{name}` waits for the helper thread, which is busy. Ctrl-C leaves"),
        }
    }
}

impl Session {
    /// Tells the operator something about his command, if there is room to tell.
    fn notice(&self, text: String) {
        let _ = self.try_notice(What::Notice(text));
    }
}

fn end(
    finished: Finished,
    stopped: Option<Stop>,
    command: &Command,
    limit: Option<Duration>,
    place: Where,
) -> Result<Called, Ended> {
    let stop = stopped.map(|stop| stop_failure(stop, command, limit));
    match (finished, stop) {
        (Finished::Called(called), None) => Ok(called),
        // A panic on the way out says more than that it was told to go.
        (Finished::Called(Called::Done(Err(failure))), Some(_)) if failure.is_panic() => Err(failure.into()),
        (Finished::Called(Called::Done(Ok(tail))), Some(failure)) => Err(Ended { failure, tail: tail.0 }),
        (Finished::Called(_) | Finished::Dropped, Some(failure)) => Err(failure.into()),
        (Finished::Dropped, None) => Err(Failure::failed(match place {
            Where::Thread => format!("`{}` was dropped before it could run", command.name),
            Where::Runtime | Where::Helper => {
                format!("`{}` was dropped unfinished: the runtime it ran on has ended", command.name)
            }
        })
        .into()),
    }
}

fn stop_failure(stop: Stop, command: &Command, limit: Option<Duration>) -> Failure {
    match stop {
        Stop::Interrupted => Failure::cancelled("interrupted".to_owned()),
        Stop::Disconnected => Failure::cancelled("the client has gone".to_owned()),
        Stop::Ending => Failure::cancelled("the console ends".to_owned()),
        Stop::TimedOut => {
            let limit = text::duration(&limit.unwrap_or_default());
            Failure::timed_out(format!("`{}` had not ended after {limit} and was cancelled", command.name))
        }
    }
}

fn given_up(
    dispatcher: &Dispatcher,
    stop: Stop,
    command: &Command,
    session: &Session,
    limit: Option<Duration>,
) -> Failure {
    let name = command.name;
    dispatcher.audit.warn(format!(
        "command `{name}` of session {} is stuck: it was told to stop a second ago and still runs",
        session.id()
    ));
    let mut failure = stop_failure(stop, command, limit);
    failure.message.push_str("; it still runs a second later and is left behind, stuck");
    failure
}
