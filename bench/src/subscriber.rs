//! What it costs the shop that its tasks are seen: by our console, and by tokio-console's `console-subscriber`, each beside the same
//! build in which nobody looks.
//!
//! `console-subscriber` needs a tokio with `tokio_unstable` and its `tracing`, and much that nothing else here needs. So the shop with
//! it is a package outside the workspace, `bench/subscriber`, which is built when it is measured.

use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Output};

use anyhow::{Context, ensure};

use crate::client::Client;
use crate::generate::{target, workspace};
use crate::machine::Pinned;
use crate::shop::{Served, Shop, sibling};
use crate::statistics::{ROUNDS, median, median_ratio, shuffle};
use crate::table::{Aim, Row, Table};

/// How long customers come before it counts, and while it counts.
const WARM_UP: u32 = 1;
const SECONDS: u32 = 3;

/// The program with `console-subscriber`.
const OUTSIDE: &str = "bench-subscriber";

/// A shop, and who looks at its tasks.
struct Candidate {
    name: &'static str,
    program: &'static str,
    arguments: &'static [&'static str],
    /// What it is compared with: words for that, and its place in the list.
    beside: Option<(&'static str, usize)>,
    aim: Aim,
    /// A line for the console, and a word of the answer that shows that tasks are seen.
    proof: Option<(&'static str, &'static str)>,
}

const LEAST: Aim = Aim::RatioAtLeast(0.95);

const CANDIDATES: [Candidate; 6] = [
    Candidate {
        name: "nothing of ours",
        program: "bench-shop-bare",
        arguments: &[],
        beside: None,
        aim: Aim::None,
        proof: None,
    },
    Candidate {
        name: "our console, all tasks tracked",
        program: "bench-shop",
        arguments: &["connections"],
        beside: Some(("nothing of ours", 0)),
        aim: LEAST,
        proof: Some(("tasks --json\n", "connection")),
    },
    Candidate {
        name: "our console, all tasks and each request tracked",
        program: "bench-shop",
        arguments: &["requests"],
        beside: Some(("nothing of ours", 0)),
        aim: LEAST,
        proof: Some(("tasks --ended --json\n", "request")),
    },
    Candidate {
        name: "control: tokio_unstable and tokio's tracing",
        program: OUTSIDE,
        arguments: &["none"],
        beside: Some(("without both", 0)),
        aim: Aim::None,
        proof: None,
    },
    Candidate {
        name: "our console, all tasks by tokio's hooks",
        program: OUTSIDE,
        arguments: &["hooks"],
        beside: Some(("the same build alone", 3)),
        aim: LEAST,
        proof: Some(("tasks --json\n", "not visible")),
    },
    Candidate {
        name: "console-subscriber, nobody attached",
        program: OUTSIDE,
        arguments: &["subscriber"],
        beside: Some(("the same build alone", 3)),
        aim: Aim::None,
        proof: None,
    },
];

pub(crate) fn run(table: &mut Table) -> anyhow::Result<()> {
    let outside = build()?;
    let mut shops = Vec::new();
    for candidate in &CANDIDATES {
        let program = match (candidate.program, &outside) {
            (OUTSIDE, Some(program)) => program.clone(),
            (OUTSIDE, None) => continue,
            (name, _) => sibling(name)?,
        };
        let shop = {
            let _pinned = Pinned::to_first_core()?;
            Shop::start(&program, candidate.arguments)?
        };
        shops.push((candidate, shop));
    }
    let _pinned = Pinned::to_one_core()?;
    for (candidate, shop) in &shops {
        shop.serve(WARM_UP)?;
        candidate.prove(shop).context(candidate.name)?;
    }
    let mut rounds: Vec<Vec<Served>> = vec![Vec::new(); shops.len()];
    for _ in 0..ROUNDS {
        let mut order: Vec<usize> = (0..shops.len()).collect();
        shuffle(&mut order);
        for at in order {
            rounds[at].push(shops[at].1.serve(SECONDS)?);
        }
    }
    for ((candidate, _), served) in shops.iter().zip(&rounds) {
        if let Some((words, at)) = candidate.beside {
            candidate.report(table, served, words, &rounds[at]);
        }
    }
    Ok(())
}

impl Candidate {
    /// A shop whose tasks nobody sees would be a fine result.
    fn prove(&self, shop: &Shop) -> anyhow::Result<()> {
        let Some((line, word)) = self.proof else { return Ok(()) };
        let _customer = TcpStream::connect(shop.http)?;
        let answer = String::from_utf8(Client::to(shop.console)?.ask(line.as_bytes())?)?;
        ensure!(answer.contains(word), "there is no `{word}` in what `{}` answers", line.trim_end());
        Ok(())
    }

    fn report(&self, table: &mut Table, ours: &[Served], words: &'static str, beside: &[Served]) {
        let throughput: fn(&Served) -> f64 = |served| served.throughput;
        let cpu: fn(&Served) -> f64 = |served| served.cpu;
        let p99: fn(&Served) -> f64 = |served| served.p99 / 1e3;
        for (what, number, unit, aim) in [
            ("throughput", throughput, "requests/s", self.aim),
            ("CPU a request", cpu, "µs", Aim::None),
            ("p99", p99, "ms", Aim::None),
        ] {
            let [mut ours, mut beside] =
                [ours, beside].map(|rounds| rounds.iter().map(number).collect::<Vec<f64>>());
            let ratio = median_ratio(&ours, &beside);
            let row = Row::new(format!("shop, {}: {what}", self.name), median(&mut ours), unit);
            table.push(row.against(words, median(&mut beside), Some(ratio)).aim(aim));
        }
    }
}

/// Builds the package outside the workspace, in a target folder of its own; `None` where its crates cannot be fetched.
fn build() -> anyhow::Result<Option<PathBuf>> {
    let folder = target()?.join("bench/subscriber");
    let fetched = cargo(&["fetch", "--locked"])?;
    if !fetched.status.success() {
        let said = String::from_utf8_lossy(&fetched.stderr);
        let why = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("cargo fetch failed");
        eprintln!("   not measured: console-subscriber, since its crates cannot be fetched: {}", why.trim());
        return Ok(None);
    }
    let into = folder.to_str().context("the target folder's name is no UTF-8")?;
    let built = cargo(&["build", "--locked", "--release", "--target-dir", into])?;
    let said = String::from_utf8_lossy(&built.stderr);
    ensure!(built.status.success(), "building bench/subscriber:\n{said}");
    Ok(Some(folder.join("release").join(OUTSIDE)))
}

fn cargo(arguments: &[&str]) -> anyhow::Result<Output> {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(arguments)
        .current_dir(workspace().join("bench/subscriber"))
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env("RUSTFLAGS", "--cfg tokio_unstable")
        .output()
        .context("running cargo")
}
