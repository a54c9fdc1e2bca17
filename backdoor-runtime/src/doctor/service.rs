//! Checks of the service's objects, locks, variables and log.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::Diagnosis;
use crate::reply::text;
use crate::views::logs::{self, RingInfo};
use crate::views::objects::{GrowthInfo, Snapshot};
use crate::views::sync::LockInfo;
use crate::views::vars::commands::shown::time;
use crate::views::vars::{Change, VarInfo};
use crate::{Console, Value};

/// A growth by this many objects is reported, if it is also a hundredth of those that lived.
const GROWN: u64 = 100;

/// The most findings of one kind.
const TOLD: usize = 5;

/// The time limit for reading all variables.
const READ: Duration = Duration::from_secs(2);

/// If a full ring covers less time than this, it has lost events that an operator needs.
const SHORT_MEMORY: Duration = Duration::from_secs(10);

/// The places that created objects within this time, those with the most first.
pub(super) async fn growth(window: Duration) -> Vec<GrowthInfo> {
    let before = Snapshot::now();
    sleep(window).await;
    before.growth()
}

/// The variables, as `vars` lists them; `None` if reading takes too long.
pub(super) async fn variables(console: &Console) -> Option<Vec<VarInfo>> {
    let mut variables = timeout(READ, console.variables(|_| true)).await.ok()?;
    variables.retain(|variable| !variable.hidden);
    Some(variables)
}

pub(super) fn locks(poisoned: &[LockInfo], diagnosis: &mut Diagnosis) {
    diagnosis.read.push("locks");
    for lock in poisoned.iter().take(TOLD) {
        let name = lock.name.map_or_else(|| format!("lock {}", lock.id), |name| format!("`{name}`"));
        let finding =
            format!("{name}, a {} made at {}, is poisoned: a holder panicked", lock.kind, lock.made);
        diagnosis.finds("locks", finding, "locks");
    }
    more(poisoned.len(), "poisoned locks", "locks", "locks", diagnosis);
}

pub(super) fn objects(growth: &[GrowthInfo], window: Duration, diagnosis: &mut Diagnosis) {
    const SEE: &str = "objects --growing --for 10s";
    diagnosis.read.push("objects");
    let is_much =
        |grown: &GrowthInfo| grown.grown >= GROWN && grown.grown >= (grown.live - grown.grown) / 100;
    let mut types: Vec<&GrowthInfo> = growth.iter().filter(|grown| is_much(grown)).collect();
    // The first entry of a type is the place with the most growth.
    types.dedup_by_key(|grown| (grown.path, &grown.name));
    for grown in types.iter().take(TOLD) {
        let GrowthInfo { name, grown, place, .. } = grown;
        let window = text::duration(&window);
        let finding = format!("objects of type {name} grew by {grown} in {window}, most from {place}");
        diagnosis.finds("objects", finding, SEE);
    }
    more(types.len(), "types that grew", "objects", SEE, diagnosis);
}

pub(super) fn vars(variables: Option<&[VarInfo]>, diagnosis: &mut Diagnosis) {
    let Some(variables) = variables else {
        let why = format!("reading the variables took more than {}", text::duration(&READ));
        return diagnosis.not_read("vars", why);
    };
    diagnosis.read.push("vars");
    let is_wrong = |variable: &&VarInfo| !matches!(variable.state.as_str(), "set" | "not set yet");
    let wrong: Vec<&VarInfo> = variables.iter().filter(is_wrong).collect();
    for VarInfo { name, state, .. } in wrong.iter().take(TOLD) {
        let finding = match state.as_str() {
            "poisoned" => format!("the variable `{name}` is poisoned: a holder panicked"),
            "held" => format!("the variable `{name}` could not be read: its lock is held"),
            why => format!("the variable `{name}` could not be read: {why}"),
        };
        diagnosis.finds("vars", finding, "vars");
    }
    more(wrong.len(), "variables with problems", "vars", "vars", diagnosis);
}

/// Temporary changes: the value in force is not the value from the start of the service.
pub(super) fn changes(changes: &[Change], diagnosis: &mut Diagnosis) {
    diagnosis.read.push("changes");
    let lent: Vec<(usize, &Change)> =
        changes.iter().enumerate().filter(|(_, change)| change.until.is_some()).collect();
    for (at, change) in lent.iter().take(TOLD) {
        let Change { name, new, by, .. } = change;
        let (new, old) = (text::cell(new), text::cell(was(&changes[..=*at], change)));
        let until = change.until.map(time).unwrap_or_default();
        let finding = format!("`{name}` is {new} until {until}, set by {by}, and then returns to {old}");
        diagnosis.finds("changes", finding, "changes");
    }
    more(lent.len(), "temporary changes", "changes", "changes", diagnosis);
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
    if ring.installed {
        diagnosis.read.push("log");
        short_memory(&ring, diagnosis);
    }
}

fn short_memory(ring: &RingInfo, diagnosis: &mut Diagnosis) {
    if let Some(oldest) = ring.oldest.filter(|oldest| ring.dropped > 0 && *oldest < SHORT_MEMORY) {
        let (oldest, memory) = (text::duration(&Duration::from_secs(oldest.as_secs())), ring.memory >> 10);
        let finding = format!(
            "the log covers only the last {oldest}: its {memory} KiB are too few for the rate of events"
        );
        diagnosis.finds("log", finding, "log targets");
    }
}

/// Adds a finding with the number of the rest.
fn more(all: usize, what: &str, view: &'static str, see: &'static str, diagnosis: &mut Diagnosis) {
    if all > TOLD {
        diagnosis.finds(view, format!("{} more {what}", all - TOLD), see);
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

    fn grown(path: &'static str, live: u64, grown: u64, place: &str) -> GrowthInfo {
        let (name, place) = (path.to_owned(), place.to_owned());
        GrowthInfo { name, path, live, grown, place, live_there: live, grown_there: grown }
    }

    #[test]
    fn a_growing_type_is_found_once() {
        let growth = [
            grown("Order", 400, 300, "cart.rs:4"),
            grown("Order", 400, 300, "cart.rs:9"),
            grown("Page", 100_000, 200, "page.rs:1"),
            grown("Line", 99, 99, "line.rs:1"),
        ];
        let found = found(|diagnosis| objects(&growth, Duration::from_secs(1), diagnosis));
        assert_eq!(found, ["objects of type Order grew by 300 in 1s, most from cart.rs:4"]);
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
