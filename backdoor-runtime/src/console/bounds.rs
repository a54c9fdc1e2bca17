//! The bounds of a session: its memory and its times.

use std::time::Duration;

use tokio::sync::Semaphore;

use crate::call::chunks::PIECE;

/// The bounds of a session. The largest value switches a bound off.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    /// The longest line, in bytes.
    pub(crate) line: usize,
    /// The same until a whole line has come: until then the kind of the peer is not known.
    pub(crate) first_line: usize,
    /// Lines and bytes that may wait to be run.
    pub(crate) lines_ahead: usize,
    pub(crate) bytes_ahead: usize,
    /// Bytes of output on their way to the peer.
    pub(crate) output: usize,
    /// Bytes of a telnet subnegotiation, its option included. The longest of any real client is 80.
    pub(crate) subnegotiation: usize,
    /// How long a subnegotiation may stay open.
    pub(crate) subnegotiation_time: Duration,
    /// Telnet option commands that are answered in one second.
    pub(crate) option_commands: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            line: 8 * 1024,
            first_line: 1024,
            lines_ahead: 4096,
            bytes_ahead: 256 * 1024,
            output: 256 * 1024,
            subnegotiation: 256,
            subnegotiation_time: Duration::from_secs(5),
            option_commands: 32,
        }
    }
}

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
