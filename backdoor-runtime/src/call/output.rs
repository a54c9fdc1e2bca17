//! Sends a reply, whole or in pieces as they become ready. It runs where the command runs.

use std::future::poll_fn;
use std::sync::atomic::Ordering;
use std::task::Poll;

use crate::call::budget::OutputBudget;
use crate::call::chunks::{PIECE, pieces};
use crate::call::failure::Failure;
use crate::call::output_event::Output;
use crate::call::print_error::PrintError;
use crate::call::reply::{Pieces, Reply, Trailer};
use crate::call::run_state::Stop;
use crate::call::session::Session;
use crate::reply::{Form, Rendered, Value, json};

/// Items after which an always ready stream lets other tasks run.
const ITEMS_IN_A_ROW: usize = 64;

/// Sends a reply on a thread where waiting for its reader delays nothing else.
pub(crate) async fn deliver(reply: Reply, session: &Session, form: Form) -> Result<Trailer, Failure> {
    match reply {
        Reply::Done(rendered) => send_whole(whole(rendered, form, session), session).await,
        Reply::Stream(stream) => deliver_stream(stream, session, form).await,
        Reply::Sent(tail) => Ok(tail),
    }
}

/// The same on a thread that may wait.
pub(crate) fn deliver_blocking(
    rendered: Rendered,
    session: &Session,
    form: Form,
) -> Result<Trailer, Failure> {
    let WholeReply { value, text, boundary, tail } = whole(rendered, form, session);
    if let Some(value) = value {
        session.link.send_blocking(value).map_err(|error| gone(session, error))?;
    }
    send_reply_blocking(session, text, boundary)?;
    Ok(tail)
}

/// The reply if it needs no waiting and no code of the author, or the remaining work.
pub(crate) fn at_once(reply: Reply, session: &Session, form: Form) -> Result<Trailer, Unsent> {
    match reply {
        Reply::Done(rendered) => match whole(rendered, form, session) {
            WholeReply { value: None, text, tail, .. } if text.is_empty() => Ok(tail),
            whole => Err(Unsent::WholeReply(whole)),
        },
        Reply::Sent(tail) => Ok(tail),
        reply @ Reply::Stream(_) => Err(Unsent::Reply(reply)),
    }
}

/// Sends a reply that has to wait for its reader, or for its own items.
pub(crate) enum Unsent {
    WholeReply(WholeReply),
    Reply(Reply),
}

impl Unsent {
    pub(crate) async fn deliver(self, session: &Session, form: Form) -> Result<Trailer, Failure> {
        match self {
            Self::WholeReply(whole) => send_whole(whole, session).await,
            Self::Reply(reply) => deliver(reply, session, form).await,
        }
    }
}

async fn send_whole(whole: WholeReply, session: &Session) -> Result<Trailer, Failure> {
    let WholeReply { value, text, boundary, tail } = whole;
    if let Some(value) = value {
        session.link.send(value).await.map_err(|error| gone(session, error))?;
    }
    send_reply(session, text, boundary).await?;
    Ok(tail)
}

/// Sends the items of a synchronous command's iterator.
pub(crate) fn drive<'a>(
    session: &Session,
    form: Form,
    mut items: Box<dyn Iterator<Item = Result<Rendered, Failure>> + 'a>,
) -> Result<Reply, Failure> {
    let mut roll = ReplyWriter::new(session, form);
    for item in &mut items {
        if session.is_cancelled() {
            return Err(gone(session, PrintError::Cancelled));
        }
        roll.push(item?);
        if roll.is_cut() {
            break;
        }
        // The items so far are sent at once, because the next item may take any time.
        send_reply_blocking(session, session.link.run().held.take_ready(), true)?;
    }
    // Its `Drop` is the last code of the author that may fail, so it runs before the end is sent.
    drop(items);
    let End { rest, tail, values } = roll.end();
    send_reply_blocking(session, rest, true)?;
    if let Some(values) = values {
        session.link.send_blocking(values).map_err(|error| gone(session, error))?;
    }
    Ok(Reply::Sent(tail))
}

async fn deliver_stream(mut stream: Pieces, session: &Session, form: Form) -> Result<Trailer, Failure> {
    let held = &session.link.run().held;
    let mut roll = ReplyWriter::new(session, form);
    let mut in_a_row = 0;
    loop {
        let item = match poll_fn(|context| Poll::Ready(stream.as_mut().poll_next(context))).await {
            Poll::Ready(item) => item,
            Poll::Pending => {
                send_reply(session, held.take_ready(), true).await?;
                in_a_row = 0;
                poll_fn(|context| stream.as_mut().poll_next(context)).await
            }
        };
        match item {
            Some(item) => roll.push(item?),
            None => break,
        }
        if roll.is_cut() {
            break;
        }
        if held.ready() >= PIECE {
            send_reply(session, held.take_ready(), true).await?;
        }
        in_a_row += 1;
        if in_a_row >= ITEMS_IN_A_ROW {
            send_reply(session, held.take_ready(), true).await?;
            tokio::task::yield_now().await;
            in_a_row = 0;
        }
    }
    drop(stream);
    let End { rest, tail, values } = roll.end();
    send_reply(session, rest, true).await?;
    if let Some(values) = values {
        session.link.send(values).await.map_err(|error| gone(session, error))?;
    }
    Ok(tail)
}

/// A whole reply as it is sent.
pub(crate) struct WholeReply {
    /// The value, for tests.
    value: Option<Output>,
    /// The text to send now.
    text: String,
    /// Whether it ends at the end of an item.
    boundary: bool,
    /// The end, small enough to be sent with the prompt.
    tail: Trailer,
}

fn whole(rendered: Rendered, form: Form, session: &Session) -> WholeReply {
    session.link.run().raw.store(rendered.raw, Ordering::Relaxed);
    let room = &session.link.run().held.room;
    let form = Form { room: room.left(), ..form };
    let value = form.kept.then(|| Output::Value(rendered.clone().into_value()));
    let is_whole = rendered.is_whole;
    let mut text = if form.text {
        let mut text = rendered.into_text(form);
        room.take(&mut text, 0);
        text
    } else {
        line_of(&rendered.into_value(), is_whole, room)
    };
    if !is_whole {
        room.cut();
    }
    if !form.text && room.is_cut() {
        // Sent alone: the end of the list follows, and reports it.
        return WholeReply { value, text, boundary: true, tail: Trailer::default() };
    }
    let tail = match text.len() {
        ..=PIECE => Trailer(std::mem::take(&mut text)),
        length => Trailer(text.split_off(text.floor_char_boundary(length - PIECE))),
    };
    WholeReply { value, text, boundary: false, tail }
}

/// A value as JSON. A list that is too long is cut after the items that have room, without its end; any other value is left out.
fn line_of(value: &Value, is_whole: bool, room: &OutputBudget) -> String {
    let mut line = String::new();
    let Value::List(items) = value else {
        if !is_whole {
            return line;
        }
        json::write_within(value, room.left(), &mut line);
        return if room.take_whole(line.len()) { line } else { String::new() };
    };
    for item in items {
        let before = line.len();
        line.push(if before == 0 { '[' } else { ',' });
        json::write_within(item, room.left().saturating_add(before), &mut line);
        if !room.take_whole(line.len() - before) {
            line.truncate(before);
            return line;
        }
    }
    if is_whole {
        line.push_str(if items.is_empty() { "[]" } else { "]" });
    }
    line
}

async fn send_reply(session: &Session, text: String, boundary: bool) -> Result<(), Failure> {
    let mut pieces = pieces(text).peekable();
    while let Some(text) = pieces.next() {
        let boundary = boundary && pieces.peek().is_none();
        session.link.send(Output::Reply { text, boundary }).await.map_err(|error| gone(session, error))?;
    }
    Ok(())
}

fn send_reply_blocking(session: &Session, text: String, boundary: bool) -> Result<(), Failure> {
    let mut pieces = pieces(text).peekable();
    while let Some(text) = pieces.next() {
        let boundary = boundary && pieces.peek().is_none();
        session.link.send_blocking(Output::Reply { text, boundary }).map_err(|error| gone(session, error))?;
    }
    Ok(())
}

/// Why a reply could not be sent. The run is stopped with the same reason, so that the operator reads it.
fn gone(session: &Session, error: PrintError) -> Failure {
    match error {
        PrintError::Closed => session.link.run().stop(Stop::Disconnected),
        PrintError::Cancelled | PrintError::Truncated => {}
        PrintError::OnWorker => {
            let message = "the answer is longer than 256 KiB, and this thread cannot wait for the reader; make the command `async`";
            return Failure::failed(message.to_owned());
        }
    }
    Failure::cancelled(error.to_string())
}

/// The items of a reply in pieces, in the wanted form. Unsent items are kept in the run, where they survive a panic.
struct ReplyWriter<'a> {
    session: &'a Session,
    form: Form,
    first: bool,
}

impl<'a> ReplyWriter<'a> {
    fn new(session: &'a Session, form: Form) -> Self {
        Self { session, form, first: true }
    }

    fn push(&mut self, item: Rendered) {
        let run = self.session.link.run();
        let first = std::mem::take(&mut self.first);
        if self.form.kept {
            run.held.keep(item.clone().into_value());
        }
        let is_whole = item.is_whole;
        if !self.form.text {
            let mut text = String::from(if first { '[' } else { ',' });
            if is_whole {
                json::write_within(&item.into_value(), run.held.room.left(), &mut text);
                run.held.push_text(&text);
            }
        } else if run.held.push(item, self.form) {
            // The dispatcher keeps the time, so that rows are not held back for long.
            run.attention.notify_one();
        }
        if !is_whole {
            run.held.room.cut();
        }
    }

    /// Whether the answer has reached its limit, so that no further item is wanted.
    fn is_cut(&self) -> bool {
        self.session.link.run().held.room.is_cut()
    }

    fn end(self) -> End {
        let mut rest = self.session.link.run().held.take_all();
        if self.first && self.form.text {
            // The same as for an empty list: an empty output would look like a command without an answer.
            rest.push_str(&Value::List(Vec::new()).to_text(None));
        }
        let values =
            self.form.kept.then(|| Output::Value(Value::List(self.session.link.run().held.take_values())));
        let tail = match self.form.text {
            // Sent alone, because nothing may be inserted after it.
            false => if self.first { "[]" } else { "]" }.to_owned(),
            true if rest.len() <= PIECE => std::mem::take(&mut rest),
            true => String::new(),
        };
        End { rest, tail: Trailer(tail), values }
    }
}

/// The end of the reply after all items.
struct End {
    rest: String,
    tail: Trailer,
    values: Option<Output>,
}
