//! The judgement of a number that grows: a leak, or too early to tell.

use std::time::Duration;

use crate::reply::text;

/// The looks at a window: one at its begin, and one at the end of each fifth.
pub(super) const LOOKS: usize = 6;

/// What is known of something that may grow.
pub(super) struct Growing<'a> {
    /// The number at each look.
    pub(super) numbers: &'a [u64],
    pub(super) window: Duration,
    /// The least growth per second that counts.
    pub(super) least: u64,
    /// How much more there may be, if there is a limit.
    pub(super) room: Option<u64>,
    /// Whether something of the kind was released within the window; `None` if that is not known.
    pub(super) released: Option<bool>,
    /// A limit that is reached within this time makes the growth a finding.
    pub(super) within: Duration,
}

/// The judgement.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Growth {
    /// It does not grow in every fifth of the window, or by little.
    Steady,
    /// It grows, and may be a burst or a cache that fills.
    Early { grown: u64 },
    /// It grows without an end in sight, or its limit is near.
    Leak {
        grown: u64,
        /// The time until its limit is reached.
        full_in: Option<Duration>,
    },
}

impl Growing<'_> {
    pub(super) fn judge(&self) -> Growth {
        let (Some(first), Some(last)) = (self.numbers.first(), self.numbers.last()) else {
            return Growth::Steady;
        };
        let rose = self.numbers.len() > 1 && self.numbers.windows(2).all(|two| two[1] > two[0]);
        let grown = last.saturating_sub(*first);
        let seconds = self.window.as_secs_f64();
        if !rose || (grown as f64) < self.least as f64 * seconds {
            return Growth::Steady;
        }
        let full_in = self.room.map(|room| room as f64 / grown as f64 * seconds);
        let full_in =
            full_in.filter(|seconds| *seconds <= self.within.as_secs_f64()).map(Duration::from_secs_f64);
        match full_in {
            Some(_) => Growth::Leak { grown, full_in },
            None if self.released == Some(false) => Growth::Leak { grown, full_in: None },
            None => Growth::Early { grown },
        }
    }
}

/// A time until a limit is reached, without more digits than a guess has: `1m30s`, `8m`.
pub(super) fn about(time: Duration) -> String {
    let seconds = time.as_secs();
    text::duration(&Duration::from_secs(if seconds < 120 { seconds } else { seconds / 60 * 60 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(numbers: &[u64], room: Option<u64>, released: Option<bool>) -> Growth {
        let (window, within) = (Duration::from_secs(1), Duration::from_secs(600));
        Growing { numbers, window, least: 10, room, released, within }.judge()
    }

    #[test]
    fn growth_without_a_release_is_a_leak() {
        let grows = [100, 120, 140, 160, 180, 200];
        assert_eq!(judged(&grows, None, Some(false)), Growth::Leak { grown: 100, full_in: None });
        assert_eq!(judged(&grows, None, Some(true)), Growth::Early { grown: 100 });
        assert_eq!(judged(&grows, None, None), Growth::Early { grown: 100 });
    }

    #[test]
    fn growth_to_a_near_limit_is_a_leak() {
        let grows = [100, 120, 140, 160, 180, 200];
        let full_in = Some(Duration::from_secs(90));
        assert_eq!(judged(&grows, Some(9_000), Some(true)), Growth::Leak { grown: 100, full_in });
        assert_eq!(judged(&grows, Some(9_000_000), None), Growth::Early { grown: 100 });
    }

    #[test]
    fn a_burst_and_a_little_growth_are_steady() {
        assert_eq!(judged(&[100, 200, 300, 300, 300, 300], None, Some(false)), Growth::Steady);
        assert_eq!(judged(&[100, 200, 150, 300, 310, 320], None, Some(false)), Growth::Steady);
        assert_eq!(judged(&[1, 2, 3, 4, 5, 6], None, Some(false)), Growth::Steady, "five a second");
        assert_eq!(judged(&[], None, None), Growth::Steady);
        assert_eq!(judged(&[7], None, None), Growth::Steady);
    }

    #[test]
    fn a_time_until_a_limit_is_rounded() {
        assert_eq!([about(Duration::from_millis(90_400)), about(Duration::from_secs(500))], ["1m30s", "8m"]);
    }
}
