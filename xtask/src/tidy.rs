//! Rules of the sources that no compiler knows: the order of the runtime's folders, what every file and every test has, that
//! documents name what is there, and words that nobody writes. Each finding names the file, the line and the rule.

mod assertions;
mod circles;
mod documents;
mod known;
mod layers;
mod order;
mod rust_files;
mod rust_sources;
mod test_names;
mod wording;

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::tidy::known::{Counted, Known};

/// A place that breaks a rule.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    file: PathBuf,
    line: usize,
    rule: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.rule)
    }
}

/// Looks at the workspace in the current directory and prints what it finds. `true` if it finds nothing.
pub(crate) fn is_tidy() -> bool {
    println!("== tidy: the order of folders, files, tests, documents and words");
    let root = Path::new("");
    let look = || -> io::Result<Vec<Finding>> {
        let (mut findings, counted) = look(root)?;
        let known = Known::read(root)?.unwrap_or_default();
        if known.could_shrink(&Known::of(&counted)) {
            println!("{}", known::shrink());
        }
        findings.extend(known.more(counted, |key| !root.join(key).exists()));
        Ok(findings)
    };
    look().map_or_else(|error| failed(&error), reported)
}

/// Writes what follows from the sources: the list of what is known, unless it would grow, and the order of folders in ARCHITECTURE.
pub(crate) fn accept() -> bool {
    let root = Path::new("");
    let accept = || -> io::Result<()> {
        order::quote(root)?;
        let (_, counted) = look(root)?;
        Known::accept(root, Known::read(root)?.as_ref(), &Known::of(&counted))
    };
    accept().map_or_else(|error| failed(&error), |()| is_tidy())
}

/// What breaks a rule that holds everywhere, and one of which some places are known.
fn look(root: &Path) -> io::Result<(Vec<Finding>, Vec<Counted>)> {
    let (tests, without) = assertions::look(root)?;
    let (missing, wide) = documents::look(root)?;
    let mut findings = layers::look(root)?;
    findings.extend(rust_files::look(root)?);
    findings.extend(without);
    findings.extend(missing);
    let mut counted = test_names::look(&tests);
    counted.extend(wide);
    counted.extend(wording::look(root)?);
    Ok((findings, counted))
}

fn reported(mut findings: Vec<Finding>) -> bool {
    findings.sort();
    for finding in &findings {
        eprintln!("{finding}");
    }
    findings.is_empty()
}

fn failed(error: &io::Error) -> bool {
    eprintln!("== tidy failed: {error}");
    false
}

/// The files below a folder with this extension, but for what is built or hidden, and links to files elsewhere, sorted.
///
/// # Errors
/// A folder cannot be read.
fn files(root: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let here = if folder.as_os_str().is_empty() { Path::new(".") } else { &folder };
        for entry in fs::read_dir(here)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_symlink() {
                continue;
            }
            if path.is_dir() {
                if name != "target" && !name.starts_with('.') {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    // As they are named in the repository, without the leading `./`.
    let mut found: Vec<PathBuf> =
        found.iter().map(|path| path.strip_prefix(".").unwrap_or(path).to_owned()).collect();
    found.sort();
    Ok(found)
}
