//! The ids of threads in /proc if it belongs to another PID namespace (pid_namespaces(7)): each status has the ids in all namespaces, the
//! outermost first, so the last one is this process's own.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::{fs, io};

use crate::base::kernel_ids;
use crate::base::reserve;

const TASKS: &str = "/proc/self/task";

/// The file of a thread in /proc.
pub(crate) fn file(tid: i32, file: &str) -> String {
    let listed = if is_foreign() { number_there(tid).unwrap_or(0) } else { tid };
    format!("/proc/self/task/{listed}/{file}")
}

/// The ids that /proc lists.
pub(crate) fn listed() -> io::Result<Vec<i32>> {
    let names = reserve::names(TASKS)
        .map_err(|error| io::Error::new(error.kind(), format!("cannot read {TASKS}: {error}")))?;
    Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
}

/// Whether /proc has other ids than this process.
pub(crate) fn is_foreign() -> bool {
    /// The process for which this was found out.
    static SAME: AtomicI32 = AtomicI32::new(0);
    let process = kernel_ids::process();
    if SAME.load(Ordering::Relaxed) == process {
        return false;
    }
    let Ok(there) = fs::read_link("/proc/self") else { return false };
    let is_foreign = there != Path::new(&process.to_string());
    if !is_foreign {
        SAME.store(process, Ordering::Relaxed);
    }
    is_foreign
}

/// Threads by their own ids, with their ids in /proc.
static THERE: Mutex<Option<HashMap<i32, i32>>> = Mutex::new(None);

/// The own ids of these. Threads that have ended are left out.
pub(crate) fn translated(listed: &[i32]) -> Vec<i32> {
    let own = |there: &i32| {
        let status = reserve::read(format!("/proc/self/task/{there}/status")).ok()?;
        Some((own_number(&String::from_utf8_lossy(&status))?, *there))
    };
    let numbers: HashMap<i32, i32> = listed.iter().filter_map(own).collect();
    let own = numbers.keys().copied().collect();
    *THERE.lock().unwrap_or_else(PoisonError::into_inner) = Some(numbers);
    own
}

fn number_there(tid: i32) -> Option<i32> {
    let known = || THERE.lock().unwrap_or_else(PoisonError::into_inner).as_ref()?.get(&tid).copied();
    known().or_else(|| {
        translated(&listed().ok()?);
        known()
    })
}

fn own_number(status: &str) -> Option<i32> {
    let numbers = status.lines().find_map(|line| line.strip_prefix("NSpid:"))?;
    numbers.split_whitespace().last()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_namespace_has_the_own_id() {
        assert_eq!(own_number("Pid:\t4711\nNSpid:\t4711\t12\t3\nx:\t1\n"), Some(3));
        assert_eq!(own_number("NSpid:\t4711\n"), Some(4711));
        assert_eq!(own_number("Pid:\t4711\n"), None);
    }

    #[test]
    fn each_thread_has_its_number() {
        let own = kernel_ids::thread();
        assert!(translated(&listed().unwrap()).contains(&own));
        assert_eq!(number_there(own), Some(own));
        assert!(!is_foreign());
    }
}
