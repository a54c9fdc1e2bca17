//! What the first look at stacks takes of the shop's memory: the program with its line tables, without them, and without symbols.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::client::Client;
use crate::machine;
use crate::shop::{Shop, sibling};
use crate::table::{Aim, Row, Table};

/// Each in a process of its own, so that each is the first.
const VIEWS: [&str; 4] = ["pnt", "waits", "pgt", "profile cpu --for 1s"];

/// The programs, and how much the peak may be: in MiB of memory that no file is behind. What `strip -g` leaves is the symbol table.
const PROGRAMS: [(&str, Option<&str>, f64); 3] =
    [("with line tables", None, 24.0), ("with symbols only", Some("-g"), 8.0), ("stripped", Some("-s"), 8.0)];

/// What may stay.
const KEPT: f64 = 1.0;

pub(crate) fn run(table: &mut Table) -> anyhow::Result<()> {
    let built = sibling("bench-shop")?;
    for (name, strip, aim) in PROGRAMS {
        let program = match strip {
            None => built.clone(),
            Some(option) => {
                let stripped = std::env::temp_dir().join(format!("bench-shop-{}", std::process::id()));
                let status = Command::new("strip").arg(option).arg("-o").arg(&stripped).arg(&built).status();
                ensure!(status?.success(), "strip failed");
                stripped
            }
        };
        for view in VIEWS {
            let took = first(&program, view)?;
            let row =
                |what: &str, value| Row::new(format!("the first `{view}`, {name}: {what}"), value, "MiB");
            table.push(row("memory at its peak", took.peak).aim(Aim::AtMost(aim)));
            table.push(row("memory that stays", took.kept).aim(Aim::AtMost(KEPT)));
            table.push(row("pages of files that stay", took.files));
            table.push(Row::new(format!("the first `{view}`, {name}"), took.milliseconds, "ms"));
        }
        if strip.is_some() {
            fs::remove_file(&program)?;
        }
    }
    Ok(())
}

/// In MiB more than before.
struct Took {
    peak: f64,
    kept: f64,
    files: f64,
    milliseconds: f64,
}

fn first(program: &Path, view: &str) -> anyhow::Result<Took> {
    let shop = Shop::start(program, &["console"])?;
    let status = format!("/proc/{}/status", shop.id());
    let figure = |name: &str| Ok::<f64, anyhow::Error>(machine::field(&status, name)? / 1024.0);
    ask(&shop, "version")?;
    thread::sleep(Duration::from_secs(1));
    let (memory, files) = (figure("RssAnon:")?, figure("RssFile:")?);
    let is_over = AtomicBool::new(false);
    let (peak, milliseconds) = thread::scope(|scope| {
        let sampler = scope.spawn(|| {
            let mut peak = memory;
            while !is_over.load(Ordering::Relaxed) {
                peak = peak.max(figure("RssAnon:").unwrap_or_default());
            }
            peak
        });
        let begin = Instant::now();
        let asked = ask(&shop, view);
        let milliseconds = begin.elapsed().as_secs_f64() * 1e3;
        is_over.store(true, Ordering::Relaxed);
        let peak = sampler.join().expect("nothing in it panics");
        asked.map(|()| (peak, milliseconds))
    })?;
    thread::sleep(Duration::from_secs(1));
    Ok(Took {
        peak: peak - memory,
        kept: figure("RssAnon:")? - memory,
        files: figure("RssFile:")? - files,
        milliseconds,
    })
}

/// Sends the line as a script does.
fn ask(shop: &Shop, line: &str) -> anyhow::Result<()> {
    let mut client = Client::to(shop.console)?;
    client.send(format!("{line}\nquit\n").as_bytes())?;
    // It ends with the session.
    while client.receive().is_ok() {}
    Ok(())
}
