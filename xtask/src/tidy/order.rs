//! The order of the runtime's folders, in one table. ARCHITECTURE quotes it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use crate::tidy::Finding;
use crate::tidy::layers::SOURCE;
use crate::tidy::rust_sources::ModulePath;

/// From the bottom to the top, with what each holds: a folder or file uses only what stands before it in this list. A folder of
/// folders may be listed by its parts, and `*` is any part.
const ORDER: &[(&str, &str)] = &[
    (
        "base",
        "text made harmless, secrets found, suggestions, clocks, durations, descriptors in reserve, what a fork changes",
    ),
    ("reply", "a reply as a value, as JSON, as text and tables"),
    ("exec", "threads of ours and runtimes on them, questions to the author's code, panics that are caught"),
    ("procfs", "files of `/proc`, parsed once for all who read them"),
    (
        "audit",
        "the record of what was run and changed, as `tracing` events; other folders hand it opaque events",
    ),
    ("readable", "what can be shown as a variable, a counter or a trend"),
    ("service", "the service that the console belongs to: name, build, addresses"),
    (
        "call",
        "one call, as all that take part in it see it: who asked, what is said, why it stops, how it ended",
    ),
    ("changes", "the journal of changes, changes for a while, undo"),
    (
        "command",
        "what a command is: plain data, the traits of parameters and replies, the registry that gathers, sorts, finds and suggests",
    ),
    ("line", "a typed line to words with byte offsets, to arguments, with errors that underline the word"),
    (
        "dispatch",
        "the one path that runs a command: where it runs, deadlines, cancellation, the list of what runs",
    ),
    ("console", "telnet, line discipline, bounds, what the operator sees, one session"),
    (
        "views/threads",
        "native threads: stacks of those that sleep by reading them and of those that run by a signal, unwinding, symbols, folding",
    ),
    (
        "views/tasks",
        "tasks that can be seen: records in a sharded registry, the layer around a future, await stacks by a waker that notes its clones, the runtime's verdict",
    ),
    (
        "views/sync",
        "locks that note who holds them and who waits; the graph of waits, its cycles, and what the kernel shows of other locks",
    ),
    (
        "views/profile",
        "where processor time goes: a timer a thread, a ring that the signal's handler fills, a collector that unwinds and counts",
    ),
    (
        "views/counters",
        "numbers that are cheap to write: shards, log-linear buckets, rates; other crates' registries",
    ),
    (
        "views/trends",
        "watched numbers: a ring of three resolutions, one sampler for all consoles of the process, the drawing",
    ),
    ("views/vars", "variables: the places they live in, the registry, setting by all or nothing"),
    ("views/logs", "a layer for `tracing`: ring, filter with its changes, events as values"),
    (
        "views/objects",
        "objects that are counted: guards and tracked `Arc`s, counts in 16 shards, the search through single objects",
    ),
    ("views/resources", "what the process uses of the machine, and what the console itself uses"),
    ("views", "what can be seen of the process, a folder each"),
    (
        "views/*/commands",
        "what an operator types for it, beside the view: `views/tasks/commands.rs`; commands may use all views",
    ),
    ("builtins", "commands of the console itself: `help`, `commands`, `who`, `running`, `quit`"),
    ("doctor", "the command that judges what the views show"),
    ("server", "the builder, its checks at start, addresses, listeners, who gets a session, the end"),
    ("testing", "lines run without a socket, for unit tests of authors"),
    ("bounds", "the rules for authors' types, under the names that the compiler shows"),
    ("private", "all that generated code may name; the name of the module has the version: `private_0_1_0`"),
    ("in_the_authors_crate", "macros that must run in the author's crate"),
];

const DOCUMENT: &str = "ARCHITECTURE.md";
const BEGIN: &str = "<!-- order of folders: cargo xtask tidy --accept -->";
const END: &str = "<!-- end of the order -->";

/// The entry of the table that a module belongs to: the deepest that it lies in.
pub(super) fn entry(module: &ModulePath) -> Option<&'static str> {
    let path = module.join("/");
    let entries = ORDER.iter().map(|&(entry, _)| entry).filter(|entry| lies_in(&path, entry));
    entries.max_by_key(|entry| entry.split('/').count())
}

/// Whether a path is an entry's, or lies below it.
pub(super) fn lies_in(path: &str, entry: &str) -> bool {
    let mut parts = path.split('/');
    entry.split('/').all(|wanted| parts.next().is_some_and(|part| wanted == "*" || part == wanted))
}

/// Where an entry stands, the lowest first.
pub(super) fn height(entry: &str) -> usize {
    ORDER.iter().position(|(known, _)| *known == entry).unwrap_or(ORDER.len())
}

/// Entries that no file stands for.
pub(super) fn missing(source: &Path) -> Vec<Finding> {
    let missing = ORDER.iter().filter(|(entry, _)| {
        let path = source.join(entry);
        !entry.contains('*') && !path.exists() && !path.with_extension("rs").exists()
    });
    let rule = |entry: &str| format!("the order names `{entry}`, which is not there");
    let finding =
        |entry: &str| Finding { file: "xtask/src/tidy/order.rs".into(), line: 1, rule: rule(entry) };
    missing.map(|(entry, _)| finding(entry)).collect()
}

/// The table as ARCHITECTURE has it: from the top to the bottom, and the parts of each folder of folders from the bottom to the top.
fn rendered(source: &Path) -> String {
    let row = |name: &str, entry: &str, holds: &str| {
        if let Some(part) = name.strip_prefix("*/") {
            return format!("| `{part}` of each | {holds} |\n");
        }
        let end = if source.join(entry).is_dir() { "/" } else { ".rs" };
        format!("| `{name}{end}` | {holds} |\n")
    };
    let mut text = String::from("\n| folder | holds |\n|---|---|\n");
    let mut parts: BTreeMap<&str, String> = BTreeMap::new();
    for (entry, holds) in ORDER {
        if let Some((folder, part)) = entry.split_once('/') {
            *parts.entry(folder).or_default() += &row(part, entry, holds);
        }
    }
    for (entry, holds) in ORDER.iter().rev().filter(|(entry, _)| !entry.contains('/')) {
        text += &row(entry, entry, holds);
    }
    for (folder, rows) in parts {
        text += &format!(
            "\nIn `{folder}/`, a part may use those before it:\n\n| part | holds |\n|---|---|\n{rows}"
        );
    }
    text + "\n"
}

/// ARCHITECTURE has the table between its two markers.
///
/// # Errors
/// The document cannot be read.
pub(super) fn quoted(root: &Path) -> io::Result<Vec<Finding>> {
    let text = fs::read_to_string(root.join(DOCUMENT))?;
    let finding = |line, rule: &str| vec![Finding { file: DOCUMENT.into(), line, rule: rule.to_owned() }];
    let Some((before, quoted, _)) = parts(&text) else {
        return Ok(finding(1, &format!("does not quote the order of folders between `{BEGIN}` and `{END}`")));
    };
    match quoted == rendered(&root.join(SOURCE)) {
        true => Ok(Vec::new()),
        false => Ok(finding(
            before.lines().count() + 1,
            "quotes another order of folders than xtask has: cargo xtask tidy --accept",
        )),
    }
}

/// Writes the table into ARCHITECTURE.
///
/// # Errors
/// The document cannot be read or written.
pub(super) fn quote(root: &Path) -> io::Result<()> {
    let file = root.join(DOCUMENT);
    let text = fs::read_to_string(&file)?;
    match parts(&text) {
        Some((before, _, after)) => {
            fs::write(file, format!("{before}{BEGIN}\n{}{END}{after}", rendered(&root.join(SOURCE))))
        }
        None => Ok(()),
    }
}

/// What stands before the markers, between them, and behind them.
fn parts(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (quoted, after) = rest.strip_prefix('\n')?.split_once(END)?;
    Some((before, quoted, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn document_is_split_at_its_markers() {
        let text = format!("# A\n{BEGIN}\n\n| table |\n{END}\n\nmore\n");
        assert_eq!(parts(&text), Some(("# A\n", "\n| table |\n", "\n\nmore\n")));
        assert_eq!(parts("# A\n"), None);
    }

    #[test]
    fn an_entry_is_the_longest_that_a_module_lies_in() {
        let module = |path: &str| -> ModulePath { path.split('/').map(str::to_owned).collect() };
        let (entry_of_all, _) = ORDER[0];
        assert_eq!(entry(&module(&format!("{entry_of_all}/deep/down"))), Some(entry_of_all));
        assert_eq!(entry(&module(&format!("{entry_of_all}s"))), None);
        assert!(lies_in("views/tasks", "views") && !lies_in("views", "views/tasks"));
        assert!(
            lies_in("views/tasks/commands/text", "views/*/commands")
                && !lies_in("views/tasks", "views/*/commands")
        );
    }
}
