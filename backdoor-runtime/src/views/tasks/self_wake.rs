//! Tasks that are polled very often, and whether they wake themselves.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::num::NonZeroU64;
use std::time::Duration;

use crate::base::{clock, sort};
use crate::views::tasks::{Frame, TaskInfo, registry, stacks};

/// Fewer polls than this are not remembered, so that most tasks need no memory: a rate is at most so many polls too high.
const REMEMBERED: u64 = 1_000;

/// The first reading of how often tasks have been polled. It needs 16 bytes for each task with 1,000 polls or more.
pub(crate) struct PollWatch {
    at: u64,
    before: HashMap<NonZeroU64, u64>,
}

/// A task that was polled very often.
#[derive(Clone, Debug)]
pub(crate) struct OftenPolled {
    pub(crate) task: TaskInfo,
    /// Within the window.
    pub(crate) polls: u64,
    pub(crate) per_second: f64,
    /// It woke itself in its last poll, in this future or function.
    pub(crate) woke_itself_in: Option<String>,
}

impl PollWatch {
    pub(crate) fn begin() -> Self {
        let polls = registry::all().map(|record| (record.id, record.polls()));
        Self { at: clock::now(), before: polls.filter(|(_, polls)| *polls >= REMEMBERED).collect() }
    }

    /// The tasks that were polled more often than `rate` a second, the most often polled first. The stacks of the first `most` are read,
    /// which polls each of them once.
    pub(crate) async fn end(self, rate: f64, most: usize) -> Vec<OftenPolled> {
        let window = Duration::from_nanos(clock::now().saturating_sub(self.at)).as_secs_f64().max(1e-9);
        let least = rate * window;
        let often = registry::all().filter_map(|record| {
            let polls = record.polls().saturating_sub(self.before.get(&record.id).copied().unwrap_or(0));
            (polls as f64 > least).then(|| OftenPolled {
                task: TaskInfo::of(&record),
                polls,
                per_second: polls as f64 / window,
                woke_itself_in: None,
            })
        });
        let mut often: Vec<OftenPolled> = often.collect();
        sort::sort_by_key(&mut often, |often| (Reverse(often.polls), often.task.id));
        let ids: Vec<u64> = often.iter().take(most).map(|often| often.task.id).collect();
        for stack in stacks(&ids).await {
            let leaf = stack.leaves.iter().find(|leaf| leaf.woke_itself);
            if let (Some(leaf), Some(often)) =
                (leaf, often.iter_mut().find(|often| often.task.id == stack.task.id))
            {
                often.woke_itself_in = Some(leaf.woke_in());
            }
        }
        often
    }
}

impl super::Leaf {
    /// The future or function in which the task woke itself.
    pub(crate) fn woke_in(&self) -> String {
        let own = || self.frames.iter().rfind(|frame| frame.is_own).map(Frame::short_function);
        self.waits_for
            .clone()
            .or_else(|| Some(own()?.to_owned()))
            .unwrap_or_else(|| "unknown code".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use super::*;
    use crate::views::tasks::{list, spawn_named};

    struct Retry;

    impl Future for Retry {
        type Output = ();

        fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
            context.waker().wake_by_ref();
            Poll::Pending
        }
    }

    /// `views/self-wake.rs`
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_task_that_wakes_itself_is_found_with_its_future() {
        let task = spawn_named("self-wake-retry", Retry);
        let polls = || list().find(|one| one.id == task.id()).expect("it lives").polls;
        for _ in 0..100 {
            let watch = PollWatch::begin();
            let until = polls() + 2 * REMEMBERED;
            while polls() < until {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let often = watch.end(1.0, 20).await;
            let found = often.iter().find(|often| often.task.id == task.id()).expect("it was polled often");
            assert!(found.polls > REMEMBERED && found.per_second > 1.0, "{found:?}");
            // Functions of this crate are not an author's, so the name is another one than an author gets.
            if found.woke_itself_in.is_some() {
                return task.abort();
            }
        }
        panic!("the future is not named");
    }
}
