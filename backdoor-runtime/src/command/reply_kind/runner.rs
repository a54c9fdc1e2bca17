//! The call of a command behind one trait object, and the type-erased future of an asynchronous one.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::call::failure::Failure;
use crate::call::reply::Reply;
use crate::command::arguments::Call;
use crate::command::reply_kind::show::{Show, Spawned};
use crate::reply::Form;

/// A synchronous command.
pub trait Run: Sync {
    /// Extracts the arguments, calls the function and shows the reply.
    fn run(&self, call: &mut Call<'_>) -> Result<Reply, Failure>;
}

/// An asynchronous command.
pub trait RunAsync: Sync {
    /// Extracts the arguments and returns the future; nothing for a rehearsal.
    fn begin(&self, call: &mut Call<'_>) -> Result<Option<Pin<Box<dyn Pending>>>, Failure>;

    /// Polls the future that `begin` returned, and shows the reply.
    fn poll(
        &self,
        pending: Pin<&mut dyn Pending>,
        context: &mut Context<'_>,
        form: Form,
    ) -> Poll<Result<Reply, Failure>>;
}

/// The author's future, type-erased.
pub trait Pending: Send {
    /// Polls it, and puts its output into `reply`, which is an empty `Option` of its type.
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

/// A boxed future that keeps the type of its output.
pub struct Boxed<R>(pub(super) Pin<Box<dyn Pending>>, PhantomData<fn() -> R>);

/// Boxes the future of an `async fn`.
pub fn boxed<F>(future: F) -> Boxed<F::Output>
where
    F: Future<Output: 'static> + Send + 'static,
{
    Boxed(Box::pin(future), PhantomData)
}

/// Polls a boxed future, and shows the reply by `S`.
pub(super) fn poll<R: 'static, S: Show<R, Spawned>>(
    pending: Pin<&mut dyn Pending>,
    context: &mut Context<'_>,
    form: Form,
) -> Poll<Result<Reply, Failure>> {
    let mut reply = None::<R>;
    ready!(pending.poll_into(context, &mut reply));
    let reply = reply.expect("a future that is ready has given its reply");
    Poll::Ready(S::show(reply, &mut Spawned::new(form)))
}

impl dyn RunAsync {
    /// The reply of a future that `begin` returned.
    pub(crate) async fn reply(
        &self,
        mut pending: Pin<Box<dyn Pending>>,
        form: Form,
    ) -> Result<Reply, Failure> {
        poll_fn(|context| self.poll(pending.as_mut(), context, form)).await
    }
}
