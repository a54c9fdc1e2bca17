//! What counting costs the service, in units of one `Instant::now()`, beside a plain atomic that all threads share.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use backdoor_runtime::{Counter, Gauge, Histogram};

use crate::statistics::{ROUNDS, median, median_ratio, shuffle};
use crate::table::{Aim, Row, Table};
use crate::together::together;

const TIMES: u32 = 1_000_000;
const THREADS: usize = 8;

static COUNTER: Counter = Counter::new();
static GAUGE: Gauge = Gauge::new();
static NUMBERS: Histogram = Histogram::new();
static TOOK: Histogram<Duration> = Histogram::new();
static PLAIN: AtomicU64 = AtomicU64::new(0);

struct Kind {
    name: &'static str,
    threads: usize,
    /// Does it a million times.
    run: Box<dyn Fn() + Sync>,
    aim: Aim,
    /// Nanoseconds of CPU each, one of each round.
    took: Vec<f64>,
}

pub(crate) fn run(table: &mut Table) -> anyhow::Result<()> {
    let mut kinds = vec![Kind::new("Instant::now()", 1, Aim::None, |_| {
        black_box(Instant::now());
    })];
    for threads in [1, THREADS] {
        let most = if threads == 1 { 0.5 } else { 1.0 };
        kinds.extend([
            Kind::new("plain shared atomic", threads, Aim::None, |_| {
                PLAIN.fetch_add(1, Ordering::Relaxed);
            }),
            Kind::new("counter", threads, Aim::RatioAtMost(most), |_| COUNTER.increment()),
            Kind::new("gauge, added to", threads, Aim::None, |at| GAUGE.add(f64::from(at))),
            Kind::new("histogram, numbers", threads, Aim::None, |at| NUMBERS.record(u64::from(at % 4096))),
            Kind::new("histogram, durations", threads, Aim::None, |at| {
                TOOK.record(Duration::from_nanos(u64::from(at)));
            }),
        ]);
    }
    for _ in 0..ROUNDS {
        let mut order: Vec<usize> = (0..kinds.len()).collect();
        shuffle(&mut order);
        for at in order {
            let took = kinds[at].measure();
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

impl Kind {
    fn new(name: &'static str, threads: usize, aim: Aim, each: impl Fn(u32) + Sync + 'static) -> Self {
        let run = Box::new(move || (0..TIMES).for_each(&each));
        Self { name, threads, run, aim, took: Vec::new() }
    }

    /// Nanoseconds of CPU each.
    fn measure(&self) -> f64 {
        together(self.threads, 1, |_, _| (self.run)()).cpu / f64::from(TIMES)
    }
}
