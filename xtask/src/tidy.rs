//! Rules for the sources that no compiler checks: the order of the runtime's folders, the parts of every file and test, names in documents,
//! and forbidden wordings. Each finding names the file, the line and the rule.

mod assertions;
mod circles;
mod documents;
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

/// Checks the workspace in the current directory and prints the findings. `true` if there are none.
pub(crate) fn is_tidy() -> bool {
    println!("== tidy: the order of folders, files, tests, documents and words");
    let root = Path::new("");
    look(root).map_or_else(|error| failed(&error), reported)
}

/// Writes the order of folders into ARCHITECTURE.
pub(crate) fn accept() -> bool {
    order::quote(Path::new("")).map_or_else(|error| failed(&error), |()| is_tidy())
}

/// All places that break a rule.
fn look(root: &Path) -> io::Result<Vec<Finding>> {
    let (tests, without) = assertions::look(root)?;
    let mut findings = layers::look(root)?;
    findings.extend(rust_files::look(root)?);
    findings.extend(without);
    findings.extend(documents::look(root)?);
    findings.extend(test_names::look(&tests));
    findings.extend(wording::look(root)?);
    Ok(findings)
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

/// The files below a folder with this extension, sorted, without build output, hidden folders, and symbolic links.
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
    // Paths as the repository names them, without the leading `./`.
    let mut found: Vec<PathBuf> =
        found.iter().map(|path| path.strip_prefix(".").unwrap_or(path).to_owned()).collect();
    found.sort();
    Ok(found)
}
