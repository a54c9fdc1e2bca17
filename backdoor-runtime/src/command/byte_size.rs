//! Sizes in bytes as operators type them: `512`, `64KiB`, `1.5GiB`, `10MB`.

use crate::base::byte_size::{BINARY, ByteSize};
use crate::command::from_arg::{ArgError, FromArg, ticked};
use crate::command::numbers::Amount;

const DECIMAL: [&str; 7] = ["", "kB", "MB", "GB", "TB", "PB", "EB"];
const LETTER: [&str; 7] = ["", "K", "M", "G", "T", "P", "E"];

impl FromArg for ByteSize {
    const NAME: &'static str = "size";

    fn from_arg(word: &str) -> Result<Self, ArgError> {
        // No second `-` may follow, so the recursion is one level deep.
        if let Some(positive) = word.strip_prefix('-')
            && positive.starts_with(|c: char| c.is_ascii_digit())
            && Self::from_arg(positive).is_ok()
        {
            return Err(ArgError::new(format!("{} is negative; a size is 0 or more", ticked(word))));
        }
        let Some((amount, name)) = Amount::before(word) else {
            return Err(ArgError::not(word, "a size, such as 512, 64KiB or 1.5GiB"));
        };
        let Some(unit) = unit(name) else {
            let message = "is not one of the units B, KiB, MiB, GiB, TiB, kB, MB, GB, TB";
            return Err(ArgError::new(format!("{} is not a size: {} {message}", ticked(word), ticked(name))));
        };
        if unit == 1 && !amount.is_whole() {
            return Err(ArgError::new(format!("{} is not a whole number of bytes", ticked(word))));
        }
        match amount.times(unit).map(u64::try_from) {
            Some(Ok(bytes)) => Ok(ByteSize(bytes)),
            _ => Err(ArgError::new(format!("{} is too large; a size is less than 16EiB", ticked(word)))),
        }
    }

    fn to_arg(&self) -> Option<String> {
        Some(self.to_string())
    }
}

fn unit(name: &str) -> Option<u64> {
    let power = |names: [&str; 7]| names.iter().position(|unit| unit.eq_ignore_ascii_case(name));
    if let Some(power) = power(BINARY).or_else(|| power(LETTER)) {
        return Some(1 << (10 * power));
    }
    power(DECIMAL).map(|power| (0..power).fold(1, |unit, _| unit * 1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    #[track_caller]
    fn check(word: &str, bytes: u64) {
        assert_eq!(ByteSize::from_arg(word), Ok(ByteSize(bytes)), "{word:?}");
    }

    #[track_caller]
    fn check_error(word: &str, message: &str) {
        assert_eq!(ByteSize::from_arg(word).unwrap_err().to_string(), message, "{word:?}");
    }

    #[test]
    fn units_are_applied() {
        check("0", 0);
        check("512", 512);
        check("512B", 512);
        check("64KiB", 64 << 10);
        check("64k", 64 << 10);
        check("64K", 64 << 10);
        check("64kB", 64_000);
        check("64KB", 64_000);
        check("10MB", 10_000_000);
        check("10mib", 10 << 20);
        check("1.5GiB", 3 << 29);
        check("0.1KiB", 102);
        check("2T", 2 << 40);
        check("3PiB", 3 << 50);
        check("15EiB", 15 << 60);
        check("1EB", 1_000_000_000_000_000_000);
        check("1_000_000", 1_000_000);
        check("2.0B", 2);
        check("18446744073709551615", u64::MAX);
    }

    #[test]
    fn errors_say_what_to_type() {
        check_error("", "an empty word is not a size, such as 512, 64KiB or 1.5GiB");
        for word in ["big", "KiB", ".5K", "1_K", "-", "0.", "١"] {
            check_error(word, &format!("`{word}` is not a size, such as 512, 64KiB or 1.5GiB"));
        }
        for (word, unit) in [("64Kx", "Kx"), ("0x10", "x10"), ("1 K", " K"), ("5K5", "K5")] {
            let units = "B, KiB, MiB, GiB, TiB, kB, MB, GB, TB";
            check_error(word, &format!("`{word}` is not a size: `{unit}` is not one of the units {units}"));
        }
        assert!(ByteSize::from_arg(&"-".repeat(1_000_000)).is_err());
        check_error("-1K", "`-1K` is negative; a size is 0 or more");
        check_error("1.5", "`1.5` is not a whole number of bytes");
        check_error("1.5B", "`1.5B` is not a whole number of bytes");
        for word in ["16EiB", "18446744073709551616", "99999999999999999999999999999999999999999K"] {
            check_error(word, &format!("`{word}` is too large; a size is less than 16EiB"));
        }
    }

    #[test]
    fn it_is_shown_in_the_largest_exact_unit() {
        for (bytes, shown) in [
            (0, "0B"),
            (512, "512B"),
            (1_000, "1000B"),
            (1_024, "1KiB"),
            (1_536, "1536B"),
            (1 << 60, "1EiB"),
            (u64::MAX, "18446744073709551615B"),
        ] {
            assert_eq!(ByteSize(bytes).to_string(), shown);
        }
        assert_eq!(format!("{:>6}|{:<6}|", ByteSize(1 << 20), ByteSize(1)), "  1MiB|1B    |");
    }

    #[test]
    fn it_is_serialised_as_bytes() {
        assert_eq!(serde_json::to_string(&ByteSize(1 << 10)).unwrap(), "1024");
    }

    proptest! {
        #[test]
        fn every_size_can_be_typed_as_it_is_shown(bytes: u64, zeros in 0..64_u32) {
            let size = ByteSize(bytes.wrapping_shl(zeros));
            prop_assert_eq!(ByteSize::from_arg(&size.to_string()), Ok(size));
        }

        #[test]
        fn no_word_panics(word in "-?[0-9._]{0,30}(EiB|K|\\PC)*") {
            let _ = ByteSize::from_arg(&word);
        }
    }
}
