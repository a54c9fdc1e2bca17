//! One call of a command, on its way to its executor. From here on code of the author runs.

use std::sync::Arc;

use crate::call::failure::Failure;
use crate::call::output;
use crate::call::reply::Reply;
use crate::call::reply::Trailer;
use crate::call::salvage::Salvage;
use crate::call::session::Session;
use crate::command::arguments::{Arguments, Call};
use crate::command::reply_kind::runner;
use crate::command::{Command, Run, States};
use crate::dispatch::runs::RunEntry;
use crate::exec::catch_panic::catch_panic;
use crate::reply::{Form, Rendered};

/// A call with its arguments and its session.
pub(crate) struct Invocation {
    pub(crate) arguments: Arguments,
    pub(crate) states: Arc<States>,
    pub(crate) session: Session,
    /// Keeps the run in the table until the author's code has ended.
    pub(crate) listed: Arc<RunEntry>,
    pub(crate) form: Form,
    /// Everything except the call of the function.
    pub(crate) is_rehearsal: bool,
}

impl Invocation {
    /// Calls a synchronous command on this thread.
    pub(crate) fn call_here(&self, function: &'static dyn runner::Run) -> Result<Reply, Failure> {
        self.begin()?;
        catch_panic(|| {
            let _salvage = Salvage(&self.session);
            function.run(&mut self.call())
        })?
    }

    /// The whole asynchronous call, to be polled on the command's runtime.
    pub(crate) async fn run_async(self, function: &'static dyn runner::RunAsync) -> Result<Trailer, Failure> {
        self.begin()?;
        let _salvage = Salvage(&self.session);
        let reply = match function.begin(&mut self.call())? {
            Some(pending) => function.reply(pending, self.form).await?,
            None => Reply::Done(Rendered::NOTHING),
        };
        output::deliver(reply, &self.session, self.form).await
    }

    /// A synchronous command on the helper's runtime.
    pub(crate) async fn run_here(self, function: &'static dyn runner::Run) -> Result<Trailer, Failure> {
        self.begin()?;
        let _salvage = Salvage(&self.session);
        let reply = function.run(&mut self.call())?;
        output::deliver(reply, &self.session, self.form).await
    }

    pub(crate) fn command(&self) -> &'static Command {
        self.listed.command
    }

    /// The function of the command.
    pub(crate) fn function(&self) -> Run {
        self.command().run
    }

    fn begin(&self) -> Result<(), Failure> {
        match self.session.link.run().reached.begin() {
            true => Ok(()),
            // No one reads the reply.
            false => Err(Failure::cancelled("its caller stopped waiting for it".to_owned())),
        }
    }

    fn call(&self) -> Call<'_> {
        let call =
            Call::new(self.command().callee(), &self.arguments, &self.states, &self.session, self.form);
        if self.is_rehearsal { call.rehearsal() } else { call }
    }
}
