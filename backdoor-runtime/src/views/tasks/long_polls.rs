//! The last polls that lasted more than 100 ms. Each is recorded when it ends, so nothing is added to other polls.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::num::NonZeroU64;
use std::panic::Location;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::base::{clock, sort};

/// How many are kept, for all tasks.
const KEPT: usize = 64;

static LAST: Mutex<VecDeque<Kept>> = Mutex::new(VecDeque::new());

/// A long poll that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LongPoll {
    /// The number of the task.
    pub(crate) task: u64,
    pub(crate) name: Option<String>,
    /// The file and line where the task was spawned.
    pub(crate) spawned: String,
    pub(crate) took: Duration,
    /// The time since its end.
    pub(crate) ago: Duration,
}

struct Kept {
    task: NonZeroU64,
    name: Option<Cow<'static, str>>,
    spawned: &'static Location<'static>,
    took: u64,
    at: u64,
}

pub(super) fn add(
    task: NonZeroU64,
    name: Option<Cow<'static, str>>,
    spawned: &'static Location<'static>,
    took: u64,
    at: u64,
) {
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    let forgotten = if last.len() >= KEPT { last.pop_front() } else { None };
    last.push_back(Kept { task, name, spawned, took, at });
    drop(last);
    drop(forgotten);
}

/// The long polls that have ended within this time, the longest first: at most the last 64 of all tasks. Polls that have not ended are
/// those of [`holding`](super::query::holding).
pub(crate) fn within(window: Duration) -> Vec<LongPoll> {
    let now = clock::now();
    let since = now.saturating_sub(window.as_nanos() as u64);
    let last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    let polls = last.iter().filter(|poll| poll.at >= since).map(|poll| LongPoll {
        task: poll.task.get(),
        name: poll.name.as_deref().map(str::to_owned),
        spawned: poll.spawned.to_string(),
        took: Duration::from_nanos(poll.took),
        ago: Duration::from_nanos(now.saturating_sub(poll.at)),
    });
    let mut polls: Vec<LongPoll> = polls.collect();
    sort::sort_by_key(&mut polls, |poll| (std::cmp::Reverse(poll.took), poll.task));
    polls
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::tasks::spawn_named;

    /// `views/long-polls.rs`: a look at one moment did not show them.
    #[tokio::test]
    async fn long_polls_are_kept_after_their_end() {
        let task = spawn_named("long-poll", async {
            std::thread::sleep(Duration::from_millis(120));
            tokio::task::yield_now().await;
            std::thread::sleep(Duration::from_millis(110));
        });
        let id = task.id();
        task.await.expect("it does not panic");
        let polls: Vec<LongPoll> =
            within(Duration::from_secs(3600)).into_iter().filter(|poll| poll.task == id).collect();
        assert_eq!(polls.len(), 2, "the second was not the longest of its task: {polls:?}");
        assert!(polls[0].took >= Duration::from_millis(120) && polls[1].took >= Duration::from_millis(110));
        assert_eq!(polls[0].name.as_deref(), Some("long-poll"));
        assert!(within(Duration::ZERO).iter().all(|poll| poll.task != id));
    }
}
