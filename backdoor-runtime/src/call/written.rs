//! Text that code of the author is writing: if it panics, the text so far may show the cause.

use std::cell::Cell;
use std::thread;

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

/// The text so far of the code of the author that panicked last on this thread.
#[cfg(feature = "console")]
pub(super) fn take_part() -> String {
    PART.try_with(Cell::take).unwrap_or_default()
}
