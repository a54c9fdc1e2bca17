//! A number that goes up and down.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::Value;
use crate::views::vars::{Readable, Reading};

/// A number that goes up and down: the length of a queue, a temperature, a share.
///
/// It is one `f64` in 8 bytes, exact for whole numbers up to 2^53. A gauge can be set, so it cannot be split into parts as a
/// [`Counter`](crate::Counter) is: for a value that many threads change up and down millions of times a second, use two counters.
///
/// ```
/// use backdoor_runtime::Gauge;
///
/// static QUEUED: Gauge = Gauge::new();
///
/// QUEUED.set(3.0);
/// QUEUED.add(-1.0);
/// assert_eq!(QUEUED.get(), 2.0);
/// ```
pub struct Gauge {
    bits: AtomicU64,
}

impl Gauge {
    /// A gauge at zero.
    pub const fn new() -> Self {
        // The bits of 0.0.
        Self { bits: AtomicU64::new(0) }
    }

    /// Sets the value.
    #[inline]
    pub fn set(&self, value: f64) {
        self.bits.store(value.to_bits(), Ordering::Relaxed);
    }

    /// Adds this much, or subtracts it.
    #[inline]
    pub fn add(&self, more: f64) {
        let added = |bits: u64| Some((f64::from_bits(bits) + more).to_bits());
        // The update always succeeds.
        let _ = self.bits.fetch_update(Ordering::Relaxed, Ordering::Relaxed, added);
    }

    /// The value.
    pub fn get(&self) -> f64 {
        f64::from_bits(self.bits.load(Ordering::Relaxed))
    }
}

impl Readable for Gauge {
    fn read(&self) -> Reading {
        Reading::Value(Value::Float(self.get()))
    }

    fn is_harmless(&self) -> bool {
        true
    }
}

impl Default for Gauge {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Gauge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Gauge").field(&self.get()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn concurrent_additions_are_exact() {
        static GAUGE: Gauge = Gauge::new();
        GAUGE.set(-0.5);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..1_000 {
                        GAUGE.add(2.0);
                        GAUGE.add(-1.0);
                    }
                });
            }
        });
        assert_eq!(GAUGE.get(), 7_999.5);
        assert_eq!(GAUGE.read().value(), Some(&Value::Float(7_999.5)));
        assert_eq!(size_of::<Gauge>(), 8);
    }
}
