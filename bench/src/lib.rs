//! `cargo xtask bench`: what the console costs, as ratios against bare baselines measured in the same run.
//!
//! The driver makes the load; what it measures runs in child processes ([`serve`]), which are this program again, or its twin with
//! a counting allocator.

mod against;
mod big_answer;
mod child;
mod client;
mod commands;
mod compile;
mod connections;
mod counters;
mod first_look;
mod generate;
pub mod heap;
mod idle;
mod instructions;
mod locks;
mod logs;
mod look_up;
mod machine;
mod objects;
mod operators;
mod profile;
mod round_trip;
pub mod serve;
mod service;
mod shop;
mod statistics;
mod subscriber;
mod system_calls;
mod table;
mod tasks;
mod threads;
mod together;

use std::fs;

use anyhow::{Context, bail};

use crate::table::Table;

/// One group of measurements.
struct Measurement {
    name: &'static str,
    about: &'static str,
    run: fn(&mut Table) -> anyhow::Result<()>,
}

const MEASUREMENTS: &[Measurement] = &[
    Measurement {
        name: "round-trip",
        about: "one command at a time, against a bare echo",
        run: round_trip::run,
    },
    Measurement {
        name: "system-calls",
        about: "system calls of the server per round trip (strace)",
        run: system_calls::run,
    },
    Measurement {
        name: "connections",
        about: "first answer, first prompt, a burst, many lines at once",
        run: connections::run,
    },
    Measurement { name: "idle", about: "heap per session, wake-ups without a client", run: idle::run },
    Measurement { name: "look-up", about: "start and look-up with 10 to 10,000 commands", run: look_up::run },
    Measurement { name: "counters", about: "counters and histograms, in clock readings", run: counters::run },
    Measurement { name: "locks", about: "tracked locks, beside plain ones", run: locks::run },
    Measurement { name: "logs", about: "an event in the ring, and a disabled one", run: logs::run },
    Measurement { name: "big-answer", about: "10 MB at once and as a stream", run: big_answer::run },
    Measurement { name: "tasks", about: "instrumented polls and spawns, lists and stacks", run: tasks::run },
    Measurement {
        name: "threads",
        about: "stacks of 100 and 500 threads (gdb, eu-stack)",
        run: threads::run,
    },
    Measurement {
        name: "profile",
        about: "a profile while it runs: the shop's customers, a thread that computes",
        run: profile::run,
    },
    Measurement {
        name: "service",
        about: "response times of the shop with a console (four minutes)",
        run: service::run,
    },
    Measurement {
        name: "views",
        about: "response times during repeated views of threads and tasks (two minutes)",
        run: service::views,
    },
    Measurement {
        name: "first-look",
        about: "memory of the first reading of stacks (strip; one minute)",
        run: first_look::run,
    },
    Measurement {
        name: "subscriber",
        about: "response times with instrumented tasks, beside console-subscriber (four minutes)",
        run: subscriber::run,
    },
    Measurement {
        name: "nice",
        about: "the effect of a lower priority of the console (three minutes)",
        run: service::nice,
    },
    Measurement {
        name: "added",
        about: "memory and size of the shop with and without a console",
        run: service::added,
    },
    Measurement { name: "objects", about: "tracked objects, and their views", run: objects::run },
];

/// Not among the others unless it is named: it takes minutes.
const COMPILE: Measurement =
    Measurement { name: "compile", about: "compile time and bytes per command (minutes)", run: compile::run };

/// The driver.
///
/// # Errors
/// The arguments are wrong, or something could not be measured.
pub fn drive(arguments: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let mut arguments = arguments;
    let mut names = Vec::new();
    let (mut json, mut other) = (None, None);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--json" => json = Some(arguments.next().context("--json takes the name of a file")?),
            "--against" => {
                other = Some(arguments.next().context("--against takes the folder of another worktree")?);
            }
            _ => names.push(argument),
        }
    }
    let all = || MEASUREMENTS.iter().chain([&COMPILE]);
    if let Some(unknown) = names.iter().find(|name| all().all(|known| known.name != **name)) {
        let known: String = all().map(|known| format!("\n  {:12} {}", known.name, known.about)).collect();
        bail!("there is no measurement `{unknown}`; there are{known}");
    }
    let mut table = Table::default();
    if let Some(other) = &other {
        against::run(&mut table, other.as_ref(), &names)?;
    }
    for measurement in all().filter(|_| other.is_none()) {
        let wanted = match names.is_empty() {
            true => measurement.name != COMPILE.name,
            false => names.iter().any(|name| name == measurement.name),
        };
        if wanted {
            eprintln!("== {}: {}", measurement.name, measurement.about);
            (measurement.run)(&mut table).with_context(|| format!("measuring {}", measurement.name))?;
        }
    }
    println!("Measured on: {}.\n\n{table}", machine::describe());
    if let Some(file) = json {
        let text = serde_json::to_string_pretty(&table.json())?;
        fs::write(&file, text + "\n").with_context(|| format!("writing {file}"))?;
    }
    Ok(())
}
