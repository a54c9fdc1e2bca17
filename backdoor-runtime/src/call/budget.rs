//! The remaining output of a run: an endless answer must not fill the memory.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::call::chunks::PIECE;

/// The remaining bytes of one answer.
pub(crate) struct OutputBudget {
    left: AtomicUsize,
    is_cut: AtomicBool,
}

impl Default for OutputBudget {
    fn default() -> Self {
        Self { left: AtomicUsize::new(usize::MAX), is_cut: AtomicBool::new(false) }
    }
}

impl OutputBudget {
    /// Sets the remaining bytes.
    pub(crate) fn limit(&self, bytes: usize) {
        self.left.store(bytes, Ordering::Relaxed);
    }

    pub(crate) fn left(&self) -> usize {
        self.left.load(Ordering::Relaxed)
    }

    /// Whether output was cut.
    pub(crate) fn is_cut(&self) -> bool {
        self.is_cut.load(Ordering::Relaxed)
    }

    /// Ends the budget, because output was left out.
    pub(crate) fn cut(&self) {
        self.left.store(0, Ordering::Relaxed);
        self.is_cut.store(true, Ordering::Relaxed);
    }

    /// Takes room for the text from this byte on, and cuts the rest off: after a line, or after a character if the last line end is too far
    /// back. False if text was cut.
    pub(crate) fn take(&self, text: &mut String, from: usize) -> bool {
        let wanted = text.len() - from;
        let left = self.less(wanted);
        if wanted <= left {
            return true;
        }
        self.is_cut.store(true, Ordering::Relaxed);
        let end = text.floor_char_boundary(from + left);
        // What is taken at once begins with a line, as a rule.
        let near = text.floor_char_boundary(end.saturating_sub(PIECE).max(from));
        let line = match text[near..end].rfind('\n') {
            Some(newline) => near + newline + 1,
            None if near == from => from,
            None => end,
        };
        text.truncate(line);
        false
    }

    /// Takes room for output that cannot be cut. If there is not enough, returns false and ends the budget.
    pub(crate) fn take_whole(&self, bytes: usize) -> bool {
        let fits = bytes <= self.less(bytes);
        if !fits {
            self.is_cut.store(true, Ordering::Relaxed);
        }
        fits
    }

    /// Takes this much, or the rest. Returns the amount.
    fn less(&self, bytes: usize) -> usize {
        let less = |left: usize| Some(if left == usize::MAX { left } else { left.saturating_sub(bytes) });
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_after_a_line_or_a_character() {
        #[track_caller]
        fn check(room: usize, text: &str, kept: &str) {
            let limited = OutputBudget::default();
            limited.limit(room);
            let mut text = text.to_owned();
            assert_eq!(limited.take(&mut text, 0), text.len() == kept.len() && !limited.is_cut());
            assert_eq!(text, kept);
            if limited.is_cut() {
                let mut more = "more".to_owned();
                assert!(!limited.take(&mut more, 0) && more.is_empty());
                assert!(!limited.take_whole(1));
            }
        }
        check(7, "one\ntwo", "one\ntwo");
        check(6, "one\ntwo", "one\n");
        check(2, "one\ntwo", "");
        check(0, "a", "");
        let long = format!("\n{}", "é".repeat(3 * PIECE));
        check(2 * PIECE, &long, &long[..2 * PIECE - 1]);
        check(usize::MAX, &long, &long);
    }
}
