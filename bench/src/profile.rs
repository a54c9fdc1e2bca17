//! What a profile costs while it runs: the shop's customers, and a thread that computes, each beside the same without one.

use std::hint::black_box;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, ensure};
use backdoor_runtime::profile::{self, Recording};
use rustix::time::{ClockId, clock_gettime};

use crate::client::Client;
use crate::machine::Pinned;
use crate::shop::{Served, Shop, sibling};
use crate::statistics::{ROUNDS, median, median_ratio};
use crate::table::{Aim, Row, Table};

/// How long customers come, how long the profile takes around them, and how long it has been at it by then: its beginning reads the
/// program's tables.
const SECONDS: u32 = 2;
const PROFILE: &str = "profile cpu --for 4s --top 5 --json\n";
const SETTLED: Duration = Duration::from_millis(500);

/// Steps of the thread that computes; about half a second.
const STEPS: u64 = 400_000_000;

const RATES: [(u32, &str); 2] = [(99, "99 Hz"), (999, "999 Hz")];

pub(crate) fn run(table: &mut Table) -> anyhow::Result<()> {
    computing(table)?;
    customers(table)
}

/// The processor time of the same work, which is right also where others use the machine.
fn computing(table: &mut Table) -> anyhow::Result<()> {
    for (rate, name) in RATES {
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            without.push(work());
            let recording: Recording = profile::begin(rate, Duration::from_secs(60), "bench")?;
            // Its beginning is another thread's work.
            sleep(SETTLED);
            with.push(work());
            ensure!(recording.end()?.samples > 0, "nothing was sampled");
        }
        let ratio = median_ratio(&with, &without);
        let row = Row::new(format!("a thread that computes, profiled at {name}"), median(&mut with), "ms");
        table
            .push(row.against("not profiled", median(&mut without), Some(ratio)).aim(Aim::RatioAtMost(1.03)));
    }
    Ok(())
}

/// Milliseconds of this thread's processor time.
fn work() -> f64 {
    let time = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
    };
    let begin = time();
    let mut number = 1_u64;
    for step in 0..STEPS {
        number = black_box(number.wrapping_mul(3) ^ step);
    }
    black_box(number);
    time() - begin
}

fn customers(table: &mut Table) -> anyhow::Result<()> {
    let shop = {
        let _pinned = Pinned::to_first_core()?;
        Shop::start(&sibling("bench-shop")?, &["console"])?
    };
    let _pinned = Pinned::to_one_core()?;
    shop.serve(1)?;
    // The first profile reads the debug information when it ends, which the next round should not notice.
    profiled(&shop)?;
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        if round % 2 == 0 {
            without.push(shop.serve(SECONDS)?);
            with.push(profiled(&shop)?);
        } else {
            with.push(profiled(&shop)?);
            without.push(shop.serve(SECONDS)?);
        }
    }
    let throughput: fn(&Served) -> f64 = |served| served.throughput;
    let p99: fn(&Served) -> f64 = |served| served.p99 / 1e3;
    for (what, number, unit, aim) in [
        ("throughput", throughput, "requests/s", Aim::RatioAtLeast(0.97)),
        ("p99", p99, "ms", Aim::RatioAtMost(1.10)),
    ] {
        let [mut ours, mut baseline] =
            [&with, &without].map(|rounds| rounds.iter().map(number).collect::<Vec<f64>>());
        let ratio = median_ratio(&ours, &baseline);
        let row = Row::new(format!("service, profiled at 99 Hz: {what}"), median(&mut ours), unit);
        table.push(row.against("not profiled", median(&mut baseline), Some(ratio)).aim(aim));
    }
    Ok(())
}

/// What customers notice while a profile is taken, all the time they are there.
fn profiled(shop: &Shop) -> anyhow::Result<Served> {
    let mut operator = Client::to(shop.console)?;
    operator.send(PROFILE.as_bytes())?;
    sleep(SETTLED);
    let served = shop.serve(SECONDS)?;
    let mut answer = Vec::new();
    while answer.last() != Some(&b'\n') {
        answer.extend_from_slice(operator.receive().context("waiting for the profile")?);
    }
    let answer: serde_json::Value = serde_json::from_slice(&answer)?;
    ensure!(answer["samples"].as_u64() > Some(0) && answer["lost"] == 0, "the profile is {answer}");
    Ok(served)
}
