//! What a run says, in pieces on their way to the session.

use tokio::sync::oneshot;

use crate::reply::Value;

/// A piece of what a run says, on its way to the session.
#[derive(Debug)]
pub(crate) struct OutputEvent {
    pub(crate) run: u64,
    /// Boxed, since every session keeps room for 32 pieces.
    pub(crate) what: Box<Output>,
}

impl OutputEvent {
    pub(crate) fn new(run: u64, what: Output) -> Self {
        Self { run, what: Box::new(what) }
    }
}

/// What a piece is.
#[derive(Debug)]
pub(crate) enum Output {
    /// Text that the command printed.
    Printed(String),
    /// Text of the reply. Only at a boundary may printed text be put in between.
    Reply { text: String, boundary: bool },
    /// The reply as a value, for tests.
    Value(Value),
    /// What the console has to say about the run.
    Notice(String),
    /// A question to the operator. Whether the answer is yes goes to the sender.
    Question { text: String, answer: oneshot::Sender<bool> },
}
