//! The text that a reply has written before it panics: it may show the cause.

use std::cell::Cell;
use std::sync::atomic::Ordering;
use std::thread;

use crate::call::output_event::Output;
use crate::call::session::Session;

thread_local! {
    /// The text, on its way from the frame that wrote it to the frame that has the session.
    static PART: Cell<String> = const { Cell::new(String::new()) };
}

/// Text that code of the author is writing.
#[derive(Default)]
pub(crate) struct Written(pub(crate) String);

impl Written {
    /// The text is complete.
    pub(crate) fn done(mut self) -> String {
        std::mem::take(&mut self.0)
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        if !self.0.is_empty() && thread::panicking() {
            let part = std::mem::take(&mut self.0);
            // If the thread's locals are destroyed, no reader is left either.
            let _ = PART.try_with(|kept| kept.set(part));
        }
    }
}

/// While this exists, a panic of the reply's writer sends the text written so far.
pub(crate) struct Salvage<'a>(pub(crate) &'a Session);

impl Drop for Salvage<'_> {
    fn drop(&mut self) {
        if !thread::panicking() {
            return;
        }
        let part = PART.try_with(Cell::take).unwrap_or_default();
        let run = self.0.run();
        if part.is_empty() {
            return;
        }
        // In a line of JSON it is the printed text before the error. Without room for it, only the error is sent.
        match run.json.load(Ordering::Relaxed) {
            true => _ = self.0.try_notice(Output::Printed(part)),
            false => run.held.push_text(&part),
        }
    }
}
