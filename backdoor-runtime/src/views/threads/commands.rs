//! The commands `threads` and `pnt`: the native threads, their system calls and their stacks.

use std::fmt::{self, Write};
use std::time::Duration;

use crate::reply::fitted;
use crate::views::tasks::{self, TaskInfo, TaskState};
use crate::views::threads::nameless;
use crate::views::threads::silent::COLLECTOR;
use crate::views::threads::{self, StackError, Stacks, Thread, ThreadStack, Watch};
use crate::{Column, CommandOutput, Cut, Page, Value, backdoor_command};

/// The native threads, the busiest first, and their system calls
///
/// Watches the threads for a second or for --for, without interrupting them. `task` is the task that a thread polls, if it is instrumented.
/// `cpu_wait` is the share of the window in which a thread could run and had to wait
/// for a processor; a policy or nice value other than the process's is shown with it.
/// A narrow terminal shows the most important columns. With --top, shows only the busiest threads, with their stacks.
///
/// Examples:
///   threads --for 5s
///   threads --top 3
#[backdoor_command(builtin = "threads", reads, on = helper, timeout = "10m")]
async fn threads(
    /// How long to watch
    #[arg(long = "for", default = Duration::from_secs(1), range = Duration::ZERO..=Duration::from_secs(300))]
    window: Duration,
    /// Show threads of the console, too
    all: bool,
    /// The most threads to show, with their stacks
    #[arg(long, range = 1..=1000)]
    top: Option<usize>,
) -> Result<Threads, StackError> {
    let watch = threads::aside(Watch::begin).await??;
    tokio::time::sleep(window).await;
    let (threads, running) = threads::aside(move || (watch.end(), tasks::running())).await?;
    let mut threads = threads?;
    let count = threads.len();
    threads.retain(|thread| all || !is_own(&thread.name));
    let own = count - threads.len();
    let stacks = match top {
        Some(top) => {
            threads.truncate(top);
            let tids: Vec<i32> = threads.iter().map(|thread| thread.tid).collect();
            Some(threads::aside(move || threads::stacks_of(&tids)).await??)
        }
        None => None,
    };
    Ok(Threads { threads, running, stacks, own })
}

/// The stacks of the native threads, equal stacks together
///
/// Sleeping threads are not interrupted; a running thread is interrupted for a few microseconds. Frames inside std, tokio and the console
/// are folded into one line, unless `--full`. A thread that does not handle the signal within 200 ms is shown with the state from /proc.
///
/// Reading names and lines takes at most 16 MiB of memory (`Builder::symbol_memory`), and no more than is free. If that is too little,
/// functions have names without lines, and the answer says so. Less than 1 MiB of names is kept (`self`).
///
/// Examples:
///   pnt
///   pnt worker --full
#[backdoor_command(builtin = "threads", reads, on = helper)]
async fn pnt(
    /// Only threads with this text in their name or stack, or with this id
    pattern: Option<String>,
    /// Show the frames inside std, tokio and the console
    full: bool,
    /// Signal sleeping threads, too; their system calls may fail with EINTR
    interrupt: bool,
) -> Result<Pnt, StackError> {
    let take = if interrupt { threads::stacks_interrupting } else { threads::stacks };
    let mut stacks = threads::aside(take).await??;
    let all = stacks.threads.len();
    let Some(pattern) = &pattern else {
        return Ok(Pnt { stacks, all, unseen: Vec::new(), full });
    };
    let missing =
        |thread: &ThreadStack| Some((thread.tid, thread.missing.clone().filter(|why| why != COLLECTOR)?));
    let mut unseen: Vec<(i32, String)> = stacks.threads.iter().filter_map(missing).collect();
    stacks = stacks.matching(pattern);
    unseen.retain(|(tid, _)| stacks.threads.iter().all(|shown| shown.tid != *tid));
    Ok(Pnt { stacks, all, unseen: unseen.into_iter().map(|(_, why)| why).collect(), full })
}

const COLUMNS: [Column; 4] = [
    Column::new("name").whole(),
    Column::new("task").cut(Cut::Middle).spare(2),
    Column::new("tid").spare(3),
    Column::new("state").spare(1),
];

struct Threads {
    threads: Vec<Thread>,
    /// Tasks that are being polled, each on one of the threads.
    running: Vec<TaskInfo>,
    stacks: Option<Stacks>,
    /// How many of the console's own threads were left out.
    own: usize,
}

/// Whether a thread is the console's own.
fn is_own(name: &str) -> bool {
    name.starts_with("backdoor-")
}

impl Threads {
    /// The thread, and the task that it polls.
    fn row(&self, thread: &Thread) -> Value {
        let Value::Record(mut fields) = thread.value() else { return Value::Null };
        let polls = |task: &&TaskInfo| match task.state {
            TaskState::Running { tid, .. } => tid.cast_signed() == thread.tid,
            _ => false,
        };
        fields.push(("task".into(), self.running.iter().find(polls).map(TaskInfo::title).into()));
        Value::Record(fields)
    }
}

/// The columns of a narrow terminal: the system call, else the function of the kernel; the polled task, else the role in tokio.
fn few(row: &Value) -> Value {
    let first = |one: &str, other: &str| match &row[one] {
        Value::Null => row[other].clone(),
        value => value.clone(),
    };
    let state = match (&row["state"], &row["scheduling"]) {
        (Value::Text(state), Value::Text(scheduling)) => format!("{state}, {scheduling}").into(),
        (state, _) => state.clone(),
    };
    Value::record([
        ("name", row["name"].clone()),
        ("tid", row["tid"].clone()),
        ("state", state),
        ("cpu_percent", row["cpu_percent"].clone()),
        ("cpu_wait", row["cpu_wait_percent"].clone()),
        ("in", first("system_call", "wait_channel")),
        ("task", first("task", "role")),
    ])
}

impl CommandOutput for Threads {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        let rows: Vec<Value> = self.threads.iter().map(|thread| self.row(thread)).collect();
        fitted::table(page, &rows, few, &COLUMNS)?;
        match self.own {
            // `--top` asks for the busiest threads only.
            _ if self.stacks.is_some() => {}
            0 => {}
            1 => writeln!(page, "(1 thread of the console is hidden; --all shows it)")?,
            own => writeln!(page, "({own} threads of the console are hidden; --all shows them)")?,
        }
        let Some(stacks) = &self.stacks else { return Ok(()) };
        // In the order of the table, each thread alone.
        for thread in &self.threads {
            let mut one = stacks.clone();
            one.threads.retain(|stack| stack.tid == thread.tid);
            groups(page, &one, false)?;
        }
        lines_or_why_not(page, stacks)
    }

    fn value(&self) -> Value {
        let with_stack = |thread: &Thread| {
            let Value::Record(mut fields) = self.row(thread) else { return Value::Null };
            if let Some(stacks) = &self.stacks {
                let stack = stacks.threads.iter().find(|stack| stack.tid == thread.tid);
                fields.push(("stack".into(), stack.map(ThreadStack::value).into()));
            }
            Value::Record(fields)
        };
        self.threads.iter().map(with_stack).collect()
    }
}

struct Pnt {
    stacks: Stacks,
    /// How many threads there were before the pattern was applied.
    all: usize,
    /// Why threads that are not shown have no stack to search.
    unseen: Vec<String>,
    full: bool,
}

impl CommandOutput for Pnt {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        groups(page, &self.stacks, self.full)?;
        lines_or_why_not(page, &self.stacks)?;
        let shown = self.stacks.threads.len();
        if shown == 0 {
            let all = self.all;
            return match self.unseen.as_slice() {
                [] => writeln!(page, "none of the {all} threads has this text in its name or stack"),
                [why, ..] if self.unseen.len() + 1 >= all => {
                    writeln!(
                        page,
                        "none of the {all} threads has this text in its name; no stack could be read: {why}"
                    )
                }
                [why, ..] => writeln!(
                    page,
                    "none of the {all} threads has this text in its name or stack; {}: {why}",
                    without_stack("thread", self.unseen.len())
                ),
            };
        }
        let held = self.stacks.threads.iter().filter_map(|thread| thread.held).max().unwrap_or_default();
        let of = if shown < self.all { format!("{shown} of {}", self.all) } else { shown.to_string() };
        let s = if self.all == 1 { "" } else { "s" };
        let (took, held) = (short(self.stacks.took), short(held));
        writeln!(page, "{of} thread{s} in {took}; the longest interruption was {held}")?;
        match self.unseen.as_slice() {
            [] => Ok(()),
            [why, ..] => writeln!(page, "{}: {why}", without_stack("other thread", self.unseen.len())),
        }
    }

    fn value(&self) -> Value {
        self.stacks.groups(self.full).iter().map(threads::Group::value).collect()
    }
}

fn without_stack(what: &str, count: usize) -> String {
    match count {
        1 => format!("1 {what} has no stack"),
        _ => format!("{count} {what}s have no stack"),
    }
}

/// A duration in the console's usual form, but no finer than a microsecond.
fn short(duration: Duration) -> String {
    let micros = duration.as_nanos().div_ceil(1000);
    Value::from(Duration::from_micros(micros.try_into().unwrap_or(u64::MAX)))
        .to_text(None)
        .trim_end()
        .to_owned()
}

fn groups(page: &mut Page<'_>, stacks: &Stacks, full: bool) -> fmt::Result {
    let mut said: Vec<&str> = Vec::new();
    let groups = stacks.groups(full);
    for group in &groups {
        fitted::sentence(page, 0, &group.title())?;
        for line in &group.lines {
            writeln!(page, "    {line}")?;
        }
        match group.threads[0].missing.as_deref() {
            Some(missing) if said.contains(&missing) => writeln!(page, "    no stack: same reason as above")?,
            Some(missing) => {
                writeln!(page, "    no stack: {missing}")?;
                said.push(missing);
            }
            None => {}
        }
    }
    Ok(())
}

fn lines_or_why_not(page: &mut Page<'_>, stacks: &Stacks) -> fmt::Result {
    match nameless::why(stacks.nameless.as_deref(), stacks.has_lines()) {
        Some(why) => writeln!(page, "{why}"),
        None => Ok(()),
    }
}
