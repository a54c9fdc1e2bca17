//! Durations, points in time and large numbers rounded for a reader; `--json` has the exact ones.

use std::time::{Duration, SystemTime};

use super::value::since_epoch;
use crate::base::duration::show;

/// A duration rounded for a reader: `0s`, `1.2ms`, `47.9s`, `1h30m`, `2d`. A duration below a minute has three digits, unless it is a whole
/// number of its unit; a longer one has whole seconds. `--json` has the exact value.
pub(crate) fn duration(duration: &Duration) -> String {
    const SECOND: u128 = 1_000_000_000;
    let nanos = duration.as_nanos();
    let unit = match nanos {
        0..1_000 => 1,
        1_000..1_000_000 => 1_000,
        1_000_000..SECOND => 1_000_000,
        SECOND.. => SECOND,
    };
    let step = match nanos / unit {
        _ if nanos >= 60 * SECOND => SECOND,
        100.. => unit,
        10.. => (unit / 10).max(1),
        _ => (unit / 100).max(1),
    };
    let rounded = (nanos + step / 2) / step * step;
    show(Duration::from_nanos_u128(rounded))
}

/// A large number rounded for a reader, with three digits: `12`, `1.2k`, `3.7M`.
pub(crate) fn amount(number: f64) -> String {
    const UNITS: [&str; 5] = ["", "k", "M", "G", "T"];
    if !number.is_finite() {
        return number.to_string();
    }
    let (mut amount, mut unit) = (number, 0);
    // 1000 of a unit is shown as 1 of the next unit.
    while amount.abs() >= 999.5 && unit + 1 < UNITS.len() {
        amount /= 1000.0;
        unit += 1;
    }
    let digits = if amount.abs() >= 99.95 || amount.fract() == 0.0 { 0 } else { 1 };
    let shown = format!("{amount:.digits$}");
    format!("{}{}", shown.strip_suffix(".0").unwrap_or(&shown), UNITS[unit])
}

/// A point in time in little space, in UTC: `08:49:34` within half a day of now, on either side of midnight, so that the nearest such time
/// is the right one; `11-29 08:49` within half a year; else `2025-11-29`.
pub(crate) fn short_time(point: SystemTime) -> String {
    short_time_at(point, SystemTime::now())
}

fn short_time_at(point: SystemTime, now: SystemTime) -> String {
    const HALF_A_DAY: Duration = Duration::from_secs(86_400 / 2);
    const HALF_A_YEAR: Duration = Duration::from_secs(365 * 86_400 / 2);
    let away = point.duration_since(now).unwrap_or_else(|error| error.duration());
    let whole = time(whole_seconds(point));
    let part = |range: std::ops::Range<usize>| whole.get(range).unwrap_or(&whole);
    if away < HALF_A_DAY {
        part(11..19).to_owned()
    } else if away < HALF_A_YEAR {
        format!("{} {}", part(5..10), part(11..16))
    } else {
        part(0..10).to_owned()
    }
}

/// The same point in time without fractions of a second.
pub(crate) fn whole_seconds(point: SystemTime) -> SystemTime {
    let (_, nanos) = since_epoch(point);
    point.checked_sub(Duration::from_nanos(nanos.into())).unwrap_or(point)
}

/// RFC 3339 in UTC, with milliseconds if there are any.
pub(super) fn time(time: SystemTime) -> String {
    let (seconds, nanos) = since_epoch(time);
    let (year, month, day) = civil_date(seconds.div_euclid(86_400));
    let second = seconds.rem_euclid(86_400);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    let millis = match nanos / 1_000_000 {
        0 => String::new(),
        millis => format!(".{millis:03}"),
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{millis}Z")
}

/// The year, month and day of a day counted from 1970-01-01. Years are counted from March in eras of 400,
/// so that the leap day comes last (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn civil_date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn durations() {
        #[track_caller]
        fn check(nanos: u128, expected: &str) {
            assert_eq!(duration(&Duration::from_nanos_u128(nanos)), expected);
        }
        const SECOND: u128 = 1_000_000_000;
        check(0, "0s");
        check(7, "7ns");
        check(694_461, "694us");
        check(20_049, "20us");
        check(1_500, "1.5us");
        check(250_000_000, "250ms");
        check(1_020_000, "1.02ms");
        check(3 * SECOND / 2, "1.5s");
        check(SECOND + 1, "1s");
        check(47_913_997_639, "47.9s");
        check(49_835_000, "49.8ms");
        check(1_204_567, "1.2ms");
        check(1_236_567, "1.24ms");
        check(999_999, "1ms");
        check(59_970_000_000, "1m");
        check(300 * SECOND, "5m");
        check(5_400 * SECOND, "1h30m");
        check(3_601 * SECOND, "1h1s");
        check(60 * SECOND + SECOND / 2, "1m1s");
        check(86_400 * SECOND, "1d");
        check(90_061 * SECOND, "1d1h1m1s");
    }

    #[test]
    fn large_numbers_have_three_digits() {
        let shown = [0.0, 12.0, 999.4, 999.6, 1234.0, 12_345.0, 3.7e6, 0.25, f64::MAX].map(amount);
        assert_eq!(shown[..7], ["0", "12", "999", "1k", "1.2k", "12.3k", "3.7M"]);
        assert!(shown[7] == "0.2" && shown[8].ends_with('T'), "{shown:?}");
    }

    #[test]
    fn newcomer_3_3_1_a_short_time_omits_the_date() {
        let now = UNIX_EPOCH + Duration::from_secs(1_796_000_000);
        let ago = |seconds| short_time_at(now - Duration::from_secs(seconds), now);
        let ahead = |seconds| short_time_at(now + Duration::from_secs(seconds), now);
        assert_eq!(time(now), "2026-11-30T00:53:20Z");
        assert_eq!([ago(60), ago(86_400), ago(400 * 86_400)], ["00:52:20", "11-29 00:53", "2025-10-26"]);
        assert_eq!([ago(3_600), ahead(3_600)], ["23:53:20", "01:53:20"], "midnight lies between");
        assert_eq!(ahead(40 * 86_400), "01-09 00:53", "the turn of the year lies between");
        assert_eq!(ahead(400 * 86_400), "2028-01-04");
    }

    #[test]
    fn times() {
        #[track_caller]
        fn check(seconds: i64, millis: u64, expected: &str) {
            let whole = Duration::from_secs(seconds.unsigned_abs());
            let second = if seconds < 0 { UNIX_EPOCH - whole } else { UNIX_EPOCH + whole };
            assert_eq!(time(second + Duration::from_millis(millis)), expected);
        }
        check(0, 0, "1970-01-01T00:00:00Z");
        check(-1, 0, "1969-12-31T23:59:59Z");
        check(-1, 999, "1969-12-31T23:59:59.999Z");
        check(951_782_400, 5, "2000-02-29T00:00:00.005Z");
        check(1_709_251_199, 0, "2024-02-29T23:59:59Z");
        check(1_709_251_200, 0, "2024-03-01T00:00:00Z");
        check(4_107_542_399, 0, "2100-02-28T23:59:59Z");
        check(4_107_542_400, 0, "2100-03-01T00:00:00Z");
        check(-2_203_891_200, 0, "1900-03-01T00:00:00Z");
        check(253_402_300_799, 0, "9999-12-31T23:59:59Z");
        check(-62_167_219_200, 0, "0000-01-01T00:00:00Z");
    }
}
