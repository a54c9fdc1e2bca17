//! The text that a reply has written before it panics is sent.

use std::sync::atomic::Ordering;
use std::thread;

use crate::call::output_event::Output;
use crate::call::session::Session;
use crate::call::written::take_part;

/// While this exists, a panic of the reply's writer sends the text written so far.
pub(crate) struct Salvage<'a>(pub(crate) &'a Session);

impl Drop for Salvage<'_> {
    fn drop(&mut self) {
        if !thread::panicking() {
            return;
        }
        let part = take_part();
        let run = self.0.link.run();
        if part.is_empty() {
            return;
        }
        // In a line of JSON it is the printed text before the error. Without room for it, only the error is sent.
        match run.json.load(Ordering::Relaxed) {
            true => _ = self.0.link.try_notice(Output::Printed(part)),
            false => run.held.push_text(&part),
        }
    }
}
