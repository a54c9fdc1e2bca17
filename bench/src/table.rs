//! The results: one table for people, JSON for machines.

use std::fmt;

use serde_json::{Value, json};

/// One line of the results.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) ours: f64,
    pub(crate) unit: &'static str,
    /// What it is compared with, and how much of the same unit that takes.
    pub(crate) baseline: Option<(&'static str, f64)>,
    /// Ours by the baseline: the median over the rounds where there are several.
    pub(crate) ratio: Option<f64>,
    pub(crate) aim: Aim,
}

/// What was hoped for.
#[derive(Clone, Copy)]
pub(crate) enum Aim {
    /// Nothing: the number is to know.
    None,
    AtMost(f64),
    AtLeast(f64),
    RatioAtMost(f64),
    RatioAtLeast(f64),
    /// No slower than the rounds spread: the least and the most by their median.
    Within(f64, f64),
}

/// All results, in the order they were measured.
#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
}

impl Row {
    pub(crate) fn new(name: impl Into<String>, ours: f64, unit: &'static str) -> Self {
        Self { name: name.into(), ours, unit, baseline: None, ratio: None, aim: Aim::None }
    }

    /// The ratio is that of the two numbers, unless one is given.
    pub(crate) fn against(mut self, name: &'static str, baseline: f64, ratio: Option<f64>) -> Self {
        self.baseline = Some((name, baseline));
        self.ratio = Some(ratio.unwrap_or(self.ours / baseline));
        self
    }

    pub(crate) fn aim(mut self, aim: Aim) -> Self {
        self.aim = aim;
        self
    }

    fn met(&self) -> Option<bool> {
        match self.aim {
            Aim::None => None,
            Aim::AtMost(most) => Some(self.ours <= most),
            Aim::AtLeast(least) => Some(self.ours >= least),
            Aim::RatioAtMost(most) => self.ratio.map(|ratio| ratio <= most),
            Aim::Within(_, most) => self.ratio.map(|ratio| ratio <= most),
            Aim::RatioAtLeast(least) => self.ratio.map(|ratio| ratio >= least),
        }
    }

    fn cells(&self) -> [String; 6] {
        let baseline = self.baseline.map(|(name, value)| format!("{} {name}", short(value)));
        let met = self.met().map(|met| if met { "met" } else { "NOT MET" });
        [
            self.name.clone(),
            format!("{} {}", short(self.ours), self.unit),
            baseline.unwrap_or_default(),
            self.ratio.map(|ratio| self.aim.rounded(ratio)).unwrap_or_default(),
            self.aim.to_string(),
            met.unwrap_or_default().to_owned(),
        ]
    }
}

impl Aim {
    /// A ratio as exactly as it is judged.
    fn rounded(self, ratio: f64) -> String {
        match self {
            Self::Within(..) => format!("{ratio:.3}"),
            Self::RatioAtMost(most) if most < 1.1 => format!("{ratio:.3}"),
            _ => format!("{ratio:.2}"),
        }
    }
}

impl fmt::Display for Aim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::AtMost(most) => write!(f, "at most {}", short(*most)),
            Self::AtLeast(least) => write!(f, "at least {}", short(*least)),
            Self::RatioAtMost(most) => write!(f, "ratio {most}"),
            Self::Within(least, most) => write!(f, "spread {least:.3} to {most:.3}"),
            Self::RatioAtLeast(least) => write!(f, "ratio at least {least}"),
        }
    }
}

impl Table {
    pub(crate) fn push(&mut self, row: Row) {
        eprintln!("   {}", row.cells().join("  "));
        self.rows.push(row);
    }

    pub(crate) fn json(&self) -> Value {
        let rows = self.rows.iter().map(|row| {
            let baseline = row.baseline.map(|(name, value)| json!({ "name": name, "value": value }));
            json!({
                "name": row.name,
                "ours": row.ours,
                "unit": row.unit,
                "baseline": baseline,
                "ratio": row.ratio,
                "aim": row.aim.to_string(),
                "met": row.met(),
            })
        });
        json!({ "machine": crate::machine::describe(), "rows": rows.collect::<Vec<_>>() })
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["name", "ours", "baseline", "ratio", "aim", "met or not"].map(str::to_owned);
        let rows: Vec<[String; 6]> = [head].into_iter().chain(self.rows.iter().map(Row::cells)).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
        let widths: [usize; 6] = std::array::from_fn(width);
        let line = |cells: &[String; 6]| -> String {
            cells.iter().zip(widths).map(|(cell, width)| format!("| {cell:width$} ")).collect()
        };
        for (at, row) in rows.iter().enumerate() {
            writeln!(f, "{}|", line(row))?;
            if at == 0 {
                writeln!(f, "{}|", line(&widths.map(|width| "-".repeat(width))))?;
            }
        }
        Ok(())
    }
}

/// Three digits are more than two shared cores can tell.
fn short(value: f64) -> String {
    let digits = match value.abs() {
        large if large >= 100.0 => 0,
        middle if middle >= 10.0 => 1,
        _ => 2,
    };
    let text = format!("{value:.digits$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}
