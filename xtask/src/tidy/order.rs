//! The order of the runtime's folders, in one table. ARCHITECTURE quotes it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use crate::tidy::Finding;
use crate::tidy::layers::SOURCE;
use crate::tidy::rust_sources::ModulePath;

/// From the bottom to the top, with the contents of each: a folder or file uses only those before it in this list. A folder of folders may
/// be listed by its parts, and `*` stands for any part.
const ORDER: &[(&str, &str)] = &[
    (
        "base",
        "text made harmless, secrets found, suggestions, clocks, durations, descriptors in reserve, what a fork changes",
    ),
    ("limits", "the limits of a console, of a session and of a command, with their defaults"),
    ("thresholds", "the thresholds of `doctor`, with the reason of each"),
    ("reply", "a reply as a value, as JSON, as text and tables"),
    ("exec", "threads of the console, runtimes on them, queries to code of the author, caught panics"),
    ("procfs", "files of `/proc`, parsed once for all readers"),
    ("audit", "the record of commands and changes, as `tracing` events; other folders pass opaque events"),
    ("readable", "values that can be shown as a variable, a counter or a trend"),
    ("service", "the service of the console: name, build, addresses"),
    ("call", "one call of a command: the caller, the output, the reason to stop, the outcome"),
    ("changes", "the journal of changes, temporary changes, undo"),
    (
        "command",
        "commands as plain data, the traits of parameters and replies, the registry with search and suggestions",
    ),
    (
        "line",
        "from a typed line to words with byte offsets and to arguments, with errors that underline the word",
    ),
    (
        "dispatch",
        "the only path that runs a command: its thread, deadlines, cancellation, the list of running commands",
    ),
    ("console", "one session: telnet, line discipline, bounds, prompt and output"),
    (
        "views/threads",
        "native threads: stacks of sleeping threads by reading memory and of running threads by a signal, unwinding, symbols, folding",
    ),
    (
        "views/tasks",
        "instrumented tasks: records in a sharded registry, the wrapper around a future, await stacks from a waker that records its clones, the verdict about the runtime",
    ),
    (
        "views/sync",
        "locks that record holders and waiters; the graph of waits, its cycles, and other locks as the kernel shows them",
    ),
    (
        "views/profile",
        "processor time: a timer per thread, a ring that the signal handler fills, a collector that unwinds and counts",
    ),
    (
        "views/counters",
        "numbers that are cheap to write: shards, log-linear buckets, rates; registries of other crates",
    ),
    (
        "views/trends",
        "watched numbers: a ring of three resolutions, one sampler for all consoles of the process, the drawing",
    ),
    ("views/vars", "variables: their places, the registry, setting all or none"),
    ("views/logs", "a layer for `tracing`: ring, filter with its changes, events as values"),
    (
        "views/objects",
        "counted objects: guards and tracked `Arc`s, counts in 16 shards, the search through single objects",
    ),
    ("views/resources", "the use of the machine by the process and by the console"),
    ("views", "views of the process, a folder each"),
    (
        "views/*/commands",
        "the commands of a view, beside it: `views/tasks/commands.rs`; commands may use all views",
    ),
    ("builtins", "commands of the console itself: `help`, `commands`, `who`, `running`, `quit`"),
    ("doctor", "the command that checks all views for problems"),
    ("server", "the builder, its checks at start, addresses, listeners, admission of sessions, the end"),
    ("testing", "lines without a socket, for unit tests of authors"),
    ("bounds", "the rules for types of authors, with the names in compiler errors"),
    ("private", "all that generated code may name; the name of the module has the version: `private_0_1_0`"),
    ("in_the_authors_crate", "macros that must run in the crate of the author"),
];

const DOCUMENT: &str = "ARCHITECTURE.md";
const BEGIN: &str = "<!-- order of folders: cargo xtask tidy --accept -->";
const END: &str = "<!-- end of the order -->";

/// The entry of the table for a module: the deepest one that contains it.
pub(super) fn entry(module: &ModulePath) -> Option<&'static str> {
    let path = module.join("/");
    let entries = ORDER.iter().map(|&(entry, _)| entry).filter(|entry| lies_in(&path, entry));
    entries.max_by_key(|entry| entry.split('/').count())
}

/// Whether a path equals an entry, or is below it.
pub(super) fn lies_in(path: &str, entry: &str) -> bool {
    let mut parts = path.split('/');
    entry.split('/').all(|wanted| parts.next().is_some_and(|part| wanted == "*" || part == wanted))
}

/// The position of an entry, the lowest first.
pub(super) fn height(entry: &str) -> usize {
    ORDER.iter().position(|(known, _)| *known == entry).unwrap_or(ORDER.len())
}

/// Entries without a file.
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

/// The table in ARCHITECTURE's form: from the top to the bottom, and the parts of each folder of folders from the bottom to the top.
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

/// The text before the markers, between them, and after them.
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
