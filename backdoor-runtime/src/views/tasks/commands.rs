//! The commands `tasks`, `pgt`, `runtime` and `cancel`: the service's asynchronous tasks.

mod by;
mod fold;
mod groups;
mod lists;
mod pieces;
mod runtime;
mod stacks;

use std::time::Duration;

use crate::reply::items::{Item, Items, produce};
use crate::views::tasks::commands::by::Grouping;
use crate::views::tasks::commands::groups::Groups;
use crate::views::tasks::commands::lists::Order;
use crate::views::tasks::commands::pieces::rows;
use crate::views::tasks::{self, TaskInfo};
use crate::{Console, Session, State, Value, backdoor_command};

/// More tasks than this are shown in groups.
const GROUPED: usize = 50;

/// How many tasks `--busy` and `--sort` show.
const TOP: usize = 20;

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
/// Lists tasks that were spawned with `backdoor_runtime`, and counts the others. `idle` is the time since the last poll of a task, or since
/// it was spawned if it was not polled yet. A terminal shows more than 50 tasks in groups by name and place; --limit lists single tasks.
/// --by counts the tasks that start and end in a window, by the place where they were spawned or by name: the first 1,024 of each are told
/// apart. A narrow terminal shows the most important columns.
///
/// Examples:
///   tasks --busy --for 10s
///   tasks --idle 1m --sort idle
///   tasks --by site --for 5s
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
    /// Only tasks that have not been polled for this long
    #[arg(long)]
    idle: Option<Duration>,
    /// The first tasks in this order
    #[arg(long)]
    sort: Option<Order>,
    /// One row for each place or name, in a window of 1s or of --for
    #[arg(long)]
    by: Option<Grouping>,
    /// The window of --busy, --blocked and --by
    #[arg(long = "for", range = SHORTEST..=LONGEST)]
    window: Option<Duration>,
    /// The most tasks or groups to show; without it all, or 20 with --busy and --sort
    #[arg(long, range = 1..=1_000_000)]
    limit: Option<usize>,
) -> Result<Items, String> {
    let all = limit.unwrap_or(usize::MAX);
    if [busy, blocked, ended, by.is_some()].iter().filter(|flag| **flag).count() > 1 {
        return Err("--busy, --blocked, --ended and --by exclude each other".to_owned());
    }
    if (busy || blocked || ended || by.is_some()) && (idle.is_some() || sort.is_some()) {
        return Err(
            "--idle and --sort are for the list of all tasks: without --busy, --blocked, --ended and --by"
                .to_owned(),
        );
    }
    if window.is_some() && !busy && !blocked && by.is_none() {
        return Err("--for needs --busy, --blocked or --by".to_owned());
    }
    if busy {
        let window = window.unwrap_or(Duration::from_secs(5));
        return Ok(lists::busiest(what, window, limit.unwrap_or(TOP)).await);
    }
    if blocked {
        return Ok(lists::held_up(what, window.unwrap_or(WAITS), all).await);
    }
    if ended {
        return Ok(lists::last_ended(what, all));
    }
    if let Some(by) = by {
        return Ok(by::groups(by, what, window.unwrap_or(Duration::from_secs(1)), all).await);
    }
    let is_plain = idle.is_none() && sort.is_none();
    if let Some(id) = what.as_deref().filter(|_| is_plain).and_then(|what| what.parse().ok()) {
        return stacks::stack_of(id, false).await;
    }
    let wanted = Wanted { what, idle };
    if let Some(order) = sort {
        return Ok(lists::sorted(&wanted, order, limit.unwrap_or(TOP)));
    }
    let unseen = console.runtime().map(|runtime| {
        let alive = runtime.metrics().num_alive_tasks();
        alive.saturating_sub(tasks::counted_by(runtime))
    });
    let is_grouped = session.width().is_some() && limit.is_none();
    let has_many = || tasks::list().filter(|task| wanted.has(task)).count() > GROUPED;
    let mut groups = (is_grouped && has_many()).then(Groups::default);
    Ok(produce(async move |items| {
        let mut tasks = tasks::list().filter(|task| wanted.has(task));
        let mut left = all;
        while left > 0 {
            let page: Vec<TaskInfo> = tasks.by_ref().take(left.min(TOGETHER)).collect();
            if page.is_empty() {
                break;
            }
            left -= page.len();
            match &mut groups {
                Some(groups) => items.send_all(groups.take(&page)).await?,
                None => items.send_all(rows(&page, &pieces::FEW, pieces::columns)).await?,
            }
        }
        if let Some(groups) = groups {
            items.send(groups.end()).await?;
        }
        items.send_all(rest(if left == 0 { tasks.count() } else { 0 })).await?;
        items.send_all(if left == all { wanted.none() } else { Vec::new() }).await?;
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

/// Which tasks are listed.
struct Wanted {
    what: Option<String>,
    /// Only those that are idle for at least this long.
    idle: Option<Duration>,
}

impl Wanted {
    fn has(&self, task: &TaskInfo) -> bool {
        let is_idle = |least: Duration| task.idle.is_some_and(|idle| idle >= least);
        matches(&self.what, task) && self.idle.is_none_or(is_idle)
    }

    /// A note if there is no such task.
    fn none(&self) -> Vec<Item> {
        let Some(idle) = self.idle else { return none(&self.what) };
        let idle = crate::reply::text::duration(&idle);
        let what =
            self.what.as_ref().map(|what| format!(" with `{what}` in its name or file")).unwrap_or_default();
        let text = format!("no task{what} has been idle for {idle}");
        vec![Item::note(text, Value::record([("matching", 0.into())]))]
    }
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
