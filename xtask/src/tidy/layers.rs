//! A folder of the runtime uses only what stands below it, and no two files use each other but a parent and its child. What does
//! not hold yet is in two lists that may only shrink.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use crate::tidy::Finding;
use crate::tidy::rust_sources::{Crate, ModulePath, Use};

const SOURCE: &str = "backdoor-runtime/src";

/// Folders that still use each other. A pair that is gone must be taken off the list, which is how it shrinks.
const MUTUAL_FOLDERS: &[(&str, &str)] = &[("dispatch", "views")];

/// How many pairs of files still use each other, parent and child aside.
const MUTUAL_FILES: usize = 25;

/// # Errors
/// The sources cannot be read.
pub(super) fn look(root: &Path) -> io::Result<Vec<Finding>> {
    let sources = Crate::read(&root.join(SOURCE))?;
    let uses = sources.uses();
    let mut findings = folders(&sources, &uses);
    findings.extend(files(&sources, &uses));
    Ok(findings)
}

fn folders(sources: &Crate, uses: &[Use]) -> Vec<Finding> {
    let folder = |path: &ModulePath| path.first().cloned().unwrap_or_default();
    let mut edges: BTreeMap<(String, String), &Use> = BTreeMap::new();
    for used in uses {
        let (from, to) = (folder(&used.from), folder(&used.to));
        if from != to && !from.is_empty() && !to.is_empty() {
            edges.entry((from, to)).or_insert(used);
        }
    }
    let mutual: BTreeSet<(&str, &str)> = edges
        .keys()
        .filter(|(from, to)| from < to && edges.contains_key(&(to.clone(), from.clone())))
        .map(|(from, to)| (from.as_str(), to.as_str()))
        .collect();
    let known: BTreeSet<(&str, &str)> = MUTUAL_FOLDERS.iter().copied().collect();
    let mut findings = Vec::new();
    for (from, to) in mutual.difference(&known) {
        let used = edges[&((*from).to_owned(), (*to).to_owned())];
        let back = edges[&((*to).to_owned(), (*from).to_owned())];
        findings.push(Finding {
            file: sources.file(&used.from).to_owned(),
            line: used.line,
            rule: format!(
                "folders `{from}` and `{to}` use each other: here, and in {}:{}",
                sources.file(&back.from).display(),
                back.line
            ),
        });
    }
    for (from, to) in known.difference(&mutual) {
        findings.push(Finding {
            file: file!().into(),
            line: 1,
            rule: format!("`{from}` and `{to}` no longer use each other: take them off the list"),
        });
    }
    findings
}

fn files(sources: &Crate, uses: &[Use]) -> Vec<Finding> {
    let edges: BTreeSet<(&ModulePath, &ModulePath)> =
        uses.iter().map(|used| (&used.from, &used.to)).collect();
    let mutual: Vec<&Use> = uses
        .iter()
        .filter(|used| used.from < used.to && edges.contains(&(&used.to, &used.from)) && !is_family(used))
        .collect();
    if mutual.len() == MUTUAL_FILES {
        return Vec::new();
    }
    let mut findings: Vec<Finding> = mutual
        .iter()
        .map(|used| Finding {
            file: sources.file(&used.from).to_owned(),
            line: used.line,
            rule: format!("this file and {} use each other", sources.file(&used.to).display()),
        })
        .collect();
    findings.push(Finding {
        file: file!().into(),
        line: 1,
        rule: format!("{} pairs of files use each other, {MUTUAL_FILES} are known", mutual.len()),
    });
    findings
}

/// A parent declares and re-exports its children, and they may use what they share.
fn is_family(used: &Use) -> bool {
    used.to.starts_with(&used.from) || used.from.starts_with(&used.to)
}
