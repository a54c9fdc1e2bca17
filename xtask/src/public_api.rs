//! `docs/public-api.txt`: the items of `backdoor-runtime` that an author can name, one a line, so that a diff shows each change.
//!
//! The list is read from rustdoc's JSON, which includes items from macros and excludes items removed by `cfg`. The pinned toolchain is
//! stable and writes that JSON only with `RUSTC_BOOTSTRAP`. Cargo must not see the variable, because build scripts watch it and everything
//! would be rebuilt. So cargo runs this program as its rustdoc, and [`rustdoc`] sets it.

mod items;

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::public_api::items::Item;

const FILE: &str = "docs/public-api.txt";

/// The command that accepts an intended difference.
const ACCEPT: &str = "cargo xtask public-api --accept";

/// Set while cargo runs this program as its rustdoc: the real rustdoc.
const RUSTDOC: &str = "BACKDOOR_XTASK_RUSTDOC";

/// Runs the real rustdoc with unstable options, if cargo has called this program as its rustdoc.
pub(crate) fn rustdoc() -> Option<ExitCode> {
    let rustdoc = env::var_os(RUSTDOC)?;
    let status = Command::new(rustdoc).args(env::args_os().skip(1)).env("RUSTC_BOOTSTRAP", "1").status();
    Some(match status {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

/// Compares the list with the file, or writes the file. `true` if they are the same at the end.
pub(crate) fn is_kept(accept: bool) -> bool {
    println!("== public API: rustdoc of backdoor-runtime beside {FILE}");
    let look = || -> io::Result<bool> {
        let text = render(&items::read(&json()?)?);
        if accept {
            fs::write(FILE, &text)?;
            println!("{}", text.lines().take(HEAD_LINES).collect::<Vec<_>>().join("\n"));
            return Ok(true);
        }
        let kept = fs::read_to_string(FILE).unwrap_or_default();
        for line in difference(&kept, &text) {
            eprintln!("{line}");
        }
        if kept != text {
            eprintln!("{FILE}: the public API is another; if that is meant: {ACCEPT}");
        }
        Ok(kept == text)
    };
    look().unwrap_or_else(|error| {
        eprintln!("== public API failed: {error}");
        false
    })
}

/// Lets cargo write the JSON, and reads it.
fn json() -> io::Result<serde_json::Value> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let real = env::var_os("RUSTDOC").unwrap_or_else(|| "rustdoc".into());
    let status = cargo
        .args(["rustdoc", "--quiet", "--package", "backdoor-runtime", "--lib", "--"])
        .args(["-Zunstable-options", "--output-format", "json", "--cap-lints", "allow"])
        .env(RUSTDOC, real)
        .env("RUSTDOC", env::current_exe()?)
        .status()?;
    if !status.success() {
        return Err(io::Error::other(format!("cargo rustdoc: {status}")));
    }
    let file = target().join("doc/backdoor_runtime.json");
    let text = fs::read(&file).map_err(|error| io::Error::other(format!("{}: {error}", file.display())))?;
    serde_json::from_slice(&text).map_err(io::Error::other)
}

fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| Path::new("target").to_owned(), PathBuf::from)
}

/// Lines before the first item.
const HEAD_LINES: usize = 4;

/// The file: the counts, and one line for each item, sorted by path.
fn render(items: &[Item]) -> String {
    let (root, beyond): (Vec<&Item>, Vec<&Item>) = items.iter().partition(|item| item.is_at_root());
    let of_types = root.iter().filter(|item| item.is_associated()).count();
    let mut modules: Vec<(&str, usize)> = Vec::new();
    for item in &beyond {
        match modules.iter_mut().find(|(module, _)| *module == item.module()) {
            Some((_, count)) => *count += 1,
            None => modules.push((item.module(), 1)),
        }
    }
    let modules: Vec<String> = modules.iter().map(|(module, count)| format!("{module} {count}")).collect();
    let mut text = format!(
        "# {} items: {} at the root ({} of them methods and constants of the others), {} beyond it.\n# Beyond it: {}.\n\
         # Types, traits, functions, methods, constants and macros with default features on Linux; no fields, variants, impls.\n\
         # Written by `{ACCEPT}`, compared by `cargo xtask check`.\n",
        items.len(),
        root.len(),
        of_types,
        beyond.len(),
        modules.join(", "),
    );
    for item in items {
        text += &format!("{:6} {}\n", item.kind.word(), item.path.join("::"));
    }
    text
}

/// Lines that only one of two texts has, without the counts, marked as by `diff`.
fn difference(kept: &str, now: &str) -> Vec<String> {
    let only = |these: &str, others: &str, mark: &str| -> Vec<String> {
        let others: Vec<&str> = others.lines().collect();
        let these = these.lines().filter(|line| !line.starts_with('#') && !others.contains(line));
        these.map(|line| format!("{mark} {line}")).collect()
    };
    let mut lines = only(kept, now, "-");
    lines.extend(only(now, kept, "+"));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::public_api::items::Kind;

    fn item(kind: Kind, path: &str, depth: usize) -> Item {
        Item { kind, path: path.split("::").map(str::to_owned).collect(), depth }
    }

    #[test]
    fn head_counts_root_and_modules() {
        let items = [
            item(Kind::Struct, "Counter", 0),
            item(Kind::Method, "Counter::new", 0),
            item(Kind::Struct, "sync::Mutex", 1),
            item(Kind::Method, "sync::Mutex::lock", 1),
        ];
        let text = render(&items);
        assert!(text.starts_with(
            "# 4 items: 2 at the root (1 of them methods and constants of the others), 2 beyond it.\n# Beyond it: sync 2.\n"
        ));
        let (head, lines) = text.split_at(text.find("struct").unwrap());
        assert_eq!(head.lines().count(), HEAD_LINES);
        assert_eq!(
            lines,
            "struct Counter\nmethod Counter::new\nstruct sync::Mutex\nmethod sync::Mutex::lock\n"
        );
    }

    #[test]
    fn difference_names_items_and_not_counts() {
        let kept = "# 2 items\nstruct A\nstruct B\n";
        let now = "# 3 items\nstruct A\nstruct C\n";
        assert_eq!(difference(kept, now), ["- struct B", "+ struct C"]);
    }
}
