//! The runtime and its tasks: workers that are held, long polls, and tasks that wake themselves.

use std::time::Duration;

use tokio::runtime::Handle;

use crate::base::race::both;
use crate::doctor::diagnosis::{Diagnosis, Severity};
use crate::doctor::holdings::rounded;
use crate::reply::text;
use crate::thresholds::Thresholds;
use crate::views::tasks::{self, BusyTask, RuntimeInfo};

/// The most findings of one kind.
const TOLD: usize = 5;

/// Polls per second from which a task does nothing but wake itself: no work in between is that short.
const SELF_WAKES: f64 = 100_000.0;

/// What was seen of the runtime of the service, and of its tasks.
pub(super) struct Seen {
    runtime: Option<RuntimeInfo>,
    busy: Vec<BusyTask>,
    window: Duration,
}

impl Seen {
    pub(super) async fn watch(runtime: Option<&Handle>, window: Duration) -> Self {
        let of_runtime = async {
            match runtime {
                Some(runtime) => Some(tasks::runtime(runtime, window).await),
                None => None,
            }
        };
        let (runtime, (busy, _)) = both(of_runtime, tasks::busy(window, TOLD)).await;
        Self { runtime, busy, window }
    }

    pub(super) fn runtime(&self, diagnosis: &mut Diagnosis) {
        let Some(runtime) = &self.runtime else {
            return diagnosis.not_read("runtime", "the console has no runtime");
        };
        let held = runtime.workers.iter().filter(|worker| worker.is_held || worker.is_slow).count();
        if held > 0 || !runtime.holding.is_empty() {
            let numbers = [("held_workers", held.into()), ("workers", runtime.workers.len().into())];
            let all = held == runtime.workers.len();
            let severity = if all { Severity::Critical } else { Severity::Warning };
            diagnosis.finds(
                "runtime",
                severity,
                format!("the runtime: {}", runtime.verdict),
                "runtime",
                numbers,
            );
        }
    }

    pub(super) fn tasks(&self, limits: &Thresholds, diagnosis: &mut Diagnosis) {
        let told = text::duration(&rounded(self.window));
        for BusyTask { task, busy, polls } in &self.busy {
            let per_second = *polls as f64 / self.window.as_secs_f64();
            let mean = *busy / u32::try_from(*polls).unwrap_or(u32::MAX).max(1);
            if per_second >= SELF_WAKES {
                let finding = format!(
                    "{} was polled {} times a second: it wakes itself instead of waiting",
                    task.title(),
                    per_second as u64
                );
                let numbers = [("task", task.id.into()), ("polls_per_second", (per_second as u64).into())];
                diagnosis.finds("tasks", Severity::Warning, finding, "tasks --busy", numbers);
            } else if mean >= limits.poll {
                let mean = Duration::from_millis(mean.as_millis() as u64);
                let finding = format!(
                    "{} was {} in {polls} polls of {} on average within {told}",
                    task.title(),
                    text::duration(&Duration::from_millis(busy.as_millis() as u64)),
                    text::duration(&mean)
                );
                let numbers = [("task", task.id.into()), ("mean", mean.into()), ("polls", (*polls).into())];
                diagnosis.finds("tasks", Severity::Warning, finding, "tasks --busy", numbers);
            }
        }
    }
}
