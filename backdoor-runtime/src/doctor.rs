//! `doctor`: reads all views at once and writes one line for each problem.

mod checks;
mod service;

use std::fmt;
use std::time::Duration;

use crate::base::byte_size::size;
use crate::reply::fitted;
use crate::reply::record;
use crate::views::resources::{self, Held};
use crate::{CommandOutput, Console, Page, State, Value, backdoor_command};

const SHORTEST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_secs(600);

/// Problems in the process, and the command that shows more of each
///
/// Reads all views once and watches the process for a moment. It checks limits, waits, stuck work and growth. It does not know the
/// purpose of the service, so it cannot find every problem.
///
/// Examples:
///   doctor
///   doctor --for 10s
#[backdoor_command(builtin = "doctor", reads, on = helper, timeout = "11m")]
async fn doctor(
    State(console): State<Console>,
    /// How long to watch the process for growth and stuck work
    #[arg(long = "for", default = Duration::from_secs(1), range = SHORTEST..=LONGEST)]
    window: Duration,
) -> Diagnosis {
    let mut diagnosis = Diagnosis::new();
    checks::all(&console, window, &mut diagnosis).await;
    diagnosis.holds = resources::held();
    diagnosis
}

record! {
    /// A problem.
    struct Finding {
        /// The view that shows it: `fds`.
        pub view: &'static str,
        /// The problem, in a sentence.
        pub finding: String,
        /// The command that shows more.
        pub see: &'static str,
    }
}

record! {
    /// A view that could not be read.
    struct NotRead {
        /// The name of the view.
        pub view: &'static str,
        /// Why.
        pub why: String,
    }
}

record! {
    /// What `doctor` found.
    struct Diagnosis {
        /// The problems, the worst first.
        pub findings: Vec<Finding>,
        /// The views that were read.
        pub read: Vec<&'static str>,
        /// The views that could not be read.
        pub not_read: Vec<NotRead>,
        /// The memory that the console holds; `self` shows more.
        pub holds: Vec<Held>,
    }
}

impl Diagnosis {
    fn new() -> Self {
        Self { findings: Vec::new(), read: Vec::new(), not_read: Vec::new(), holds: Vec::new() }
    }

    fn finds(&mut self, view: &'static str, finding: impl Into<String>, see: &'static str) {
        self.findings.push(Finding { view, finding: finding.into(), see });
    }

    fn not_read(&mut self, view: &'static str, why: String) {
        self.not_read.push(NotRead { view, why });
    }
}

/// The kinds of problems that a view is checked for.
fn looked_for(view: &'static str) -> &'static str {
    match view {
        "waits" => "deadlocks and waits over 10s",
        "runtime" => "held and slow workers, polls over 100ms",
        "running" => "stuck commands",
        "locks" => "poisoned locks",
        "fds" => "open descriptors over 80 % of the limit",
        "sockets" => "50 half-closed connections",
        "cgroup" => "a control group over 80 % of its limits or throttled",
        "mem" => "memory swapped out",
        "objects" => "100 more objects of a type",
        "vars" => "variables that cannot be read",
        "changes" => "temporary changes",
        "log" => "a log that covers less than 10s",
        view => view,
    }
}

impl CommandOutput for Diagnosis {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        for Finding { finding, see, .. } in &self.findings {
            fitted::sentence(page, 0, &format!("{finding}  (`{see}`)"))?;
        }
        if self.findings.is_empty() {
            let looked_for: Vec<&str> = self.read.iter().map(|view| looked_for(view)).collect();
            fitted::sentence(page, 0, &format!("no problem found; checked for {}", looked_for.join(", ")))?;
        }
        for NotRead { view, why } in &self.not_read {
            fitted::sentence(page, 0, &format!("{view} could not be read: {why}"))?;
        }
        let sum = |part: fn(&Held) -> u64| size(self.holds.iter().map(part).sum());
        let (bytes, at_most) = (sum(|held| held.bytes), sum(|held| held.at_most));
        fitted::sentence(page, 0, &format!("the console itself holds {bytes} of at most {at_most}  (`self`)"))
    }

    fn value(&self) -> Value {
        Value::of(self)
    }
}
