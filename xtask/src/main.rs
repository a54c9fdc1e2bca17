//! The chores of the workspace: `cargo xtask check` before a push, `cargo xtask bless` when messages or expansions changed on purpose,
//! `cargo xtask tidy` for the order of the sources, `cargo xtask package` for what is published, `cargo xtask public-api` for what authors can name, `cargo xtask bench` for what the console costs, `cargo xtask soak` for what it endures,
//! `cargo xtask sanitize` for what is unsafe.

mod builds;
mod left_out;
mod package;
mod programs;
mod public_api;
mod tidy;

use std::env;
use std::process::{Command, ExitCode, Stdio};

/// One program to run, with what it adds to the environment.
struct Step {
    name: &'static str,
    arguments: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
}

const CHECK: &[Step] = &[
    Step { name: "format", arguments: &["fmt", "--all", "--check"], environment: &[] },
    Step {
        name: "format of what is outside the workspace",
        arguments: &["fmt", "--manifest-path", "bench/subscriber/Cargo.toml", "--check"],
        environment: &[],
    },
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
        name: "tests with jemalloc",
        arguments: &["test", "--package", "tests", "--features", "jemalloc", "--test", "jemalloc"],
        environment: &[("_RJEM_MALLOC_CONF", "prof:true")],
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
    Step {
        name: "what only tokio_unstable has",
        arguments: &[
            "test",
            "--target-dir",
            "target/unstable",
            "--package",
            "backdoor-runtime",
            "--doc",
            "--",
            "tasks::",
        ],
        environment: &[("RUSTFLAGS", "--cfg tokio_unstable"), ("RUSTDOCFLAGS", "--cfg tokio_unstable")],
    },
];

const BLESS: &[Step] = &[
    Step { name: "format", arguments: &["fmt", "--all"], environment: &[] },
    Step {
        name: "format of what is outside the workspace",
        arguments: &["fmt", "--manifest-path", "bench/subscriber/Cargo.toml"],
        environment: &[],
    },
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
        name: "what a character is to a terminal",
        arguments: &["test", "--package", "backdoor-runtime", "--lib", "base::escape"],
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

/// The measured servers are programs of the package, too, so all of it is built first, and the shop's customers.
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

/// The same test as in `check`, for as long as [`SOAK_SECONDS`] says.
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

/// The length of the soak; `--for` sets it.
const SOAK_SECONDS: &str = "BACKDOOR_SOAK_SECONDS";

/// This machine's target, given so that build scripts and macros are not sanitized.
const TARGET: &str =
    if cfg!(target_arch = "aarch64") { "aarch64-unknown-linux-gnu" } else { "x86_64-unknown-linux-gnu" };

/// The part of the nightly toolchain that a step needs: arguments that succeed if it is installed, and the command that installs it.
struct Needs {
    probe: &'static [&'static str],
    install: &'static str,
}

/// The `unsafe` code under tools that check it. They need the nightly toolchain, so this is no part of `check`.
const SANITIZE: &[(Needs, Step)] = &[
    (
        Needs {
            probe: &["miri", "--version"],
            install: "rustup toolchain install nightly --component miri --component rust-src",
        },
        Step {
            name: "Miri",
            arguments: &[
                "miri",
                "test",
                "--target-dir",
                "target/miri",
                "--package",
                "backdoor-runtime",
                "--lib",
                "--",
                "tasks::probe",
                "sync::slot",
                "sync::asynch",
            ],
            // The clock of the locks is the system's.
            environment: &[("MIRIFLAGS", "-Zmiri-disable-isolation")],
        },
    ),
    (
        Needs { probe: &["--version"], install: "rustup toolchain install nightly" },
        Step {
            name: "AddressSanitizer",
            // Tests that compare names of functions are left out, because nightly mangles names differently.
            arguments: &[
                "test",
                "--target",
                TARGET,
                "--target-dir",
                "target/asan",
                "--package",
                "tests",
                "--test",
                "it",
                "--",
                "threads::threads_are_born",
                "threads::system_calls",
                "threads::a_thread_that",
                "threads::watching",
                "locks::drop_in",
                "locks::stress",
                "tasks::ends",
                "tasks::stuck",
            ],
            // Stacks are copied as a whole, with bytes that must not be accessed otherwise. Some tests leak on purpose.
            environment: &[
                ("RUSTFLAGS", "-Zsanitizer=address"),
                ("ASAN_OPTIONS", "replace_intrin=0:detect_leaks=0"),
            ],
        },
    ),
];

const USAGE: &str = "\
usage: cargo xtask <check|tidy [--accept]|package|public-api [--accept]|bless|bench [--against DIR] [NAME..] [--json FILE]|soak [views] [--for TIME]|sanitize>

  check  format, clippy and docs with warnings denied, all tests; builds with no features, each and all, and for an
         operating system that is not supported; aarch64 and macOS compiled if their libraries can be had;
         programs that the tests need are installed first where that may be (Debian, as root), and named where not
  tidy   the first step of check alone: the order of folders, what files and tests have, what documents name, words;
         `--accept` writes the order of folders into ARCHITECTURE
  package
         package both crates, as check does: cargo warns of nothing, readme and licences are there, nothing outside is included
  public-api
         compare docs/public-api.txt with what rustdoc finds, as check does; `--accept` writes it
  bless  accept what the compile-fail fixtures and the snapshots say now
  bench  measure what the console costs: all but `compile`, or what is named
         (round-trip, system-calls, connections, idle, look-up, counters, locks, logs, big-answer, tasks, threads, profile,
         service, views, subscriber, nice, added, objects, first-look, compile);
         `--against DIR` compares this tree with the worktree DIR: round-trip and look-up, or what of them and compile is named
  soak   attack the shop in every way at once while it sells, for two minutes or as long as is given, such as 30s;
         `soak views` looks at a busy service with every view, for a minute under each runtime flavour
  sanitize
         run what is unsafe under Miri and AddressSanitizer, if the nightly toolchain has them";

fn main() -> ExitCode {
    if let Some(ended) = public_api::rustdoc() {
        return ended;
    }
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
        ["sanitize"] => return sanitize(),
        ["package"] => return ended(package::is_clean()),
        ["public-api"] => return ended(public_api::is_kept(false)),
        ["public-api", "--accept"] => return ended(public_api::is_kept(true)),
        ["tidy"] => return ended(tidy::is_tidy()),
        ["tidy", "--accept"] => return ended(tidy::accept()),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::FAILURE;
        }
    };
    let checks = std::ptr::eq(steps, CHECK);
    if checks && !tidy::is_tidy() {
        return ExitCode::FAILURE;
    }
    if checks && !programs::install() {
        return ExitCode::FAILURE;
    }
    if checks {
        left_out::begin();
    }
    for (at, step) in steps.iter().enumerate() {
        // Arguments after the name of the chore are for its last step.
        let more = if at + 1 == steps.len() { more } else { &[] };
        let mut cargo = cargo();
        cargo.envs(soak_seconds.map(|seconds| (SOAK_SECONDS, seconds.to_string())));
        cargo.env(left_out::FILE, left_out::path());
        if !step.succeeds(cargo, more) {
            return ExitCode::FAILURE;
        }
    }
    if !checks {
        return ExitCode::SUCCESS;
    }
    if !package::is_clean() || !public_api::is_kept(false) {
        return ExitCode::FAILURE;
    }
    let are_built = builds::are_sound();
    left_out::count();
    ended(are_built)
}

fn ended(well: bool) -> ExitCode {
    if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

impl Step {
    /// Runs it by this cargo.
    fn succeeds(&self, cargo: Command, more: &[String]) -> bool {
        let more = more.iter().map(String::as_str);
        let arguments: Vec<&str> = self.arguments.iter().copied().chain(more).collect();
        succeeds(cargo, self.name, &arguments, self.environment)
    }
}

/// The cargo that runs this.
fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs a step.
fn succeeds(mut cargo: Command, name: &str, arguments: &[&str], environment: &[(&str, &str)]) -> bool {
    println!("== {name}: cargo {}", arguments.join(" "));
    match cargo.args(arguments).envs(environment.iter().copied()).status() {
        Ok(status) if status.success() => return true,
        Ok(status) => eprintln!("== {name} failed: {status}"),
        Err(error) => eprintln!("== {name} could not be run: {error}"),
    }
    false
}

/// Runs the steps whose tool is installed, and reports the others.
fn sanitize() -> ExitCode {
    for (needs, step) in SANITIZE {
        let probe = nightly().args(needs.probe).stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !probe.is_ok_and(|status| status.success()) {
            println!("== {} is left out, since its tool is missing: {}", step.name, needs.install);
        } else if !step.succeeds(nightly(), &[]) {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Cargo of the nightly toolchain, whichever cargo runs this.
fn nightly() -> Command {
    let mut cargo = Command::new("rustup");
    cargo.args(["run", "nightly", "cargo"]);
    for set_by_cargo in ["CARGO", "RUSTC", "RUSTUP_TOOLCHAIN"] {
        cargo.env_remove(set_by_cargo);
    }
    cargo
}

/// `120`, `120s` or `2m`.
fn seconds(time: &str) -> Option<u32> {
    match time.strip_suffix('m') {
        Some(minutes) => minutes.parse::<u32>().ok()?.checked_mul(60),
        None => time.strip_suffix('s').unwrap_or(time).parse().ok(),
    }
}
