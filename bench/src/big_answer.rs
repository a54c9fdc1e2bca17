//! Ten megabytes at once and in pieces: how fast, how much memory meanwhile, and what a neighbour notices.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::ensure;

use crate::child::{Child, Program};
use crate::client::{Client, Transport};
use crate::commands::BIG;
use crate::statistics::{median, median_ratio, quantile};
use crate::table::{Aim, Row, Table};

const ROUNDS: usize = 5;
const MEGABYTE: f64 = 1e6;

pub(crate) fn run(table: &mut Table) -> anyhow::Result<()> {
    let (console, bare) = (Child::start(Program::Plain, "console")?, Child::start(Program::Plain, "big")?);
    let mut counting = Child::start(Program::Counting, "console")?;
    for (name, line, aim) in [
        ("of a stream", "big stream\n", 1.05),
        ("of an iterator", "big iterator\n", 1.05),
        ("of an asynchronous command", "big async\n", BIG as f64 / MEGABYTE + 1.05),
        ("of a synchronous command", "big sync\n", BIG as f64 / MEGABYTE + 1.05),
    ] {
        if let Err(error) = megabytes_a_second(&console, line) {
            table.push(Row::new(format!("10 MB {name}: {error:#}"), 0.0, "MB/s").aim(Aim::AtLeast(1.0)));
            continue;
        }
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        let (mut beside_ours, mut beside_theirs) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            ours.push(megabytes_a_second(&console, line)?);
            theirs.push(megabytes_a_second(&bare, line)?);
            beside_ours.push(quantile(&mut neighbours_trips(&console, line)?, 0.99));
            beside_theirs.push(quantile(&mut neighbours_trips(&bare, line)?, 0.99));
        }
        let ratio = median_ratio(&ours, &theirs);
        let row = Row::new(format!("10 MB {name}"), median(&mut ours), "MB/s");
        table.push(row.against("bare write", median(&mut theirs), Some(ratio)));
        let ratio = median_ratio(&beside_ours, &beside_theirs);
        let row =
            Row::new(format!("10 MB {name}: a neighbour's round trip, p99"), median(&mut beside_ours), "µs");
        table.push(row.against("beside a bare write", median(&mut beside_theirs), Some(ratio)));
        let row =
            Row::new(format!("10 MB {name}: peak of the heap"), peak(&mut counting, line)? / MEGABYTE, "MB");
        table.push(row.aim(Aim::AtMost(aim)));
    }
    Ok(())
}

fn megabytes_a_second(child: &Child, line: &str) -> anyhow::Result<f64> {
    let begin = Instant::now();
    fetch(&mut Client::connect(child, Transport::Tcp)?, line)?;
    Ok(BIG as f64 / MEGABYTE / begin.elapsed().as_secs_f64())
}

/// Reads the whole answer, which has as many bytes as it should and nothing else.
fn fetch(client: &mut Client, line: &str) -> anyhow::Result<()> {
    client.send(line.as_bytes())?;
    let mut come = 0;
    while come < BIG {
        let piece = client.receive()?;
        come += piece.len();
        ensure!(come < BIG || piece.ends_with(b"\n"), "the answer has another end");
    }
    ensure!(come == BIG, "the answer has {come} bytes");
    Ok(())
}

/// Round trips of another session, in microseconds, while the answer comes again and again.
fn neighbours_trips(child: &Child, line: &str) -> anyhow::Result<Vec<f64>> {
    const ANSWERS: usize = 20;
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        let fetching = scope.spawn(|| {
            let fetched = Client::connect(child, Transport::Tcp)
                .and_then(|mut client| (0..ANSWERS).try_for_each(|_| fetch(&mut client, line)));
            ended.store(true, Ordering::Relaxed);
            fetched
        });
        let mut client = Client::connect(child, Transport::Tcp)?;
        let mut trips = Vec::new();
        while !ended.load(Ordering::Relaxed) {
            let begin = Instant::now();
            client.round_trip(b"uptime\n", None)?;
            trips.push(begin.elapsed().as_secs_f64() * 1e6);
        }
        fetching.join().map_err(|_| anyhow::anyhow!("the fetching thread panicked"))??;
        Ok(trips)
    })
}

/// The most of the heap that was in use during the answer, above what was before.
fn peak(child: &mut Child, line: &str) -> anyhow::Result<f64> {
    let mut client = Client::connect(child, Transport::Tcp)?;
    client.round_trip(b"uptime\n", None)?;
    let before = child.ask("heap")?[0];
    fetch(&mut client, line)?;
    Ok(child.ask("heap")?[1] - before)
}
