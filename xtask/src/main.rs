//! The chores of the workspace: `cargo xtask check` before a push, `cargo xtask bless` when messages or expansions changed on purpose,
//! `cargo xtask bench` for what the console costs.

use std::env;
use std::process::{Command, ExitCode};

/// One program to run, with what it adds to the environment.
struct Step {
    name: &'static str,
    arguments: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
}

const CHECK: &[Step] = &[
    Step { name: "format", arguments: &["fmt", "--all", "--check"], environment: &[] },
    Step {
        name: "clippy",
        arguments: &["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"],
        environment: &[],
    },
    Step {
        name: "docs",
        arguments: &["doc", "--workspace", "--no-deps"],
        environment: &[("RUSTDOCFLAGS", "--deny warnings")],
    },
    Step {
        name: "tests, compile-fail fixtures and examples",
        arguments: &["test", "--workspace"],
        environment: &[],
    },
    Step {
        name: "clippy of the optional features",
        arguments: &[
            "clippy",
            "--package",
            "backdoor-runtime",
            "--features",
            "metrics,prometheus",
            "--all-targets",
            "--",
            "--deny",
            "warnings",
        ],
        environment: &[],
    },
    Step {
        name: "tests of the optional features",
        arguments: &["test", "--package", "backdoor-runtime", "--features", "metrics,prometheus", "counters"],
        environment: &[],
    },
];

const BLESS: &[Step] = &[
    Step { name: "format", arguments: &["fmt", "--all"], environment: &[] },
    Step {
        name: "snapshots of the expansion",
        arguments: &["test", "--package", "backdoor-macros"],
        environment: &[("BLESS", "1")],
    },
    Step {
        name: "trends as they are drawn",
        arguments: &["test", "--package", "backdoor-runtime", "--lib", "trends"],
        environment: &[("BLESS", "1")],
    },
    Step {
        name: "transcripts of help",
        arguments: &["test", "--package", "tests", "--test", "many"],
        environment: &[("BLESS", "1")],
    },
    Step {
        name: "compile-fail fixtures",
        arguments: &["test", "--package", "tests", "--test", "ui"],
        environment: &[("TRYBUILD", "overwrite")],
    },
];

/// The servers under measurement are programs of the package, too, so all of it is built first.
const BENCH: &[Step] = &[
    Step {
        name: "build the measurements",
        arguments: &["build", "--release", "--package", "bench"],
        environment: &[],
    },
    Step {
        name: "measure",
        arguments: &["run", "--release", "--quiet", "--package", "bench", "--bin", "bench", "--"],
        environment: &[],
    },
];

const USAGE: &str = "\
usage: cargo xtask <check|bless|bench [NAME..] [--json FILE]>

  check  format, clippy and docs with warnings denied, all tests
  bless  accept what the compile-fail fixtures and the snapshots say now
  bench  measure what the console costs: all but `compile`, or what is named
         (round-trip, system-calls, connections, idle, look-up, counters, big-answer, compile)";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let mut more: &[String] = &[];
    let steps = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["check"] => CHECK,
        ["bless"] => BLESS,
        ["bench", ..] => {
            more = &arguments[1..];
            BENCH
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::FAILURE;
        }
    };
    for (at, step) in steps.iter().enumerate() {
        // What was typed behind the chore's name is for its last step.
        let more = if at + 1 == steps.len() { more } else { &[] };
        println!("== {}: cargo {}", step.name, step.arguments.join(" "));
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let status = Command::new(cargo)
            .args(step.arguments)
            .args(more)
            .envs(step.environment.iter().copied())
            .status();
        match status {
            Ok(status) if status.success() => {}
            Ok(status) => {
                eprintln!("== {} failed: {status}", step.name);
                return ExitCode::FAILURE;
            }
            Err(error) => {
                eprintln!("== {} could not be run: {error}", step.name);
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}
