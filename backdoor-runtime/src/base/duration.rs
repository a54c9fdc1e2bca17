//! Durations as an operator would type them: `250ms`, `1.5s`, `1h30m`.

use std::time::Duration;

/// Nanoseconds.
pub(crate) const SECOND: u64 = 1_000_000_000;
pub(crate) const MINUTE: u64 = 60 * SECOND;
pub(crate) const HOUR: u64 = 60 * MINUTE;
pub(crate) const DAY: u64 = 24 * HOUR;
pub(crate) const WEEK: u64 = 7 * DAY;

/// The duration as an operator would type it: exact, without units that are zero.
pub(crate) fn show(duration: Duration) -> String {
    let mut shown = String::new();
    let mut seconds = duration.as_secs();
    let nanos = u64::from(duration.subsec_nanos());
    // `1w` is plain, but nobody types `1w1d` for eight days.
    let week = WEEK / SECOND;
    if nanos == 0 && seconds > 0 && seconds.is_multiple_of(week) {
        return format!("{}w", seconds / week);
    }
    for (unit, name) in [(DAY, "d"), (HOUR, "h"), (MINUTE, "m")] {
        let unit = unit / SECOND;
        if seconds >= unit {
            shown.push_str(&format!("{}{name}", seconds / unit));
            seconds %= unit;
        }
    }
    let (unit, name) = match (seconds, nanos) {
        (0, 0) if shown.is_empty() => (SECOND, "s"),
        (0, 0) => return shown,
        (1.., _) => (SECOND, "s"),
        (0, 1_000_000..) => (1_000_000, "ms"),
        (0, 1_000..) => (1_000, "us"),
        (0, _) => (1, "ns"),
    };
    let nanos = seconds * SECOND + nanos;
    shown.push_str(&(nanos / unit).to_string());
    let fraction = nanos % unit;
    if fraction > 0 {
        let digits = unit.ilog10() as usize;
        shown.push_str(format!(".{fraction:0digits$}").trim_end_matches('0'));
    }
    shown + name
}
