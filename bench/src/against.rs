//! `--against DIR`: this tree beside another worktree, in alternating rounds. This driver makes the load for the servers of both.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};

use crate::generate;
use crate::statistics::{ROUNDS, median};
use crate::table::{Aim, Row, Table};
use crate::{compile, look_up, round_trip};

/// Where a tree of sources is.
pub(crate) struct Tree {
    pub(crate) folder: PathBuf,
    /// What names of its generated packages end with.
    pub(crate) suffix: &'static str,
}

impl Tree {
    /// The one that this driver was built from.
    pub(crate) fn this() -> Self {
        Self { folder: generate::workspace().to_owned(), suffix: "" }
    }

    /// A program of its bench.
    pub(crate) fn program(&self, name: &str) -> anyhow::Result<PathBuf> {
        match self.suffix {
            "" => Ok(env::current_exe()?.with_file_name(name)),
            _ => Ok(self.folder.join("target/release").join(name)),
        }
    }
}

/// This tree, and the one that it is compared with.
pub(crate) type Trees = [Tree; 2];

type Measure = fn(&mut Table, &Trees) -> anyhow::Result<()>;

const MEASUREMENTS: [(&str, Measure); 3] =
    [("round-trip", round_trip::against), ("look-up", look_up::against), ("compile", compile::against)];

pub(crate) fn run(table: &mut Table, folder: &Path, names: &[String]) -> anyhow::Result<()> {
    let known = MEASUREMENTS.map(|(name, _)| name);
    if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
        bail!("`{unknown}` does not compare two trees; {} do", known.join(", "));
    }
    let folder = folder.canonicalize().with_context(|| format!("finding {}", folder.display()))?;
    eprintln!("== building the bench of {}", folder.display());
    let status = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--release", "--quiet", "--package", "bench"])
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .status()?;
    ensure!(status.success(), "its bench was not built: {status}");
    let trees = [Tree::this(), Tree { folder, suffix: "-other" }];
    for (name, measure) in MEASUREMENTS {
        // As without `--against`, what takes minutes is measured where it is named.
        if names.iter().any(|wanted| wanted == name) || (names.is_empty() && name != "compile") {
            eprintln!("== {name}, of both trees");
            measure(table, &trees).with_context(|| format!("measuring {name}"))?;
        }
    }
    Ok(())
}

/// Measures both in seven rounds, each first in every other, and reports the ratio of the medians beside the spread of the rounds.
pub(crate) fn compare(
    table: &mut Table,
    name: &str,
    unit: &'static str,
    mut measure: impl FnMut(usize) -> anyhow::Result<f64>,
) -> anyhow::Result<()> {
    let mut rounds = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS {
        for turn in 0..2 {
            let tree = (round + turn) % 2;
            rounds[tree].push(measure(tree)?);
        }
    }
    let medians = [median(&mut rounds[0].clone()), median(&mut rounds[1].clone())];
    let (low, high) = spread(&rounds, medians);
    let row = Row::new(name, medians[0], unit).against("in the other tree", medians[1], None);
    table.push(row.aim(Aim::Within(low, high)));
    Ok(())
}

/// The least and the most of all rounds, by the median of their tree.
fn spread(rounds: &[Vec<f64>; 2], medians: [f64; 2]) -> (f64, f64) {
    let parts =
        rounds.iter().zip(medians).flat_map(|(rounds, median)| rounds.iter().map(move |one| one / median));
    parts.fold((1.0, 1.0), |(low, high): (f64, f64), part| (low.min(part), high.max(part)))
}

/// What does not depend on the machine's mood: once for each tree.
pub(crate) fn count(
    table: &mut Table,
    name: &str,
    unit: &'static str,
    aim: Aim,
    mut measure: impl FnMut(usize) -> anyhow::Result<f64>,
) -> anyhow::Result<()> {
    let (ours, other) = (measure(0)?, measure(1)?);
    table.push(Row::new(name, ours, unit).against("in the other tree", other, None).aim(aim));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_is_that_of_both_trees() {
        let rounds = [vec![9.0, 10.0, 12.0], vec![19.0, 20.0, 21.0]];
        assert_eq!(spread(&rounds, [10.0, 20.0]), (0.9, 1.2));
    }
}
