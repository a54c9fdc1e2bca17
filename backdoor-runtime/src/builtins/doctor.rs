//! What looks wrong: all views read at once, and a line for each thing that a person should look at.

mod checks;
mod service;

use std::fmt;
use std::time::Duration;

use crate::builtins::fitted;
use crate::reply::record;
use crate::{CommandOutput, Console, Page, State, Value, backdoor_command};

/// What looks wrong in the process, and the command that shows more
///
/// Reads all views once and watches the process for a moment. What it says nothing of may be wrong all the same: it knows limits, stuck
/// and waiting things, and growth, and not what the service is for.
///
/// Examples:
///   doctor
///   doctor --for 10s
#[backdoor_command(reads, on = helper, timeout = "10m")]
async fn doctor(
    State(console): State<Console>,
    /// How long the process is watched for what grows and what is stuck
    #[arg(long = "for", default = Duration::from_secs(1))]
    window: Duration,
) -> Diagnosis {
    let mut diagnosis = Diagnosis { findings: Vec::new(), read: Vec::new(), not_read: Vec::new() };
    checks::all(&console, window, &mut diagnosis).await;
    diagnosis
}

record! {
    /// Something that looks wrong.
    struct Finding {
        /// What was looked at: `fds`.
        pub view: &'static str,
        /// What looks wrong, in a sentence.
        pub finding: String,
        /// The command that shows more.
        pub see: &'static str,
    }
}

record! {
    /// A view that could not be read.
    struct NotRead {
        /// Its name.
        pub view: &'static str,
        /// Why.
        pub why: String,
    }
}

record! {
    /// What `doctor` found.
    struct Diagnosis {
        /// What looks wrong, the worst first.
        pub findings: Vec<Finding>,
        /// The views that were read.
        pub read: Vec<&'static str>,
        /// Those that could not be.
        pub not_read: Vec<NotRead>,
    }
}

impl Diagnosis {
    fn finds(&mut self, view: &'static str, finding: impl Into<String>, see: &'static str) {
        self.findings.push(Finding { view, finding: finding.into(), see });
    }
}

impl CommandOutput for Diagnosis {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        for Finding { finding, see, .. } in &self.findings {
            fitted::sentence(page, 0, &format!("{finding}  (`{see}`)"))?;
        }
        if self.findings.is_empty() {
            fitted::sentence(page, 0, &format!("nothing looks wrong in {}", self.read.join(", ")))?;
        }
        for NotRead { view, why } in &self.not_read {
            fitted::sentence(page, 0, &format!("{view} could not be read: {why}"))?;
        }
        Ok(())
    }

    fn value(&self) -> Value {
        Value::of(self)
    }
}
