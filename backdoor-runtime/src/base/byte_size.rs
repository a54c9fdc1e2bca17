//! A number of bytes, typed and shown with a unit.

use std::fmt;

use serde_core::{Serialize, Serializer};

/// A number of bytes, typed and shown with a unit.
///
/// | typed | is |
/// |---|---|
/// | `512`, `512B` | bytes |
/// | `KiB`, `MiB`, `GiB`, `TiB`, `PiB`, `EiB` | powers of 1024 |
/// | `kB`, `MB`, `GB`, `TB`, `PB`, `EB` | powers of 1000 |
/// | `K`, `M`, `G`, `T`, `P`, `E` | powers of 1024, as in the GNU core utilities |
///
/// Case does not count. A fraction is rounded down to whole bytes. It is shown in the largest unit of 1024 that is
/// exact, and serialised as the number of bytes.
///
/// ```
/// use backdoor_runtime::{ByteSize, FromArg};
///
/// assert_eq!(ByteSize::from_arg("1.5KiB"), Ok(ByteSize(1536)));
/// assert_eq!(ByteSize(64 << 10).to_string(), "64KiB");
/// assert_eq!(ByteSize(1_000).to_string(), "1000B");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(
    /// The number of bytes.
    pub u64,
);

/// The units of powers of 1024.
pub(crate) const BINARY: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let power = match self.0 {
            0 => 0,
            bytes => bytes.trailing_zeros() / 10,
        };
        f.pad(&format!("{}{}", self.0 >> (10 * power), BINARY[power as usize]))
    }
}

impl From<u64> for ByteSize {
    fn from(bytes: u64) -> Self {
        ByteSize(bytes)
    }
}

impl From<ByteSize> for u64 {
    fn from(size: ByteSize) -> Self {
        size.0
    }
}

impl Serialize for ByteSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

/// A number of bytes as a person wants to read it, rounded to a tenth of its unit: `0B`, `812B`, `1.5KiB`, `310.2MiB`.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes}B");
    }
    let mut amount = bytes as f64 / 1024.0;
    let mut unit = 0;
    // 1024.0 of a unit is shown as 1 of the next unit.
    while amount >= 1023.95 && unit + 1 < UNITS.len() {
        amount /= 1024.0;
        unit += 1;
    }
    format!("{amount:.1}{}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_for_a_reader() {
        #[track_caller]
        fn check(bytes: u64, shown: &str) {
            assert_eq!(size(bytes), shown);
        }
        check(0, "0B");
        check(1023, "1023B");
        check(1024, "1.0KiB");
        check(1536, "1.5KiB");
        check((1 << 20) - 1, "1.0MiB");
        check(325_300_000, "310.2MiB");
        check(u64::MAX, "16.0EiB");
    }
}
