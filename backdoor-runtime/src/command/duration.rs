//! Durations as operators type them: `250ms`, `1.5s`, `1h30m`.

use std::time::Duration;

use crate::base::duration::{DAY, HOUR, MINUTE, SECOND, WEEK, show};
use crate::command::from_arg::{ArgError, FromArg, ticked};
use crate::command::numbers::Amount;

const NAMES: &str = "ns, us, ms, s, m, h, d, w";

/// The duration of `word`: amounts with their units, the large before the small, each unit once.
pub(crate) fn parse(word: &str) -> Result<Duration, ArgError> {
    if word == "0" {
        return Ok(Duration::ZERO);
    }
    // No second `-` may follow, so the recursion is one level deep.
    if let Some(positive) = word.strip_prefix('-')
        && positive.starts_with(|c: char| c.is_ascii_digit())
        && parse(positive).is_ok()
    {
        return Err(ArgError::new(format!("{} is negative; a duration is 0 or more", ticked(word))));
    }
    let too_long = || {
        let most = show(Duration::MAX);
        ArgError::new(format!("{} is too long for a duration; the longest is {most}", ticked(word)))
    };
    let mut nanos = 0_u128;
    let mut rest = word;
    let mut larger = u64::MAX;
    loop {
        let Some((amount, after)) = Amount::before(rest) else {
            return Err(ArgError::not(word, "a duration, such as 250ms, 1.5s or 1h30m"));
        };
        let end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (name, after) = after.split_at(end);
        let Some(unit) = unit(name) else { return Err(bad_unit(word, amount, name)) };
        if unit >= larger {
            let message =
                format!("{} is not in order: each unit once, the large before the small", ticked(word));
            return Err(ArgError::new(message));
        }
        if unit == 1 && !amount.is_whole() {
            return Err(ArgError::new(format!("{} is finer than a nanosecond", ticked(word))));
        }
        nanos = amount.times(unit).and_then(|part| nanos.checked_add(part)).ok_or_else(too_long)?;
        if after.is_empty() {
            break;
        }
        rest = after;
        larger = unit;
    }
    let (seconds, nanos) = (nanos / u128::from(SECOND), nanos % u128::from(SECOND));
    match (u64::try_from(seconds), u32::try_from(nanos)) {
        (Ok(seconds), Ok(nanos)) => Ok(Duration::new(seconds, nanos)),
        _ => Err(too_long()),
    }
}

impl FromArg for Duration {
    const NAME: &'static str = "duration";

    fn from_arg(word: &str) -> Result<Self, ArgError> {
        parse(word)
    }

    fn to_arg(&self) -> Option<String> {
        Some(show(*self))
    }
}

fn unit(name: &str) -> Option<u64> {
    Some(match name {
        "ns" => 1,
        // The micro sign, and the Greek letter with the same shape.
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => SECOND,
        "m" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        "w" => WEEK,
        _ => return None,
    })
}

fn bad_unit(word: &str, amount: Amount<'_>, name: &str) -> ArgError {
    if name.is_empty() {
        let (amount, with_unit) = (ticked(amount.text), ticked(&format!("{}s", amount.text)));
        return ArgError::new(format!("{amount} has no unit; write {with_unit}, or another of {NAMES}"));
    }
    let (word, name) = (ticked(word), ticked(name));
    ArgError::new(format!("{word} is not a duration: {name} is not one of the units {NAMES}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    #[track_caller]
    fn check(word: &str, nanos: u128) {
        assert_eq!(parse(word).map(|duration| duration.as_nanos()), Ok(nanos), "{word:?}");
    }

    #[track_caller]
    fn check_error(word: &str, message: &str) {
        assert_eq!(parse(word).unwrap_err().to_string(), message, "{word:?}");
    }

    #[test]
    fn units_add_up() {
        let second = u128::from(SECOND);
        check("0", 0);
        check("0s", 0);
        check("1ns", 1);
        check("2us", 2_000);
        check("2µs", 2_000);
        check("2μs", 2_000);
        check("250ms", 250_000_000);
        check("1.5s", 1_500_000_000);
        check("5m", 300 * second);
        check("1h30m", 5_400 * second);
        check("1.5h30m", 7_200 * second);
        check("1w2d3h4m5s6ms7us8ns", 788_645 * second + 6_007_008);
        check("1_000s", 1_000 * second);
        check("90m", 5_400 * second);
        check("0.3333333333333333333333m", 19_999_999_999);
        check("18446744073709551615.999999999s", Duration::MAX.as_nanos());
    }

    #[test]
    fn errors_say_what_to_type() {
        check_error("", "an empty word is not a duration, such as 250ms, 1.5s or 1h30m");
        for word in ["soon", "s", ".5s", "1.s", "-", "-x", "1__0s"] {
            check_error(word, &format!("`{word}` is not a duration, such as 250ms, 1.5s or 1h30m"));
        }
        check_error("5", "`5` has no unit; write `5s`, or another of ns, us, ms, s, m, h, d, w");
        check_error("1h30", "`30` has no unit; write `30s`, or another of ns, us, ms, s, m, h, d, w");
        check_error(
            "5min",
            "`5min` is not a duration: `min` is not one of the units ns, us, ms, s, m, h, d, w",
        );
        assert!(parse(&"-".repeat(1_000_000)).is_err());
        check_error("-5m", "`-5m` is negative; a duration is 0 or more");
        check_error("30m1h", "`30m1h` is not in order: each unit once, the large before the small");
        check_error("1m1m", "`1m1m` is not in order: each unit once, the large before the small");
        check_error("0.5ns", "`0.5ns` is finer than a nanosecond");
        for word in ["18446744073709551616s", "99999999999999999999999999999999999999999w"] {
            let message = "is too long for a duration; the longest is 213503982334601d7h15.999999999s";
            check_error(word, &format!("`{word}` {message}"));
        }
    }

    #[test]
    fn the_shown_form_is_short() {
        for (duration, shown) in [
            (Duration::ZERO, "0s"),
            (Duration::from_nanos(1), "1ns"),
            (Duration::from_nanos(1_500), "1.5us"),
            (Duration::from_micros(1_050), "1.05ms"),
            (Duration::from_millis(250), "250ms"),
            (Duration::from_millis(1_500), "1.5s"),
            (Duration::from_secs(30), "30s"),
            (Duration::from_secs(300), "5m"),
            (Duration::from_secs(5_400), "1h30m"),
            (Duration::from_secs(3_605), "1h5s"),
            (Duration::from_millis(60_250), "1m250ms"),
            (Duration::from_secs(8 * 86_400), "8d"),
            (Duration::from_secs(14 * 86_400), "2w"),
        ] {
            assert_eq!(show(duration), shown);
        }
    }

    proptest! {
        #[test]
        fn every_duration_can_be_typed_as_it_is_shown(
            seconds in prop_oneof![any::<u64>(), 0..200_000_u64],
            nanos in prop_oneof![Just(0), 0..1_000_000_000_u32, (0..1_000_u32).prop_map(|ms| ms * 1_000_000)],
        ) {
            let duration = Duration::new(seconds, nanos);
            prop_assert_eq!(parse(&show(duration)), Ok(duration));
        }

        #[test]
        fn no_word_panics(word in "(-?[0-9._]{0,25}(ns|us|ms|s|m|h|d|w|\\PC)?){0,4}") {
            let _ = parse(&word);
        }
    }
}
