//! The bounds of a session: its memory and its times.

use tokio::sync::Semaphore;

use crate::call::chunks::PIECE;
use crate::limits::Bounds;

impl Bounds {
    /// The rendered output that waits to be written. Above this, no more output of a command is taken.
    pub(crate) fn rendered(&self) -> usize {
        self.output / 8
    }

    /// The other part: pieces between a command and its session. If none is free, the command waits.
    pub(crate) fn pieces(&self) -> usize {
        ((self.output - self.rendered()) / PIECE).clamp(1, Semaphore::MAX_PERMITS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_parts_of_the_output_make_the_bound() {
        let bounds = Bounds::default();
        assert_eq!(bounds.rendered() + bounds.pieces() * PIECE, bounds.output);
        assert_eq!(Bounds { output: 0, ..bounds }.pieces(), 1);
        assert!(Bounds { output: usize::MAX, ..bounds }.pieces() <= Semaphore::MAX_PERMITS);
    }
}
