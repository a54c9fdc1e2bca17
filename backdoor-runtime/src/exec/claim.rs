//! Decides once between two threads: one is about to begin some work, the other waits for it and may stop waiting.

use std::sync::atomic::{AtomicU8, Ordering};

/// Whether the work has begun, or its caller has stopped waiting for it. One atomic decides between the two.
#[derive(Default)]
pub(crate) struct Claim(AtomicU8);

impl Claim {
    const NOT_YET: u8 = 0;
    const BEGUN: u8 = 1;
    const GIVEN_UP: u8 = 2;

    /// The work begins. False if the caller has stopped waiting.
    pub(crate) fn begin(&self) -> bool {
        self.leave(Self::BEGUN) || self.has_begun()
    }

    /// The caller stops waiting. False if the work has begun.
    pub(crate) fn give_up(&self) -> bool {
        self.leave(Self::GIVEN_UP)
    }

    /// The next part of the same work is about to begin.
    pub(crate) fn again(&self) {
        self.0.store(Self::NOT_YET, Ordering::Release);
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.0.load(Ordering::Acquire) == Self::BEGUN
    }

    fn leave(&self, to: u8) -> bool {
        self.0.compare_exchange(Self::NOT_YET, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_two_decides() {
        let claim = Claim::default();
        assert!(!claim.has_begun() && claim.begin() && claim.has_begun());
        assert!(!claim.give_up() && claim.begin(), "it has begun");
        claim.again();
        assert!(!claim.has_begun() && claim.give_up());
        assert!(!claim.begin() && !claim.give_up() && !claim.has_begun());
    }
}
