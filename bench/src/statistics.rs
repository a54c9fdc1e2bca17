//! Medians, and the order of a round.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

/// How often everything is measured, each time in another order.
pub(crate) const ROUNDS: usize = 7;

/// What each gives in every round, each round in another order.
pub(crate) fn rounds<const N: usize>(measured: [impl Fn() -> f64; N]) -> [Vec<f64>; N] {
    let mut given = [const { Vec::new() }; N];
    for _ in 0..ROUNDS {
        let mut order: [usize; N] = std::array::from_fn(|at| at);
        shuffle(&mut order);
        for at in order {
            given[at].push(measured[at]());
        }
    }
    given
}

/// The middle value; the lower of the two middle ones of an even number.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(f64::NAN)
}

/// Below which this part of the values lie.
pub(crate) fn quantile(values: &mut [f64], part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values.get((last as f64 * part).round() as usize).copied().unwrap_or(f64::NAN)
}

/// The median of the quotients of two rows of measurements, round by round: what disturbed a round disturbed both.
pub(crate) fn median_ratio(ours: &[f64], baseline: &[f64]) -> f64 {
    let mut ratios: Vec<f64> = ours.iter().zip(baseline).map(|(ours, baseline)| ours / baseline).collect();
    median(&mut ratios)
}

/// Puts items in random order, so that none always runs behind the same other.
pub(crate) fn shuffle<T>(items: &mut [T]) {
    thread_local!(static STATE: Cell<u64> = Cell::new(RandomState::new().hash_one(0)));
    for end in (1..items.len()).rev() {
        // xorshift64 (Marsaglia 2003).
        let mut state = STATE.get() | 1;
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        STATE.set(state);
        items.swap(end, (state >> 16) as usize % (end + 1));
    }
}
