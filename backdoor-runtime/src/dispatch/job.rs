//! One call of a command, as it is carried to where the command runs. From here on the author's code runs.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::runtime::Handle;

use crate::command::States;
use crate::command::arguments::{Arguments, Call};
use crate::command::ladder::{Pending, Pieces, Reply};
use crate::command::{Command, Run};
use crate::dispatch::failure::Failure;
use crate::dispatch::output::{self, Tail};
use crate::dispatch::session::Session;
use crate::reply::Form;

/// A call with all it needs.
pub(crate) struct Job {
    pub(crate) command: &'static Command,
    pub(crate) arguments: Arguments,
    pub(crate) states: Arc<States>,
    pub(crate) session: Session,
    pub(crate) form: Form,
}

/// What a synchronous call leaves.
pub(crate) enum Called {
    Done(Result<Tail, Failure>),
    /// Its reply is a stream, which has to be polled on a runtime.
    Stream(Pieces),
}

impl Job {
    /// Runs a synchronous command to its end on this thread, which enters the service's runtime meanwhile.
    pub(crate) fn run(
        &self,
        function: fn(&mut Call<'_>) -> Result<Reply, Failure>,
        service: Option<&Handle>,
    ) -> Called {
        self.begin();
        let _entered = service.map(Handle::enter);
        let called = catch_unwind(AssertUnwindSafe(|| match function(&mut self.call())? {
            Reply::Done(rendered) => output::deliver_blocking(rendered, &self.session, self.form)
                .map(|tail| Called::Done(Ok(tail))),
            Reply::Stream(stream) => Ok(Called::Stream(stream)),
            Reply::Sent => Ok(Called::Done(Ok(Tail::default()))),
        }));
        match called {
            Ok(Ok(called)) => called,
            Ok(Err(failure)) => Called::Done(Err(failure)),
            Err(payload) => Called::Done(Err(panicked(payload))),
        }
    }

    /// The whole of an asynchronous call, to be polled on the command's runtime. A panic is caught by whoever polls it.
    pub(crate) async fn run_async(
        self,
        function: fn(&mut Call<'_>) -> Result<Pending, Failure>,
    ) -> Result<Tail, Failure> {
        self.begin();
        let pending = function(&mut self.call())?;
        let reply = pending.await?;
        output::deliver(reply, &self.session, self.form).await
    }

    /// A synchronous command where it must not leave the runtime: on the console's and on the helper's thread.
    pub(crate) async fn run_here(
        self,
        function: fn(&mut Call<'_>) -> Result<Reply, Failure>,
    ) -> Result<Tail, Failure> {
        self.begin();
        let reply = function(&mut self.call())?;
        output::deliver(reply, &self.session, self.form).await
    }

    pub(crate) fn label(&self) -> String {
        format!("`{}` (session {})", self.command.name, self.session.id())
    }

    /// Whether the command is synchronous, and its function.
    pub(crate) fn function(&self) -> Run {
        self.command.run
    }

    fn begin(&self) {
        self.session.run().begun.store(true, Ordering::Relaxed);
    }

    fn call(&self) -> Call<'_> {
        Call::new(self.command, &self.arguments, &self.states, &self.session, self.form)
    }
}

/// What a panic says.
pub(crate) fn panicked(payload: Box<dyn Any + Send>) -> Failure {
    let text = match payload.downcast_ref::<&str>() {
        Some(text) => (*text).to_owned(),
        None => payload.downcast_ref::<String>().cloned().unwrap_or_else(|| "without a message".to_owned()),
    };
    // A payload's own Drop may panic again.
    let _ = catch_unwind(AssertUnwindSafe(|| drop(payload)));
    Failure::panicked(text)
}
