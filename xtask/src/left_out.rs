//! The tests that a `check` left out because they cannot run on this machine: each adds a line to a file, and the end of the run counts
//! them.

use std::path::{Path, PathBuf};
use std::{env, fs};

/// The variable that tells the tests the path of the file.
pub(crate) const FILE: &str = "BACKDOOR_LEFT_OUT";

/// The file: in the build directory, which is never committed.
pub(crate) fn path() -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"), PathBuf::from);
    target.join("left-out.txt")
}

/// Removes the list of an earlier run.
pub(crate) fn begin() {
    // There may be no file.
    let _ = fs::remove_file(path());
}

/// Prints how many tests were left out, and which.
pub(crate) fn count() {
    let text = fs::read_to_string(path()).unwrap_or_default();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines.dedup();
    println!("== left out on this machine: {}", lines.len());
    lines.iter().for_each(|line| println!("{line}"));
}
