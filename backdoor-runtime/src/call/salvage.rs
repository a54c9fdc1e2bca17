//! What a reply has written of itself when it panics: the part that is there may say what is wrong with the rest.

use std::cell::Cell;
use std::sync::atomic::Ordering;
use std::thread;

use crate::call::output_event::Output;
use crate::call::session::Session;

thread_local! {
    /// The part, on its way from the frame that wrote it to the one that knows the session.
    static PART: Cell<String> = const { Cell::new(String::new()) };
}

/// Text that code of the author's is writing.
#[derive(Default)]
pub(crate) struct Written(pub(crate) String);

impl Written {
    /// All of it is there.
    pub(crate) fn done(mut self) -> String {
        std::mem::take(&mut self.0)
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        if !self.0.is_empty() && thread::panicking() {
            let part = std::mem::take(&mut self.0);
            // Where the thread's locals are gone, so is who would read it.
            let _ = PART.try_with(|kept| kept.set(part));
        }
    }
}

/// Sends the part of a reply whose writing panics while this is there.
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
        // A line of JSON has it as what was printed in front of the error. Where there is no room for that, the error alone comes.
        match run.json.load(Ordering::Relaxed) {
            true => _ = self.0.try_notice(Output::Printed(part)),
            false => run.held.push_text(&part),
        }
    }
}
