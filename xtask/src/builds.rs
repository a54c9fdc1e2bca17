//! Builds of the runtime crate other than the usual one: with other features, for other systems.

use std::process::Command;

use crate::{cargo, succeeds};

/// The features of the runtime crate, one build each: none, each, all. A view implies `console`, and `console` implies `tokio`.
const FEATURES: &[&str] = &["", "tokio", "console", "runtime-views", "state-views", "log-view", ALL];

/// All of them.
const ALL: &str = "runtime-views,state-views,log-view";

/// The cfg that plays an operating system which is not supported.
const PLAYED: &str = "--cfg backdoor_unsupported_os";

/// Lints and tests each build.
pub(crate) fn are_sound() -> bool {
    FEATURES.iter().all(|&features| is_sound(features))
        && other_system()
        && compiles("author", ALL, "aarch64-apple-darwin")
        && compiles("backdoor-runtime", "default", "aarch64-unknown-linux-gnu")
}

/// Lints the runtime crate with these features, and lints and tests what an author writes.
fn is_sound(features: &str) -> bool {
    let lint = |package, targets| {
        let build = ["clippy", "--package", package, "--no-default-features", "--features", features];
        let arguments = [&build[..], &[targets, "--", "--deny", "warnings"]].concat();
        succeeds(cargo(), "lints of a build with chosen features", &arguments, &[])
    };
    let alone = format!("alone,{features}");
    let test = ["test", "--quiet", "--package", "author", "--features", &alone];
    lint("backdoor-runtime", "--lib")
        && lint("author", "--all-targets")
        && succeeds(cargo(), "tests of what an author writes", &test, &[])
}

/// Tests what an author writes where the operating system is not supported.
fn other_system() -> bool {
    let alone = format!("alone,{ALL}");
    let test = [
        "test",
        "--quiet",
        "--package",
        "author",
        "--features",
        &alone,
        "--target-dir",
        "target/unsupported",
    ];
    let cfg = [("RUSTFLAGS", PLAYED), ("RUSTDOCFLAGS", PLAYED)];
    succeeds(cargo(), "an operating system that is not supported", &test, &cfg)
}

/// Compiles a package for another target, which is not run, unless its standard library is missing and cannot be fetched, as on a
/// machine without network.
fn compiles(package: &str, features: &str, target: &str) -> bool {
    let fetched = Command::new("rustup").args(["target", "add", target]).status();
    if !fetched.is_ok_and(|status| status.success()) {
        println!("== {target} is left out: rustup target add {target}");
        return true;
    }
    let check = ["check", "--package", package, "--features", features, "--target", target];
    succeeds(cargo(), "another target, which is compiled and not run", &check, &[])
}
