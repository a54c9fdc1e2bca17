//! The programs that the tests run: one table, from which `cargo xtask check` installs missing ones if it may, and names them if it may
//! not.

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

/// A program that a test starts.
struct Program {
    name: &'static str,
    /// The Debian package that has it.
    package: &'static str,
    /// The tests or the step that need it.
    used_by: &'static str,
    without: Without,
}

/// The effect of a missing program on a run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Without {
    /// A test fails, so the check ends at once.
    Fails,
    /// A test reports that it was left out.
    LeftOut,
}

/// Add a row for each new program of a test. A test of this file compares the rows with the calls of `require` in `tests/it`.
const PROGRAMS: &[Program] = &[
    Program::new("telnet", "inetutils-telnet", "the READMEs and tests/it/real_clients.rs", Without::Fails),
    Program::new("nc", "netcat-openbsd", "the READMEs and tests/it/real_clients.rs", Without::Fails),
    Program::new("setsid", "util-linux", "tests/it/pty.rs", Without::Fails),
    Program::new("strace", "strace", "tests/it/reception/kernel.rs", Without::Fails),
    Program::new("strip", "binutils", "tests/it/profile.rs and threads.rs", Without::Fails),
    Program::new("make", "make", "the step with jemalloc", Without::Fails),
    Program::new("socat", "socat", "tests/it/real_clients.rs", Without::LeftOut),
    Program::new("busybox", "busybox", "tests/it/real_clients.rs", Without::LeftOut),
    Program::new("python3", "python3", "tests/it/real_clients.rs", Without::LeftOut),
    Program::new("setpriv", "util-linux", "tests/it/listen/rights.rs", Without::LeftOut),
    Program::new("unshare", "util-linux", "tests/it/listen and others", Without::LeftOut),
    Program::new("ip", "iproute2", "tests/it/listen/held.rs", Without::LeftOut),
    Program::new("valgrind", "valgrind", "tests/it/lives/valgrind.rs", Without::LeftOut),
];

impl Program {
    const fn new(name: &'static str, package: &'static str, used_by: &'static str, without: Without) -> Self {
        Self { name, package, used_by, without }
    }

    fn is_there(&self) -> bool {
        is_in_path(self.name)
    }
}

/// Installs missing programs, if this process may. Returns whether the tests can pass.
pub(crate) fn install() -> bool {
    let missing: Vec<&Program> = PROGRAMS.iter().filter(|program| !program.is_there()).collect();
    if missing.is_empty() {
        return true;
    }
    let mut packages: Vec<&str> = missing.iter().map(|program| program.package).collect();
    packages.sort_unstable();
    packages.dedup();
    let is_debian = is_in_path("apt-get") && Path::new("/etc/debian_version").exists();
    if is_debian && is_root() {
        println!("== programs that the tests need: apt-get install {}", packages.join(" "));
        // If one package cannot be installed, the others still are.
        if apt_get(&["update"]) && !apt_get(&install_arguments(&packages)) {
            packages.iter().for_each(|package| _ = apt_get(&install_arguments(&[package])));
        }
    }
    let missing: Vec<&Program> = missing.into_iter().filter(|program| !program.is_there()).collect();
    if missing.is_empty() {
        return true;
    }
    for Program { name, package, used_by, without } in &missing {
        let then = if *without == Without::Fails { "they fail" } else { "they are left out" };
        println!("== `{name}` is missing (Debian: {package}): {used_by} need it; without it {then}");
    }
    if is_debian && !is_root() {
        println!("== as root: apt-get install {}", packages.join(" "));
    }
    missing.iter().all(|program| program.without == Without::LeftOut)
}

fn install_arguments<'a>(packages: &[&'a str]) -> Vec<&'a str> {
    [&["install", "--yes", "--no-install-recommends"][..], packages].concat()
}

fn apt_get(arguments: &[&str]) -> bool {
    // Without network, the install fails soon.
    let options = ["-o", "Acquire::http::Timeout=20", "-o", "Acquire::Retries=1"];
    let status = Command::new("apt-get")
        .args(options)
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn is_in_path(program: &str) -> bool {
    // Directories that an ordinary user's path often lacks.
    let more = ["/usr/sbin", "/sbin"].map(Into::into);
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).chain(more).any(|directory| directory.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::fs;

    /// The program and the package of each call such as `require("nc", "netcat-openbsd")`.
    fn required(text: &str) -> Vec<(String, String)> {
        let calls = ["require(\"", "Terminal::start(\""];
        let behind = calls.iter().flat_map(|call| text.split(call).skip(1));
        let words = behind.filter_map(|rest| {
            let (name, rest) = rest.split_once("\", \"")?;
            let (package, _) = rest.split_once('"')?;
            Some((name.to_owned(), package.to_owned()))
        });
        words.collect()
    }

    fn sources(directory: &Path, all: &mut Vec<String>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            match path.extension() {
                _ if path.is_dir() => sources(&path, all),
                Some(extension) if extension == "rs" => all.push(fs::read_to_string(path).unwrap()),
                _ => {}
            }
        }
    }

    #[test]
    fn each_required_program_has_a_row() {
        let mut all = Vec::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/it"), &mut all);
        let required: Vec<_> = all.iter().flat_map(|text| required(text)).collect();
        assert!(required.iter().any(|(name, _)| name == "telnet"), "the calls are found");
        for (name, package) in required {
            let row = PROGRAMS.iter().find(|program| program.name == name);
            assert_eq!(row.map(|program| program.package), Some(&*package), "xtask installs no `{name}`");
        }
    }

    #[test]
    fn a_program_has_one_row() {
        for (at, program) in PROGRAMS.iter().enumerate() {
            assert!(PROGRAMS[..at].iter().all(|other| other.name != program.name), "{}", program.name);
        }
    }
}
