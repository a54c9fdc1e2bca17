//! A task's row in a list, and its stack with the locks that it holds and waits for.

use std::fmt::{self, Write};
use std::time::Duration;

use serde_core::Serialize;

use crate::reply::fitted;
use crate::reply::items::{self, Field, Item};
use crate::views::sync::TaskLocks;
use crate::views::tasks::{self, Frame, Leaf, TaskInfo, TaskStack, TaskState};
use crate::views::threads::ThreadStack;
use crate::{Column, CommandOutput, Cut, Page, Value};

/// The columns of a task for a narrow terminal.
pub(super) const FEW: [&str; 8] = ["id", "name", "state", "idle", "age", "busy", "longest", "spawned"];

/// The columns that may shrink, the least important first.
const COLUMNS: [Column; 7] = [
    Column::new("spawned").cut(Cut::Start).spare(5),
    Column::new("idle").spare(4),
    Column::new("busy").spare(1),
    Column::new("longest").spare(2),
    Column::new("age").spare(3),
    Column::new("in_window").spare(2),
    Column::new("ago").spare(3),
];

/// Rows of one table: for a terminal with these columns, or with the columns `few` if the terminal is too narrow for all.
pub(super) fn rows<T: Serialize>(
    all: &[T],
    few: &'static [&'static str],
    columns: impl Fn(&T) -> Vec<Field>,
) -> Vec<Item> {
    items::rows_shown(all, columns, |page, table| {
        fitted::table(page, table, |row| few_of(row, few), &COLUMNS)
    })
}

/// The columns of a task in a list.
pub(super) fn columns(task: &TaskInfo) -> Vec<Field> {
    let state = match &task.state {
        TaskState::Running { tid, .. } => format!("running on {tid}"),
        other => other.as_str().to_owned(),
    };
    vec![
        ("id", task.id.into()),
        ("name", task.name.clone().into()),
        ("state", state.into()),
        ("idle", task.idle.map(rounded).into()),
        ("age", rounded(task.age)),
        ("polls", task.polls.into()),
        ("busy", task.busy.into()),
        ("longest", task.longest.into()),
        ("parent", task.parent.into()),
        ("spawned", task.spawned.as_str().into()),
    ]
}

/// Rounded for the reader.
pub(super) fn rounded(length: Duration) -> Value {
    tasks::rounded(length).into()
}

/// A task with its await stack and its locks.
pub(super) fn stack(stack: TaskStack, locks: TaskLocks, full: bool) -> Item {
    Item::of(Shown { stack, locks, full })
}

struct Shown {
    stack: TaskStack,
    locks: TaskLocks,
    full: bool,
}

impl CommandOutput for Shown {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        stack_text(&self.stack, &self.locks, self.full, page)
    }

    fn value(&self) -> Value {
        stack_value(&self.stack, &self.locks)
    }
}

/// These columns of a row; the place where the task was spawned is shortened to its end.
pub(super) fn few_of(row: &Value, few: &[&'static str]) -> Value {
    let field = |&name: &&'static str| match (name, row[name].as_str()) {
        ("spawned" | "site", Some(place)) => (name, fitted::short_place(place).into()),
        _ => (name, row[name].clone()),
    };
    Value::record(few.iter().map(field).collect::<Vec<Field>>())
}

pub(super) fn stack_text(
    stack: &TaskStack,
    locks: &TaskLocks,
    full: bool,
    page: &mut Page<'_>,
) -> fmt::Result {
    let task = &stack.task;
    let polls = if task.polls == 1 { "poll" } else { "polls" };
    let title = format!(
        "{}, {}, {} old, {} {polls}, spawned at {}",
        task.title(),
        state(task),
        rounded_text(task.age),
        task.polls,
        task.spawned
    );
    fitted::sentence(page, 0, &title)?;
    parents(task, page)?;
    body(stack, full, page)?;
    for lock in locks.waits.iter().chain(&locks.holds) {
        fitted::sentence(page, 2, lock)?;
    }
    Ok(())
}

/// The state, with the time since its last poll.
fn state(task: &TaskInfo) -> String {
    match (&task.state, task.idle) {
        (TaskState::Idle, Some(idle)) => format!("idle for {}", rounded_text(idle)),
        (state, _) => state.describe(),
    }
}

/// The tasks that spawned and await it.
pub(super) fn parents(task: &TaskInfo, page: &mut Page<'_>) -> fmt::Result {
    match (task.parent, task.awaited_by) {
        (Some(parent), Some(by)) => writeln!(page, "  spawned by task {parent}, awaited by task {by}")?,
        (Some(parent), None) => writeln!(page, "  spawned by task {parent}")?,
        (None, Some(by)) => writeln!(page, "  awaited by task {by}")?,
        (None, None) => {}
    }
    Ok(())
}

/// Where it waits.
pub(super) fn body(stack: &TaskStack, full: bool, page: &mut Page<'_>) -> fmt::Result {
    let mut before: Vec<String> = Vec::new();
    for leaf in &stack.leaves {
        let lines = leaf_lines(leaf, full);
        // Two leaves share the functions up to the point where their stacks differ.
        let shared = lines.iter().zip(&before).take_while(|(line, before)| line == before).count();
        let shared = shared.min(lines.len().saturating_sub(1));
        for (depth, line) in lines.iter().enumerate().skip(shared) {
            writeln!(page, "{:indent$}{line}", "", indent = 2 * (depth + 1))?;
        }
        before = lines;
    }
    if let Some(missing) = &stack.missing {
        fitted::sentence(page, 2, missing)?;
    }
    if let Some(thread) = &stack.thread {
        writeln!(page, "  the stack of its thread, innermost first:")?;
        let why_not = thread.missing.iter().map(|missing| format!("no stack: {missing}"));
        for line in why_not.chain(thread.lines(full)) {
            writeln!(page, "    {line}")?;
        }
    }
    Ok(())
}

pub(super) fn rounded_text(length: Duration) -> String {
    rounded(length).to_text(None).trim_end().to_owned()
}

pub(super) fn leaf_lines(leaf: &Leaf, full: bool) -> Vec<String> {
    let frames = leaf.frames.iter().filter(|frame| full || frame.is_own);
    let mut lines: Vec<String> = frames.map(Frame::describe).collect();
    let mut last = match (&leaf.waits_for, leaf.woke_itself) {
        (Some(what), false) => format!("waits for {what}"),
        (None, false) => "waits here".to_owned(),
        (Some(what), true) => format!("woke itself in {what}"),
        (None, true) => match leaf.frames.iter().rfind(|frame| frame.is_own) {
            Some(frame) => format!("woke itself in {}", frame.short_function()),
            None => "woke itself here".to_owned(),
        },
    };
    if leaf.times > 1 {
        last.push_str(&format!(", {} times", leaf.times));
    }
    if leaf.hides_members {
        last.push_str(" (its members are not shown: a poll visits only woken ones)");
    }
    lines.push(last);
    lines
}

pub(super) fn stack_value(stack: &TaskStack, locks: &TaskLocks) -> Value {
    let frame = |frame: &Frame| {
        Value::record([
            ("function", frame.function.as_str().into()),
            ("file", frame.file.clone().into()),
            ("line", frame.line.into()),
            ("own", frame.is_own.into()),
            ("times", frame.times.into()),
        ])
    };
    let leaf = |leaf: &Leaf| {
        Value::record([
            ("waits_for", leaf.waits_for.clone().into()),
            ("woke_itself", leaf.woke_itself.into()),
            ("times", leaf.times.into()),
            ("hides_members", leaf.hides_members.into()),
            ("frames", leaf.frames.iter().map(frame).collect::<Vec<_>>().into()),
        ])
    };
    let Value::Record(mut fields) = Value::of(&stack.task) else { return Value::Null };
    fields.push(("leaves".into(), stack.leaves.iter().map(leaf).collect::<Vec<_>>().into()));
    fields.push(("missing".into(), stack.missing.clone().into()));
    fields.push(("thread_stack".into(), stack.thread.as_ref().map(ThreadStack::value).into()));
    fields.push(("locks".into(), Value::of(locks)));
    Value::Record(fields)
}
