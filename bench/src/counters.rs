//! What counting costs the service, in units of one `Instant::now()`, beside a plain atomic that all threads share.

use std::hint::black_box;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use backdoor_runtime::{Counter, Gauge, Histogram};
use rustix::time::{ClockId, clock_gettime};

use crate::statistics::{ROUNDS, median, median_ratio, shuffle};
use crate::table::{Aim, Row, Table};

const TIMES: u32 = 1_000_000;
const THREADS: usize = 8;

static COUNTER: Counter = Counter::new();
static GAUGE: Gauge = Gauge::new();
static NUMBERS: Histogram = Histogram::new();
static TIMES_TAKEN: Histogram<Duration> = Histogram::new();
static PLAIN: AtomicU64 = AtomicU64::new(0);

struct Kind {
    name: &'static str,
    threads: usize,
    run: fn(u32),
    aim: Aim,
    /// Nanoseconds of CPU each, one of each round.
    took: Vec<f64>,
}

pub(crate) fn run(table: &mut Table) -> anyhow::Result<()> {
    let now = || kind("Instant::now()", 1, |_| drop(black_box(Instant::now())), Aim::None);
    let mut kinds = vec![now()];
    for threads in [1, THREADS] {
        let most = if threads == 1 { 0.5 } else { 1.0 };
        kinds.extend([
            kind("plain shared atomic", threads, |_| drop(PLAIN.fetch_add(1, Ordering::Relaxed)), Aim::None),
            kind("counter", threads, |_| COUNTER.increment(), Aim::RatioAtMost(most)),
            kind("gauge, set", threads, |at| GAUGE.set(f64::from(at)), Aim::None),
            kind("histogram, number", threads, |at| NUMBERS.record(u64::from(at % 4096)), Aim::None),
            kind(
                "histogram, duration",
                threads,
                |at| TIMES_TAKEN.record(Duration::from_nanos(u64::from(at))),
                Aim::None,
            ),
        ]);
    }
    for _ in 0..ROUNDS {
        let mut order: Vec<usize> = (0..kinds.len()).collect();
        shuffle(&mut order);
        for at in order {
            let took = measure(kinds[at].threads, kinds[at].run);
            kinds[at].took.push(took);
        }
    }
    let baseline = kinds.remove(0).took;
    for mut kind in kinds {
        let ratio = median_ratio(&kind.took, &baseline);
        let threads = if kind.threads == 1 { "1 thread".to_owned() } else { format!("{THREADS} threads") };
        let row = Row::new(format!("{}, {threads}", kind.name), median(&mut kind.took), "ns of CPU");
        let clock = median(&mut baseline.clone());
        table.push(row.against("Instant::now()", clock, Some(ratio)).aim(kind.aim));
    }
    Ok(())
}

macro_rules! loops {
    ($($name:ident: $each:expr;)*) => {$(
        fn $name() {
            for at in 0..TIMES {
                #[allow(clippy::redundant_closure_call)]
                ($each)(at);
            }
        }
    )*};
}
