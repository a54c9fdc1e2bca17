//! What the tests of a `check` left out, since it cannot run on this machine: each adds a line to a file, and the end of the run counts them.

use std::path::{Path, PathBuf};
use std::{env, fs};

/// Tells the tests where the file is.
pub(crate) const FILE: &str = "BACKDOOR_LEFT_OUT";

/// Where it is: with what is built, which no commit has.
pub(crate) fn path() -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"), PathBuf::from);
    target.join("left-out.txt")
}

/// Forgets what an earlier run left out.
pub(crate) fn begin() {
    // There may be none.
    let _ = fs::remove_file(path());
}

/// Says how much was left out, and what.
pub(crate) fn count() {
    let text = fs::read_to_string(path()).unwrap_or_default();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines.dedup();
    println!("== left out on this machine: {}", lines.len());
    lines.iter().for_each(|line| println!("{line}"));
}
