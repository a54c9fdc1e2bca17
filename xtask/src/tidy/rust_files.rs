//! The form of every Rust file: a beginning that states its purpose, and a limited length. Also the numbers of compile-fail fixtures.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::tidy::Finding;

/// The most lines. A longer file has a second idea.
const LONGEST: usize = 450;

/// Fixtures begin with the error, because the compiler's message contains their line numbers; snapshots are written by a program.
const WITHOUT_BEGINNING: &[&str] = &["tests/ui", "backdoor-macros/src/snapshots"];

/// # Errors
/// A file cannot be read.
pub(super) fn look(root: &Path) -> io::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let mut numbers: BTreeMap<String, PathBuf> = BTreeMap::new();
    for file in super::files(root, "rs")? {
        let text = fs::read_to_string(&file)?;
        let written = WITHOUT_BEGINNING.iter().any(|folder| file.starts_with(folder));
        if !written && !text.starts_with("//!") {
            findings.push(finding(&file, 1, "begins without `//!`: why is this file there?"));
        }
        let lines = text.lines().count();
        if lines > LONGEST {
            let rule =
                format!("has {lines} lines; at most {LONGEST}: move its second idea to a file of its own");
            findings.push(finding(&file, LONGEST, &rule));
        }
        if file.starts_with("tests/ui") {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let number = name.split('-').next().unwrap_or_default().to_owned();
            if let Some(other) = numbers.insert(number.clone(), file.clone()) {
                let rule = format!("has number {number}, as {} has; take the next free one", other.display());
                findings.push(finding(&file, 1, &rule));
            }
        }
    }
    Ok(findings)
}

fn finding(file: &Path, line: usize, rule: &str) -> Finding {
    Finding { file: file.to_owned(), line, rule: rule.to_owned() }
}
