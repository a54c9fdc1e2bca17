//! Numbers as operators type them: `-12`, `0x1f`, `1_000`, `1.5`, and the amounts before a unit.

use std::fmt;
use std::num::NonZero;

use crate::command::from_arg::{ArgError, FromArg, ticked};

/// The amount before a unit: digits, optionally with `_` between them, optionally with a fraction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Amount<'a> {
    /// The amount as typed.
    pub(super) text: &'a str,
    whole: &'a str,
    fraction: &'a str,
}

impl<'a> Amount<'a> {
    /// The amount at the beginning of `text`, and the rest.
    pub(super) fn before(text: &'a str) -> Option<(Self, &'a str)> {
        let end = text.find(|c: char| !matches!(c, '0'..='9' | '_' | '.')).unwrap_or(text.len());
        let (text, rest) = text.split_at(end);
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let fits = !whole.is_empty() && grouped(whole) && !fraction.is_empty() && digits(fraction);
        fits.then_some((Amount { text, whole, fraction }, rest))
    }

    pub(super) fn is_whole(self) -> bool {
        self.fraction.bytes().all(|b| b == b'0')
    }

    /// The amount of a unit that is at most 2^60 of the smallest one, rounded down to that; `None` above 128 bits.
    pub(super) fn times(self, unit: u64) -> Option<u128> {
        // Nineteen digits times such a unit fit in 128 bits, and further ones are less than the smallest unit.
        let fraction = &self.fraction[..self.fraction.len().min(19)];
        let (numerator, denominator) = fraction
            .bytes()
            .fold((0, 1), |(sum, scale): (u128, u128), b| (sum * 10 + u128::from(b - b'0'), scale * 10));
        let unit = u128::from(unit);
        magnitude(self.whole, 10)?.checked_mul(unit)?.checked_add(numerator * unit / denominator)
    }
}

/// A whole number; its magnitude is missing if 128 bits cannot hold it.
struct Whole {
    negative: bool,
    magnitude: Option<u128>,
}

fn whole(word: &str) -> Result<Whole, ArgError> {
    if word.is_empty() {
        return Err(ArgError::not(word, "a number"));
    }
    let negative = word.starts_with('-');
    let number = word.strip_prefix(['-', '+']).unwrap_or(word);
    let (radix, kind) = match number.get(..2) {
        Some("0x" | "0X") => (16, "a hexadecimal"),
        Some("0o" | "0O") => (8, "an octal"),
        Some("0b" | "0B") => (2, "a binary"),
        _ => (10, "a decimal"),
    };
    let (prefix, digits) = number.split_at(if radix == 10 { 0 } else { 2 });
    if digits.is_empty() && radix != 10 {
        return Err(ArgError::new(format!("{} has no digits after `{prefix}`", ticked(word))));
    }
    if digits.is_empty() || digits.contains(|c: char| c != '_' && !c.is_digit(radix)) {
        let mut message = format!("{} is not a whole number", ticked(word));
        if let Some(wrong) = digits.chars().find(|&c| c != '_' && !c.is_digit(radix)).filter(|_| radix != 10)
        {
            message.push_str(&format!(": {} is not {kind} digit", ticked(wrong.encode_utf8(&mut [0; 4]))));
        }
        return Err(ArgError::new(message));
    }
    if !grouped(digits) {
        return Err(ArgError::new(format!(
            "{} is not a whole number: `_` goes between digits",
            ticked(word)
        )));
    }
    Ok(Whole { negative, magnitude: magnitude(digits, radix) })
}

/// Whether every `_` is between two other characters.
fn grouped(digits: &str) -> bool {
    !digits.starts_with('_') && !digits.ends_with('_') && !digits.contains("__")
}

fn magnitude(digits: &str, radix: u32) -> Option<u128> {
    digits
        .chars()
        .filter_map(|c| c.to_digit(radix))
        .try_fold(0_u128, |sum, digit| sum.checked_mul(radix.into())?.checked_add(digit.into()))
}

fn integer<T>(word: &str, least: T, most: T) -> Result<T, ArgError>
where
    T: Copy + fmt::Display + PartialOrd + TryFrom<u128> + TryFrom<i128>,
{
    let Whole { negative, magnitude } = whole(word)?;
    let value = magnitude.and_then(|magnitude| match negative {
        true => T::try_from(0_i128.checked_sub_unsigned(magnitude)?).ok(),
        false => T::try_from(magnitude).ok(),
    });
    value
        .filter(|value| (least..=most).contains(value))
        .ok_or_else(|| ArgError::beyond(word, format_args!("{least}..={most}")))
}

macro_rules! integers {
    ($($ty:ty, least non-zero $least:expr;)*) => {$(
        impl FromArg for $ty {
            const NAME: &'static str = "number";

            fn from_arg(word: &str) -> Result<Self, ArgError> {
                integer(word, <$ty>::MIN, <$ty>::MAX)
            }

            fn to_arg(&self) -> Option<String> {
                Some(self.to_string())
            }
        }

        impl FromArg for NonZero<$ty> {
            const NAME: &'static str = "number";

            fn from_arg(word: &str) -> Result<Self, ArgError> {
                NonZero::new(integer(word, $least, <$ty>::MAX)?)
                    .ok_or_else(|| ArgError::new("0 is not allowed here; any other whole number is"))
            }

            fn to_arg(&self) -> Option<String> {
                Some(self.to_string())
            }
        }
    )*};
}

integers! {
    u8, least non-zero 1;
    u16, least non-zero 1;
    u32, least non-zero 1;
    u64, least non-zero 1;
    u128, least non-zero 1;
    usize, least non-zero 1;
    i8, least non-zero i8::MIN;
    i16, least non-zero i16::MIN;
    i32, least non-zero i32::MIN;
    i64, least non-zero i64::MIN;
    i128, least non-zero i128::MIN;
    isize, least non-zero isize::MIN;
}

/// The number without its `_`, if they are between digits.
fn ungrouped(word: &str) -> Option<String> {
    let bytes = word.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let fits = |at: usize| at > 0 && digit(at - 1) && digit(at + 1);
    (0..bytes.len()).filter(|&at| bytes[at] == b'_').all(fits).then(|| word.replace('_', ""))
}

macro_rules! floats {
    ($($ty:ty),*) => {$(
        impl FromArg for $ty {
            const NAME: &'static str = "decimal";

            fn from_arg(word: &str) -> Result<Self, ArgError> {
                let value: Option<$ty> = ungrouped(word).and_then(|number| number.parse().ok());
                match value {
                    // `inf` may be meant as a limit; `nan` would make every comparison in the service false.
                    Some(value) if value.is_infinite() && word.contains(|c: char| c.is_ascii_digit()) => {
                        let (least, most) = (<$ty>::MIN, <$ty>::MAX);
                        Err(ArgError::beyond(word, format_args!("{least:e}..={most:e}")))
                    }
                    Some(value) if !value.is_nan() => Ok(value),
                    _ if word.is_empty() => Err(ArgError::not(word, "a number")),
                    _ => Err(ArgError::not(word, "a decimal number")),
                }
            }

            fn to_arg(&self) -> Option<String> {
                let shown = format!("{self:?}");
                let typed = shown.strip_suffix(".0").map(str::to_owned).unwrap_or(shown);
                (!self.is_nan()).then_some(typed)
            }
        }
    )*};
}

floats!(f32, f64);

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    /// The value in its debug form, or the error's text.
    #[track_caller]
    fn check<T: FromArg + fmt::Debug>(word: &str, expected: &str) {
        let found = T::from_arg(word).map_or_else(|error| error.to_string(), |value| format!("{value:?}"));
        assert_eq!(found, expected, "{word:?}");
    }

    #[test]
    fn whole_numbers() {
        check::<u8>("0", "0");
        check::<u8>("+255", "255");
        check::<u8>("007", "7");
        check::<u8>("-0", "0");
        check::<i8>("-128", "-128");
        check::<i64>("-0x1F", "-31");
        check::<u16>("0Xff", "255");
        check::<u16>("0o17", "15");
        check::<u16>("0b1010_1010", "170");
        check::<u32>("1_000_000", "1000000");
        check::<u128>(&u128::MAX.to_string(), &u128::MAX.to_string());
        check::<i128>(&i128::MIN.to_string(), &i128::MIN.to_string());
        check::<NonZero<u8>>("1", "1");
        check::<NonZero<i8>>("-1", "-1");
    }

    #[test]
    fn non_integers_are_refused_with_the_reason() {
        check::<u8>("", "an empty word is not a number");
        for word in ["12abc", "abc", "1.5", "-", "+", "--1", "+-1", "1e3", "٣", "é", "1 000", "0d1"] {
            check::<i32>(word, &format!("`{word}` is not a whole number"));
        }
        for word in ["0x", "-0X", "0o", "0b"] {
            check::<i32>(word, &format!("`{word}` has no digits after `{}`", word.trim_start_matches('-')));
        }
        for word in ["_1", "1_", "1__0", "_", "0x_f", "0xf_"] {
            check::<i32>(word, &format!("`{word}` is not a whole number: `_` goes between digits"));
        }
        check::<i32>("0xfg", "`0xfg` is not a whole number: `g` is not a hexadecimal digit");
        check::<i32>("0b102", "`0b102` is not a whole number: `2` is not a binary digit");
        check::<i32>("0o8", "`0o8` is not a whole number: `8` is not an octal digit");
        check::<i32>("0x\u{7}", "`0x\\x07` is not a whole number: `\\x07` is not a hexadecimal digit");
    }

    #[test]
    fn numbers_beyond_the_type_are_out_of_range() {
        check::<u8>("900", "900 is out of range 0..=255");
        check::<u8>("-1", "-1 is out of range 0..=255");
        check::<i8>("0x80", "0x80 is out of range -128..=127");
        check::<u64>("18446744073709551616", "18446744073709551616 is out of range 0..=18446744073709551615");
        check::<NonZero<u8>>("0", "0 is out of range 1..=255");
        check::<NonZero<i8>>("0", "0 is not allowed here; any other whole number is");
        check::<NonZero<i8>>("128", "128 is out of range -128..=127");
        let long = "9".repeat(100);
        check::<u8>(&long, &format!("{}… is out of range 0..=255", &long[..60]));
        check::<i128>(
            &format!("-{}", u128::MAX),
            &format!("-{} is out of range {}..={}", u128::MAX, i128::MIN, i128::MAX),
        );
    }

    #[test]
    fn decimals() {
        check::<f64>("1.5", "1.5");
        check::<f64>("-2e-3", "-0.002");
        check::<f64>("1_000.5", "1000.5");
        check::<f32>(".5", "0.5");
        check::<f64>("-inf", "-inf");
        check::<f64>("", "an empty word is not a number");
        for word in ["nan", "-NaN", "x", "1._5", "1_.5", "_1", "1__0", "0x10", "1,5"] {
            check::<f64>(word, &format!("`{word}` is not a decimal number"));
        }
        check::<f32>("1e99", "1e99 is out of range -3.4028235e38..=3.4028235e38");
    }

    #[test]
    fn numbers_are_shown_as_they_are_typed() {
        assert_eq!(7_u8.to_arg().as_deref(), Some("7"));
        assert_eq!(NonZero::new(-7).and_then(|n: NonZero<i32>| n.to_arg()).as_deref(), Some("-7"));
        assert_eq!(5.0_f64.to_arg().as_deref(), Some("5"));
        assert_eq!(0.1_f32.to_arg().as_deref(), Some("0.1"));
        assert_eq!(1e300_f64.to_arg().as_deref(), Some("1e300"));
        assert_eq!(f64::NAN.to_arg(), None);
    }

    #[test]
    fn amounts_end_where_the_unit_begins() {
        let check = |text: &str, unit, expected: Option<(Option<u128>, &str)>| {
            let found = Amount::before(text).map(|(amount, rest)| (amount.times(unit), rest));
            assert_eq!(found, expected, "{text:?}");
        };
        check("1.5GiB", 1 << 30, Some((Some(3 << 29), "GiB")));
        check("1_0", 7, Some((Some(70), "")));
        check("0.99999999999999999999999", 1 << 60, Some((Some((1 << 60) - 1), "")));
        let huge = "9".repeat(40);
        check(&huge, 1, Some((None, "")));
        for text in ["", "s", ".5", "1.", "1.2.3", "_1", "1_", "1.5_0", "-1"] {
            check(text, 1, None);
        }
    }

    proptest! {
        #[test]
        fn every_number_can_be_typed_as_it_is_shown(i: i128, u: u64, small: i8, f: f64) {
            prop_assert_eq!(i128::from_arg(&i.to_arg().unwrap()), Ok(i));
            prop_assert_eq!(u64::from_arg(&u.to_arg().unwrap()), Ok(u));
            prop_assert_eq!(u64::from_arg(&format!("{u:#x}")), Ok(u));
            prop_assert_eq!(i8::from_arg(&small.to_arg().unwrap()), Ok(small));
            prop_assert_eq!(f64::from_arg(&f.to_arg().unwrap()), Ok(f));
        }

        #[test]
        fn no_word_panics(word in "[-+]?(0[xob])?\\PC*") {
            let _ = (u8::from_arg(&word), i128::from_arg(&word), f64::from_arg(&word));
        }
    }
}
