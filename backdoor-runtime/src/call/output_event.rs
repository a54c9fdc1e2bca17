//! The output of a run, in pieces on their way to the session.

use tokio::sync::oneshot;

use crate::reply::Value;

/// A piece of a run's output, on its way to the session.
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

/// The kind of a piece.
#[derive(Debug)]
pub(crate) enum Output {
    /// Text that the command printed.
    Printed(String),
    /// Text of the reply. Printed text may only be inserted at a boundary.
    Reply { text: String, boundary: bool },
    /// The reply as a value, for tests.
    Value(Value),
    /// The console's message about the run.
    Notice(String),
    /// A question to the operator. The sender gets whether the answer is yes.
    Question { text: String, answer: oneshot::Sender<bool> },
}
