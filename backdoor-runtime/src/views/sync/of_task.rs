//! The locks of one task.

use std::collections::HashMap;

use super::registry;
use super::view::{HolderInfo, holders};
use super::waits::{EdgeInfo, ago};
use crate::reply::record;

/// The locks of one task, as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TaskLocks {
    /// ``has waited 41 s for `cache` (cache.rs:88), held by task 12 `refresh` for 42 s (cache.rs:61)``
    pub(crate) waits: Vec<String>,
    /// ``has held `index` for 43 s (index.rs:12)``
    pub(crate) holds: Vec<String>,
}

record!(TaskLocks: waits, holds);

/// The locks that these tasks hold and wait for; tasks without any are left out.
///
/// The call stops no thread: each hold and each wait existed when it was read, but not all at the same moment.
pub(crate) fn locks_of_tasks(tasks: &[u64]) -> HashMap<u64, TaskLocks> {
    let mut found: HashMap<u64, TaskLocks> = HashMap::new();
    for record in registry::all() {
        let is_wanted = |task: Option<u64>| task.is_some_and(|task| tasks.contains(&task));
        let waiters: Vec<_> = record.waiters().iter().map(|(&wait, waiter)| (wait, *waiter)).collect();
        let waiters = waiters.iter().filter(|(_, waiter)| is_wanted(waiter.who.task.map(Into::into)));
        for edge in waiters.filter_map(|(wait, waiter)| EdgeInfo::of(&record, *wait, waiter)) {
            if let Some(task) = edge.waiter.task {
                found.entry(task).or_default().waits.push(edge.what());
            }
        }
        if !record.holders().any(|(_, held)| is_wanted(held.who.task.map(Into::into))) {
            continue;
        }
        for HolderInfo { task, held, at, permits, mode, .. } in holders(&record) {
            let Some(task) = task.filter(|task| tasks.contains(task)) else { continue };
            let lock = match (mode, permits) {
                ("permit", 1) => format!("a permit of {}", record.label()),
                ("permit", permits) => format!("{permits} permits of {}", record.label()),
                _ => record.label(),
            };
            found.entry(task).or_default().holds.push(format!("has held {lock} for {} ({at})", ago(held)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::views::sync::asynch::Mutex;
    use crate::views::tasks::spawn;

    #[tokio::test]
    async fn wait_of_a_task_names_the_lock() {
        let cache = Arc::new(Mutex::named("cache", ()));
        let held = cache.clone().lock_owned().await;
        let task = spawn(async move { drop(cache.lock().await) });
        while locks_of_tasks(&[task.id()]).is_empty() {
            tokio::task::yield_now().await;
        }
        assert!(locks_of_tasks(&[task.id()])[&task.id()].waits[0].contains(" for `cache` ("));
        drop(held);
    }
}
