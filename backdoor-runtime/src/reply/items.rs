//! Answers in pieces that are made as fast as they are read: rows of tables, and text between them.

use std::collections::VecDeque;
use std::fmt::{self, Write};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use serde_core::Serialize;
use tokio::sync::mpsc;

use crate::base::race::{First, race};
use crate::{CommandOutput, Page, Value};

/// How many items are made before they are read.
const AHEAD: usize = 64;

/// A column: its name and its contents.
pub(crate) type Field = (&'static str, Value);

/// One piece, whose value and text are made on demand.
pub(crate) struct Item(Box<dyn CommandOutput + Send>);

/// Pieces in the order in which they are made.
pub(crate) struct Items {
    ready: VecDeque<Item>,
    more: Option<mpsc::Receiver<Item>>,
}

/// The receiving side.
pub(crate) struct Sender(mpsc::Sender<Item>);

/// The receiver has stopped reading.
pub(crate) struct Gone;

/// Makes pieces in a separate task.
pub(crate) fn produce<F, M>(make: M) -> Items
where
    M: FnOnce(Sender) -> F + Send + 'static,
    F: Future<Output = Result<(), Gone>> + Send + 'static,
{
    let (sender, more) = mpsc::channel(AHEAD);
    tokio::spawn(make(Sender(sender)));
    Items { ready: VecDeque::new(), more: Some(more) }
}

impl Sender {
    pub(crate) async fn send(&self, item: Item) -> Result<(), Gone> {
        self.0.send(item).await.map_err(|_| Gone)
    }

    pub(crate) async fn send_all(&self, items: Vec<Item>) -> Result<(), Gone> {
        for item in items {
            self.send(item).await?;
        }
        Ok(())
    }

    /// Continues as long as the receiver reads. Otherwise the work is dropped at its `.await`.
    pub(crate) async fn while_read<F: Future>(&self, work: F) -> Result<F::Output, Gone> {
        match race(work, self.0.closed()).await {
            First::Left(done) => Ok(done),
            First::Right(()) => Err(Gone),
        }
    }
}

impl Items {
    pub(crate) fn of(items: impl IntoIterator<Item = Item>) -> Self {
        Self { ready: items.into_iter().collect(), more: None }
    }
}

impl Stream for Items {
    type Item = Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Item>> {
        match (self.ready.pop_front(), &mut self.more) {
            (Some(item), _) => Poll::Ready(Some(item)),
            (None, Some(more)) => more.poll_recv(context),
            (None, None) => Poll::Ready(None),
        }
    }
}

/// Rows of one table: with all fields for a program, and with these columns for a person, as `show` writes them.
pub(crate) fn rows_shown<T: Serialize>(
    all: &[T],
    columns: impl Fn(&T) -> Vec<Field>,
    show: impl Fn(&mut Page<'_>, &[Value]) -> fmt::Result + Send + 'static,
) -> Vec<Item> {
    let table: Vec<Value> = all.iter().map(|row| Value::record(columns(row))).collect();
    let mut rows = all.iter().map(Value::of);
    let first = rows.next().map(|row| Item::shown(row, move |page| show(page, &table)));
    // The others are shown together with the first.
    first.into_iter().chain(rows.map(|row| Item::shown(row, |_| Ok(())))).collect()
}

impl Item {
    pub(crate) fn of(output: impl CommandOutput + Send + 'static) -> Self {
        Self(Box::new(output))
    }

    pub(crate) fn shown(value: Value, show: impl Fn(&mut Page<'_>) -> fmt::Result + Send + 'static) -> Self {
        Self::of(Shown { value, show })
    }

    /// One line.
    pub(crate) fn note(text: String, value: Value) -> Self {
        Self::shown(value, move |page| writeln!(page, "{text}"))
    }
}

impl CommandOutput for Item {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        self.0.text(page)
    }

    fn value(&self) -> Value {
        self.0.value()
    }
}

struct Shown<S> {
    value: Value,
    show: S,
}

impl<S: Fn(&mut Page<'_>) -> fmt::Result> CommandOutput for Shown<S> {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        (self.show)(page)
    }

    fn value(&self) -> Value {
        self.value.clone()
    }
}
