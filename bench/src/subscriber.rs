//! What it costs the shop that its tasks are seen: by our console, and by tokio-console's `console-subscriber`, each beside the same
//! build in which nobody looks.
//!
//! `console-subscriber` needs a tokio with `tokio_unstable` and its `tracing`, and much that nothing else here needs. So the shop with
//! it is a package outside the workspace, `bench/subscriber`, which is built when it is measured.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, ensure};

use crate::client::Client;
use crate::generate::{target, workspace};
use crate::machine::{self, Pinned};
use crate::shop::{Served, Shop, sibling};
use crate::statistics::{ROUNDS, median, median_ratio, shuffle};
use crate::table::{Aim, Row, Table};

/// How long customers come before it counts, and while it counts.
const WARM_UP: u32 = 1;
const SECONDS: u32 = 2;

/// The program with `console-subscriber`.
const OUTSIDE: &str = "bench-subscriber";

/// A shop, and who looks at its tasks.
struct Candidate {
    name: &'static str,
    program: &'static str,
    arguments: &'static [&'static str],
    /// The name of the one it is compared with.
    beside: Option<&'static str>,
    aim: Aim,
    /// A line for the console, and a word of the answer that shows that tasks are seen.
    proof: Option<(&'static str, &'static str)>,
}

/// What came out of one round.
struct Round {
    served: Served,
    /// What is resident in the end.
    megabytes: f64,
}

/// The control is the shop alone in the build that `console-subscriber` needs.
const CANDIDATES: [Candidate; 10] = [
    Candidate::new("alone", "bench-shop-bare", &[]),
    Candidate::new("our console", "bench-shop", &["connections"])
        .beside("alone")
        .sees("tasks --json\n", "connection"),
    Candidate::new("alone, each request a task", "bench-shop-bare", &["requests"]),
    Candidate::new("our console, each request a task", "bench-shop", &["requests"])
        .beside("alone, each request a task")
        .sees("tasks --ended --json\n", "request"),
    Candidate::new("control", OUTSIDE, &["none"]).beside("alone"),
    Candidate::new("our console by tokio's hooks", OUTSIDE, &["hooks"])
        .beside("control")
        .sees("tasks --json\n", "not visible"),
    Candidate::new("console-subscriber", OUTSIDE, &["subscriber"]).beside("control"),
    Candidate::new("control, each request a task", OUTSIDE, &["none", "requests"])
        .beside("alone, each request a task"),
    Candidate::new("our console by tokio's hooks, each request a task", OUTSIDE, &["hooks", "requests"])
        .beside("control, each request a task")
        .sees("tasks --json\n", "not visible"),
    Candidate::new("console-subscriber, each request a task", OUTSIDE, &["subscriber", "requests"])
        .beside("control, each request a task"),
];

impl Candidate {
    const fn new(name: &'static str, program: &'static str, arguments: &'static [&'static str]) -> Self {
        Self { name, program, arguments, beside: None, aim: Aim::None, proof: None }
    }

    /// Compares it with another, which comes before it.
    const fn beside(self, name: &'static str) -> Self {
        Self { beside: Some(name), ..self }
    }

    /// It is ours, and must show this word when it is asked.
    const fn sees(self, line: &'static str, word: &'static str) -> Self {
        Self { proof: Some((line, word)), aim: Aim::RatioAtLeast(0.95), ..self }
    }

    /// A shop whose tasks nobody sees would be a fine result.
    fn prove(&self, shop: &Shop) -> anyhow::Result<()> {
        let Some((line, word)) = self.proof else { return Ok(()) };
        let mut customer = Client::to(shop.http)?;
        customer.send(b"GET /products HTTP/1.1\r\nHost: shop\r\n\r\n")?;
        customer.receive()?;
        let answer = String::from_utf8(Client::to(shop.console)?.ask(line.as_bytes())?)?;
        ensure!(answer.contains(word), "there is no `{word}` in what `{}` answers", line.trim_end());
        Ok(())
    }

    /// A shop that has just started, and is alone: what console-subscriber keeps would hold up the others, too.
    fn measure(&self, program: &Path) -> anyhow::Result<Round> {
        let shop = {
            let _pinned = Pinned::to_first_core()?;
            Shop::start(program, self.arguments)?
        };
        let _pinned = Pinned::to_one_core()?;
        shop.serve(WARM_UP)?;
        self.prove(&shop)?;
        let served = shop.serve(SECONDS)?;
        let resident = machine::field(&format!("/proc/{}/status", shop.id()), "VmRSS:")?;
        Ok(Round { served, megabytes: resident * 1.024e-3 })
    }

    fn report(&self, table: &mut Table, name: &'static str, ours: &[Round], beside: &[Round]) {
        let throughput: fn(&Round) -> f64 = |round| round.served.throughput;
        let cpu: fn(&Round) -> f64 = |round| round.served.cpu;
        let p99: fn(&Round) -> f64 = |round| round.served.p99 / 1e3;
        let memory: fn(&Round) -> f64 = |round| round.megabytes;
        for (what, number, unit, aim) in [
            ("throughput", throughput, "requests/s", self.aim),
            ("CPU a request", cpu, "µs", Aim::None),
            ("p99", p99, "ms", Aim::None),
            ("memory after three seconds", memory, "MB", Aim::None),
        ] {
            let [mut ours, mut beside] =
                [ours, beside].map(|rounds| rounds.iter().map(number).collect::<Vec<f64>>());
            let ratio = median_ratio(&ours, &beside);
            let row = Row::new(format!("shop, {}: {what}", self.name), median(&mut ours), unit);
            table.push(row.against(name, median(&mut beside), Some(ratio)).aim(aim));
        }
    }
}

pub(crate) fn run(table: &mut Table) -> anyhow::Result<()> {
    let outside = build()?;
    let mut programs = Vec::new();
    for candidate in &CANDIDATES {
        let program = match (candidate.program, &outside) {
            (OUTSIDE, Some(program)) => program.clone(),
            (OUTSIDE, None) => continue,
            (name, _) => sibling(name)?,
        };
        programs.push((candidate, program));
    }
    let mut rounds: Vec<Vec<Round>> = programs.iter().map(|_| Vec::new()).collect();
    for _ in 0..ROUNDS {
        let mut order: Vec<usize> = (0..programs.len()).collect();
        shuffle(&mut order);
        for at in order {
            let (candidate, program) = &programs[at];
            rounds[at].push(candidate.measure(program).context(candidate.name)?);
        }
    }
    for ((candidate, _), ours) in programs.iter().zip(&rounds) {
        let Some(name) = candidate.beside else { continue };
        let at = programs.iter().position(|(other, _)| other.name == name);
        candidate.report(table, name, ours, &rounds[at.with_context(|| format!("there is no `{name}`"))?]);
    }
    Ok(())
}

/// Builds the package outside the workspace, in a target folder of its own; `None` where its crates cannot be fetched.
fn build() -> anyhow::Result<Option<PathBuf>> {
    let folder = target()?.join("bench/subscriber");
    let fetched = cargo(&["fetch", "--locked"])?;
    if !fetched.status.success() {
        let said = String::from_utf8_lossy(&fetched.stderr);
        eprintln!("   not measured: console-subscriber, since its crates cannot be fetched:\n{said}");
        return Ok(None);
    }
    eprintln!("   building bench/subscriber, which takes minutes the first time");
    let into = folder.to_str().context("the target folder's name is no UTF-8")?;
    let built = cargo(&["build", "--locked", "--release", "--target-dir", into])?;
    let said = String::from_utf8_lossy(&built.stderr);
    ensure!(built.status.success(), "building bench/subscriber:\n{said}");
    Ok(Some(folder.join("release").join(OUTSIDE)))
}

/// As console-subscriber wants it to be called.
fn cargo(arguments: &[&str]) -> anyhow::Result<Output> {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(arguments)
        .current_dir(workspace().join("bench/subscriber"))
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env("RUSTFLAGS", "--cfg tokio_unstable")
        .output()
        .context("running cargo")
}
