//! Commands, variables, changes and the log.

use std::time::Duration;

use tokio::time::timeout;

use crate::doctor::diagnosis::{Diagnosis, Severity};
use crate::reply::text;
use crate::views::logs::{self, RingInfo};
use crate::views::vars::commands::shown::time;
use crate::views::vars::{Change, VarInfo};
use crate::{Console, RunInfo, Value};

/// The most findings of one kind.
const TOLD: usize = 5;

/// The time limit for reading all variables.
const READ: Duration = Duration::from_secs(2);

/// If a full ring covers less time than this, it has lost events that an operator needs.
const SHORT_MEMORY: Duration = Duration::from_secs(10);

/// The variables, as `vars` lists them; `None` if reading takes too long.
pub(super) async fn variables(console: &Console) -> Option<Vec<VarInfo>> {
    let mut variables = timeout(READ, console.variables(|_| true)).await.ok()?;
    variables.retain(|variable| !variable.hidden);
    Some(variables)
}

pub(super) fn commands(runs: &[RunInfo], diagnosis: &mut Diagnosis) {
    let stuck: Vec<&RunInfo> = runs.iter().filter(|run| run.state == "stuck").collect();
    if let Some(first) = stuck.first() {
        let others = if stuck.len() > 1 { format!(" and {} others", stuck.len() - 1) } else { String::new() };
        let finding = format!("the command `{}` is stuck{others}", first.line);
        diagnosis.finds("running", Severity::Warning, finding, "running", [("stuck", stuck.len().into())]);
    }
}

pub(super) fn vars(variables: Option<&[VarInfo]>, diagnosis: &mut Diagnosis) {
    let Some(variables) = variables else {
        let why = format!("reading the variables took more than {}", text::duration(&READ));
        return diagnosis.not_read("vars", why);
    };
    let is_wrong = |variable: &&VarInfo| !matches!(variable.state.as_str(), "set" | "not set yet");
    let wrong: Vec<&VarInfo> = variables.iter().filter(is_wrong).collect();
    for VarInfo { name, state, .. } in wrong.iter().take(TOLD) {
        let finding = match state.as_str() {
            "poisoned" => format!("the variable `{name}` is poisoned: a holder panicked"),
            "held" => format!("the variable `{name}` could not be read: its lock is held"),
            why => format!("the variable `{name}` could not be read: {why}"),
        };
        diagnosis.finds("vars", Severity::Notice, finding, "vars", [("variable", name.as_str().into())]);
    }
    more(wrong.len(), "variables have problems", "vars", "vars", diagnosis);
}

/// Temporary changes: the value in force is not the value from the start of the service.
pub(super) fn changes(changes: &[Change], diagnosis: &mut Diagnosis) {
    let lent: Vec<(usize, &Change)> =
        changes.iter().enumerate().filter(|(_, change)| change.until.is_some()).collect();
    for (at, change) in lent.iter().take(TOLD) {
        let Change { name, new, by, .. } = change;
        let (new, old) = (text::cell(new), text::cell(was(&changes[..=*at], change)));
        let until = change.until.map(time).unwrap_or_default();
        let finding = format!("`{name}` is {new} until {until}, set by {by}, and then returns to {old}");
        let numbers = [("variable", name.as_str().into()), ("change", change.number.into())];
        diagnosis.finds("changes", Severity::Notice, finding, "changes", numbers);
    }
    more(lent.len(), "changes are temporary", "changes", "changes", diagnosis);
}

/// The value that a temporary change restores: a change that replaced another temporary one restores the value of the first.
fn was<'a>(changes: &'a [Change], change: &'a Change) -> &'a Value {
    let mut before =
        changes.iter().rev().filter(|known| known.name == change.name && known.number < change.number);
    match before.next() {
        Some(known) if known.what.starts_with("set for ") => was(changes, known),
        _ => &change.old,
    }
}

/// A full ring drops its oldest events; it is a problem only where the ring covers little time.
pub(super) fn log(diagnosis: &mut Diagnosis) {
    let ring = logs::ring_info();
    match ring.installed {
        true => short_memory(&ring, diagnosis),
        false => diagnosis
            .not_read("log", "the service has no log ring; its author can add `backdoor_runtime::logs()`"),
    }
}

fn short_memory(ring: &RingInfo, diagnosis: &mut Diagnosis) {
    if let Some(oldest) = ring.oldest.filter(|oldest| ring.dropped > 0 && *oldest < SHORT_MEMORY) {
        let (oldest, memory) = (text::duration(&Duration::from_secs(oldest.as_secs())), ring.memory >> 10);
        let finding = format!(
            "the log covers only the last {oldest}: its {memory} KiB are too few for the rate of events"
        );
        let numbers =
            [("covers", Value::Duration(ring.oldest.unwrap_or_default())), ("memory", ring.memory.into())];
        diagnosis.finds("log", Severity::Notice, finding, "log targets", numbers);
    }
}

/// Notes the number of the rest.
fn more(all: usize, what: &str, kind: &'static str, see: &'static str, diagnosis: &mut Diagnosis) {
    if all > TOLD {
        diagnosis.notes(kind, format!("{} more {what}", all - TOLD), see);
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    fn found(check: impl FnOnce(&mut Diagnosis)) -> Vec<String> {
        let mut diagnosis = Diagnosis::new();
        check(&mut diagnosis);
        diagnosis.findings.into_iter().map(|finding| finding.finding).collect()
    }

    #[test]
    fn temporary_change_names_its_old_value() {
        let change = |number, what: &str, old: u64, new: u64, is_in_force: bool| Change {
            number,
            at: SystemTime::UNIX_EPOCH,
            name: "batch".to_owned(),
            old: old.into(),
            new: new.into(),
            what: what.to_owned(),
            by: "session 3".to_owned(),
            because: None,
            ago: Duration::ZERO,
            console: None,
            console_id: None,
            until: is_in_force.then_some(SystemTime::UNIX_EPOCH + Duration::from_secs(45_000)),
        };
        let all = [change(1, "set", 5, 10, false), change(2, "set for 1h", 10, 20, false)];
        let all = [&all[..], &[change(3, "set for 2h", 20, 30, true)]].concat();
        let found = found(|diagnosis| changes(&all, diagnosis));
        assert_eq!(
            found,
            ["`batch` is 30 until 1970-01-01T12:30:00Z, set by session 3, and then returns to 10"]
        );
    }

    #[test]
    fn a_quickly_filled_log_ring_is_found() {
        let ring = |dropped, oldest| RingInfo {
            installed: true,
            kept: 9,
            dropped,
            oldest: Some(Duration::from_millis(oldest)),
            memory: 4 << 20,
        };
        let found = |ring: RingInfo| found(|diagnosis| short_memory(&ring, diagnosis));
        assert_eq!(found(ring(0, 4_700)), [""; 0]);
        assert_eq!(found(ring(7, 60_000)), [""; 0]);
        assert_eq!(
            found(ring(7, 4_700)),
            ["the log covers only the last 4s: its 4096 KiB are too few for the rate of events"]
        );
    }
}
