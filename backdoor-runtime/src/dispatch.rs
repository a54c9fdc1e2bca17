//! The only path from a typed line to a running function, for every transport and every nested use. It parses the line, asks for
//! confirmation, writes the audit record, starts the deadline, runs the command on its executor, catches its panic, cancels it, and reports
//! how it ended. Nothing else calls a command.

mod console;
mod invocation;
mod masked;
pub(crate) mod pool;
pub(crate) mod runs;
mod supervise;
pub(crate) mod tally;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::audit::{self, Audit};
use crate::base::race::{First, race};
use crate::call::failure::Failure;
use crate::call::failure::Status;
use crate::call::link::Link;
use crate::call::output_event::{Output, OutputEvent};
use crate::call::peer::Peer;
use crate::call::run_state::{RunState, Stop};
use crate::call::session::Session;
use crate::command::States;
use crate::command::arguments::Arguments;
use crate::command::registry::Entry;
use crate::command::secrecy::Masked;
use crate::command::{Command, Effect, Timeout};
pub(crate) use crate::dispatch::console::ConsoleState;
pub use crate::dispatch::console::{Console, SessionInfo};
use crate::dispatch::invocation::Invocation;
use crate::dispatch::pool::Pool;
use crate::dispatch::runs::RunEntry;
pub use crate::dispatch::runs::{Killed, RunInfo};
pub use crate::dispatch::tally::StatusCount;
use crate::exec::runtime_thread::Asynchronous;
use crate::limits::{CommandLimits, FOREVER};
use crate::line::{self, Asked};
use crate::reply::Form;

/// How long a question waits for its answer.
const QUESTION: Duration = Duration::from_secs(60);

/// The dispatcher: everything that runs commands.
pub(crate) struct Dispatcher {
    pub(crate) shared: Arc<ConsoleState>,
    pub(crate) states: Arc<States>,
    pub(crate) audit: Arc<Audit>,
    pub(crate) asynchronous: Arc<Asynchronous>,
    pub(crate) pool: Pool,
    pub(crate) limits: CommandLimits,
    numbers: Arc<AtomicU64>,
}

/// How a line ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) status: Status,
    pub(crate) failure: Option<Failure>,
    /// The last text of the reply.
    pub(crate) tail: String,
    /// The answer is wanted as one line of JSON.
    pub(crate) json: bool,
    /// The line, with dots in place of secrets.
    pub(crate) line: Option<Masked>,
}

impl Dispatcher {
    pub(crate) fn new(
        shared: Arc<ConsoleState>,
        states: States,
        audit: Audit,
        service: Option<Handle>,
        limits: CommandLimits,
    ) -> Self {
        if let Some(service) = service {
            shared.asynchronous.set_service(service);
        }
        // There is one dispatcher to a console.
        let _ = shared.notes.set(audit.notes());
        Self {
            asynchronous: shared.asynchronous.clone(),
            shared,
            states: Arc::new(states),
            audit: Arc::new(audit),
            pool: Pool::new(limits.threads),
            limits,
            numbers: Arc::new(AtomicU64::new(1)),
        }
    }

    /// The same console with this runtime for commands.
    pub(crate) fn on(&self, service: Handle) -> Self {
        let Self { shared, states, audit, pool, limits, numbers, .. } = self;
        Self {
            shared: shared.clone(),
            states: states.clone(),
            audit: audit.clone(),
            asynchronous: Arc::new(Asynchronous::on(service)),
            pool: pool.clone(),
            limits: *limits,
            numbers: numbers.clone(),
        }
    }

    /// Prepares a line of this session to run.
    pub(crate) fn prepare(&self, line: String, form: Form, session: u64) -> Arc<RunState> {
        let id = self.numbers.fetch_add(1, Ordering::Relaxed);
        Arc::new(RunState::new(id, session, line.into(), form))
    }

    /// Runs a line until it ends. Its output goes to the peer.
    ///
    /// To be polled on a runtime of the console, because it keeps the time. A built-in command that waits for nothing ends in the first
    /// poll. Rarely needed parts are on the heap, so that this future is small: one is made for each line.
    pub(crate) async fn run(&self, run: Arc<RunState>, peer: &Arc<Peer>) -> Outcome {
        let asked = line::read(&run.line, &self.shared.registry, self.shared.max_words);
        let json = asked.json;
        if matches!(asked.asked, Asked::Nothing) {
            return Outcome {
                status: Status::Done,
                failure: None,
                tail: String::new(),
                json: false,
                line: None,
            };
        }
        let form = Form { text: !json, ..run.form };
        run.json.store(json, Ordering::Relaxed);
        let masked = masked::masked(&run.line, &asked.asked, &self.shared.registry);
        run.show_as(masked.text());
        let record = Record::begin(self, peer, &run, masked.text(), &asked.asked);
        let is_ours = matches!(&asked.asked, Asked::Command { entry, .. } if entry.command.is_builtin());
        let ended = self.answer(asked.asked, &run, form, peer).await;
        let ended = if run.held.room.is_cut() { truncated(ended, json, self.limits.answer) } else { ended };
        let (failure, tail) = match ended {
            Ok(tail) => (None, tail),
            Err(ended) if is_ours && ended.failure.is_panic() => {
                self.shared.tally.note_bug();
                (Some(ended.failure.of_console()), ended.tail)
            }
            Err(ended) => (Some(ended.failure), ended.tail),
        };
        let done = if run.found.load(Ordering::Relaxed) { Status::Findings } else { Status::Done };
        let status = failure.as_ref().map_or(done, |failure| failure.status);
        if let Some(Stop::Killed(by)) = run.stopped() {
            self.audit.killed(run.id, masked.text(), peer.id, by);
        }
        record.end(status);
        Outcome { status, failure, tail, json, line: Some(masked) }
    }

    async fn answer(
        &self,
        asked: Asked<'_>,
        run: &Arc<RunState>,
        form: Form,
        peer: &Arc<Peer>,
    ) -> Result<String, Ended> {
        let (ended, entry) = match asked {
            Asked::Nothing => (Ok(String::new()), None),
            Asked::Wrong { failure, entry } => (Err((*failure).into()), entry),
            Asked::Help(name) => (Box::pin(self.help(&name, run, form, peer)).await, None),
            Asked::Command { entry, arguments, confirmed } => {
                let calling = self.calling(entry, run, form, peer);
                (self.call_if_confirmed(&calling, arguments, confirmed).await, Some(entry))
            }
        };
        match (ended, entry) {
            (Err(mut ended), Some(entry)) if ended.failure.status == Status::Usage => {
                ended.failure.usage = Some(Box::pin(self.shared.usage(entry)).await);
                Err(ended)
            }
            (ended, _) => ended,
        }
    }

    /// Runs `help` for a line that asks for the help of a command.
    async fn help(
        &self,
        name: &str,
        run: &Arc<RunState>,
        form: Form,
        peer: &Arc<Peer>,
    ) -> Result<String, Ended> {
        let line: Arc<str> = format!("help {name}").into();
        match line::read(&line, &self.shared.registry, usize::MAX).asked {
            Asked::Command { entry, arguments, .. } => {
                let calling = self.calling(entry, run, form, peer);
                supervise::run(self, &calling, self.job(&calling, arguments, false)).await
            }
            _ => Err(Failure::failed("the help command is not linked in".to_owned()).into()),
        }
    }

    async fn call_if_confirmed(
        &self,
        calling: &Calling<'_>,
        arguments: Arguments,
        confirmed: bool,
    ) -> Result<String, Ended> {
        if calling.entry.command.effect == Effect::Dangerous {
            Box::pin(self.rehearse(calling, &arguments)).await?;
            Box::pin(self.confirm(calling, confirmed)).await?;
        }
        if calling.listed.run.is_endless() && calling.peer.is_prompted() {
            let session = Session { link: Link::new(calling.peer.clone(), calling.listed.run.clone()) };
            let text = format!("`{}` has no time limit; Ctrl-C or an empty line ends it", calling.entry.name);
            // It may be lost if there is no room.
            let _ = session.link.try_notice(Output::Notice(text));
        }
        supervise::run(self, calling, self.job(calling, arguments, false)).await
    }

    /// Asks the operator to confirm a dangerous command.
    async fn confirm(&self, calling: &Calling<'_>, confirmed: bool) -> Result<(), Failure> {
        let Calling { entry, peer, listed, .. } = calling;
        let (name, run) = (&entry.name, &listed.run);
        if confirmed && peer.is_trusted() {
            return Ok(());
        }
        if !peer.is_prompted() {
            return Err(Failure::refused(match peer.is_trusted() {
                true => format!("`{name}` is dangerous and no operator can be asked; add `--yes`"),
                false => format!(
                    "`{name}` is dangerous and no operator can be asked. Over TCP, `--yes` is accepted only from a telnet client, because a web page could send it too; run `{name}` from telnet or through a unix socket"
                ),
            }));
        }
        let (answer, answered) = oneshot::channel();
        let text = format!("`{name}` is dangerous. Type yes to run it: ");
        let question = OutputEvent::new(run.id, Output::Question { text, answer });
        let _pause = run.clock.pause();
        listed.set_asks(true);
        let asked = async {
            peer.output.send(question).await.ok()?;
            answered.await.ok()
        };
        let answer = match race(race(asked, tokio::time::sleep(QUESTION)), run.until_stopped()).await {
            First::Left(First::Left(answer)) => answer,
            First::Left(First::Right(())) => None,
            First::Right(_) => {
                return Err(Failure::cancelled("interrupted; the command was not run".to_owned()));
            }
        };
        listed.set_asks(false);
        match answer {
            Some(true) => Ok(()),
            Some(false) => Err(Failure::refused(format!("`{name}` was not run; only `yes` confirms it"))),
            None => Err(Failure::refused(format!("`{name}` was not run; no answer came"))),
        }
    }

    /// Binds the arguments of a dangerous command and calls its guards before the operator is asked, so that a command that cannot run
    /// needs no confirmation. This runs code of the author, so it runs where the command runs; the call itself repeats it.
    async fn rehearse(&self, calling: &Calling<'_>, arguments: &Arguments) -> Result<(), Ended> {
        if calling.entry.command.parameters.is_empty() {
            return Ok(());
        }
        supervise::run(self, calling, self.job(calling, arguments.clone(), true)).await?;
        calling.listed.run.reached.again();
        Ok(())
    }

    fn calling<'a>(
        &self,
        entry: &'a Entry,
        run: &Arc<RunState>,
        form: Form,
        peer: &'a Arc<Peer>,
    ) -> Calling<'a> {
        let command = entry.command;
        run.set_limit(self.limit(command));
        // A command that runs until Ctrl-C has no limit of output.
        let room = if command.timeout == Timeout::Never { usize::MAX } else { self.limits.answer };
        run.held.room.limit(room);
        let form = Form { room, ..form };
        let listed = self.shared.runs.list(run.clone(), command);
        Calling { entry, form, peer, listed }
    }

    fn job(&self, calling: &Calling<'_>, arguments: Arguments, is_rehearsal: bool) -> Invocation {
        let listed = calling.listed.clone();
        let session = Session { link: Link::new(calling.peer.clone(), listed.run.clone()) };
        let (form, states) = (calling.form, self.states.clone());
        Invocation { arguments, states, session, listed, form, is_rehearsal }
    }

    fn limit(&self, command: &Command) -> Option<Duration> {
        let limit = match command.timeout {
            Timeout::Default => Some(self.limits.timeout),
            Timeout::After(limit) => Some(limit),
            Timeout::Never => None,
        };
        let limit = limit.into_iter().chain(self.limits.longest).min()?;
        Some(limit.min(FOREVER))
    }
}

/// A line that runs a command.
struct Calling<'a> {
    entry: &'a Entry,
    form: Form,
    peer: &'a Arc<Peer>,
    listed: Arc<RunEntry>,
}

impl Drop for Calling<'_> {
    fn drop(&mut self) {
        // A run that continues stays in the list with its state, even if the session was dropped before it was abandoned.
        if Arc::strong_count(&self.listed) > 1 {
            self.listed.left_behind();
        }
    }
}

/// The audit record of a line: the data of its begin, and one event when it ends, also if it is dropped before.
struct Record<'a> {
    dispatcher: &'a Dispatcher,
    peer: &'a Peer,
    run: &'a RunState,
    /// The line in the form for the log.
    line: &'a Arc<str>,
    /// Its command changes nothing.
    reads: bool,
    status: Status,
}

impl<'a> Record<'a> {
    fn begin(
        dispatcher: &'a Dispatcher,
        peer: &'a Peer,
        run: &'a Arc<RunState>,
        line: &'a Arc<str>,
        asked: &Asked<'_>,
    ) -> Self {
        let reads = match asked {
            Asked::Command { entry, .. } => entry.command.effect == Effect::Reads,
            Asked::Help(_) => true,
            Asked::Nothing | Asked::Wrong { .. } => false,
        };
        if let Asked::Command { entry, .. } = asked {
            // A command of the author may end the process.
            let urgent = !entry.command.is_builtin();
            if let Some(begin) = dispatcher.audit.begin(line, reads, urgent) {
                let _ = run.begins.set(begin);
            }
        }
        peer.set_run(Some(run.clone()), run.begin.into_std());
        Self { dispatcher, peer, run, line, reads, status: Status::Cancelled }
    }

    fn end(mut self, status: Status) {
        self.status = status;
    }
}

impl Drop for Record<'_> {
    fn drop(&mut self) {
        let Self { dispatcher, peer, run, line, reads, status } = *self;
        let end = Instant::now();
        peer.set_run(None, end.into_std());
        let took = end.duration_since(run.begin);
        dispatcher.shared.tally.note(status, took);
        dispatcher.audit.ended(&audit::Line {
            session: peer.id,
            peer: &peer.name,
            text: line,
            reads,
            ran: !matches!(status, Status::Usage | Status::Refused),
            result: status.as_str(),
            took,
            reads_of_session: &peer.reads,
        });
    }
}

/// The end of an answer that was cut. The command's own result is not reported.
fn truncated(ended: Result<String, Ended>, json: bool, limit: usize) -> Result<String, Ended> {
    let tail = match ended {
        // A line of JSON ends with the error.
        Ok(_) if json => String::new(),
        Ok(tail) => tail,
        Err(ended) if ended.failure.status == Status::Failed => ended.tail,
        Err(ended) => return Err(ended),
    };
    Err(Ended { failure: Failure::truncated(limit), tail })
}

/// How a failed command ended, with the output that it still had.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) failure: Failure,
    pub(crate) tail: String,
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        Self { failure, tail: String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Allocators are fast up to a size: glibc's caches have blocks of up to 1,032 bytes.
    #[test]
    fn allocations_of_each_line_are_small() {
        fn future<A, B, C, F>(_run: impl Fn(A, B, C) -> F) -> usize {
            size_of::<F>()
        }
        assert!(future(Dispatcher::run) <= 1024, "{} bytes", future(Dispatcher::run));
    }
}
