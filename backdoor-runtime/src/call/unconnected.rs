//! Sessions without a console: there is none.
//!
//! It stands in for `link.rs` and `output.rs`.

use std::fmt;

use crate::call::failure::Failure;
use crate::call::print_error::PrintError;
use crate::call::reply::Reply;
use crate::call::session::Session;
use crate::reply::{Form, Rendered};

/// The peer and the run of a session: there is none.
#[derive(Clone)]
pub(crate) enum Link {}

impl Link {
    pub(crate) fn note_call(&self) {
        match *self {}
    }

    pub(super) fn id(&self) -> u64 {
        match *self {}
    }

    pub(super) fn run_id(&self) -> u64 {
        match *self {}
    }

    pub(super) fn peer(&self) -> &str {
        match *self {}
    }

    pub(super) fn uid(&self) -> Option<u32> {
        match *self {}
    }

    pub(super) fn size(&self) -> (Option<usize>, Option<usize>) {
        match *self {}
    }

    pub(super) fn is_cancelled(&self) -> bool {
        match *self {}
    }

    pub(super) async fn cancelled(&self) {
        match *self {}
    }

    pub(super) fn close(&self) {
        match *self {}
    }

    pub(super) fn written(&self, _text: fmt::Arguments<'_>) -> String {
        match *self {}
    }

    pub(super) async fn send_text(&self, _text: String) -> Result<(), PrintError> {
        match *self {}
    }

    pub(super) fn send_text_blocking(&self, _text: String) -> Result<(), PrintError> {
        match *self {}
    }
}

/// Sends the items of a synchronous command's iterator.
pub(crate) fn drive<'a>(
    session: &Session,
    _form: Form,
    _items: Box<dyn Iterator<Item = Result<Rendered, Failure>> + 'a>,
) -> Result<Reply, Failure> {
    match session.link {}
}
