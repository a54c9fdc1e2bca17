//! The resource limits of the process.

use std::io;

use super::links::links;
use crate::procfs::files::{field, percent, read};
use crate::procfs::task_files::queued_signals;
use crate::reply::record;

record! {
    /// One limit (`/proc/self/limits`; getrlimit(2)). `None` is no limit.
    pub(crate) struct Limit {
        /// Its name in the kernel: `Max open files`.
        pub name: String,
        /// The soft limit, which the kernel enforces.
        pub soft: Option<u64>,
        /// The hard limit, up to which the soft limit may be raised.
        pub hard: Option<u64>,
        /// The unit: `files`, `bytes`; empty for a rank.
        pub unit: String,
        /// The current use, if it is known.
        pub used: Option<u64>,
        /// `used` in percent of the soft limit.
        pub percent: Option<f64>,
    }
}

/// The limits of the process, in the kernel's order.
///
/// # Errors
/// `/proc` is not mounted, or hidden.
pub(crate) fn limits() -> io::Result<Vec<Limit>> {
    let text = read("/proc/self/limits")?;
    // A use that cannot be read is omitted; the limits are still shown.
    let status = read("/proc/self/status").unwrap_or_default();
    let open = links().ok().map(|links| links.len() as u64);
    let mut limits = parse(&text);
    for limit in &mut limits {
        limit.used = match limit.name.as_str() {
            "Max open files" => open,
            "Max address space" => field(&status, "VmSize"),
            "Max data size" => field(&status, "VmData"),
            "Max resident set" => field(&status, "VmRSS"),
            "Max locked memory" => field(&status, "VmLck"),
            // Of all processes of this user.
            "Max pending signals" => queued_signals().map(|(used, _)| used),
            _ => None,
        };
        limit.percent = limit.used.zip(limit.soft).and_then(|(used, soft)| percent(used, soft));
    }
    Ok(limits)
}

/// The kernel writes columns of a fixed width: 26 for the name, 21 for each number.
fn parse(text: &str) -> Vec<Limit> {
    text.lines()
        .skip(1)
        .filter_map(|line| {
            let (name, rest) = line.split_at_checked(26)?;
            let mut words = rest.split_ascii_whitespace();
            let mut number = || words.next().map(|word| word.parse().ok());
            let (soft, hard) = (number()?, number()?);
            let unit = words.next().unwrap_or_default().to_owned();
            Some(Limit { name: name.trim().to_owned(), soft, hard, unit, used: None, percent: None })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_table_is_read() {
        let text = "\
Limit                     Soft Limit           Hard Limit           Units     
Max cpu time              unlimited            unlimited            seconds   
Max open files            1024                 524288               files     
Max nice priority         0                    0                    
";
        let limits = parse(text);
        assert_eq!(limits.len(), 3);
        assert_eq!((limits[0].soft, limits[0].unit.as_str()), (None, "seconds"));
        assert_eq!((limits[1].soft, limits[1].hard), (Some(1024), Some(524_288)));
        assert_eq!((limits[2].name.as_str(), limits[2].unit.as_str()), ("Max nice priority", ""));
    }

    #[test]
    fn use_of_the_process_limits_is_shown() {
        let limits = limits().unwrap();
        let files = limits.iter().find(|limit| limit.name == "Max open files").unwrap();
        assert!(files.used.is_some_and(|used| used > 0), "{files:?}");
        let signals = limits.iter().find(|limit| limit.name == "Max pending signals").unwrap();
        assert!(signals.used.is_some(), "{signals:?}");
    }
}
