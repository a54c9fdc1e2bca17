//! Small files of the kernel about the process, with one fact on each line.

use std::io;
use std::path::Path;

use crate::base::reserve;

/// The contents of a file; an error begins with its path.
pub(crate) fn read(path: impl AsRef<Path>) -> io::Result<String> {
    let path = path.as_ref();
    let bytes = reserve::read(path).map_err(|error| named(path, error))?;
    Ok(match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    })
}

/// The error with the path in front.
pub(crate) fn named(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot read {}: {error}", path.display()))
}

/// The number after `key:` at the start of a line, in bytes if the kernel says kB (which are KiB).
pub(crate) fn field(text: &str, key: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
    let mut words = value.split_ascii_whitespace();
    let number: u64 = words.next()?.parse().ok()?;
    Some(if words.next() == Some("kB") { number * 1024 } else { number })
}

/// The number after `key` and a space at the start of a line.
pub(crate) fn counter(text: &str, key: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' '))?.trim().parse().ok()
}

/// A share for a person: `3.4 %`.
pub(crate) fn percent(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| (part as f64 / whole as f64 * 1000.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_their_whole_name() {
        let status = "VmRSSX:\t 9 kB\nVmRSS:\t    2048 kB\nThreads:\t4\nBroken:\n";
        assert_eq!(field(status, "VmRSS"), Some(2 << 20));
        assert_eq!(field(status, "Threads"), Some(4));
        assert_eq!(field(status, "Broken"), None);
        assert_eq!(field(status, "None"), None);
        assert_eq!(counter("usage_usec 12\nusage 7\n", "usage"), Some(7));
    }

    #[test]
    fn shares_have_one_decimal_and_no_division_by_nothing() {
        assert_eq!(percent(1, 3), Some(33.3));
        assert_eq!(percent(1, 0), None);
    }

    #[test]
    fn unreadable_files_are_named() {
        let error = read("/proc/self/no-such-file").unwrap_err();
        assert!(error.to_string().starts_with("cannot read /proc/self/no-such-file: "), "{error}");
    }
}
