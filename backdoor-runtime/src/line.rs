//! A typed line: to words with byte offsets, to a command, to arguments bound to its parameters; with errors that underline the word.

mod bind;
mod complete;
mod request;
mod typographic;
pub(crate) mod words;

pub use complete::Candidate;
pub(crate) use complete::{Completion, Provider, complete};
pub(crate) use request::{Asked, read};
