//! System calls of the server a round trip, counted by strace.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::{env, fs, process};

use anyhow::{Context, ensure};
use rustix::process::{Pid, Signal, kill_process};

use crate::child::{Child, Program};
use crate::client::{Client, Transport};
use crate::machine::Pinned;
use crate::table::{Aim, Row, Table};

const TRIPS: usize = 500;

pub(crate) fn run(table: &mut Table) -> anyhow::Result<()> {
    if !can_be_counted() {
        return Ok(());
    }
    let _pinned = Pinned::to_one_core()?;
    for transport in Transport::ALL {
        let echo = trace(&Child::start(Program::Plain, "echo")?, transport, b"uptime\n")?;
        let console = Child::start(Program::Plain, "console")?;
        for (name, line, aim, sends_aim) in [
            ("built-in `uptime`", b"uptime\n".as_slice(), Aim::AtMost(3.05), Aim::AtMost(1.01)),
            ("synchronous command", b"echo sync word\n", Aim::None, Aim::AtMost(1.01)),
            ("asynchronous command", b"echo async word\n", Aim::None, Aim::AtMost(1.01)),
        ] {
            let calls = trace(&console, transport, line)?;
            let sum = |calls: &BTreeMap<String, f64>| calls.values().sum::<f64>();
            let each: Vec<String> = calls
                .iter()
                .filter(|(_, calls)| **calls >= 0.05)
                .map(|(name, calls)| format!("{name} {calls:.1}"))
                .collect();
            let row = Row::new(
                format!("system calls a round trip, {name}, {} ({})", transport.name(), each.join(", ")),
                sum(&calls),
                "calls",
            );
            table.push(row.against("bare echo", sum(&echo), None).aim(aim));
            let sends = ["sendto", "sendmsg", "writev"].iter().filter_map(|name| calls.get(*name)).sum();
            let row = Row::new(format!("sends a round trip, {name}, {}", transport.name()), sends, "calls");
            table.push(row.aim(sends_aim));
        }
    }
    Ok(())
}

/// Calls a round trip, by name.
fn trace(child: &Child, transport: Transport, line: &[u8]) -> anyhow::Result<BTreeMap<String, f64>> {
    let mut client = Client::connect(child, transport)?;
    for _ in 0..TRIPS {
        client.round_trip(line, None)?;
    }
    let file = env::temp_dir().join(format!("backdoor-bench-{}.strace", process::id()));
    let mut strace = Command::new("strace")
        .args(["-f", "-c", "-p", &child.id().to_string(), "-o"])
        .arg(&file)
        .stderr(Stdio::piped())
        .spawn()
        .context("starting strace")?;
    // It says so when it has taken hold of the process; the last line is about the last thread.
    let mut says = BufReader::new(strace.stderr.take().context("its output is piped")?);
    let mut said = String::new();
    says.read_line(&mut said)?;
    ensure!(said.contains("attached"), "strace cannot trace: {said}");
    for _ in 0..TRIPS {
        client.round_trip(line, None)?;
    }
    kill_process(Pid::from_child(&strace), Signal::INT).context("ending strace")?;
    strace.wait()?;
    let report = fs::read_to_string(&file)?;
    let _ = fs::remove_file(&file);
    Ok(counts(&report))
}

/// Whether there is a strace. It is said if not.
pub(crate) fn can_be_counted() -> bool {
    let found = Command::new("strace").arg("--version").stdout(Stdio::null()).status();
    if found.is_err() {
        eprintln!(
            "   system calls are not counted: there is no strace here (Debian: apt-get install strace)"
        );
    }
    found.is_ok()
}

/// System calls of a server for one line over TCP. A thread that waits in vain adds some, so the least of three is taken.
pub(crate) fn a_line(child: &Child, line: &[u8]) -> anyhow::Result<f64> {
    let mut least = f64::INFINITY;
    for _ in 0..3 {
        least = least.min(trace(child, Transport::Tcp, line)?.values().sum());
    }
    Ok(least)
}

/// Reads the table of `strace -c`: percents, seconds, microseconds a call, calls, errors where there were some, name.
fn counts(report: &str) -> BTreeMap<String, f64> {
    let mut counts = BTreeMap::new();
    for line in report.lines() {
        let cells: Vec<&str> = line.split_whitespace().collect();
        if let [_, _, _, calls, .., name] = cells[..]
            && name != "total"
            && let Ok(calls) = calls.parse::<f64>()
        {
            counts.insert(name.to_owned(), calls / TRIPS as f64);
        }
    }
    counts
}
