//! Money, counted in cents so that it adds up.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// An amount of money, shown and typed as `12.50`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Price(u64);

impl Price {
    pub(crate) const fn cents(cents: u64) -> Self {
        Self(cents)
    }

    /// The price after a rise or fall by this many percent; it stays above zero.
    pub(crate) fn shifted(self, percent: i32) -> Self {
        let factor = (100 + i64::from(percent)).max(0).unsigned_abs();
        Self((self.0.saturating_mul(factor) / 100).max(1))
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

impl Serialize for Price {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A word that is no price.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotAPrice(String);

impl fmt::Display for NotAPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a price, such as 12 or 12.50", self.0)
    }
}

impl FromStr for Price {
    type Err = NotAPrice;

    fn from_str(text: &str) -> Result<Self, NotAPrice> {
        let (whole, cents) = text.split_once('.').unwrap_or((text, "00"));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let parsed = match (digits(whole) && digits(cents), cents.len()) {
            (true, 2) => whole.parse().ok().zip(cents.parse().ok()),
            _ => None,
        };
        parsed
            .and_then(|(whole, cents): (u64, u64)| whole.checked_mul(100)?.checked_add(cents))
            .filter(|cents| *cents > 0)
            .map(Self)
            .ok_or_else(|| NotAPrice(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_typed_as_it_is_shown() {
        assert_eq!("12.50".parse(), Ok(Price(1250)));
        assert_eq!("12".parse(), Ok(Price(1200)));
        assert_eq!(Price(1205).to_string(), "12.05");
        for wrong in ["", ".", "12.5", "+1", "0", "-3", "1,50", "99999999999999999999"] {
            assert!(wrong.parse::<Price>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn it_moves_by_percent_and_stays_above_zero() {
        assert_eq!(Price(1000).shifted(-10), Price(900));
        assert_eq!(Price(1).shifted(-50), Price(1));
    }
}
