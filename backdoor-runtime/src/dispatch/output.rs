//! From a reply to the pieces that are sent: whole, or in pieces as they become ready. It runs where the command runs.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Instant;

use crate::command::ladder::{Pieces, Reply};
use crate::dispatch::failure::Failure;
use crate::dispatch::session::{HOLD, PIECE, PrintError, Session, Stop, What, pieces};
use crate::reply::table::TableStream;
use crate::reply::{Form, Rendered, json};

/// What is left to send when a run has ended: small enough to go out in one write with the prompt.
#[derive(Debug, Default)]
pub(crate) struct Tail(pub(crate) String);

/// Items after which a stream that is always ready lets other tasks run.
const ITEMS_IN_A_ROW: usize = 64;

/// Sends a reply of an asynchronous command.
pub(crate) async fn deliver(reply: Reply, session: &Session, form: Form) -> Result<Tail, Failure> {
    match reply {
        Reply::Done(rendered) => {
            let Whole { value, text } = whole(rendered, form);
            if let Some(value) = value {
                session.send(value).await.map_err(|error| gone(session, error))?;
            }
            let (full, tail) = cut(text);
            for text in full {
                send_reply(session, text, false).await?;
            }
            Ok(tail)
        }
        Reply::Stream(stream) => deliver_stream(stream, session, form).await,
        Reply::Sent => Ok(Tail::default()),
    }
}

/// Sends a reply of a synchronous command. Its streams are polled elsewhere and never come here.
pub(crate) fn deliver_blocking(rendered: Rendered, session: &Session, form: Form) -> Result<Tail, Failure> {
    let Whole { value, text } = whole(rendered, form);
    if let Some(value) = value {
        session.send_blocking(value).map_err(|error| gone(session, error))?;
    }
    let (full, tail) = cut(text);
    for text in full {
        send_reply_blocking(session, text, false)?;
    }
    Ok(tail)
}

/// Sends the items of a synchronous command's iterator.
pub(crate) fn drive(
    session: &Session,
    form: Form,
    items: &mut dyn Iterator<Item = Result<Rendered, Failure>>,
) -> Result<Reply, Failure> {
    let mut roll = Roll::new(form);
    let mut ready = String::new();
    for item in items {
        if session.cancelled() {
            return Err(gone(session, PrintError::Cancelled));
        }
        let item = item.inspect_err(|_| {
            let _ = send_reply_blocking(session, roll.broken(), true);
        })?;
        roll.push(item, &mut ready);
        roll.flush_if_held_for_long(&mut ready);
        // What came is sent at once: nobody can tell how long the next item takes.
        if !ready.is_empty() {
            send_reply_blocking(session, std::mem::take(&mut ready), true)?;
        }
    }
    let (text, values) = roll.end();
    if let Some(values) = values {
        session.send_blocking(What::Value(values)).map_err(|error| gone(session, error))?;
    }
    send_reply_blocking(session, text, true)?;
    Ok(Reply::Sent)
}

async fn deliver_stream(mut stream: Pieces, session: &Session, form: Form) -> Result<Tail, Failure> {
    let run = session.run();
    let mut roll = Roll::new(form);
    let mut ready = String::new();
    let mut in_a_row = 0;
    loop {
        let item = poll_fn(|context| Poll::Ready(stream.as_mut().poll_next(context))).await;
        let item = match item {
            Poll::Ready(item) => item,
            Poll::Pending => {
                send_reply(session, std::mem::take(&mut ready), true).await?;
                in_a_row = 0;
                run.holding.store(roll.is_holding(), Ordering::Relaxed);
                run.attention.notify_one();
                let mut next = pin!(poll_fn(|context| stream.as_mut().poll_next(context)));
                let item = tokio::select! {
                    item = &mut next => item,
                    () = run.flush.notified() => {
                        roll.flush(&mut ready);
                        continue;
                    }
                };
                item
            }
        };
        match item {
            Some(Ok(item)) => roll.push(item, &mut ready),
            Some(Err(failure)) => {
                ready.push_str(&roll.broken());
                send_reply(session, ready, true).await?;
                return Err(failure);
            }
            None => break,
        }
        if ready.len() >= PIECE {
            send_reply(session, std::mem::take(&mut ready), true).await?;
        }
        in_a_row += 1;
        if in_a_row >= ITEMS_IN_A_ROW {
            roll.flush_if_held_for_long(&mut ready);
            tokio::task::yield_now().await;
            in_a_row = 0;
        }
    }
    let (text, values) = roll.end();
    send_reply(session, ready, true).await?;
    if let Some(values) = values {
        session.send(What::Value(values)).await.map_err(|error| gone(session, error))?;
    }
    send_reply(session, text, true).await?;
    Ok(Tail::default())
}

/// A whole reply as it is sent: the value for tests, and the text.
struct Whole {
    value: Option<What>,
    text: String,
}

fn whole(rendered: Rendered, form: Form) -> Whole {
    match form {
        Form { text: false, .. } => {
            let mut line = String::new();
            json::write(&rendered.into_value(), &mut line);
            Whole { value: None, text: line }
        }
        Form { value: false, width, .. } => Whole { value: None, text: rendered.into_text(width) },
        Form { width, .. } => {
            let value = rendered.value.clone().map(What::Value);
            Whole { value, text: rendered.into_text(width) }
        }
    }
}

/// Full pieces to send now, and what is small enough to be sent with the prompt.
fn cut(text: String) -> (Vec<String>, Tail) {
    let mut full: Vec<String> = pieces(text).collect();
    let tail = Tail(full.pop().unwrap_or_default());
    (full, tail)
}

async fn send_reply(session: &Session, text: String, boundary: bool) -> Result<(), Failure> {
    let mut pieces = pieces(text).peekable();
    while let Some(text) = pieces.next() {
        let boundary = boundary && pieces.peek().is_none();
        session.send(What::Reply { text, boundary }).await.map_err(|error| gone(session, error))?;
    }
    Ok(())
}

fn send_reply_blocking(session: &Session, text: String, boundary: bool) -> Result<(), Failure> {
    let mut pieces = pieces(text).peekable();
    while let Some(text) = pieces.next() {
        let boundary = boundary && pieces.peek().is_none();
        session.send_blocking(What::Reply { text, boundary }).map_err(|error| gone(session, error))?;
    }
    Ok(())
}

/// Why a reply could not be sent: the dispatcher knows better than the sender.
fn gone(session: &Session, error: PrintError) -> Failure {
    if error == PrintError::Closed {
        session.run().stop(Stop::Disconnected);
    }
    Failure::cancelled(error.to_string())
}

/// The items of a reply in pieces, in the form that is wanted.
enum Roll {
    /// An array on one line.
    Json {
        first: bool,
    },
    Text {
        table: TableStream,
        width: Option<usize>,
        held_since: Option<Instant>,
    },
    /// Both, for tests, where nothing is endless.
    Both {
        table: TableStream,
        width: Option<usize>,
        values: Vec<crate::Value>,
    },
}

impl Roll {
    fn new(form: Form) -> Self {
        let Form { text, value, width } = form;
        match (text, value) {
            (false, _) => Self::Json { first: true },
            (true, false) => Self::Text { table: TableStream::new(width), width, held_since: None },
            (true, true) => Self::Both { table: TableStream::new(width), width, values: Vec::new() },
        }
    }

    fn push(&mut self, item: Rendered, ready: &mut String) {
        match self {
            Self::Json { first } => {
                ready.push(if *first { '[' } else { ',' });
                *first = false;
                json::write(&item.into_value(), ready);
            }
            Self::Text { table, width, held_since } => {
                push_text(table, item, *width, ready);
                *held_since = table.is_holding().then(|| held_since.unwrap_or_else(Instant::now));
            }
            Self::Both { table, width, values } => {
                values.push(item.clone().into_value());
                push_text(table, item, *width, ready);
            }
        }
    }

    fn is_holding(&self) -> bool {
        matches!(self, Self::Text { table, .. } if table.is_holding())
    }

    fn flush_if_held_for_long(&mut self, ready: &mut String) {
        if matches!(self, Self::Text { held_since: Some(since), .. } if since.elapsed() >= HOLD) {
            self.flush(ready);
        }
    }

    fn flush(&mut self, ready: &mut String) {
        if let Self::Text { table, held_since, .. } = self {
            table.flush(ready);
            *held_since = None;
        }
    }

    /// What has to be sent before an error that ends the items.
    fn broken(&mut self) -> String {
        let mut text = String::new();
        self.flush(&mut text);
        text
    }

    /// The rest of the text, and the values for tests.
    fn end(self) -> (String, Option<crate::Value>) {
        let mut text = String::new();
        match self {
            Self::Json { first } => {
                text.push_str(if first { "[]" } else { "]" });
                (text, None)
            }
            Self::Text { mut table, .. } => {
                table.flush(&mut text);
                (text, None)
            }
            Self::Both { mut table, values, .. } => {
                table.flush(&mut text);
                (text, Some(crate::Value::List(values)))
            }
        }
    }
}

/// Rows go to the table, which holds the first of them back; text goes out as it is.
fn push_text(table: &mut TableStream, item: Rendered, width: Option<usize>, ready: &mut String) {
    match item {
        Rendered { text: None, value: Some(row) } => table.push(row, ready),
        other => {
            table.flush(ready);
            let text = other.into_text(width);
            if !text.is_empty() {
                ready.push_str(&text);
                if !text.ends_with('\n') {
                    ready.push('\n');
                }
            }
        }
    }
}
