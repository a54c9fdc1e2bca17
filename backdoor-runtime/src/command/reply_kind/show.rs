//! Turns a reply of any type into output: combines the kinds that were selected for a type, and applies them.

use std::borrow::Cow;
use std::convert::Infallible;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use crate::Session;
use crate::call::failure::Failure;
use crate::call::reply::Reply;
use crate::command::arguments::Call;
use crate::command::reply_kind::error::{Fails, ReplyError};
use crate::command::reply_kind::kinds::{ByItself, InStream, InTurn, InTurns, Machine, Text};
use crate::reply::{Form, Rendered, Value, wrap};

/// Shows a reply of type `R` of a function that was called in mode `M`.
pub trait Show<R, M> {
    /// Turns the reply into the requested form, and drops it.
    fn show(reply: R, mode: &mut M) -> Result<Reply, Failure>;
}

/// A reply whose pieces a task of the console takes one by one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be streamed to the operator",
    label = "not `Send` and `'static`",
    note = "a stream, or an iterator from an `async fn`, moves to another thread: it must be `Send` and own its data; collect it into a `Vec` instead"
)]
pub trait InPieces: Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Send + 'static> InPieces for T {}

/// The mode of a synchronous command, whose iterators run on the calling thread.
pub struct Blocking {
    session: Session,
    form: Form,
}

/// The mode of an asynchronous command, whose iterators become streams.
pub struct Spawned {
    form: Form,
    /// Whether this is one of several pieces, not a whole reply.
    is_item: bool,
}

/// The form of replies in a mode.
pub trait Mode {
    /// The requested form.
    fn form(&self) -> Form;

    /// Whether this is one of several pieces: an empty item has no output.
    fn is_item(&self) -> bool {
        false
    }
}

impl Blocking {
    pub(crate) fn new(call: &Call<'_>) -> Self {
        Self { session: call.session().clone(), form: call.form() }
    }
}

impl Spawned {
    pub(crate) fn new(form: Form) -> Self {
        Self { form, is_item: false }
    }
}

impl Mode for Blocking {
    fn form(&self) -> Form {
        self.form
    }
}

impl Mode for Spawned {
    fn form(&self) -> Form {
        self.form
    }

    fn is_item(&self) -> bool {
        self.is_item
    }
}

/// The results for a reply: its layers and its kind, and the same for its items.
impl<T, M, L, R, I> Show<T, M> for ((L, R), I)
where
    (L, (R, I)): Show<T, M>,
{
    fn show(reply: T, mode: &mut M) -> Result<Reply, Failure> {
        <(L, (R, I))>::show(reply, mode)
    }
}

/// A type that wraps a reply.
pub trait Layer {
    /// The type of the reply inside.
    type Inside;
    /// The type of the error.
    type Error;
    /// The reply inside, nothing, or the error.
    fn open(self) -> Result<Option<Self::Inside>, Self::Error>;
}

impl<T, E> Layer for Result<T, E> {
    type Inside = T;
    type Error = E;

    fn open(self) -> Result<Option<T>, E> {
        self.map(Some)
    }
}

impl<T> Layer for Option<T> {
    type Inside = T;
    type Error = Infallible;

    fn open(self) -> Result<Option<T>, Infallible> {
        Ok(self)
    }
}

/// Removes one layer, then applies `L`. The error is shown by `K`.
pub struct Through<L, K>(PhantomData<fn() -> (L, K)>);

/// No layer is left.
pub struct AsItIs;

impl<T, L, K, S, M> Show<T, M> for (Through<L, K>, S)
where
    T: Layer<Error: ReplyError>,
    K: Fails<T::Error>,
    M: Mode,
    (L, S): Show<T::Inside, M>,
{
    fn show(reply: T, mode: &mut M) -> Result<Reply, Failure> {
        match reply.open() {
            Ok(Some(inside)) => <(L, S)>::show(inside, mode),
            Ok(None) if mode.is_item() => Ok(Reply::Done(Rendered::NOTHING)),
            Ok(None) => Ok(Reply::Done(Rendered::none())),
            Err(error) => Err(K::failure(error)),
        }
    }
}

impl<T, M, S: Show<T, M>> Show<T, M> for (AsItIs, S) {
    fn show(reply: T, mode: &mut M) -> Result<Reply, Failure> {
        S::show(reply, mode)
    }
}

/// One reply, or one item: its kind of text for a person, and its kind of value for a program.
pub struct Whole<P, M>(PhantomData<fn() -> (P, M)>);

impl<P, M> Whole<P, M> {
    fn render<T>(reply: &T, form: Form) -> Reply
    where
        P: Text<T>,
        M: Machine<T>,
    {
        let text = if form.text { P::text(reply, form) } else { None };
        let mut value = if form.wants_value() || text.is_none() { M::value(reply, form) } else { None };
        if value.is_none() && form.wants_value() {
            let seen = text.clone().filter(|_| form.width.is_none());
            let seen = seen.or_else(|| P::text(reply, Form { width: None, ..form }));
            value = seen.map(|text| (Value::Text(text), true));
        }
        let (value, is_whole) = value.unzip();
        Reply::Done(Rendered { text, value, is_whole: is_whole.unwrap_or(true), raw: P::is_raw(reply) })
    }
}

impl<T, P: Text<T>, M: Machine<T>, X: Mode> Show<T, X> for Whole<P, M> {
    fn show(reply: T, mode: &mut X) -> Result<Reply, Failure> {
        Ok(Self::render(&reply, mode.form()))
    }
}

impl<T, P: Text<T>, M: Machine<T>, I, X: Mode> Show<T, X> for (Whole<P, M>, I) {
    fn show(reply: T, mode: &mut X) -> Result<Reply, Failure> {
        Whole::<P, M>::show(reply, mode)
    }
}

impl<I, X: Mode> Show<String, X> for (ByItself, I) {
    fn show(reply: String, mode: &mut X) -> Result<Reply, Failure> {
        let form = mode.form();
        if form.width.is_none() {
            return Ok(Reply::Done(Rendered { text: Some(reply), value: None, is_whole: true, raw: false }));
        }
        // Text with line breaks for a terminal is not the value.
        let value = form.kept.then(|| Value::Text(reply.clone()));
        let text = match wrap::lines(&reply, form.width.filter(|_| form.text)) {
            Cow::Borrowed(_) => reply,
            Cow::Owned(broken) => broken,
        };
        Ok(Reply::Done(Rendered { text: Some(text), value, is_whole: true, raw: false }))
    }
}

impl<R, T, I, X: Mode> Show<R, X> for (InStream<T>, I)
where
    R: Stream<Item = T> + InPieces,
    T: 'static,
    I: Show<T, Spawned> + 'static,
{
    fn show(reply: R, mode: &mut X) -> Result<Reply, Failure> {
        Ok(shown::<T, I>(Box::pin(reply), mode.form()))
    }
}

impl<R, T, I, X: Mode> Show<R, X> for (InTurns<T>, I)
where
    R: Iterator<Item = T> + InPieces,
    T: 'static,
    I: Show<T, Spawned> + 'static,
{
    fn show(reply: R, mode: &mut X) -> Result<Reply, Failure> {
        Ok(shown::<T, I>(Box::pin(Turns(Box::new(reply))), mode.form()))
    }
}

impl<T, R, I> Show<R, Blocking> for (InTurn<T>, I)
where
    R: Iterator<Item = T>,
    I: Show<T, Spawned>,
{
    fn show(reply: R, mode: &mut Blocking) -> Result<Reply, Failure> {
        let form = mode.form();
        let pieces = Box::new(reply.map(|item| piece::<T, I>(item, form)));
        crate::call::output::drive(&mode.session, form, pieces)
    }
}

fn piece<T, I: Show<T, Spawned>>(item: T, form: Form) -> Result<Rendered, Failure> {
    match I::show(item, &mut Spawned { form, is_item: true })? {
        Reply::Done(rendered) => Ok(rendered),
        Reply::Stream(_) | Reply::Sent(_) => Ok(Rendered::NOTHING),
    }
}

fn shown<T: 'static, I: Show<T, Spawned> + 'static>(
    stream: Pin<Box<dyn Stream<Item = T> + Send>>,
    form: Form,
) -> Reply {
    Reply::Stream(Box::pin(Shown { stream, show: PhantomData::<fn() -> I>, form }))
}

/// A stream of replies as a stream of their output.
struct Shown<T, I> {
    stream: Pin<Box<dyn Stream<Item = T> + Send>>,
    show: PhantomData<fn() -> I>,
    form: Form,
}

impl<T, I: Show<T, Spawned>> Stream for Shown<T, I> {
    type Item = Result<Rendered, Failure>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(self.stream.as_mut().poll_next(context));
        Poll::Ready(item.map(|item| piece::<T, I>(item, self.form)))
    }
}

/// An iterator of an asynchronous command as a stream. It yields to other tasks after each item.
pub(crate) struct Turns<I>(pub(crate) Box<I>);

impl<I: Iterator> Stream for Turns<I> {
    type Item = I::Item;

    fn poll_next(mut self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.next())
    }
}
