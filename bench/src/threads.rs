//! The stacks of many threads: how long a look takes and how long it holds a thread up, beside debuggers on the same process.

use std::io;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::child::{Child, Program};
use crate::statistics::{ROUNDS, median, quantile};
use crate::table::{Aim, Row, Table};

/// How many threads, and the server that has them.
const CROWDS: [(usize, &str); 2] = [(100, "100-threads"), (500, "500-threads")];

/// How many times of threads that were held up are enough for a p99.
const HELD: usize = 200;

/// Debuggers take about a second.
const DEBUGGER_ROUNDS: usize = 3;

pub(crate) fn run(table: &mut Table) -> anyhow::Result<()> {
    for (threads, kind) in CROWDS {
        let mut child = Child::start(Program::Plain, kind)?;
        let first = child.ask("stacks")?[0] / 1e6;
        let (mut looks, mut held) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS * 3 {
            looks.push(child.ask("stacks")?[0] / 1e6);
        }
        while held.len() < HELD {
            held.extend(child.ask("held")?.iter().map(|nanos| nanos / 1e3));
        }
        let look = median(&mut looks);
        table.push(Row::new(format!("stacks of {threads} threads, the first look"), first, "ms"));
        for (name, package, arguments) in [
            ("gdb", "gdb", &["-batch", "-ex", "thread apply all bt", "-p"][..]),
            ("eu-stack", "elfutils", &["-p"][..]),
        ] {
            let row = Row::new(format!("stacks of {threads} threads, later ones"), look, "ms");
            match debugger(name, arguments, child.id())? {
                Some(debugger) => table.push(row.against(name, debugger, Some(look / debugger))),
                None => {
                    eprintln!("   not measured: there is no {name} here (Debian: apt-get install {package})");
                }
            }
        }
        for (name, part, limit) in [("p99", 0.99, 10.0), ("max", 1.0, 100.0)] {
            let row = Row::new(
                format!("of {threads} threads, one that runs held up, {name}"),
                quantile(&mut held, part),
                "us",
            );
            table.push(row.aim(Aim::AtMost(limit)));
        }
    }
    Ok(())
}

/// Milliseconds that a debugger takes for the stacks of a process; nothing where it is not installed.
fn debugger(program: &str, arguments: &[&str], process: u32) -> anyhow::Result<Option<f64>> {
    let mut times = Vec::new();
    for _ in 0..DEBUGGER_ROUNDS {
        let begin = Instant::now();
        let mut debugger = Command::new(program);
        debugger.args(arguments).arg(process.to_string()).stdout(Stdio::null()).stderr(Stdio::null());
        let status = match debugger.status() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            status => status?,
        };
        anyhow::ensure!(status.success(), "{program} failed: {status}");
        times.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    Ok(Some(median(&mut times)))
}
