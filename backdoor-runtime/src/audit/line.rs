//! The log record of a line: its end, and before that its begin if the line changes something or takes long. A wrong or refused line runs
//! nothing, and any peer can send any number of them: a few are logged each second, the others are counted. The same holds for lines that
//! only read, for each session.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::level_filters::LevelFilter;

use super::{Entry, Notes};
use crate::base::escape::escape_line;

/// How much of a line is logged, in bytes.
const MOST: usize = 256;

/// A line whose begin is not recorded yet.
pub(crate) struct Begin {
    notes: Notes,
    line: Arc<str>,
    /// Its command changes nothing.
    reads: bool,
    /// Its command may end the process.
    urgent: bool,
    is_told: AtomicBool,
}

impl Begin {
    pub(super) fn new(notes: Notes, line: Arc<str>, reads: bool, urgent: bool) -> Self {
        Self { notes, line, reads, urgent, is_told: AtomicBool::new(false) }
    }

    /// Its function is about to be called.
    pub(crate) fn called(&self, session: u64, peer: &Arc<str>) {
        if !self.reads {
            self.tell(session, peer);
        }
    }

    /// It has run for a while.
    pub(crate) fn lasts(&self, session: u64, peer: &Arc<str>) {
        self.tell(session, peer);
    }

    fn tell(&self, session: u64, peer: &Arc<str>) {
        if self.is_told.swap(true, Ordering::Relaxed) {
            return;
        }
        self.notes.send(level(self.reads), self.urgent, || Entry::Begins {
            session,
            peer: peer.clone(),
            line: self.line.clone(),
            reads: self.reads,
        });
    }
}

/// The level of the events about a line.
pub(super) fn level(reads: bool) -> LevelFilter {
    if reads { LevelFilter::DEBUG } else { LevelFilter::INFO }
}

/// A line in the form of the log: on one line, and only the beginning of a long one.
pub(super) fn logged(line: &str) -> String {
    let kept = &line[..line.floor_char_boundary(MOST)];
    match line.len() - kept.len() {
        0 => escape_line(kept).into_owned(),
        more => format!("{}.. ({more} bytes more)", escape_line(kept)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_between_characters() {
        assert_eq!(logged("set a 1"), "set a 1");
        assert_eq!(logged("a\u{1b}[2Jb\u{202e}"), r"a\x1b[2Jb\u{202e}");
        let long = "é".repeat(400);
        assert_eq!(logged(&long), format!("{}.. (544 bytes more)", "é".repeat(128)));
    }
}
