//! The runtime and its tasks: workers that are held, long polls, tasks that wake themselves, grow, panic, or wait in locks of tokio.

use std::time::Duration;

use tokio::runtime::Handle;

use crate::base::race::both;
use crate::doctor::diagnosis::{Diagnosis, Severity};
use crate::doctor::holdings::rounded;
use crate::reply::text;
use crate::thresholds::Thresholds;
use crate::views::tasks::long_polls::{self, LongPoll};
use crate::views::tasks::self_wake::{OftenPolled, PollWatch};
use crate::views::tasks::waiting::{self, IdlePlace, TokioWait};
use crate::views::tasks::{self, By, Group, GroupWatch, RuntimeInfo};

/// The most findings of one kind.
const TOLD: usize = 5;

/// Polls per second from which a task does nothing but wake itself: no work in between is that short.
const SELF_WAKES: f64 = 100_000.0;

/// A task is idle for long after this time: what a service waits for has usually come by then.
const IDLE: Duration = Duration::from_secs(30);

/// The most tasks that are woken once for their stacks.
const WOKEN: usize = 20;

/// The runtime of the service over the window, if it has one.
pub(super) async fn runtime(runtime: Option<&Handle>, window: Duration) -> Option<RuntimeInfo> {
    Some(tasks::runtime(runtime?, window).await)
}

pub(super) fn of_runtime(runtime: Option<&RuntimeInfo>, diagnosis: &mut Diagnosis) {
    let Some(runtime) = runtime else {
        return diagnosis.not_read("runtime", "the console has no runtime");
    };
    let held = runtime.workers.iter().filter(|worker| worker.is_held || worker.is_slow).count();
    if held > 0 || !runtime.holding.is_empty() {
        let numbers = [("held_workers", held.into()), ("workers", runtime.workers.len().into())];
        let severity = if held == runtime.workers.len() { Severity::Critical } else { Severity::Warning };
        diagnosis.finds("runtime", severity, format!("the runtime: {}", runtime.verdict), "runtime", numbers);
    }
}

/// What was seen of the tasks.
pub(super) struct Seen {
    groups: Vec<Group>,
    often: Vec<OftenPolled>,
    long: Vec<LongPoll>,
    idle: Vec<IdlePlace>,
    tokio_waits: Vec<TokioWait>,
    window: Duration,
}

impl Seen {
    pub(super) async fn watch(window: Duration) -> Self {
        let (groups, polls) = (GroupWatch::begin(By::Site), PollWatch::begin());
        tokio::time::sleep(window).await;
        let (groups, long, idle) = (groups.end(), long_polls::within(window), waiting::idle_places(IDLE));
        let (often, (tokio_waits, _)) =
            both(polls.end(SELF_WAKES, TOLD), waiting::tokio_waits(&idle, WOKEN)).await;
        Self { groups, often, long, idle, tokio_waits, window }
    }

    pub(super) fn judge(&self, limits: &Thresholds, diagnosis: &mut Diagnosis) {
        self.polls(limits, diagnosis);
        self.groups(limits, diagnosis);
        self.waits(diagnosis);
    }

    fn polls(&self, limits: &Thresholds, diagnosis: &mut Diagnosis) {
        for OftenPolled { task, per_second, woke_itself_in, .. } in self.often.iter().take(TOLD) {
            let how = match woke_itself_in {
                Some(future) => format!("woke itself in {future}"),
                None => "is woken without a pause".to_owned(),
            };
            let per_second = *per_second as u64;
            let finding = format!("{} was polled {per_second} times a second and {how}", task.title());
            let numbers = [("task", task.id.into()), ("polls_per_second", per_second.into())];
            diagnosis.finds("tasks", Severity::Warning, finding, "tasks --busy", numbers);
        }
        let mut told: Vec<u64> = Vec::new();
        for LongPoll { task, name, spawned, took, .. } in &self.long {
            if *took < limits.poll || told.contains(task) || told.len() >= TOLD {
                continue;
            }
            told.push(*task);
            let name = name.as_ref().map(|name| format!(" `{name}`")).unwrap_or_default();
            let took = Duration::from_millis(took.as_millis() as u64);
            let finding = format!(
                "task {task}{name}, spawned at {spawned}, had polls of up to {} within {}",
                text::duration(&took),
                text::duration(&rounded(self.window))
            );
            let numbers = [("task", (*task).into()), ("longest", took.into())];
            diagnosis.finds("tasks", Severity::Warning, finding, "tasks --busy", numbers);
        }
    }

    fn groups(&self, limits: &Thresholds, diagnosis: &mut Diagnosis) {
        const SEE: &str = "tasks --by site";
        let told = text::duration(&rounded(self.window));
        for group in self.groups.iter().filter(|group| group.panicked > 0).take(TOLD) {
            let Group { panicked, ended, .. } = group;
            let last = group.last_panic.as_ref().map(|last| format!("; last: {}", last.message));
            let finding = format!(
                "{panicked} of {ended} tasks spawned at {} that ended within {told} panicked{}",
                group.title(),
                last.unwrap_or_default()
            );
            let numbers = [("panicked", (*panicked).into()), ("ended", (*ended).into())];
            diagnosis.finds("tasks", Severity::Warning, finding, "tasks --ended", numbers);
        }
        let least = (limits.count_growth as f64 * self.window.as_secs_f64()).max(1.0);
        for group in self.groups.iter().filter(|group| group.growth() as f64 >= least).take(TOLD) {
            let (grown, title) = (group.growth(), group.title());
            match group.ended {
                0 => {
                    let finding =
                        format!("tasks spawned at {title} grew by {grown} in {told}, and none ended");
                    let numbers = [("grown", grown.into()), ("live", group.live.into())];
                    diagnosis.finds("tasks", Severity::Warning, finding, SEE, numbers);
                }
                ended => {
                    let note = format!(
                        "tasks spawned at {title} grow by {grown} in {told} while {ended} ended, too early to tell"
                    );
                    diagnosis.notes("tasks", note, SEE);
                }
            }
        }
    }

    fn waits(&self, diagnosis: &mut Diagnosis) {
        for wait in self.tokio_waits.iter().filter(|wait| wait.is_lock()).take(TOLD) {
            let numbers = [("tasks", wait.tasks.len().into()), ("longest", wait.longest.into())];
            diagnosis.finds("tasks", Severity::Warning, wait.describe(), "waits", numbers);
        }
        // Many tasks wait for long because nothing happens, so that this is no problem by itself.
        let beside = |place: &&IdlePlace| place.idle < place.live;
        if let Some(place) = self.idle.iter().find(beside)
            && let (Some(task), Some((_, idle))) = (place.longest(), place.first.first())
        {
            let idle = text::duration(&Duration::from_secs(idle.as_secs()));
            let note = format!(
                "{} has not been polled for {idle}, while {} of {} tasks spawned at {} were",
                task.title(),
                place.live - place.idle,
                place.live,
                place.spawned
            );
            diagnosis.notes("tasks", note, "tasks --sort idle");
        }
    }
}
