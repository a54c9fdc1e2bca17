//! The commands `tasks`, `pgt`, `runtime` and `cancel`: the service's asynchronous tasks.

mod groups;
mod pieces;
mod runtime;

use std::time::{Duration, Instant};

use crate::reply::items::{Item, Items, produce};
use crate::views::sync;
use crate::views::tasks::commands::groups::Groups;
use crate::views::tasks::commands::pieces::rows;
use crate::views::tasks::{self, EndedTask, HowEnded, TaskInfo, TaskStack, TaskState};
use crate::views::threads::nameless;
use crate::{Console, Session, State, Value, backdoor_command};

/// More tasks than this are shown in groups.
const GROUPED: usize = 50;

/// How many stacks are requested together.
const TOGETHER: usize = 256;

/// How long a woken task may wait for its poll before it is shown as blocked.
const WAITS: Duration = Duration::from_millis(200);

/// How long `cancel` waits for the task to end.
const ENDS: Duration = Duration::from_secs(1);

/// The shortest window for tasks and their runtime. In a shorter one, every polled task looks as if it held up a worker.
const SHORTEST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_secs(300);

/// The tasks of the service, or one task with its stack
///
/// Lists tasks that were spawned with `backdoor_runtime`, and counts the others. A narrow terminal shows the most important columns.
/// More than 50 tasks are grouped by name and place; --limit lists single tasks.
///
/// Examples:
///   tasks --busy --for 10s
///   tasks refresh --limit 20
#[backdoor_command(builtin = "tasks", reads, on = helper, timeout = "10m")]
#[allow(clippy::too_many_arguments, reason = "each is a word of the line")]
async fn tasks(
    State(console): State<Console>,
    session: Session,
    /// The number of a task, or a part of its name or of the file where it was spawned
    what: Option<String>,
    /// Only the tasks with the longest polls, in a window of 5s or of --for
    busy: bool,
    /// Only tasks that hold up a worker, and tasks that were woken and are not polled
    blocked: bool,
    /// The last ended tasks, and how they ended
    ended: bool,
    /// The window of --busy and --blocked
    #[arg(long = "for", range = SHORTEST..=LONGEST)]
    window: Option<Duration>,
    /// The most tasks to show; without it all, or 20 with --busy
    #[arg(long, range = 1..=1_000_000)]
    limit: Option<usize>,
) -> Result<Items, String> {
    let all = limit.unwrap_or(usize::MAX);
    match (busy, blocked, ended) {
        (false, false, false) if window.is_some() => {
            return Err("--for needs --busy or --blocked".to_owned());
        }
        (false, false, false) => {}
        _ if [busy, blocked, ended].iter().filter(|flag| **flag).count() > 1 => {
            return Err("--busy, --blocked and --ended exclude each other".to_owned());
        }
        (true, ..) => {
            return Ok(busiest(what, window.unwrap_or(Duration::from_secs(5)), limit.unwrap_or(20)).await);
        }
        (_, true, _) => return Ok(held_up(what, window.unwrap_or(WAITS), all).await),
        (_, _, true) => return Ok(last_ended(what, all)),
    }
    if let Some(id) = what.as_deref().and_then(|what| what.parse().ok()) {
        return stack_of(id, false).await;
    }
    let unseen = console.runtime().map(|runtime| {
        let alive = runtime.metrics().num_alive_tasks();
        alive.saturating_sub(tasks::counted_by(runtime))
    });
    const FEW: [&str; 7] = ["id", "name", "state", "age", "busy", "longest", "spawned"];
    let is_wanted = |task: &TaskInfo| matches(&what, task);
    let is_grouped = session.width().is_some() && limit.is_none();
    let mut groups = (is_grouped && tasks::list().filter(is_wanted).count() > GROUPED).then(Groups::default);
    Ok(produce(async move |items| {
        let mut wanted = tasks::list().filter(|task| matches(&what, task));
        let mut left = all;
        while left > 0 {
            let page: Vec<TaskInfo> = wanted.by_ref().take(left.min(TOGETHER)).collect();
            if page.is_empty() {
                break;
            }
            left -= page.len();
            match &mut groups {
                Some(groups) => items.send_all(groups.take(&page)).await?,
                None => items.send_all(rows(&page, &FEW, pieces::columns)).await?,
            }
        }
        if let Some(groups) = groups {
            items.send(groups.end()).await?;
        }
        items.send_all(rest(if left == 0 { wanted.count() } else { 0 })).await?;
        items.send_all(if left == all { none(&what) } else { Vec::new() }).await?;
        if let Some(unseen) = unseen.filter(|unseen| *unseen > 0) {
            let text = format!(
                "{} not instrumented (spawned without `backdoor_runtime`)",
                others(unseen, "is", "are")
            );
            items.send(Item::note(text, Value::record([("unseen", unseen.into())]))).await?;
        }
        Ok(())
    }))
}

/// The stacks of tasks: where they wait, with file and line
///
/// The console polls each task once and reads where its wakers are registered. A running task is shown with the stack of its thread. A
/// task that is not polled within 200 ms is shown without a stack. The answer includes the locks that a task holds or waits for.
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
        while left > 0 {
            let ids: Vec<u64> = wanted.by_ref().take(left.min(TOGETHER)).collect();
            if ids.is_empty() {
                break;
            }
            left -= ids.len();
            items.send_all(stacks_of(&ids, full).await).await?;
        }
        items.send_all(rest(if left == 0 { wanted.count() } else { 0 })).await?;
        items.send_all(if left == limit { none(&what) } else { Vec::new() }).await
    }))
}

/// Cancel a task: drop it where it waits
///
/// Its `JoinHandle` returns a cancellation error. A task in a poll is dropped when that poll returns.
///
/// Examples:
///   cancel 12
///   cancel 12 --yes
#[backdoor_command(builtin = "tasks", dangerous, on = helper)]
async fn cancel(
    session: Session,
    /// The number of the task
    id: u64,
) -> Result<String, tasks::CancelError> {
    let by = format!("session {} ({})", session.id(), session.peer());
    let task = tasks::cancel(id, &by)?;
    let until = tokio::time::Instant::now() + ENDS;
    while tokio::time::Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(2)).await;
        if tasks::get(id).is_none() {
            return Ok(format!("{} was cancelled", task.title()));
        }
    }
    let state = tasks::get(id).map_or("done".to_owned(), |task| task.state.describe());
    Ok(format!("{} ends at its next poll; it is {state}", task.title()))
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

async fn stack_of(id: u64, full: bool) -> Result<Items, String> {
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

async fn busiest(what: Option<String>, window: Duration, limit: usize) -> Items {
    let begin = Instant::now();
    let (busy, others_polled) = tasks::busy(window, usize::MAX).await;
    let watched = begin.elapsed();
    let matching = busy.iter().filter(|busy| matches(&what, &busy.task));
    let shown: Vec<_> = matching.clone().take(limit).cloned().collect();
    let others_polled = others_polled + matching.count().saturating_sub(shown.len());
    const FEW: [&str; 6] = ["in_window", "percent", "id", "name", "longest", "spawned"];
    let mut items = rows(&shown, &FEW, |busy| {
        let share = busy.busy.as_secs_f64() / watched.as_secs_f64().max(1e-9);
        let mut fields = vec![
            ("in_window", busy.busy.into()),
            ("percent", ((share * 1000.0).round() / 10.0).into()),
            ("polls_in_window", busy.polls.into()),
        ];
        fields.extend(pieces::columns(&busy.task));
        fields
    });
    if others_polled > 0 {
        let text = format!("{} polled", others(others_polled, "was", "were"));
        items.push(Item::note(text, Value::record([("not_shown", others_polled.into())])));
    }
    Items::of(items)
}

async fn held_up(what: Option<String>, window: Duration, limit: usize) -> Items {
    let blocked = tasks::blocked(window).await.into_iter();
    let mut matching = blocked.filter(|blocked| matches(&what, &blocked.task));
    let shown: Vec<_> = matching.by_ref().take(limit).collect();
    const FEW: [&str; 6] = ["why", "id", "name", "state", "longest", "spawned"];
    let mut items = rows(&shown, &FEW, |blocked| {
        let mut fields = vec![("why", blocked.why().into())];
        fields.extend(pieces::columns(&blocked.task));
        fields
    });
    items.extend(rest(matching.count()));
    Items::of(items)
}

fn last_ended(what: Option<String>, limit: usize) -> Items {
    let ended = tasks::ended().into_iter();
    let mut matching = ended.filter(|ended| matches(&what, &ended.task));
    let shown: Vec<EndedTask> = matching.by_ref().take(limit).collect();
    const FEW: [&str; 6] = ["id", "name", "how", "ago", "busy", "spawned"];
    let mut items = rows(&shown, &FEW, |ended| {
        let how = match &ended.how {
            HowEnded::Panicked(message) => {
                format!("panicked: {}", message.lines().next().unwrap_or_default())
            }
            how => how.describe(),
        };
        vec![
            ("id", ended.task.id.into()),
            ("name", ended.task.name.clone().into()),
            ("how", how.into()),
            ("ago", pieces::rounded(ended.ago)),
            ("age", pieces::rounded(ended.task.age)),
            ("polls", ended.task.polls.into()),
            ("busy", ended.task.busy.into()),
            ("longest", ended.task.longest.into()),
            ("parent", ended.task.parent.into()),
            ("spawned", ended.task.spawned.as_str().into()),
        ]
    });
    items.extend(rest(matching.count()));
    Items::of(items)
}

fn matches(what: &Option<String>, task: &TaskInfo) -> bool {
    what.as_ref().is_none_or(|what| task.matches(what))
}

/// A note about tasks beyond the limit, if there are any.
fn rest(more: usize) -> Vec<Item> {
    let text = || format!("{} not shown; --limit shows them", others(more, "is", "are"));
    let note = || Item::note(text(), Value::record([("not_shown", more.into())]));
    (more > 0).then(note).into_iter().collect()
}

/// A note for a pattern without matches.
fn none(what: &Option<String>) -> Vec<Item> {
    let note = |what: &String| {
        let text = format!("no task has `{what}` in its name or in the file where it was spawned");
        Item::note(text, Value::record([("matching", 0.into())]))
    };
    what.iter().map(note).collect()
}

fn others(count: usize, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 more task {one}"),
        _ => format!("{count} more tasks {many}"),
    }
}
