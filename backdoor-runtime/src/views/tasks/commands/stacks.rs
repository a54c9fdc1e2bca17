//! The command `pgt`: where tasks wait.

use crate::reply::items::{Item, Items, produce};
use crate::views::sync;
use crate::views::tasks::commands::fold::Fold;
use crate::views::tasks::commands::{TOGETHER, matches, none, pieces, rest};
use crate::views::tasks::{self, TaskStack, TaskState};
use crate::views::threads::nameless;
use crate::{Value, backdoor_command};

/// The stacks of tasks: where they wait, with file and line
///
/// The console polls each task once and reads where its wakers are registered. A running task is shown with the stack of its thread. A
/// task that is not polled within 200 ms is shown without a stack. The answer includes the locks that a task holds or waits for. Tasks
/// with the same stack are shown once, with their numbers; `x90` marks 90 levels of a recursion.
///
/// Futures that this poll does not poll are not shown: members of a `FuturesUnordered`, of `buffer_unordered` or of a long `join_all`
/// that were not woken, and futures that the task keeps and does not await at the moment. How long a sleep still lasts is not known, since
/// tokio does not tell it; `idle for` is the time that the task has waited.
///
/// Examples:
///   pgt
///   pgt refresh --full
#[backdoor_command(builtin = "tasks", reads, on = helper, timeout = "10m")]
async fn pgt(
    /// The number of a task, or a part of its name or of the file where it was spawned
    what: Option<String>,
    /// The most tasks to show
    #[arg(long, default = 100, range = 1..=1_000_000)]
    limit: usize,
    /// Show the functions of std, tokio and other dependencies
    full: bool,
) -> Result<Items, String> {
    if let Some(id) = what.as_deref().and_then(|what| what.parse().ok()) {
        return stack_of(id, full).await;
    }
    Ok(produce(async move |items| {
        let wanted = tasks::list().filter(|task| matches(&what, task));
        let mut wanted = wanted.map(|task| task.id);
        let mut left = limit;
        let (mut fold, mut note) = (Fold::new(full), None);
        while left > 0 {
            let ids: Vec<u64> = wanted.by_ref().take(left.min(TOGETHER)).collect();
            if ids.is_empty() {
                break;
            }
            left -= ids.len();
            let stacks = tasks::stacks(&ids).await;
            let mut locks = sync::locks_of_tasks(&ids);
            note = note.or_else(|| nameless(&stacks));
            for stack in stacks {
                let locks = locks.remove(&stack.task.id).unwrap_or_default();
                items.send_all(fold.add(stack, locks)).await?;
            }
        }
        items.send_all(fold.end().into_iter().chain(note).collect()).await?;
        items.send_all(rest(if left == 0 { wanted.count() } else { 0 })).await?;
        items.send_all(if left == limit { none(&what) } else { Vec::new() }).await
    }))
}

/// The stacks of these tasks, with their locks.
async fn stacks_of(ids: &[u64], full: bool) -> Vec<Item> {
    let stacks = tasks::stacks(ids).await;
    let mut locks = sync::locks_of_tasks(ids);
    let nameless = nameless(&stacks);
    let item = |stack: TaskStack| {
        let locks = locks.remove(&stack.task.id).unwrap_or_default();
        pieces::stack(stack, locks, full)
    };
    stacks.into_iter().map(item).chain(nameless).collect()
}

/// Why functions of these stacks have no names or lines.
fn nameless(stacks: &[TaskStack]) -> Option<Item> {
    let given = stacks.iter().find_map(|stack| stack.nameless.as_deref());
    let frames = stacks.iter().flat_map(|stack| &stack.leaves).flat_map(|leaf| &leaf.frames);
    let own = frames.filter(|frame| frame.is_own).map(|frame| frame.file.is_some());
    let why = nameless::why(given, own.reduce(|one, other| one || other))?;
    let value = Value::record([("nameless", why.as_str().into())]);
    Some(Item::note(why, value))
}

pub(super) async fn stack_of(id: u64, full: bool) -> Result<Items, String> {
    let stacks = stacks_of(&[id], full).await;
    if !stacks.is_empty() {
        return Ok(Items::of(stacks));
    }
    if let Some(task) = tasks::list().find(|task| task.id == id && task.state == TaskState::NotVisible) {
        return Err(format!(
            "{} was spawned without `backdoor_runtime`: its stack is not visible",
            task.title()
        ));
    }
    match tasks::ended().into_iter().find(|ended| ended.task.id == id) {
        Some(ended) => Err(format!("{} has ended: {}", ended.task.title(), ended.how.describe())),
        None => Err(format!(
            "there is no task {id}; `tasks` lists live tasks, `tasks --ended` the last ended tasks"
        )),
    }
}
