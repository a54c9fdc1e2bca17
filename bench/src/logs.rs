//! The cost of an event that the ring keeps, in units of the clock of its time stamp, and of an event that no layer wants.

use std::fs;
use std::hint::black_box;
use std::time::Instant;

use backdoor_runtime::{Backdoor, logs};
use tracing_subscriber::prelude::*;

use crate::statistics::{ROUNDS, median, median_ratio, rounds};
use crate::table::{Aim, Row, Table};
use crate::together::together;

/// Events of each thread, in a round.
const TIMES: u32 = 50_000;

/// What is measured: so many threads do it so often.
type Measured = fn(threads: usize) -> f64;

pub(crate) fn run(table: &mut Table) -> anyhow::Result<()> {
    let unwatched = took([now, disabled], 1);
    let before = resident()?;
    tracing_subscriber::registry().with(logs::options().memory(MEMORY).layer()).try_init()?;
    let one = took([now, event, fields, disabled, pairs], 1);
    let eight = took([now, event], 8);
    let mut rows = |name: &str, ours: &[f64], baseline: &'static str, beside: &[f64], aim| {
        let ratio = median_ratio(ours, beside);
        let row = Row::new(name, median(&mut ours.to_vec()), "ns");
        table.push(row.against(baseline, median(&mut beside.to_vec()), Some(ratio)).aim(aim));
    };
    rows(
        "event of 100 bytes into the ring, 1 thread",
        &one[1],
        "Instant::now()",
        &one[0],
        Aim::RatioAtMost(10.0),
    );
    rows("the same, 8 threads", &eight[1], "1 thread", &one[1], Aim::RatioAtMost(2.0));
    rows("the same, 8 threads", &eight[1], "Instant::now()", &eight[0], Aim::RatioAtMost(20.0));
    rows("event of 100 bytes that is searched for secrets", &one[4], "Instant::now()", &one[0], Aim::None);
    rows("event of 100 bytes with 4 fields in 2 spans", &one[2], "Instant::now()", &one[0], Aim::None);
    let added: Vec<f64> = one[3].iter().zip(&unwatched[1]).map(|(with, without)| with - without).collect();
    rows("disabled callsite, added by the layer", &added, "Instant::now()", &one[0], Aim::RatioAtMost(0.05));
    let console = Backdoor::testing();
    let kept = console.run("log").value["kept"].clone();
    table.push(Row::new(format!("memory with {kept} events in the ring"), resident()? - before, "MiB"));
    let mut took: Vec<f64> = (0..ROUNDS).map(|_| milliseconds(|| drop(black_box(logs::last(100))))).collect();
    table.push(Row::new("the last 100 events of a full ring", median(&mut took), "ms"));
    let mut took: Vec<f64> = (0..ROUNDS)
        .map(|_| milliseconds(|| drop(black_box(console.run("log last 1 --grep 'not there'")))))
        .collect();
    table.push(Row::new("a full ring searched for what is not there", median(&mut took), "ms"));
    Ok(())
}

/// As by default.
const MEMORY: usize = 4 << 20;

/// Nanoseconds of CPU for one time of each of these, in that many threads.
fn took<const N: usize>(measured: [Measured; N], threads: usize) -> [Vec<f64>; N] {
    rounds(measured.map(|measured| move || measured(threads)))
}

/// Nanoseconds of CPU for one time: that a thread waits for a core is not counted, and for nothing else does it wait.
fn timed(threads: usize, work: impl Fn(u64) + Sync) -> f64 {
    together(threads, TIMES, |_, time| work(time.into())).cpu
}

fn now(threads: usize) -> f64 {
    timed(threads, |_| {
        black_box(Instant::now());
    })
}

fn event(threads: usize) -> f64 {
    timed(threads, |number| {
        tracing::info!(
            "order {number} of the customer in the north was shipped with 3 lanterns, 1 rope and 12 candles, by road"
        );
    })
}

fn pairs(threads: usize) -> f64 {
    timed(threads, |number| {
        tracing::info!(
            "order={number} customer=north url=https://shop.test/orders: shipped=true token=hunter2 by=road items=16"
        );
    })
}

fn fields(threads: usize) -> f64 {
    let request = tracing::info_span!("request", id = 4711, peer = "127.0.0.1:40312");
    let step = tracing::info_span!(parent: &request, "ship");
    timed(threads, |number| {
        tracing::info!(parent: &step, number, customer = "north", price = 41.47, ok = true, "order was shipped, by road");
    })
}

fn disabled(threads: usize) -> f64 {
    timed(threads, |number| tracing::debug!(number = black_box(number), "nobody wants to know"))
}

fn milliseconds(work: impl FnOnce()) -> f64 {
    let began = Instant::now();
    work();
    began.elapsed().as_secs_f64() * 1e3
}

/// Memory of this process that is in use, in MiB.
fn resident() -> anyhow::Result<f64> {
    let pages = fs::read_to_string("/proc/self/statm")?;
    let pages: f64 = pages.split(' ').nth(1).unwrap_or_default().parse()?;
    Ok(pages * rustix::param::page_size() as f64 / f64::from(1 << 20))
}
