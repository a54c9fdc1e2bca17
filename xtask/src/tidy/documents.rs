//! Names in documents exist: files of the repository in backticks, and targets of links. Lines of documents have a maximum width.

use std::fs;
use std::io;
use std::path::Path;

use crate::tidy::Finding;

/// The directories that a path in a document may be relative to, beside the document's own.
const ROOTS: &[&str] =
    &["", "backdoor-runtime/src", "backdoor-macros/src", "tests", "tests/it", "bench", "bench/src"];

/// Names that look like files of ours and are not: files that programs write, and names in examples.
const NOT_OURS: &[&str] = &[];

/// The most columns of a line of text. Tables and links cannot be wrapped, and code stays as it is.
const WIDEST: usize = 120;

/// Names and links that lead nowhere, and lines that are too wide.
///
/// # Errors
/// A file cannot be read.
pub(super) fn look(root: &Path) -> io::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for file in super::files(root, "md")? {
        let text = fs::read_to_string(&file)?;
        let folder = file.parent().unwrap_or(Path::new(""));
        let headings = anchors(&text);
        let mut in_block = false;
        for (at, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("```") {
                in_block = !in_block;
            }
            if in_block {
                continue;
            }
            let width = line.chars().count();
            if width > WIDEST && !is_table(line) && !has_link(line) {
                let rule = format!("has {width} columns; at most {WIDEST} but for tables, code and links");
                findings.push(Finding { file: file.clone(), line: at + 1, rule });
            }
            let mut report = |rule: String| findings.push(Finding { file: file.clone(), line: at + 1, rule });
            for name in quoted(line).filter(|name| is_file_of_ours(name)) {
                let there = ROOTS.iter().any(|base| root.join(base).join(name).exists())
                    || root.join(folder).join(name).exists();
                if !there {
                    report(format!("names `{name}`, which is not there"));
                }
            }
            for target in links(line).filter(|target| !target.contains("://") && !target.contains("::")) {
                let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
                if path.is_empty() {
                    if !headings.iter().any(|heading| heading == anchor) {
                        report(format!("links to #{anchor}, which is no heading of it"));
                    }
                } else if is_path(path) && !root.join(folder).join(path).exists() {
                    report(format!("links to {path}, which is not there"));
                }
            }
        }
    }
    Ok(findings)
}

fn is_table(line: &str) -> bool {
    line.trim_start().starts_with('|')
}

fn has_link(line: &str) -> bool {
    line.contains("](") || line.contains("]: ") || line.contains("://")
}

/// The texts in single backticks.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// The targets of `[text](target)`.
fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

/// `dispatch/wait.rs`, `docs/limits.md`: a file's name with an extension of ours.
fn is_file_of_ours(name: &str) -> bool {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte));
    let is_ours = [".rs", ".md", ".toml", ".txt"].iter().any(|extension| name.ends_with(extension));
    is_plain && is_ours && name.contains('/') && !name.starts_with('/') && !NOT_OURS.contains(&name)
}

/// Whether this is a path, and not an item of Rust in an intra-doc link.
fn is_path(target: &str) -> bool {
    target.contains('/') || target.contains('.')
}

/// The anchors of a document's headings, as the usual renderers make them.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|heading| {
            let words = heading.trim_start_matches('#').trim().to_lowercase();
            words
                .chars()
                .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
                .collect::<String>()
                .replace(' ', "-")
        })
        .collect()
}
