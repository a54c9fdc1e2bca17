//! The chores of the workspace: `cargo xtask check` before a push, `cargo xtask bless` when messages or expansions changed on purpose,
//! `cargo xtask bench` for what the console costs, `cargo xtask soak` for what it endures.

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
        name: "aarch64, which is compiled and not run",
        arguments: &["check", "--package", "backdoor-runtime", "--target", "aarch64-unknown-linux-gnu"],
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
        name: "tests with jemalloc",
        arguments: &["test", "--package", "tests", "--features", "jemalloc", "--test", "jemalloc"],
        environment: &[("_RJEM_MALLOC_CONF", "prof:true")],
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

/// The servers under measurement are programs of the package, too, so all of it is built first, and the shop's customers.
const BENCH: &[Step] = &[
    Step {
        name: "build the measurements",
        arguments: &["build", "--release", "--package", "bench"],
        environment: &[],
    },
    Step {
        name: "build the shop's customers",
        arguments: &["build", "--release", "--package", "examples", "--example", "shop-load"],
        environment: &[],
    },
    Step {
        name: "measure",
        arguments: &["run", "--release", "--quiet", "--package", "bench", "--bin", "bench", "--"],
        environment: &[],
    },
];

/// The same test as in `check`, which then lasts as long as [`SOAK_SECONDS`] says.
const SOAK: &[Step] = &[Step {
    name: "soak",
    arguments: &["test", "--release", "--package", "tests", "--test", "it", "soak::", "--", "--nocapture"],
    environment: &[],
}];

/// The same for the views of tasks, threads and locks.
const SOAK_VIEWS: &[Step] = &[Step {
    name: "soak the views",
    arguments: &[
        "test",
        "--release",
        "--package",
        "tests",
        "--test",
        "it",
        "faults::churn",
        "--",
        "--nocapture",
    ],
    environment: &[],
}];

/// How long the soak lasts; `--for` sets it.
const SOAK_SECONDS: &str = "BACKDOOR_SOAK_SECONDS";

const USAGE: &str = "\
usage: cargo xtask <check|bless|bench [NAME..] [--json FILE]|soak [views] [--for TIME]>

  check  format, clippy and docs with warnings denied, aarch64 compiled, all tests
  bless  accept what the compile-fail fixtures and the snapshots say now
  bench  measure what the console costs: all but `compile`, or what is named
         (round-trip, system-calls, connections, idle, look-up, big-answer, locks, tasks, threads, service, nice,
         added, compile)
  soak   attack the shop in every way at once while it sells, for two minutes or as long as is given, such as 30s;
         `soak views` looks at a busy service with every view, for a minute";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let mut more: &[String] = &[];
    let mut soak_seconds = None;
    let steps = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["check"] => CHECK,
        ["bless"] => BLESS,
        ["bench", ..] => {
            more = &arguments[1..];
            BENCH
        }
        ["soak"] => {
            soak_seconds = Some(120);
            SOAK
        }
        ["soak", "--for", time] if seconds(time).is_some() => {
            soak_seconds = seconds(time);
            SOAK
        }
        ["soak", "views"] => {
            soak_seconds = Some(60);
            SOAK_VIEWS
        }
        ["soak", "views", "--for", time] if seconds(time).is_some() => {
            soak_seconds = seconds(time);
            SOAK_VIEWS
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
            .envs(soak_seconds.map(|seconds| (SOAK_SECONDS, seconds.to_string())))
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

/// `120`, `120s` or `2m`.
fn seconds(time: &str) -> Option<u32> {
    match time.strip_suffix('m') {
        Some(minutes) => minutes.parse::<u32>().ok()?.checked_mul(60),
        None => time.strip_suffix('s').unwrap_or(time).parse().ok(),
    }
}
