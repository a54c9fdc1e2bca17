//! An open subnegotiation: its bounded bytes, and when it began.

use std::time::Instant;

/// The open subnegotiation, if any. It holds no memory while none is open.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Subnegotiation {
    limit: usize,
    since: Option<Instant>,
    /// The bytes since `IAC SB`, the option first; `None` if it is too long to keep.
    bytes: Option<Vec<u8>>,
}

impl Subnegotiation {
    /// No subnegotiation is open. `limit` is the most bytes of one.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, since: None, bytes: None }
    }

    pub(super) fn begin(&mut self, now: Instant) {
        self.since = Some(now);
        self.bytes = Some(Vec::new());
    }

    pub(super) fn keep(&mut self, byte: u8) {
        match &mut self.bytes {
            Some(bytes) if bytes.len() < self.limit => bytes.push(byte),
            _ => self.bytes = None,
        }
    }

    /// When the open one began.
    pub(super) fn since(&self) -> Option<Instant> {
        self.since
    }

    /// Whether the open one has exceeded its bytes.
    pub(super) fn is_too_long(&self) -> bool {
        self.bytes.is_none()
    }

    /// Ends it, and returns its bytes.
    pub(super) fn take(&mut self) -> Option<Vec<u8>> {
        self.since = None;
        self.bytes.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subnegotiation_is_bounded_and_frees_its_memory() {
        const LIMIT: usize = 256;
        let mut subnegotiation = Subnegotiation::new(LIMIT);
        let begin = Instant::now();
        subnegotiation.begin(begin);
        for kept in 1..=LIMIT {
            subnegotiation.keep(7);
            assert!(!subnegotiation.is_too_long());
            let bytes = subnegotiation.bytes.as_ref().expect("still kept");
            assert!(bytes.len() == kept && bytes.capacity() <= LIMIT);
        }
        (0..100_000).for_each(|_| subnegotiation.keep(7));
        assert!(subnegotiation.is_too_long());
        assert_eq!(subnegotiation.since(), Some(begin));
        assert_eq!(subnegotiation.take(), None);
        assert_eq!(subnegotiation, Subnegotiation::new(LIMIT));
    }
}
