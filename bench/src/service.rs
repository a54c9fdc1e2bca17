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
const SECONDS: u32 = 2;

/// How long operators have been at it when the customers come: their answers of 100 MB are made, which is their command's work.
const SETTLED: Duration = Duration::from_millis(500);

/// Where the operators' lines go.
#[derive(Clone, Copy)]
enum Place {
    /// The service's own console, with what `bench-shop` is started with.
    Console(&'static [&'static str]),
    /// The console of another process on the same core.
    OtherProcess,
    /// The service's runtime.
    Inside,
}

/// A service and what operators do to it.
struct Candidate {
    name: &'static str,
    shop: Shop,
    /// Whose console they use, where it is another's.
    other: Option<Shop>,
    work: Work,
    /// For the part of the throughput, and for that of p99.
    aims: (Aim, Aim),
    /// Each with what the service without a console did beside it.
    rounds: Vec<[Served; 2]>,
    /// Lines of the operators that were answered in a second.
    answers: Vec<f64>,
}

impl Candidate {
    fn start(name: &'static str, place: Place, work: Work, aims: (Aim, Aim)) -> anyhow::Result<Self> {
        let shop = started(match place {
            Place::Console(arguments) => arguments,
            Place::OtherProcess => &["none"],
            Place::Inside => &["inside"],
        })?;
        let other = match place {
            Place::OtherProcess => Some(started(&["console"])?),
            _ => None,
        };
        Ok(Self { name, shop, other, work, aims, rounds: Vec::new(), answers: Vec::new() })
    }

    fn measure(&mut self) -> anyhow::Result<Served> {
        let console = self.other.as_ref().unwrap_or(&self.shop).console;
        let operators = Operators::start(self.work, console)?;
        sleep(SETTLED);
        let (before, begin) = (operators.answers(), Instant::now());
        let served = self.shop.serve(SECONDS)?;
        let answers = operators.answers() - before;
        self.answers.push(answers as f64 / begin.elapsed().as_secs_f64());
        operators.end(self.work).with_context(|| self.name.to_owned())?;
        Ok(served)
    }
}

/// A shop on the first core that has served some customers.
fn started(arguments: &[&str]) -> anyhow::Result<Shop> {
    let shop = {
        let _pinned = Pinned::to_first_core()?;
        Shop::start(&sibling("bench-shop")?, arguments)?
    };
    let _pinned = Pinned::to_one_core()?;
    shop.serve(WARM_UP)?;
    Ok(shop)
}

/// Measures all in rounds, each in another order and each beside the same service without a console, which comes first or second.
fn compare(table: &mut Table, mut candidates: Vec<Candidate>) -> anyhow::Result<()> {
    let none = started(&["none"])?;
    let _pinned = Pinned::to_one_core()?;
    for _ in 0..ROUNDS {
        let mut order: Vec<usize> = (0..candidates.len()).collect();
        shuffle(&mut order);
        for (turn, at) in order.into_iter().enumerate() {
            let candidate = &mut candidates[at];
            let pair = if turn % 2 == 0 {
                let beside = none.serve(SECONDS)?;
                [candidate.measure()?, beside]
            } else {
                [candidate.measure()?, none.serve(SECONDS)?]
            };
            candidate.rounds.push(pair);
        }
    }
    let throughput: fn(&Served) -> f64 = |served| served.throughput;
    let p99: fn(&Served) -> f64 = |served| served.p99 / 1e3;
    for Candidate { name, work, aims, rounds, mut answers, .. } in candidates {
        for (what, number, unit, aim) in
            [("throughput", throughput, "requests/s", aims.0), ("p99", p99, "ms", aims.1)]
        {
            let [mut ours, mut baseline] =
                [0, 1].map(|which| rounds.iter().map(|pair| number(&pair[which])).collect::<Vec<f64>>());
            let ratio = median_ratio(&ours, &baseline);
            let row = Row::new(format!("service, {name}: {what}"), median(&mut ours), unit);
            table.push(row.against("no console", median(&mut baseline), Some(ratio)).aim(aim));
        }
        if matches!(work, Work::Flood | Work::Look(_)) {
            let name = format!("service, {name}: commands");
            table.push(Row::new(name, median(&mut answers), "a second"));
        }
    }
    Ok(())
}

pub(crate) fn run(table: &mut Table) -> anyhow::Result<()> {
    let console = Place::Console(&["console"]);
    let unseen = (Aim::RatioAtLeast(0.97), Aim::RatioAtMost(1.10));
    let none = (Aim::None, Aim::None);
    let seen = (Aim::RatioAtMost(0.8), Aim::None);
    let (flood, other, inside) = (Work::Flood, Place::OtherProcess, Place::Inside);
    let candidates = [
        ("idle console", console, Work::Idle, unseen),
        ("flood of commands", console, flood, (Aim::RatioAtLeast(0.90), Aim::None)),
        ("four sessions of blocking commands", console, Work::Block, unseen),
        ("four operators who do not read 100 MB", console, Work::NotReading, unseen),
        ("control: the flood in another process", other, flood, none),
        ("harness: the flood inside the runtime", inside, flood, seen),
        ("harness: blocking inside the runtime", inside, Work::Block, seen),
    ];
    let candidates = candidates.map(|(name, place, work, aims)| Candidate::start(name, place, work, aims));
    compare(table, candidates.into_iter().collect::<Result<_, _>>()?)
}

/// What customers notice while an operator looks at threads and at a thousand tasks, ten times a second.
pub(crate) fn views(table: &mut Table) -> anyhow::Result<()> {
    let unseen = (Aim::RatioAtLeast(0.97), Aim::RatioAtMost(1.10));
    let watched = Place::Console(&["watched"]);
    let candidates = [
        ("a thousand tasks that are tracked", Work::Idle),
        ("repeated `pnt`", Work::Look("pnt --json")),
        ("repeated `pgt`", Work::Look("pgt --json")),
        ("repeated `pgt --limit 1000`", Work::Look("pgt --limit 1000 --json")),
    ];
    let candidates = candidates.map(|(name, work)| Candidate::start(name, watched, work, unseen));
    compare(table, candidates.into_iter().collect::<Result<_, _>>()?)
}

/// What a lower priority of the console's thread changes, for the service and for the operator.
pub(crate) fn nice(table: &mut Table) -> anyhow::Result<()> {
    const STEPS: [(&str, &[&str]); 4] = [
        ("nice 0", &["console", "0"]),
        ("nice 10", &["console", "10"]),
        ("nice 13", &["console", "13"]),
        ("nice 19", &["console", "19"]),
    ];
    let none = (Aim::None, Aim::None);
    let candidates =
        STEPS.map(|(name, arguments)| Candidate::start(name, Place::Console(arguments), Work::Flood, none));
    compare(table, candidates.into_iter().collect::<Result<_, _>>()?)?;
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
    let shop = started(arguments)?;
    let _pinned = Pinned::to_one_core()?;
    std::thread::scope(|scope| {
        let customers = scope.spawn(|| shop.serve(5 * SECONDS));
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
    let shop = Shop::start(&sibling(program)?, arguments)?;
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
