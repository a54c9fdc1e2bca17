//! A folder of the runtime uses only lower ones, and neither folders nor files use each other in a circle, except parent and child.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use crate::tidy::circles::{self, Graph};
use crate::tidy::rust_sources::{Crate, ModulePath, Use};
use crate::tidy::{Finding, order};

pub(super) const SOURCE: &str = "backdoor-runtime/src";

/// # Errors
/// The sources cannot be read.
pub(super) fn look(root: &Path) -> io::Result<Vec<Finding>> {
    let source = root.join(SOURCE);
    let sources = Crate::read(&source)?;
    let uses = sources.uses();
    let mut findings = order::missing(&source);
    findings.extend(order::quoted(root)?);
    findings.extend(outside_the_order(&sources));
    findings.extend(upward(&sources, &uses));
    findings.extend(files(&sources, &uses));
    findings.extend(folders(&sources, &uses));
    Ok(findings)
}

/// Modules without an entry in the order.
fn outside_the_order(sources: &Crate) -> Vec<Finding> {
    let outside = sources.modules().filter(|module| !module.is_empty() && order::entry(module).is_none());
    let finding = |module: &ModulePath| Finding {
        file: sources.file(module).to_owned(),
        line: 1,
        rule: format!(
            "`{}` has no place in the order of folders: give it one in xtask/src/tidy/order.rs",
            module.join("/")
        ),
    };
    outside.map(finding).collect()
}

/// Uses of a higher entry.
fn upward(sources: &Crate, uses: &[Use]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for used in uses {
        let (Some(from), Some(to)) = (order::entry(&used.from), order::entry(&used.to)) else { continue };
        let is_family = order::lies_in(from, to) || order::lies_in(to, from) || is_family(used);
        if !is_family && order::height(to) > order::height(from) {
            let rule = format!("`{from}` uses `{to}`, which stands above it in the order of folders");
            findings.push(of_use(sources, used, rule));
        }
    }
    findings
}

/// Files that use each other in a circle, except a parent and its child: each file counts once, at its use of the next file in a shortest
/// circle.
fn files(sources: &Crate, uses: &[Use]) -> Vec<Finding> {
    let name = |module: &ModulePath| module.join("/");
    let mut graph = Graph::new();
    for used in uses.iter().filter(|used| !is_family(used)) {
        graph.entry(name(&used.from)).or_default().insert(name(&used.to));
    }
    let mut findings = Vec::new();
    for circle in circles::circles(&graph) {
        for from in &circle {
            let way = circles::shortest(&graph, &circle, from);
            let next = way.get(1);
            let used = uses.iter().find(|used| name(&used.from) == *from && Some(&name(&used.to)) == next);
            if let Some(used) = used {
                let rule = format!("is in a circle of files: {}", way.join(" > "));
                findings.push(of_use(sources, used, rule));
            }
        }
    }
    findings
}

/// Folders that use each other in a circle, or a folder and a file beside it, at every depth below an entry of the order; entries
/// themselves have no circle. Circles of files alone are in [`files`].
fn folders(sources: &Crate, uses: &[Use]) -> Vec<Finding> {
    let mut levels: BTreeMap<ModulePath, Vec<(String, String, &Use)>> = BTreeMap::new();
    let is_inside = |used: &&Use| order::entry(&used.from) == order::entry(&used.to);
    for used in uses.iter().filter(|used| !is_family(used)).filter(is_inside) {
        let shared = used.from.iter().zip(&used.to).take_while(|(from, to)| from == to).count();
        let parent = used.from[..shared].to_vec();
        let sibling = |path: &ModulePath| path[..=shared].join("/");
        levels.entry(parent).or_default().push((sibling(&used.from), sibling(&used.to), used));
    }
    let folders: BTreeSet<String> = sources
        .modules()
        .flat_map(|module| (1..module.len()).map(|depth| module[..depth].join("/")))
        .collect();
    let mut findings = Vec::new();
    for edges in levels.values() {
        let mut graph = Graph::new();
        for (from, to, _) in edges {
            graph.entry(from.clone()).or_default().insert(to.clone());
        }
        let circles = circles::circles(&graph);
        for circle in circles.iter().filter(|circle| !circle.is_disjoint(&folders)) {
            let inside = edges.iter().filter(|(from, to, _)| circle.contains(from) && circle.contains(to));
            for (from, to, used) in inside {
                let way = circles::shortest(&graph, circle, from).join(" > ");
                let rule = format!("`{from}` uses `{to}` in a circle of folders: {way}");
                findings.push(of_use(sources, used, rule));
            }
        }
    }
    findings
}

fn of_use(sources: &Crate, used: &Use, rule: String) -> Finding {
    Finding { file: sources.file(&used.from).to_owned(), line: used.line, rule }
}

/// A parent declares and re-exports its children, and they may use what they share.
fn is_family(used: &Use) -> bool {
    used.to.starts_with(&used.from) || used.from.starts_with(&used.to)
}
