//! What `doctor` found, and how it is shown.

use std::fmt::{self, Write};

use crate::base::byte_size::size;
use crate::reply::{fitted, record};
use crate::views::resources::Held;
use crate::{CommandOutput, Page, Value};

/// How serious a finding is, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Severity {
    /// The service does not work, or will not soon.
    Critical,
    /// The service suffers, or will.
    Warning,
    /// An operator should know it.
    Notice,
}

impl serde_core::Serialize for Severity {
    fn serialize<S: serde_core::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Self::Critical => "critical",
            Self::Warning => "warning",
            Self::Notice => "notice",
        })
    }
}

record! {
    /// A problem.
    pub(super) struct Finding {
        /// The check that found it: `fds`.
        pub kind: &'static str,
        /// `critical`, `warning` or `notice`.
        pub severity: Severity,
        /// The problem with its evidence, in a sentence.
        pub finding: String,
        /// The command that shows more.
        pub see: &'static str,
        /// The numbers of the evidence.
        pub numbers: Value,
    }
}

record! {
    /// What may become a problem.
    pub(super) struct Note {
        /// The check that noted it.
        pub kind: &'static str,
        /// What was seen, in a sentence.
        pub note: String,
        /// The command that shows more.
        pub see: &'static str,
    }
}

record! {
    /// A check.
    pub(super) struct Checked {
        /// Its kind.
        pub kind: &'static str,
        /// `ok`, `note`, `finding` or `not checked`.
        pub state: &'static str,
        /// What would be a finding.
        pub threshold: String,
    }
}

record! {
    /// What could not be checked.
    pub(super) struct NotRead {
        /// The kind of the check.
        pub kind: &'static str,
        /// Why.
        pub why: String,
    }
}

record! {
    /// What `doctor` found.
    pub(super) struct Diagnosis {
        /// The problems, the worst first.
        pub findings: Vec<Finding>,
        /// What may become a problem.
        pub notes: Vec<Note>,
        /// All checks, with their thresholds.
        pub checks: Vec<Checked>,
        /// The checks that could not be made, or only in part.
        pub not_read: Vec<NotRead>,
        /// The memory that the console holds; `self` shows more.
        pub holds: Vec<Held>,
    }
}

impl Diagnosis {
    pub(super) fn new() -> Self {
        let holds = crate::views::resources::held();
        Self { findings: Vec::new(), notes: Vec::new(), checks: Vec::new(), not_read: Vec::new(), holds }
    }

    pub(super) fn finds(
        &mut self,
        kind: &'static str,
        severity: Severity,
        finding: impl Into<String>,
        see: &'static str,
        numbers: impl IntoIterator<Item = (&'static str, Value)>,
    ) {
        let (finding, numbers) = (finding.into(), Value::record(numbers));
        self.findings.push(Finding { kind, severity, finding, see, numbers });
    }

    pub(super) fn notes(&mut self, kind: &'static str, note: impl Into<String>, see: &'static str) {
        self.notes.push(Note { kind, note: note.into(), see });
    }

    pub(super) fn not_read(&mut self, kind: &'static str, why: impl Into<String>) {
        self.not_read.push(NotRead { kind, why: why.into() });
    }

    /// A check was made, or could not be.
    pub(super) fn checked(&mut self, kind: &'static str, threshold: String) {
        let found = self.findings.iter().any(|finding| finding.kind == kind);
        let noted = self.notes.iter().any(|note| note.kind == kind);
        let not_read = self.not_read.iter().any(|not_read| not_read.kind == kind);
        let state = match (found, noted, not_read) {
            (true, ..) => "finding",
            (_, true, _) => "note",
            (.., true) => "not checked",
            _ => "ok",
        };
        self.checks.push(Checked { kind, state, threshold });
    }

    /// All checks are made.
    pub(super) fn done(&mut self) {
        // Stable: of one severity, in the order of the checks.
        self.findings.sort_by_key(|finding| finding.severity);
    }
}

impl CommandOutput for Diagnosis {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        for Finding { finding, see, .. } in &self.findings {
            fitted::sentence(page, 0, finding)?;
            writeln!(page, "  {see}\n")?;
        }
        for Note { note, see, .. } in &self.notes {
            fitted::sentence(page, 0, &format!("note: {note}"))?;
            writeln!(page, "  {see}\n")?;
        }
        let widest = self.checks.iter().map(|check| check.kind.len()).max().unwrap_or(0);
        for Checked { kind, state, threshold } in &self.checks {
            fitted::sentence(page, 0, &format!("{kind:widest$}  {state}, {threshold}"))?;
        }
        for NotRead { kind, why } in &self.not_read {
            fitted::sentence(page, 0, &format!("{kind} could not be read: {why}"))?;
        }
        if self.findings.is_empty() {
            fitted::sentence(page, 0, "no problem found, which does not prove that the service is healthy")?;
        }
        let sum = |part: fn(&Held) -> u64| size(self.holds.iter().map(part).sum());
        let (bytes, at_most) = (sum(|held| held.bytes), sum(|held| held.at_most));
        fitted::sentence(page, 0, &format!("the console itself holds {bytes} of at most {at_most}  (`self`)"))
    }

    fn value(&self) -> Value {
        Value::of(self)
    }
}
