//! Waits: deadlocks, long waits for locks, and threads that did not move while they waited for an untracked lock.

use crate::doctor::diagnosis::{Diagnosis, Severity};
use crate::doctor::holdings::rounded;
use crate::doctor::look::Window;
use crate::reply::text;
use crate::thresholds::Thresholds;
use crate::views::sync::{self, LockInfo, Waits};

/// The most findings of one kind.
const TOLD: usize = 5;

pub(super) fn waits(window: &Window, limits: &Thresholds, diagnosis: &mut Diagnosis) {
    let seen = sync::waits();
    tracked(&seen, limits, diagnosis);
    untracked(&seen, window, diagnosis);
    if let Some(why) = seen.not_visible {
        diagnosis.not_read("waits", why);
    }
}

fn tracked(waits: &Waits, limits: &Thresholds, diagnosis: &mut Diagnosis) {
    for cycle in &waits.cycles {
        let numbers = [("members", cycle.members.len().into())];
        diagnosis.finds("waits", Severity::Critical, format!("a deadlock: {}", cycle.text), "waits", numbers);
    }
    let long = waits.edges.iter().filter(|edge| edge.waiter.waited >= limits.wait).count();
    if let Some(longest) = waits.edges.first().filter(|_| long > 0 && waits.cycles.is_empty()) {
        let others = match long - 1 {
            0 => String::new(),
            1 => "; 1 more wait is as long".to_owned(),
            others => format!("; {others} more waits are as long"),
        };
        let numbers = [("waited", longest.waiter.waited.into()), ("waits", long.into())];
        diagnosis.finds("waits", Severity::Warning, format!("{}{others}", longest.text), "waits", numbers);
    }
}

/// Threads that waited for a lock of another library at the end of the window, and were not switched within it.
fn untracked(waits: &Waits, window: &Window, diagnosis: &mut Diagnosis) {
    let (Ok(before), Ok(after)) = (&window.first.threads, &window.last.threads) else { return };
    let stood_still = |tid: u32| {
        let tid = tid.cast_signed();
        before.get(&tid).zip(after.get(&tid)).is_some_and(|(one, other)| one.switches == other.switches)
    };
    let threads = waits.untracked.iter().flat_map(|lock| &lock.threads);
    // Without a function of the author it may be an idle thread of a library.
    let still: Vec<_> = threads.filter(|thread| thread.at.is_some() && stood_still(thread.thread)).collect();
    if still.is_empty() {
        return;
    }
    let told = text::duration(&rounded(window.length()));
    let named: Vec<String> = still
        .iter()
        .take(TOLD)
        .map(|thread| format!("`{}` in {}", thread.name, thread.at.as_deref().unwrap_or_default()))
        .collect();
    let count = match still.len() {
        1 => "1 thread has".to_owned(),
        count => format!("{count} threads have"),
    };
    let more = if still.len() > TOLD { ", .." } else { "" };
    let finding = format!(
        "{count} waited for untracked locks for the whole {told}, without a switch: {}{more}",
        named.join(", ")
    );
    diagnosis.finds("waits", Severity::Warning, finding, "waits", [("threads", still.len().into())]);
}

pub(super) fn locks(diagnosis: &mut Diagnosis) {
    let poisoned = sync::poisoned_locks();
    for lock in poisoned.iter().take(TOLD) {
        let LockInfo { kind, made, .. } = lock;
        let name = lock.name.map_or_else(|| format!("lock {}", lock.id), |name| format!("`{name}`"));
        let finding = format!("{name}, a {kind} made at {made}, is poisoned: a holder panicked");
        diagnosis.finds("locks", Severity::Warning, finding, "locks", [("lock", lock.id.into())]);
    }
    if poisoned.len() > TOLD {
        diagnosis.notes("locks", format!("{} more locks are poisoned", poisoned.len() - TOLD), "locks");
    }
}
