//! What it costs that a task is seen, as what is added in units of one `Instant::now()` of the same round; and how long the views take.

use std::future::{Future, poll_fn, ready};
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use backdoor_runtime::tasks::{self, Instrument};
use backdoor_runtime::{Backdoor, spawn_named};
use tokio::runtime::{Builder, Runtime};

use crate::statistics::{ROUNDS, median, median_ratio, rounds};
use crate::table::{Aim, Row, Table};
use crate::together::cpu_time;

const POLLS: u32 = 200_000;
const SPAWNS: u32 = 20_000;
const SIZES: [usize; 2] = [1_000, 100_000];

/// So many stacks are shown of the larger crowd.
const STACKS: usize = 1_000;

pub(crate) fn run(table: &mut Table) -> anyhow::Result<()> {
    added(table)?;
    for size in SIZES {
        views(table, size)?;
    }
    Ok(())
}

/// One thing that is measured, in nanoseconds of CPU each: all of it runs on this thread.
type Measured = fn(&Runtime) -> f64;

fn added(table: &mut Table) -> anyhow::Result<()> {
    let runtime = &Builder::new_current_thread().enable_all().build()?;
    let candidates: [Measured; 5] = [clock, polls_bare, polls_seen, spawns_bare, spawns_seen];
    let [clock, polls_bare, polls_seen, spawns_bare, spawns_seen] =
        &mut rounds(candidates.map(|measured| move || measured(runtime)));
    for (name, bare, seen, most) in
        [("a poll", polls_bare, polls_seen, 2.5), ("a spawn, with its end", spawns_bare, spawns_seen, 15.0)]
    {
        let added: Vec<f64> = seen.iter().zip(bare.iter()).map(|(seen, bare)| seen - bare).collect();
        let ratio = median_ratio(&added, clock);
        let row = Row::new(format!("{name}: added where it is seen"), median(&mut added.clone()), "ns");
        table.push(
            row.against("of one Instant::now()", median(clock), Some(ratio)).aim(Aim::RatioAtMost(most)),
        );
    }
    Ok(())
}

fn each(began: f64, count: u32) -> f64 {
    (cpu_time() - began) / f64::from(count)
}

fn clock(_: &Runtime) -> f64 {
    let began = cpu_time();
    for _ in 0..POLLS {
        black_box(Instant::now());
    }
    each(began, POLLS)
}

/// Polls a future that is never ready, as an executor does.
fn polls<F: Future<Output = ()>>(mut future: Pin<&mut F>) -> f64 {
    let mut context = Context::from_waker(Waker::noop());
    let began = cpu_time();
    for _ in 0..POLLS {
        assert!(black_box(future.as_mut()).poll(&mut context).is_pending());
    }
    each(began, POLLS)
}

fn polls_bare(_: &Runtime) -> f64 {
    polls(pin!(poll_fn(|context| black_box::<Poll<()>>(wait(context)))))
}

fn polls_seen(_: &Runtime) -> f64 {
    polls(pin!(poll_fn(|context| black_box::<Poll<()>>(wait(context))).instrumented("polled")))
}

fn wait(context: &mut Context<'_>) -> Poll<()> {
    black_box(context.waker());
    Poll::Pending
}

fn spawns_bare(runtime: &Runtime) -> f64 {
    runtime.block_on(async {
        let began = cpu_time();
        for _ in 0..SPAWNS {
            let _ = black_box(tokio::spawn(ready(()))).await;
        }
        each(began, SPAWNS)
    })
}

fn spawns_seen(runtime: &Runtime) -> f64 {
    runtime.block_on(async {
        let began = cpu_time();
        for _ in 0..SPAWNS {
            let _ = black_box(backdoor_runtime::spawn(ready(()))).await;
        }
        each(began, SPAWNS)
    })
}

async fn sleeps() {
    tokio::time::sleep(Duration::from_secs(3600)).await;
}

fn views(table: &mut Table, size: usize) -> anyhow::Result<()> {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        for _ in 0..size {
            spawn_named("crowd", sleeps());
        }
    });
    while tasks::list().any(|task| task.polls == 0) {
        std::thread::sleep(Duration::from_millis(10));
    }
    let console = Backdoor::testing();
    let pgt = format!("pgt --limit {STACKS}");
    // The first stacks read the debug information; that is a number of its own.
    let first = time(|| console.run("pgt --limit 1").text.len());
    table.push(Row::new(format!("pgt of one task of {size}, among the first"), first, "ms"));
    for (name, line) in [("tasks", "tasks"), ("pgt of 1,000 tasks", &pgt)] {
        let mut rounds: Vec<f64> = (0..ROUNDS).map(|_| time(|| console.run(line).text.len())).collect();
        table.push(Row::new(format!("{name}, {size} tasks"), median(&mut rounds), "ms"));
    }
    Ok(())
}

fn time<T>(work: impl FnOnce() -> T) -> f64 {
    let began = Instant::now();
    black_box(work());
    began.elapsed().as_secs_f64() * 1e3
}
