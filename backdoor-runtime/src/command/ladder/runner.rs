//! The call of a command behind one trait object for all of the same signature: its arguments' types, its function as a pointer,
//! and the types of its reply's rungs.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::command::arguments::Call;
use crate::command::ladder::Reply;
use crate::command::ladder::probe::Probe;
use crate::command::ladder::show::{Blocking, ItemSteps, Show, Spawned, Steps};
use crate::command::param::Take;
use crate::dispatch::failure::Failure;
use crate::reply::{Form, Rendered};

/// A synchronous command.
pub trait Run: Sync {
    /// Takes the arguments, calls the function and shows the reply.
    fn run(&self, call: &mut Call<'_>) -> Result<Reply, Failure>;
}

/// An asynchronous command.
pub trait RunAsync: Sync {
    /// Takes the arguments and gives the future, or nothing where the call is a rehearsal.
    fn begin(&self, call: &mut Call<'_>) -> Result<Option<Pin<Box<dyn Pending>>>, Failure>;

    /// Polls the future that this gave, and shows the reply.
    fn poll(
        &self,
        pending: Pin<&mut dyn Pending>,
        context: &mut Context<'_>,
        form: Form,
    ) -> Poll<Result<Reply, Failure>>;
}

/// The author's future, without its type.
pub trait Pending: Send {
    /// Polls it. What it gives is put into `reply`, which is an empty `Option` of its type.
    fn poll_into(self: Pin<&mut Self>, context: &mut Context<'_>, reply: &mut dyn Any) -> Poll<()>;
}

impl<F> Pending for F
where
    F: Future<Output: 'static> + Send,
{
    fn poll_into(self: Pin<&mut Self>, context: &mut Context<'_>, reply: &mut dyn Any) -> Poll<()> {
        self.poll(context).map(|value| put(value, reply))
    }
}

fn put<R: 'static>(value: R, reply: &mut dyn Any) {
    *reply.downcast_mut::<Option<R>>().expect("the runner of a future knows what it gives") = Some(value);
}

/// A future in its box, which still says what it gives.
pub struct Boxed<R>(Pin<Box<dyn Pending>>, PhantomData<fn() -> R>);

/// Boxes the future of an `async fn`.
pub fn boxed<F>(future: F) -> Boxed<F::Output>
where
    F: Future<Output: 'static> + Send + 'static,
{
    Boxed(Box::pin(future), PhantomData)
}

/// A function, with what is needed to call it. `T` takes its arguments, `F` is what it gives, `S` shows its reply.
pub struct Runner<T: Take, F, S> {
    takers: T,
    function: fn(T::Values) -> F,
    show: PhantomData<fn() -> S>,
}

/// The runner of an `fn`. The ladder is climbed by the compiler alone: what it gives are types.
pub const fn runner<T: Take, R, S: Show<R, Blocking>>(
    takers: T,
    function: fn(T::Values) -> R,
    _ladder: fn(Probe<R, Blocking>) -> S,
) -> Runner<T, R, S> {
    Runner { takers, function, show: PhantomData }
}

/// The runner of an `async fn`.
pub const fn runner_async<T: Take, R, S: Show<R, Spawned>>(
    takers: T,
    function: fn(T::Values) -> Boxed<R>,
    _ladder: fn(Probe<R, Spawned>) -> S,
) -> Runner<T, Boxed<R>, S> {
    Runner { takers, function, show: PhantomData }
}

/// The rungs that were found, as one type.
pub fn steps<A, B, C, P, M, D, E, Q, N>(
    _steps: (A, B, C),
    _reply: (P, M),
    _items: (D, E),
    _item: (Q, N),
) -> Steps<A, B, C, P, M, ItemSteps<D, E, Q, N>> {
    unreachable!("it is asked for its type alone")
}

impl<T: Take, R, S: Show<R, Blocking>> Run for Runner<T, R, S> {
    fn run(&self, call: &mut Call<'_>) -> Result<Reply, Failure> {
        let values = self.takers.take(call)?;
        if call.is_rehearsal() {
            return Ok(Reply::Done(Rendered::NOTHING));
        }
        S::show((self.function)(values), &mut Blocking::new(call))
    }
}

impl<T: Take, R: 'static, S: Show<R, Spawned>> RunAsync for Runner<T, Boxed<R>, S> {
    fn begin(&self, call: &mut Call<'_>) -> Result<Option<Pin<Box<dyn Pending>>>, Failure> {
        let values = self.takers.take(call)?;
        Ok((!call.is_rehearsal()).then(|| (self.function)(values).0))
    }

    fn poll(
        &self,
        pending: Pin<&mut dyn Pending>,
        context: &mut Context<'_>,
        form: Form,
    ) -> Poll<Result<Reply, Failure>> {
        let mut reply = None::<R>;
        ready!(pending.poll_into(context, &mut reply));
        let reply = reply.expect("a future that is ready has given its reply");
        Poll::Ready(S::show(reply, &mut Spawned::new(form)))
    }
}

impl dyn RunAsync {
    /// The reply of a future that this gave.
    pub(crate) async fn reply(
        &self,
        mut pending: Pin<Box<dyn Pending>>,
        form: Form,
    ) -> Result<Reply, Failure> {
        poll_fn(|context| self.poll(pending.as_mut(), context, form)).await
    }
}
