//! What the console costs its host: a service's throughput and p99 while operators do what they can, against the same service without a
//! console, in the same round.
//!
//! The service and all that it has in it share the first core; customers, who come from another process, and operators share the
//! other. So whatever the console takes, the service loses. The same work against another process on that core is the control, and
//! the same work against a console inside the service's runtime shows that the harness would see harm.

use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};
use std::{env, fs, process};

use anyhow::{Context, ensure};

use crate::client::Client;
use crate::machine::{self, Pinned};
use crate::operators::{Operators, Work};
use crate::shop::{Served, Shop, sibling};
use crate::statistics::{ROUNDS, median, median_ratio, quantile, shuffle};
use crate::table::{Aim, Row, Table};

/// How long customers come before it counts, and while it counts.
const WARM_UP: u32 = 1;
const SECONDS: u32 = 3;

/// Where the operators' lines go.
#[derive(Clone, Copy)]
enum Place {
    /// There is no console.
    None,
    /// The service's own, with what it is started with.
    Console(&'static [&'static str]),
    /// The console of another process on the same core.
    OtherProcess,
    /// The service's runtime.
    Inside,
}

/// A service and what operators do to it.
struct Candidate {
    name: &'static str,
    place: Place,
    work: Option<Work>,
    /// The least part of the throughput, and the most of p99, that should be left.
    aims: (Aim, Aim),
    rounds: Vec<Measured>,
}

struct Measured {
    served: Served,
    /// Lines of the operators that were answered in a second.
    answers: f64,
}

type Number = fn(&Measured) -> f64;

impl Candidate {
    fn new(name: &'static str, place: Place, work: impl Into<Option<Work>>, aims: (Aim, Aim)) -> Self {
        Self { name, place, work: work.into(), aims, rounds: Vec::new() }
    }

    fn measure(&mut self) -> anyhow::Result<()> {
        let (shop, other);
        {
            let _pinned = Pinned::to_first_core()?;
            shop = Shop::start(
                "bench-shop",
                match self.place {
                    Place::None | Place::OtherProcess => &["none"],
                    Place::Console(arguments) => arguments,
                    Place::Inside => &["inside"],
                },
            )?;
            other = match self.place {
                Place::OtherProcess => Some(Shop::start("bench-shop", &["console"])?),
                _ => None,
            };
        }
        let _pinned = Pinned::to_one_core()?;
        shop.serve(WARM_UP)?;
        let console = other.as_ref().unwrap_or(&shop).console;
        let operators = self.work.map(|work| Operators::start(work, console)).transpose()?;
        let begin = Instant::now();
        let served = shop.serve(SECONDS)?;
        let answers = operators.as_ref().map_or(0, Operators::answers);
        let answers = answers as f64 / begin.elapsed().as_secs_f64();
        if let (Some(operators), Some(work)) = (operators, self.work) {
            operators.end(work).with_context(|| self.name.to_owned())?;
        }
        self.rounds.push(Measured { served, answers });
        Ok(())
    }

    fn all(&self, number: Number) -> Vec<f64> {
        self.rounds.iter().map(number).collect()
    }
}

/// Measures all in rounds, each in another order, and puts them down against the first.
fn compare(table: &mut Table, mut candidates: Vec<Candidate>) -> anyhow::Result<()> {
    for _ in 0..ROUNDS {
        let mut order: Vec<usize> = (0..candidates.len()).collect();
        shuffle(&mut order);
        for at in order {
            candidates[at].measure()?;
        }
    }
    let throughput: Number = |measured| measured.served.throughput;
    let p99: Number = |measured| measured.served.p99 / 1e3;
    let Some((none, candidates)) = candidates.split_first() else { return Ok(()) };
    for candidate in candidates {
        for (what, number, unit, aim) in
            [("throughput", throughput, "requests/s", candidate.aims.0), ("p99", p99, "ms", candidate.aims.1)]
        {
            let (mut ours, mut baseline) = (candidate.all(number), none.all(number));
            let ratio = median_ratio(&ours, &baseline);
            let row = Row::new(format!("service, {}: {what}", candidate.name), median(&mut ours), unit);
            table.push(row.against(none.name, median(&mut baseline), Some(ratio)).aim(aim));
        }
        if candidate.work == Some(Work::Flood) {
            let answers = median(&mut candidate.all(|measured| measured.answers));
            table.push(Row::new(format!("service, {}: commands", candidate.name), answers, "a second"));
        }
    }
    Ok(())
}

pub(crate) fn run(table: &mut Table) -> anyhow::Result<()> {
    let console = Place::Console(&["console"]);
    let unseen = (Aim::RatioAtLeast(0.97), Aim::RatioAtMost(1.10));
    let none = (Aim::None, Aim::None);
    let seen = (Aim::RatioAtMost(0.8), Aim::None);
    compare(
        table,
        vec![
            Candidate::new("no console", Place::None, None, none),
            Candidate::new("idle console", console, Work::Idle, unseen),
            Candidate::new("flood of commands", console, Work::Flood, (Aim::RatioAtLeast(0.90), Aim::None)),
            Candidate::new("four sessions of blocking commands", console, Work::Block, unseen),
            Candidate::new("four operators who do not read 100 MB", console, Work::NotReading, unseen),
            Candidate::new("control: the flood in another process", Place::OtherProcess, Work::Flood, none),
            Candidate::new("harness: the flood inside the runtime", Place::Inside, Work::Flood, seen),
            Candidate::new("harness: blocking inside the runtime", Place::Inside, Work::Block, seen),
        ],
    )
}

/// What a lower priority of the console's thread changes, for the service and for the operator.
pub(crate) fn nice(table: &mut Table) -> anyhow::Result<()> {
    const STEPS: [(&str, &[&str]); 3] =
        [("nice 0", &["console", "0"]), ("nice 10", &["console", "10"]), ("nice 19", &["console", "19"])];
    let none = (Aim::None, Aim::None);
    let mut candidates = vec![Candidate::new("no console", Place::None, None, none)];
    for (name, arguments) in STEPS {
        candidates.push(Candidate::new(name, Place::Console(arguments), Work::Flood, none));
    }
    compare(table, candidates)?;
    for (name, arguments) in STEPS {
        let mut trips = round_trips(arguments)?;
        for (what, part) in [("median", 0.5), ("p99", 0.99)] {
            let name = format!("round trip beside a busy service, {name}, {what}");
            table.push(Row::new(name, quantile(&mut trips, part), "ms"));
        }
    }
    Ok(())
}

/// Milliseconds of `uptime`, asked 50 times a second, while customers keep the service's core busy.
fn round_trips(arguments: &[&str]) -> anyhow::Result<Vec<f64>> {
    let shop = {
        let _pinned = Pinned::to_first_core()?;
        Shop::start("bench-shop", arguments)?
    };
    let _pinned = Pinned::to_one_core()?;
    std::thread::scope(|scope| {
        let customers = scope.spawn(|| shop.serve(4 * SECONDS));
        let mut operator = Client::to(shop.console)?;
        let mut trips = Vec::new();
        while !customers.is_finished() {
            let begin = Instant::now();
            operator.round_trip(b"uptime\n", None)?;
            trips.push(begin.elapsed().as_secs_f64() * 1e3);
            sleep(Duration::from_millis(20));
        }
        customers.join().map_err(|_| anyhow::anyhow!("the customers panicked"))??;
        Ok(trips)
    })
}

/// Memory and bytes that the console adds to the same service.
pub(crate) fn added(table: &mut Table) -> anyhow::Result<()> {
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        without.push(resident("bench-shop-bare", &[], false)?);
        with.push(resident("bench-shop", &["console"], true)?);
    }
    let mut added: Vec<f64> = with.iter().zip(&without).map(|(with, without)| with - without).collect();
    let row = Row::new("resident memory added to the shop", median(&mut added), "kB");
    table.push(row.against("the shop without it", median(&mut without), None));
    let (with, without) = (stripped("bench-shop")?, stripped("bench-shop-bare")?);
    let row = Row::new("stripped binary added to the shop", with - without, "kB");
    table.push(row.against("the shop without it", without, None));
    Ok(())
}

/// After a second of customers, and with an operator who has looked round.
fn resident(program: &str, arguments: &[&str], has_console: bool) -> anyhow::Result<f64> {
    let shop = Shop::start(program, arguments)?;
    shop.serve(WARM_UP)?;
    let operators = has_console.then(|| Operators::start(Work::Idle, shop.console)).transpose()?;
    let kilobytes = machine::field(&format!("/proc/{}/status", shop.id()), "VmRSS:")? * 1.024;
    drop(operators);
    Ok(kilobytes)
}

fn stripped(program: &str) -> anyhow::Result<f64> {
    let file = env::temp_dir().join(format!("backdoor-bench-{}.stripped", process::id()));
    let status = Command::new("strip").arg("-o").args([&file, &sibling(program)?]).status();
    ensure!(status.context("starting strip of binutils")?.success(), "strip failed");
    let bytes = fs::metadata(&file)?.len();
    let _ = fs::remove_file(&file);
    Ok(bytes as f64 / 1e3)
}
