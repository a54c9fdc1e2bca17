//! A typed line: split into words with byte offsets, resolved to a command, and bound to its parameters; with errors that underline the
//! word.

mod bind;
mod complete;
mod request;
mod typographic;
pub(crate) mod words;

pub use complete::Candidate;
pub(crate) use complete::{Completion, Provider, complete};
pub(crate) use request::{Asked, read};
