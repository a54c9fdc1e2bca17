//! What a command costs the compiler and the binary, beside a plain function and a subcommand of clap's derive.

mod hello;

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::ensure;

use crate::against::{self, Tree, Trees};
use crate::generate::{self, Flavour, Package};
use crate::machine;
use crate::table::{Aim, Row, Table};

/// How many commands, and how many of clap's subcommands, which cost the compiler ten times as much.
const COMMANDS: usize = 1_000;
const SUBCOMMANDS: usize = 300;

/// A way to compile. The profiles are cargo's own.
struct Way {
    name: &'static str,
    arguments: &'static [&'static str],
    profile: Option<&'static str>,
}

const WAYS: [Way; 3] = [
    Way { name: "check", arguments: &["check"], profile: None },
    Way { name: "debug", arguments: &["build"], profile: Some("debug") },
    Way { name: "release", arguments: &["build", "--release"], profile: Some("release") },
];

/// What one command adds.
struct Cost {
    milliseconds: f64,
    bytes: Option<f64>,
}

pub(crate) fn run(table: &mut Table) -> anyhow::Result<()> {
    hello::run(table)?;
    for way in &WAYS {
        let plain = cost(way, Flavour::Plain, COMMANDS)?;
        let clap = cost(way, Flavour::Clap, SUBCOMMANDS)?;
        for (flavour, name) in
            [(Flavour::Backdoor, "command"), (Flavour::BackdoorAsync, "asynchronous command")]
        {
            let ours = cost(way, flavour, COMMANDS)?;
            let (milliseconds_aim, bytes_aim) = match (way.name, flavour) {
                ("debug", Flavour::Backdoor) => (Aim::RatioAtMost(0.25), Aim::None),
                ("release", Flavour::Backdoor) => (Aim::AtMost(6.0), Aim::AtMost(1.2)),
                _ => (Aim::None, Aim::None),
            };
            let row = Row::new(format!("compile, {name}, {}", way.name), ours.milliseconds, "ms of CPU");
            table.push(row.against("clap subcommand", clap.milliseconds, None).aim(milliseconds_aim));
            let row = Row::new(format!("compile, {name}, {}", way.name), ours.milliseconds, "ms of CPU");
            table.push(row.against("plain function", plain.milliseconds, None));
            if let (Some(ours), Some(clap), Some(plain)) = (ours.bytes, clap.bytes, plain.bytes) {
                let row = Row::new(format!("stripped binary, {name}, {}", way.name), ours / 1e3, "kB");
                table.push(row.against("clap subcommand", clap / 1e3, None).aim(bytes_aim));
                let row = Row::new(format!("stripped binary, {name}, {}", way.name), ours / 1e3, "kB");
                table.push(row.against("plain function", plain / 1e3, None));
            }
        }
    }
    // Twice as many must take twice as long: what one adds, between 1,000 and 2,000 by what one adds below.
    let (this, check) = (Tree::this(), &WAYS[0]);
    let once = total(&this, check, Flavour::Backdoor, COMMANDS)?;
    let none = total(&this, check, Flavour::Backdoor, 0)?;
    let twice = total(&this, check, Flavour::Backdoor, 2 * COMMANDS)?;
    let row = Row::new("compile, 2,000 commands, check", (twice.0 - none.0) * 1e3, "ms of CPU");
    table.push(row.against("1,000 commands", (once.0 - none.0) * 1e3, None).aim(Aim::RatioAtMost(2.3)));
    Ok(())
}

/// What a command costs in both trees.
pub(crate) fn against(table: &mut Table, trees: &Trees) -> anyhow::Result<()> {
    for way in &WAYS {
        let mut bytes = [None; 2];
        let name = format!("compile, command, {}", way.name);
        against::compare(table, &name, "ms of CPU", |tree| {
            let cost = cost_in(&trees[tree], way, Flavour::Backdoor, COMMANDS)?;
            bytes[tree] = cost.bytes;
            Ok(cost.milliseconds)
        })?;
        if let [Some(ours), Some(other)] = bytes {
            let name = format!("stripped binary, command, {}", way.name);
            let aim = Aim::RatioAtMost(1.01);
            against::count(table, &name, "kB", aim, |tree| Ok([ours, other][tree] / 1e3))?;
        }
    }
    Ok(())
}

fn cost(way: &Way, flavour: Flavour, count: usize) -> anyhow::Result<Cost> {
    cost_in(&Tree::this(), way, flavour, count)
}

fn cost_in(tree: &Tree, way: &Way, flavour: Flavour, count: usize) -> anyhow::Result<Cost> {
    let (none, none_bytes) = total(tree, way, flavour, 0)?;
    let (all, all_bytes) = total(tree, way, flavour, count)?;
    let each = |difference: f64| difference / count as f64;
    Ok(Cost {
        milliseconds: each(all - none) * 1e3,
        bytes: all_bytes.zip(none_bytes).map(|(all, none)| each(all as f64 - none as f64)),
    })
}

/// Seconds of CPU for a package with this many functions, without its dependencies, and its stripped bytes.
fn total(tree: &Tree, way: &Way, flavour: Flavour, count: usize) -> anyhow::Result<(f64, Option<u64>)> {
    let package = package(tree, flavour, count)?;
    // The first time builds the dependencies, the second only the package, which then has another modification time.
    package.cargo(way.arguments)?;
    let main = package.folder.join("src/main.rs");
    fs::write(&main, fs::read(&main)?)?;
    let before = machine::seconds_of_children()?;
    package.cargo(way.arguments)?;
    let seconds = machine::seconds_of_children()? - before;
    let bytes = match way.profile {
        Some(profile) => Some(stripped(&Package::program(profile, &name(tree, flavour))?)?),
        None => None,
    };
    Ok((seconds, bytes))
}

fn name(tree: &Tree, flavour: Flavour) -> String {
    format!("compile-{flavour:?}{}", tree.suffix).to_lowercase()
}

/// One crate: what it has of functions, and a `main` that needs them all.
fn package(tree: &Tree, flavour: Flavour, count: usize) -> anyhow::Result<Package> {
    let dependency = match flavour {
        Flavour::Plain => String::new(),
        Flavour::Backdoor | Flavour::BackdoorAsync => {
            format!("backdoor-runtime = {{ path = {:?} }}", tree.folder.join("backdoor-runtime"))
        }
        Flavour::Clap => "clap = { version = \"4\", features = [\"derive\"] }".to_owned(),
    };
    let manifest = format!(
        "[package]\nname = \"{}\"\nedition = \"2024\"\n\n[dependencies]\n{dependency}\n\n[workspace]\n",
        name(tree, flavour)
    );
    let main = match flavour {
        Flavour::Plain => "\nfn main() {}\n",
        Flavour::Backdoor | Flavour::BackdoorAsync => {
            "\nfn main() {\n    let _backdoor = backdoor_runtime::Backdoor::builder(\"many\").listen(\"0\").start_or_warn();\n}\n"
        }
        Flavour::Clap => {
            "\n#[derive(clap::Parser)]\nstruct Arguments {\n    #[command(subcommand)]\n    command: Commands,\n}\n\n\
             fn main() {\n    let Arguments { command } = clap::Parser::parse();\n    println!(\"{}\", run(command));\n}\n"
        }
    };
    let main = match (flavour, count) {
        // A match on an enum without variants is another program altogether.
        (Flavour::Clap, 0) => generate::functions(flavour, 1) + main,
        _ => generate::functions(flavour, count) + main,
    };
    Package::write(&name(tree, flavour), &[("Cargo.toml", &manifest), ("src/main.rs", &main)])
}

fn stripped(program: &Path) -> anyhow::Result<u64> {
    let copy = program.with_extension("stripped");
    let status = Command::new("strip").arg("-o").arg(&copy).arg(program).status()?;
    ensure!(status.success(), "strip failed: {status}");
    Ok(fs::metadata(copy)?.len())
}
