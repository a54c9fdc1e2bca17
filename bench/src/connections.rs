//! Beginnings and bursts: the first answer, the first prompt, a thousand connects at once, many lines at once.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime;
use tokio::task::JoinSet;

use crate::child::{Child, Program};
use crate::client::{Client, Transport};
use crate::machine::{self, Pinned};
use crate::statistics::{ROUNDS, median, median_ratio, shuffle};
use crate::table::{Aim, Row, Table};

const CONNECTS: usize = 200;
const BURST: usize = 1_000;
const LINES: usize = 5_000;

pub(crate) fn run(table: &mut Table) -> anyhow::Result<()> {
    first_answer(table)?;
    burst(table)?;
    pipelined(table)
}

fn first_answer(table: &mut Table) -> anyhow::Result<()> {
    let _pinned = Pinned::to_one_core()?;
    let console = Child::start(Program::Plain, "console")?;
    let echo = Child::start(Program::Plain, "echo")?;
    let mut rounds = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        let mut order = [0, 1];
        shuffle(&mut order);
        for at in order {
            let child = [&console, &echo][at];
            let mut times = Vec::new();
            for _ in 0..CONNECTS {
                let begin = Instant::now();
                Client::connect(child, Transport::Tcp)?.round_trip(b"uptime\n", None)?;
                times.push(begin.elapsed().as_secs_f64() * 1e6);
            }
            rounds[at].push(median(&mut times));
        }
    }
    let ratio = median_ratio(&rounds[0], &rounds[1]);
    let row = Row::new("connect to first answer, script", median(&mut rounds[0]), "µs");
    table.push(row.against("bare echo", median(&mut rounds[1]), Some(ratio)));

    let mut prompts = Vec::new();
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        Client::connect(&console, Transport::Tcp)?.read_to(b"bench> ")?;
        prompts.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    let row =
        Row::new("connect to first prompt, telnet (200 ms of silence decide)", median(&mut prompts), "ms");
    table.push(row.aim(Aim::AtMost(205.0)));
    Ok(())
}

/// The server is stopped while they connect, so that all of them come at once, as far as it can tell.
fn burst(table: &mut Table) -> anyhow::Result<()> {
    machine::allow_descriptors()?;
    let mut results = Vec::new();
    for kind in ["console", "echo"] {
        let (mut served, mut seconds) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            let child = Child::start(Program::Plain, kind)?;
            let one = one_burst(&child)?;
            served.push(one.0 as f64);
            seconds.push(one.1.as_secs_f64() * 1e3);
        }
        served.sort_by(f64::total_cmp);
        results.push((served[0], median(&mut seconds)));
    }
    let row = Row::new("burst of 1,000 connects, served", results[0].0, "connections");
    table.push(row.against("tokio's own bind", results[1].0, None).aim(Aim::AtLeast(BURST as f64)));
    let row = Row::new("burst of 1,000 connects, until the last is answered", results[0].1, "ms");
    table.push(row.against("tokio's own bind", results[1].1, None));
    Ok(())
}

fn one_burst(child: &Child) -> anyhow::Result<(usize, Duration)> {
    /// A dropped SYN is sent again after a second: who is not answered after that was lost in the burst.
    const LATE: Duration = Duration::from_millis(900);
    let stopped = Duration::from_millis(100);
    let driver = runtime::Builder::new_current_thread().enable_all().build()?;
    driver.block_on(async {
        child.hold(true)?;
        let begin = Instant::now();
        let mut clients = JoinSet::new();
        for _ in 0..BURST {
            clients.spawn(ask_once(child.tcp()));
        }
        tokio::time::sleep(stopped).await;
        child.hold(false)?;
        let (mut served, mut last) = (0, Duration::ZERO);
        let until = tokio::time::Instant::from_std(begin) + LATE;
        while let Ok(Some(answered)) = tokio::time::timeout_at(until + 4 * LATE, clients.join_next()).await {
            if answered?.is_ok() {
                last = begin.elapsed();
                served += usize::from(last < LATE);
            }
        }
        Ok((served, last.saturating_sub(stopped)))
    })
}

async fn ask_once(address: SocketAddr) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"uptime\n").await?;
    let mut answer = [0; 64];
    match stream.read(&mut answer).await? {
        0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}

fn pipelined(table: &mut Table) -> anyhow::Result<()> {
    let _pinned = Pinned::to_one_core()?;
    let console = Child::start(Program::Plain, "console")?;
    for (name, line) in [
        ("built-in `uptime`", "uptime\n"),
        ("synchronous", "echo sync word\n"),
        ("asynchronous", "echo async word\n"),
    ] {
        let mut rates = Vec::new();
        for _ in 0..ROUNDS {
            rates.push(LINES as f64 / many(&console, line, LINES)?.as_secs_f64());
        }
        table.push(Row::new(format!("pipelined commands a second, {name}"), median(&mut rates), "a second"));
    }
    Ok(())
}

/// Sends a line many times without waiting, and reads as many answers.
pub(crate) fn many(child: &Child, line: &str, count: usize) -> anyhow::Result<Duration> {
    let mut reader = Client::connect(child, Transport::Tcp)?;
    // It is a script from its first line on.
    reader.round_trip(line.as_bytes(), None)?;
    let (mut writer, lines) = (reader.try_clone()?, line.repeat(count));
    let begin = Instant::now();
    let sending = thread::spawn(move || writer.send(lines.as_bytes()));
    let mut answers = 0;
    while answers < count {
        answers += reader.receive()?.iter().filter(|byte| **byte == b'\n').count();
    }
    let took = begin.elapsed();
    if let Ok(sent) = sending.join() {
        sent?;
    }
    Ok(took)
}
