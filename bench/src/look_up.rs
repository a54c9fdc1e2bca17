//! Start and look-up with more and more commands linked in: the table, and what one line costs.

use crate::against::{self, Tree, Trees};
use crate::child::{Child, Program};
use crate::client::{Client, Transport};
use crate::connections::many;
use crate::generate::{self, Flavour, Package};
use crate::machine::Pinned;
use crate::statistics::{ROUNDS, median, median_ratio, shuffle};
use crate::table::{Aim, Row, Table};

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];
const LINES: usize = 20_000;
const LINE: &str = "three net::tcp 7 --by 8\n";

struct Size {
    commands: usize,
    child: Child,
    /// Nanoseconds, one of each round.
    start: Vec<f64>,
    call: Vec<f64>,
    line: Vec<f64>,
}

pub(crate) fn run(table: &mut Table) -> anyhow::Result<()> {
    let mut programs = Vec::new();
    for commands in SIZES {
        programs.push(build(&Tree::this(), commands)?);
    }
    let _pinned = Pinned::to_one_core()?;
    let mut sizes = Vec::new();
    for (commands, program) in SIZES.into_iter().zip(&programs) {
        let child = Child::start(Program::At(program), "console")?;
        sizes.push(Size { commands, child, start: Vec::new(), call: Vec::new(), line: Vec::new() });
    }
    for _ in 0..ROUNDS {
        let mut order: Vec<usize> = (0..sizes.len()).collect();
        shuffle(&mut order);
        for at in order {
            let size = &mut sizes[at];
            let mut starts = Vec::new();
            for _ in 0..5 {
                starts.push(size.child.ask("check")?[0]);
            }
            size.start.push(median(&mut starts));
            size.call.push(size.child.ask("call")?[0]);
            let took = many(&size.child, LINE, LINES)?;
            size.line.push(took.as_secs_f64() * 1e9 / LINES as f64);
        }
    }
    let smallest = sizes[0].line.clone();
    for size in &mut sizes {
        let commands = size.commands;
        let aim = if commands == 1_000 { Aim::AtMost(0.3) } else { Aim::None };
        let row = Row::new(
            format!("table built and checked, {commands} commands"),
            median(&mut size.start) / 1e6,
            "ms",
        );
        table.push(row.aim(aim));
    }
    for size in &mut sizes {
        let row = Row::new(
            format!("look-up, parse and call of three arguments, {} commands", size.commands),
            median(&mut size.call),
            "ns",
        );
        table.push(row.aim(Aim::AtMost(300.0)));
    }
    for size in &mut sizes {
        let ratio = median_ratio(&size.line, &smallest);
        let row = Row::new(
            format!("one of many lines of three arguments, {} commands (session included)", size.commands),
            median(&mut size.line),
            "ns",
        );
        let baseline = median(&mut smallest.clone());
        table.push(row.against("with 10 commands", baseline, Some(ratio)).aim(Aim::RatioAtMost(1.1)));
    }
    drop(sizes);
    let mut counting = Child::start(Program::Counting, "console")?;
    // The text that is given is one of them, and is the reply.
    let row =
        Row::new("allocations a call of three arguments, the reply included", counting.ask("call")?[1], "");
    // Another thread of the console's may allocate once meanwhile.
    table.push(row.aim(Aim::AtMost(2.01)));
    let empty = allocations(&mut counting, b"quit-not\n")?;
    for (name, line) in [
        ("three arguments", LINE),
        ("synchronous", "echo sync word\n"),
        ("asynchronous", "echo async word\n"),
    ] {
        let row =
            Row::new(format!("allocations a line, {name}"), allocations(&mut counting, line.as_bytes())?, "");
        table.push(row.against("an unknown command", empty, None));
    }
    Ok(())
}

/// The same of both trees, with few commands and with many.
pub(crate) fn against(table: &mut Table, trees: &Trees) -> anyhow::Result<()> {
    for commands in [10, 1_000] {
        let programs = [build(&trees[0], commands)?, build(&trees[1], commands)?];
        let _pinned = Pinned::to_one_core()?;
        let start = |tree: usize| Child::start(Program::At(&programs[tree]), "console");
        let mut children = [start(0)?, start(1)?];
        let name = format!("table built and checked, {commands} commands");
        against::compare(table, &name, "ns", |tree| {
            let starts: anyhow::Result<Vec<f64>> =
                (0..5).map(|_| Ok(children[tree].ask("check")?[0])).collect();
            Ok(median(&mut starts?))
        })?;
        let name = format!("look-up, parse and call of three arguments, {commands} commands");
        against::compare(table, &name, "ns", |tree| Ok(children[tree].ask("call")?[0]))?;
        let name = format!("one of many lines of three arguments, {commands} commands (session included)");
        against::compare(table, &name, "ns", |tree| {
            Ok(many(&children[tree], LINE, LINES)?.as_secs_f64() * 1e9 / LINES as f64)
        })?;
    }
    Ok(())
}

/// Allocations of the whole server for one line, with its answer.
pub(crate) fn allocations(child: &mut Child, line: &[u8]) -> anyhow::Result<f64> {
    const TRIPS: usize = 1_000;
    let mut client = Client::connect(child, Transport::Tcp)?;
    let mut counted = Vec::new();
    for _ in 0..2 {
        counted.push(child.ask("heap")?[2]);
        for _ in 0..TRIPS {
            client.round_trip(line, None)?;
        }
    }
    Ok((child.ask("heap")?[2] - counted[1]) / TRIPS as f64)
}

/// A server with this many commands beside those of this crate. They are never called, so that they are compiled without
/// optimisation, which ten thousand of them need.
fn build(tree: &Tree, commands: usize) -> anyhow::Result<std::path::PathBuf> {
    let (name, library) =
        (format!("look-up-{commands}{}", tree.suffix), format!("commands-{commands}{}", tree.suffix));
    let workspace = &tree.folder;
    let manifest = format!(
        "[package]\nname = \"{library}\"\nedition = \"2024\"\n\n[dependencies]\nbackdoor-runtime = {{ path = {:?} }}\n",
        workspace.join("backdoor-runtime")
    );
    let main_manifest = format!(
        "[package]\nname = \"{name}\"\nedition = \"2024\"\n\n[dependencies]\nanyhow = \"1\"\nbench = {{ path = {:?} }}\n\
         {library} = {{ path = \"{library}\" }}\n\n[workspace]\n\n[profile.release.package.{library}]\nopt-level = 0\n",
        workspace.join("bench")
    );
    let main = format!(
        "use {} as _;\n\nfn main() -> anyhow::Result<()> {{\n    bench::serve::serve(std::env::args().skip(2))\n}}\n",
        library.replace('-', "_")
    );
    let package = Package::write(
        &name,
        &[
            ("Cargo.toml", &main_manifest),
            ("src/main.rs", &main),
            (&format!("{library}/Cargo.toml"), &manifest),
            (&format!("{library}/src/lib.rs"), &generate::functions(Flavour::Backdoor, commands)),
        ],
    )?;
    eprintln!("   building {commands} commands");
    package.cargo(&["build", "--release"])?;
    Package::program("release", &name)
}
