//! Checks the packages for publication: cargo has no warning, the readme and the licences are in each package, and no source includes a
//! file outside.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

/// The crates that authors get from a registry.
const CRATES: [&str; 2] = ["backdoor-macros", "backdoor-runtime"];

/// The files beside the sources in each package.
const BESIDE: [&str; 3] = ["README.md", "LICENSE-MIT", "LICENSE-APACHE"];

/// The macros whose argument is a path relative to the file.
const INCLUDES: [&str; 3] = ["include_str!(\"", "include_bytes!(\"", "include!(\""];

/// Packages both crates without building them, and prints errors. `true` if there are none.
pub(crate) fn is_clean() -> bool {
    println!("== package: {}", CRATES.join(", "));
    let mut wrong = packaged();
    for name in CRATES {
        match listed(name) {
            Ok(files) => wrong.extend(missing(name, &files)),
            Err(error) => wrong.push(error),
        }
    }
    for line in &wrong {
        eprintln!("== package: {line}");
    }
    wrong.is_empty()
}

/// Cargo's own checks. Both are packaged together, because one depends on a version of the other that no registry has yet.
fn packaged() -> Vec<String> {
    let packages = CRATES.iter().flat_map(|name| ["--package", name]);
    let said = cargo(["package", "--offline", "--no-verify", "--allow-dirty"].into_iter().chain(packages));
    let (well, _, said) = match said {
        Ok(said) => said,
        Err(error) => return vec![error],
    };
    match !well || said.contains("warning:") {
        true => said.lines().map(str::to_owned).collect(),
        false => Vec::new(),
    }
}

/// The files of the package.
fn listed(name: &str) -> Result<BTreeSet<PathBuf>, String> {
    let (well, files, said) = cargo(["package", "--offline", "--allow-dirty", "--list", "--package", name])?;
    if well { Ok(files.lines().map(PathBuf::from).collect()) } else { Err(said) }
}

fn cargo<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Result<(bool, String, String), String> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).args(arguments).output().map_err(|error| format!("cargo: {error}"))?;
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    Ok((output.status.success(), text(&output.stdout), text(&output.stderr)))
}

/// Files that the package needs and does not have.
fn missing(name: &str, files: &BTreeSet<PathBuf>) -> Vec<String> {
    let beside = BESIDE.iter().filter(|file| !files.contains(Path::new(file)));
    let mut wrong: Vec<String> = beside.map(|file| format!("{name} has no {file}")).collect();
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "rs")) {
        let Ok(text) = fs::read_to_string(Path::new(name).join(file)) else { continue };
        for included in included(&text) {
            let inside = beside_of(file, included);
            if !inside.is_some_and(|path| files.contains(&path)) {
                let file = file.display();
                wrong.push(format!("{name}/{file} includes `{included}`, which is outside the package"));
            }
        }
    }
    wrong
}

fn included(text: &str) -> Vec<&str> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| INCLUDES.into_iter().flat_map(move |opening| line.split(opening).skip(1)))
        .filter_map(|rest| rest.split('"').next())
        .collect()
}

/// The path from the package's root, unless it leaves the package.
fn beside_of(file: &Path, included: &str) -> Option<PathBuf> {
    let mut path = file.parent()?.to_owned();
    for part in Path::new(included).components() {
        match part {
            Component::ParentDir => {
                if !path.pop() {
                    return None;
                }
            }
            part => path.push(part),
        }
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn includes_outside_the_package_are_found() {
        let check = |text: &str, found: &[&str]| {
            let found: Vec<PathBuf> = found.iter().map(PathBuf::from).collect();
            let inside: Vec<PathBuf> = (included(text).into_iter())
                .map(|path| beside_of(Path::new("src/views/lib.rs"), path).unwrap_or("outside".into()))
                .collect();
            assert_eq!(inside, found, "{text}");
        };
        let macros = ["_str", "_bytes", ""].map(|kind| format!("include{kind}!"));
        check(&format!("#[doc = {}(\"../../guide.md\")]", macros[0]), &["guide.md"]);
        check(
            &format!("{}(\"a.bin\"); {}(\"../b.rs\")", macros[1], macros[2]),
            &["src/views/a.bin", "src/b.rs"],
        );
        check(&format!("#[doc = {}(\"../../../README.md\")]", macros[0]), &["outside"]);
    }
}
