//! What a command's function leaves to be sent.

use std::pin::Pin;

use futures_core::Stream;

use crate::call::failure::Failure;
use crate::reply::Rendered;

/// The remaining work after a command's function has returned.
pub enum Reply {
    /// Sending the reply.
    Done(Rendered),
    /// Polling a stream to its end, on a runtime.
    Stream(Pieces),
    /// Only the end: the reply was sent in pieces.
    Sent(Trailer),
}

/// The items of a reply that comes in pieces.
pub(crate) type Pieces = Pin<Box<dyn Stream<Item = Result<Rendered, Failure>> + Send>>;

/// The rest of an answer when a run has ended: small enough for one write with the prompt.
#[derive(Debug, Default)]
pub struct Trailer(pub(crate) String);
