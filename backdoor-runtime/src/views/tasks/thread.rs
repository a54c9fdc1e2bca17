//! The native stack of the thread under a task that does not return from its poll.

use std::collections::HashMap;
use std::num::NonZeroU64;
use std::sync::Arc;

use crate::views::tasks::record::{Record, State};
use crate::views::threads::{self, ThreadStack};

/// The stacks of the threads that poll these tasks, by task.
///
/// A task has none if its poll ended while its thread was read, so each stack belongs to the current poll.
///
/// # Errors
/// The reason why stacks cannot be read, as text.
pub(super) async fn stacks_of_running(
    records: impl Iterator<Item = &Arc<Record>>,
) -> Result<HashMap<NonZeroU64, ThreadStack>, String> {
    let mut polls = Vec::new();
    for record in records {
        if let State::Running(tid, began) = record.state() {
            polls.push((record, tid, began));
        }
    }
    if polls.is_empty() {
        return Ok(HashMap::new());
    }
    let tids: Vec<i32> = polls.iter().map(|&(_, tid, _)| tid.cast_signed()).collect();
    let look = threads::aside(move || threads::stacks_of(&tids)).await;
    let stacks = look.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
    let threads: HashMap<i32, ThreadStack> =
        stacks.threads.into_iter().map(|thread| (thread.tid, thread)).collect();
    polls.retain(|&(record, tid, began)| record.state() == State::Running(tid, began));
    let of_its_thread = |(record, tid, _): &(&Arc<Record>, u32, u64)| {
        Some((record.id, threads.get(&tid.cast_signed())?.clone()))
    };
    Ok(polls.iter().filter_map(of_its_thread).collect())
}
