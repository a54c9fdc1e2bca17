//! A typed line: to words with byte offsets, to a command, to arguments bound to its parameters; with errors that underline the word.

mod bind;
mod request;
pub(crate) mod words;

pub(crate) use request::{Asked, read};
