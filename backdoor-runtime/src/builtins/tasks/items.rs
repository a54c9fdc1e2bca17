//! The pieces of an answer about tasks: rows of tables, stacks, and a note at the end. They are made as fast as they are read.

use std::collections::VecDeque;
use std::fmt::{self, Write};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use serde::Serialize;
use tokio::sync::mpsc;

use crate::builtins::fitted;
use crate::sync::TaskLocks;
use crate::tasks::{self, Frame, Leaf, TaskInfo, TaskStack, TaskState};
use crate::threads::ThreadStack;
use crate::{CommandOutput, Page, Value};

/// Items that are made before they are read.
const AHEAD: usize = 64;

/// A column of a table, and what stands in it.
pub(super) type Column = (&'static str, Value);

/// One piece.
pub(super) struct Item {
    value: Value,
    text: Text,
}

enum Text {
    /// Shown with the first row of its table.
    InTable,
    /// With the columns that a narrow terminal has room for.
    Table(Vec<Value>, &'static [&'static str]),
    Stack(Box<TaskStack>, TaskLocks, bool),
    Note(String),
}

/// Pieces, as they are made.
pub(super) struct Items {
    ready: VecDeque<Item>,
    more: Option<mpsc::Receiver<Item>>,
}

/// Where the pieces go.
pub(super) struct Sender(mpsc::Sender<Item>);

/// Nobody reads any more.
pub(super) struct Gone;

/// Makes pieces in a task of their own.
pub(super) fn produce<F, M>(make: M) -> Items
where
    M: FnOnce(Sender) -> F + Send + 'static,
    F: Future<Output = Result<(), Gone>> + Send + 'static,
{
    let (sender, more) = mpsc::channel(AHEAD);
    tokio::spawn(make(Sender(sender)));
    Items { ready: VecDeque::new(), more: Some(more) }
}

impl Sender {
    pub(super) async fn send(&self, item: Item) -> Result<(), Gone> {
        self.0.send(item).await.map_err(|_| Gone)
    }

    pub(super) async fn send_all(&self, items: Vec<Item>) -> Result<(), Gone> {
        for item in items {
            self.send(item).await?;
        }
        Ok(())
    }
}

impl Items {
    pub(super) fn of(items: impl IntoIterator<Item = Item>) -> Self {
        Self { ready: items.into_iter().collect(), more: None }
    }
}

impl Stream for Items {
    type Item = Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Item>> {
        match (self.ready.pop_front(), &mut self.more) {
            (Some(item), _) => Poll::Ready(Some(item)),
            (None, Some(more)) => more.poll_recv(context),
            (None, None) => Poll::Ready(None),
        }
    }
}

/// Rows of one table: for a machine with all that is known of each, for a person with these columns, or with the few of these names.
pub(super) fn rows<T: Serialize>(
    all: &[T],
    few: &'static [&'static str],
    columns: impl Fn(&T) -> Vec<Column>,
) -> Vec<Item> {
    let table = all.iter().map(|row| Value::record(columns(row))).collect();
    let mut items: Vec<Item> =
        all.iter().map(|row| Item { value: Value::of(row), text: Text::InTable }).collect();
    if let Some(first) = items.first_mut() {
        first.text = Text::Table(table, few);
    }
    items
}

/// The columns of a task in a list.
pub(super) fn columns(task: &TaskInfo) -> Vec<Column> {
    let state = match &task.state {
        TaskState::Running { tid, .. } => format!("running on {tid}"),
        other => other.as_str().to_owned(),
    };
    vec![
        ("id", task.id.into()),
        ("name", task.name.clone().into()),
        ("state", state.into()),
        ("age", rounded(task.age)),
        ("polls", task.polls.into()),
        ("busy", task.busy.into()),
        ("longest", task.longest.into()),
        ("parent", task.parent.into()),
        ("spawned", task.spawned.as_str().into()),
    ]
}

/// As exact as a person wants it.
pub(super) fn rounded(length: Duration) -> Value {
    tasks::rounded(length).into()
}

impl Item {
    pub(super) fn stack(stack: TaskStack, locks: TaskLocks, full: bool) -> Self {
        Self { value: stack_value(&stack, &locks), text: Text::Stack(Box::new(stack), locks, full) }
    }

    pub(super) fn note(text: String, value: Value) -> Self {
        Self { value, text: Text::Note(text) }
    }
}

impl CommandOutput for Item {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        match &self.text {
            Text::InTable => Ok(()),
            Text::Table(rows, few) => fitted::table(page, rows, |row| few_of(row, few)),
            Text::Stack(stack, locks, full) => stack_text(stack, locks, *full, page),
            Text::Note(text) => writeln!(page, "{text}"),
        }
    }

    fn value(&self) -> Value {
        self.value.clone()
    }
}

/// These columns of a row, and of the place where the task was spawned the end.
fn few_of(row: &Value, few: &[&'static str]) -> Value {
    let field = |&name: &&'static str| match (name, row[name].as_str()) {
        ("spawned", Some(place)) => (name, fitted::short_place(place).into()),
        _ => (name, row[name].clone()),
    };
    Value::record(few.iter().map(field).collect::<Vec<Column>>())
}

fn stack_text(stack: &TaskStack, locks: &TaskLocks, full: bool, page: &mut Page<'_>) -> fmt::Result {
    let task = &stack.task;
    let polls = if task.polls == 1 { "poll" } else { "polls" };
    let title = format!(
        "{}, {}, {} old, {} {polls}, spawned at {}",
        task.title(),
        task.state.describe(),
        rounded_text(task.age),
        task.polls,
        task.spawned
    );
    fitted::sentence(page, 0, &title)?;
    match (task.parent, task.awaited_by) {
        (Some(parent), Some(by)) => writeln!(page, "  spawned by task {parent}, awaited by task {by}")?,
        (Some(parent), None) => writeln!(page, "  spawned by task {parent}")?,
        (None, Some(by)) => writeln!(page, "  awaited by task {by}")?,
        (None, None) => {}
    }
    let mut before: Vec<String> = Vec::new();
    for leaf in &stack.leaves {
        let lines = leaf_lines(leaf, full);
        // Two leaves share the way up to where they part.
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
    for lock in locks.waits.iter().chain(&locks.holds) {
        fitted::sentence(page, 2, lock)?;
    }
    Ok(())
}

fn rounded_text(length: Duration) -> String {
    rounded(length).to_text(None).trim_end().to_owned()
}

fn leaf_lines(leaf: &Leaf, full: bool) -> Vec<String> {
    let frames = leaf.frames.iter().filter(|frame| full || frame.is_own);
    let mut lines: Vec<String> = frames.map(Frame::describe).collect();
    let mut last = match (&leaf.waits_for, leaf.woke_itself) {
        (Some(what), false) => format!("waits for {what}"),
        (None, false) => "waits here".to_owned(),
        (Some(what), true) => format!("woke itself in {what}"),
        (None, true) => "woke itself here".to_owned(),
    };
    if leaf.times > 1 {
        last.push_str(&format!(", {} times", leaf.times));
    }
    lines.push(last);
    lines
}

fn stack_value(stack: &TaskStack, locks: &TaskLocks) -> Value {
    let frame = |frame: &Frame| {
        Value::record([
            ("function", frame.function.as_str().into()),
            ("file", frame.file.clone().into()),
            ("line", frame.line.into()),
            ("own", frame.is_own.into()),
        ])
    };
    let leaf = |leaf: &Leaf| {
        Value::record([
            ("waits_for", leaf.waits_for.clone().into()),
            ("woke_itself", leaf.woke_itself.into()),
            ("times", leaf.times.into()),
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
