//! The queue of lines that arrive while a command runs. Its size is limited.

use std::collections::VecDeque;

use crate::console::line_discipline::Rejection;

/// A queued line.
pub(super) struct Typed {
    pub(super) line: Result<String, Rejection>,
    /// It was typed at the prompt, and is shown right after it.
    pub(super) at_prompt: bool,
    /// It contained a NUL.
    pub(super) has_nul: bool,
}

/// The queued lines, in their order.
pub(super) struct Queue {
    lines: VecDeque<Typed>,
    bytes: usize,
    most_lines: usize,
    most_bytes: usize,
}

impl Queue {
    /// How many lines and bytes may wait.
    pub(super) fn new(most_lines: usize, most_bytes: usize) -> Self {
        Self { lines: VecDeque::new(), bytes: 0, most_lines, most_bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    pub(super) fn has_room(&self) -> bool {
        self.lines.len() < self.most_lines && self.bytes < self.most_bytes
    }

    pub(super) fn push(&mut self, typed: Typed) {
        self.bytes += length(&typed);
        self.lines.push_back(typed);
    }

    pub(super) fn pop(&mut self) -> Option<Typed> {
        let typed = self.lines.pop_front()?;
        self.bytes -= length(&typed);
        Some(typed)
    }

    /// Drops all lines, and returns their number.
    pub(super) fn clear(&mut self) -> usize {
        self.bytes = 0;
        std::mem::take(&mut self.lines).len()
    }
}

fn length(typed: &Typed) -> usize {
    typed.line.as_ref().map_or(0, String::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_bytes_are_bounded() {
        let push = |queue: &mut Queue, line: &str| {
            queue.push(Typed { line: Ok(line.to_owned()), at_prompt: false, has_nul: false });
        };
        const LINES: usize = 4096;
        const BYTES: usize = 256 * 1024;
        let mut queue = Queue::new(LINES, BYTES);
        for _ in 0..LINES {
            assert!(queue.has_room());
            push(&mut queue, "");
        }
        assert!(!queue.has_room());
        queue.pop();
        assert!(queue.has_room());
        push(&mut queue, &"x".repeat(BYTES));
        while queue.lines.len() > 1 {
            queue.pop();
        }
        assert!(!queue.has_room(), "one long line is enough");
        assert_eq!(queue.clear(), 1);
        assert!(queue.has_room() && queue.is_empty());
    }
}
