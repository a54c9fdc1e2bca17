//! Rules of the sources that no compiler knows: the order of the runtime's folders, what every file and every test has, and that
//! documents name what is there. Each finding names the file, the line and the rule.

mod assertions;
mod documents;
mod layers;
mod rust_files;
mod rust_sources;

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

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
    println!("== tidy: the order of folders, files, tests and documents");
    let root = Path::new("");
    let look = || -> io::Result<Vec<Finding>> {
        let mut findings = layers::look(root)?;
        findings.extend(rust_files::look(root)?);
        findings.extend(assertions::look(root)?);
        findings.extend(documents::look(root)?);
        Ok(findings)
    };
    match look() {
        Ok(mut findings) => {
            findings.sort();
            for finding in &findings {
                eprintln!("{finding}");
            }
            findings.is_empty()
        }
        Err(error) => {
            eprintln!("== tidy failed: {error}");
            false
        }
    }
}

/// The files below a folder with this extension, but for what is built or hidden, sorted.
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
