//! The cost of an idle console: heap for each session, and wake-ups without any session.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use anyhow::Context;

use crate::child::{Child, Program};
use crate::client::{Client, Transport};
use crate::machine;
use crate::table::{Aim, Row, Table};

const SESSIONS: usize = 1_000;

/// IAC WILL NAWS, IAC SB NAWS 80 columns 24 rows IAC SE (RFC 1073): what a telnet client answers.
const TELNET: &[u8] = &[255, 251, 31, 255, 250, 31, 0, 80, 0, 24, 255, 240];

pub(crate) fn run(table: &mut Table) -> anyhow::Result<()> {
    machine::allow_descriptors()?;
    let echo = sessions("echo", |client| client.round_trip(b"uptime\n", None))?;
    let script = sessions("console", |client| client.round_trip(b"uptime\n", None))?;
    let telnet = sessions("console", |client| {
        client.read_to(b"bench> ").map(drop)?;
        client.send(TELNET)?;
        client.send(b"uptime\r\n")?;
        client.read_to(b"bench> ").map(drop)
    })?;
    let row = Row::new("heap, idle telnet session of 1,000", telnet.heap, "bytes");
    table.push(row.against("bare echo", echo.heap, None).aim(Aim::AtMost(4096.0)));
    let row = Row::new("heap, idle script session of 1,000", script.heap, "bytes");
    table.push(row.against("bare echo", echo.heap, None));
    let row = Row::new("resident memory, idle telnet session of 1,000", telnet.resident, "bytes");
    table.push(row.against("bare echo", echo.resident, None));
    table.push(
        Row::new("CPU in a second after all have gone", telnet.ticks_after * 10.0, "ms")
            .aim(Aim::AtMost(0.0)),
    );

    wake_ups(table)
}

/// Of a console that nobody uses, with the built-in trends and without.
fn wake_ups(table: &mut Table) -> anyhow::Result<()> {
    const SECONDS: u32 = 20;
    let start = |kind| Child::start(Program::Plain, kind);
    let children = [start("idle")?, start("console")?, start("console-without-trends")?];
    sleep(Duration::from_secs(1));
    let read = || children.iter().map(switches).collect::<anyhow::Result<Vec<f64>>>();
    let before = read()?;
    sleep(Duration::from_secs(SECONDS.into()));
    let each: Vec<f64> =
        read()?.iter().zip(before).map(|(now, before)| (now - before) / f64::from(SECONDS)).collect();
    for (name, wakes, aim) in [
        ("context switches a second, nobody connected", each[1], 1.1),
        ("the same, without the built-in trends", each[2], 0.0),
    ] {
        let row = Row::new(name, wakes, "switches");
        table.push(Row { baseline: Some(("without a console", each[0])), ..row }.aim(Aim::AtMost(aim)));
    }
    Ok(())
}

/// What each of many sessions holds.
struct Held {
    heap: f64,
    resident: f64,
    /// Hundredths of a second of CPU in the second after all have gone; a session that spins would show.
    ticks_after: f64,
}

fn sessions(kind: &str, use_once: impl Fn(&mut Client) -> anyhow::Result<()>) -> anyhow::Result<Held> {
    let mut child = Child::start(Program::Counting, kind)?;
    // The first sessions pay for what is kept for all.
    let warm_up: Vec<Client> = open(&child, 20, &use_once)?;
    let settle = Duration::from_millis(300);
    sleep(settle);
    let (heap, resident) = (child.ask("heap")?[0], resident(&child)?);
    let sessions = open(&child, SESSIONS, &use_once)?;
    sleep(settle);
    let each = |now: f64, before: f64| (now - before) / SESSIONS as f64;
    let heap = each(child.ask("heap")?[0], heap);
    let resident = each(self::resident(&child)?, resident);
    drop((warm_up, sessions));
    sleep(Duration::from_secs(1));
    let before = ticks(&child)?;
    sleep(Duration::from_secs(1));
    Ok(Held { heap, resident, ticks_after: ticks(&child)? - before })
}

fn open(
    child: &Child,
    count: usize,
    use_once: impl Fn(&mut Client) -> anyhow::Result<()>,
) -> anyhow::Result<Vec<Client>> {
    let mut clients: Vec<Client> =
        (0..count).map(|_| Client::connect(child, Transport::Tcp)).collect::<Result<_, _>>()?;
    clients.iter_mut().try_for_each(use_once)?;
    Ok(clients)
}

fn resident(child: &Child) -> anyhow::Result<f64> {
    Ok(machine::field(&format!("/proc/{}/status", child.id()), "VmRSS:")? * 1024.0)
}

/// Context switches of all threads.
fn switches(child: &Child) -> anyhow::Result<f64> {
    let mut sum = 0.0;
    for task in fs::read_dir(format!("/proc/{}/task", child.id()))? {
        let status = task?.path().join("status");
        let status = status.to_str().context("a path in /proc is text")?;
        sum += machine::field(status, "voluntary_ctxt_switches:")?
            + machine::field(status, "nonvoluntary_ctxt_switches:")?;
    }
    Ok(sum)
}

fn ticks(child: &Child) -> anyhow::Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.id()))?;
    let (_, fields) = stat.rsplit_once(')').context("reading stat")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    // utime and stime of proc_pid_stat(5), fields 14 and 15; the first here is 3.
    Ok(fields[11].parse::<f64>()? + fields[12].parse::<f64>()?)
}
