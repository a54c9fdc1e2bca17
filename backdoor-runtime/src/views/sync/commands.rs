//! The commands `locks` and `waits`.

use std::fmt::{self, Write};
use std::time::{Duration, Instant};

use crate::base::sort;
use crate::reply::fitted;
use crate::views::sync::{self, LockInfo, LockUse, LockWindow, UntrackedInfo, Waits};
use crate::views::tasks::waiting::{self, TokioWait};
use crate::views::threads;
use crate::{Column, CommandOutput, Cut, Page, Value, backdoor_command};

/// Locks with their holders and waiters, the longest wait first
///
/// Lists the locks of `backdoor_runtime::sync` that have been used; `waits` shows other locks where the kernel shows them. Times are
/// exact to a tick of the kernel, usually 4 ms. The command stops no thread, so locks can change while it reads them.
///
/// With --for, it watches the locks, and shows how often each was taken, how often and how long threads and tasks waited for it, all together
/// and the longest, and how long it was held. A lock that is waited for longer than it is held is a convoy. The time that it was held is an
/// estimate from samples, 5 ms apart or more.
///
/// Examples:
///   locks
///   locks accounts --limit 20
///   locks --for 5s
#[backdoor_command(builtin = "locks", reads, on = helper, timeout = "10m")]
async fn locks(
    /// Only locks with this text in their name, kind or place
    pattern: Option<String>,
    /// The most locks to show
    #[arg(long, default = 100, range = 1..=100_000)]
    limit: usize,
    /// Watch them for this long
    #[arg(long = "for", range = Duration::ZERO..=Duration::from_secs(300))]
    window: Option<Duration>,
) -> Locks {
    let text = pattern.as_deref().unwrap_or_default();
    let Some(window) = window else {
        let (locks, count) = sync::first_locks(text, limit);
        return Locks { pattern, locks: Listed::Now(locks), count };
    };
    let mut locks = watch(text, window).await;
    let count = locks.len();
    locks.truncate(limit);
    Locks { pattern, locks: Listed::Window(locks), count }
}

/// Samples take at most a twentieth of the helper's time.
async fn watch(pattern: &str, time: Duration) -> Vec<LockUse> {
    const PART: u32 = 20;
    let begin = Instant::now();
    let mut window = LockWindow::begin(pattern);
    while begin.elapsed() < time {
        let sample = Instant::now();
        window.sample();
        let pause = LockWindow::SAMPLE.max(sample.elapsed() * PART);
        tokio::time::sleep(pause.min(time.saturating_sub(begin.elapsed()))).await;
    }
    window.end()
}

/// Threads and tasks that wait for locks, the holders, and deadlocks
///
/// A cycle is reported when it was the same in two reads, 5 ms apart. A task that awaits a lock and something else may still continue.
/// Threads that wait for other locks are shown with the address and the function; the holder of such a lock is unknown. For waits in
/// tokio's own locks, up to 20 tasks that have not been polled for a second are polled once, those of different places first.
///
/// Examples:
///   waits
///   waits --json
#[backdoor_command(builtin = "locks", reads, on = helper)]
async fn waits() -> Waiting {
    // If no thread can be started, the answer has everything that is known without one.
    let seen = threads::aside(sync::waits).await.unwrap_or_else(|error| {
        let mut seen = sync::tracked();
        seen.not_visible = Some(error.to_string());
        seen
    });
    let places = waiting::idle_places(IDLE);
    let (mut tokio, _) = waiting::tokio_waits(&places, WOKEN).await;
    tokio.retain(TokioWait::is_lock);
    Waiting { seen, tokio }
}

/// Tasks that have not been polled for this long may wait in a lock of tokio.
const IDLE: Duration = Duration::from_secs(1);

/// The most tasks that are polled for it.
const WOKEN: usize = 20;

/// All waits, with those in tokio's own locks.
struct Waiting {
    seen: Waits,
    tokio: Vec<TokioWait>,
}

/// Follows the kind of a poisoned lock.
const POISONED: &str = ", poisoned";

const COLUMNS: [Column; 3] =
    [Column::new("taken at").cut(Cut::Start), Column::new("longest").spare(1), Column::new("held").spare(2)];

struct Locks {
    pattern: Option<String>,
    locks: Listed,
    count: usize,
}

enum Listed {
    Now(Vec<LockInfo>),
    Window(Vec<LockUse>),
}

impl CommandOutput for Locks {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        match &self.pattern {
            _ if self.count == 0 && matches!(self.locks, Listed::Window(_)) => {
                return writeln!(page, "no such lock of `backdoor_runtime::sync` was used in this time");
            }
            Some(pattern) if self.count == 0 => {
                return writeln!(page, "no lock has `{pattern}` in its name, kind or place");
            }
            None if self.count == 0 => {
                return writeln!(page, "no lock of `backdoor_runtime::sync` has been used");
            }
            _ => {}
        }
        let shown = match &self.locks {
            Listed::Now(locks) => {
                let rows: Vec<Value> = locks.iter().map(row).collect();
                fitted::table(page, &rows, few, &COLUMNS)?;
                locks.len()
            }
            Listed::Window(locks) => {
                let rows: Vec<Value> = locks.iter().map(used).collect();
                fitted::table(page, &rows, few_used, &[])?;
                locks.len()
            }
        };
        match self.count - shown {
            0 => Ok(()),
            more => writeln!(page, "({more} more; --limit shows them)"),
        }
    }

    fn value(&self) -> Value {
        match &self.locks {
            Listed::Now(locks) => Value::of(locks),
            Listed::Window(locks) => Value::of(locks),
        }
    }
}

/// One lock in a window.
fn used(lock: &LockUse) -> Value {
    Value::record([
        ("lock", lock.name.map_or_else(|| format!("#{}", lock.id), str::to_owned).into()),
        ("kind", lock.kind.into()),
        ("taken", lock.taken.into()),
        ("waits", lock.waits.into()),
        ("waited", lock.waited.into()),
        ("longest wait", lock.longest_wait.into()),
        ("held", lock.held.into()),
        ("longest hold", lock.longest_hold.into()),
        ("made at", fitted::short_place(&lock.made).into()),
    ])
}

/// The columns of a narrow terminal.
fn few_used(row: &Value) -> Value {
    let is_nameless = row["lock"].as_str().is_some_and(|lock| lock.starts_with('#'));
    let lock = row[if is_nameless { "made at" } else { "lock" }].clone();
    let columns = ["taken", "waits", "waited", "longest wait", "held"];
    let columns = columns.map(|column| (column, row[column].clone()));
    Value::record([("lock", lock)].into_iter().chain(columns).collect::<Vec<_>>())
}

/// The places where its threads wait, each once, at most three.
fn places(lock: &UntrackedInfo) -> String {
    const NAMED: usize = 3;
    let mut places: Vec<&str> = lock.threads.iter().filter_map(|thread| thread.at.as_deref()).collect();
    sort::sort(&mut places);
    places.dedup();
    places.truncate(NAMED);
    match places.is_empty() {
        true => String::new(),
        false => format!(", in {}", places.join(", ")),
    }
}

/// One lock as one row. The holder with the longest hold stands for all holders.
fn row(lock: &LockInfo) -> Value {
    let holder = lock.holders.first();
    let more = lock.holders.len().saturating_sub(1) + lock.more_holders as usize;
    let by = holder.map(|holder| match more {
        0 => holder.by.clone(),
        more => format!("{} and {more} more", holder.by),
    });
    let free = match lock.more_holders {
        0 => Value::Null,
        more => format!("{more} not listed").into(),
    };
    let kind = format!("{}{}", lock.kind, if lock.poisoned { POISONED } else { "" });
    Value::record([
        ("lock", lock.name.map_or_else(|| format!("#{}", lock.id), str::to_owned).into()),
        ("kind", kind.into()),
        ("waiting", lock.waiting.into()),
        ("longest", lock.longest_wait.into()),
        ("held by", by.map_or(free, Value::from)),
        ("held", holder.map(|holder| holder.held).into()),
        ("taken at", holder.map(|holder| fitted::short_place(&holder.at)).into()),
        ("made at", fitted::short_place(&lock.made).into()),
    ])
}

/// The columns of a narrow terminal. A lock without a name is shown by the place of its creation.
fn few(row: &Value) -> Value {
    let text = |column: &str| row[column].as_str().unwrap_or_default().to_owned();
    let mut lock = text("lock");
    if lock.starts_with('#') {
        lock = text("made at");
    }
    if text("kind").ends_with(POISONED) {
        lock.push_str(POISONED);
    }
    let columns = ["waiting", "longest", "held by", "held", "taken at"];
    let columns = columns.map(|column| (column, row[column].clone()));
    Value::record([("lock", lock.into())].into_iter().chain(columns).collect::<Vec<_>>())
}

impl CommandOutput for Waiting {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        self.seen.text(page)?;
        if !self.tokio.is_empty() {
            writeln!(page, "locks of tokio, whose holder is unknown:")?;
        }
        self.tokio.iter().try_for_each(|wait| fitted::sentence(page, 2, &wait.describe()))
    }

    fn value(&self) -> Value {
        let Value::Record(mut fields) = Value::of(&self.seen) else { return Value::Null };
        fields.push(("tokio".into(), Value::of(&self.tokio)));
        Value::Record(fields)
    }
}

impl CommandOutput for Waits {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        if !self.cycles.is_empty() {
            writeln!(page, "cycles, in which each member waits for the next:")?;
            for cycle in &self.cycles {
                fitted::sentence(page, 2, &cycle.text)?;
            }
        }
        match self.waiting {
            0 => writeln!(page, "no thread or task waits for a lock of `backdoor_runtime::sync`")?,
            _ => writeln!(page, "waiting:")?,
        }
        for edge in &self.edges {
            fitted::sentence(page, 2, &edge.text)?;
        }
        if self.waiting > self.edges.len() {
            writeln!(page, "  and {} more", self.waiting - self.edges.len())?;
        }
        if !self.untracked.is_empty() {
            writeln!(page, "untracked locks, whose holder is unknown:")?;
        }
        for lock in &self.untracked {
            let names = lock.threads.iter().map(|thread| format!("{} `{}`", thread.thread, thread.name));
            let names = names.collect::<Vec<_>>().join(", ");
            let more = match lock.waiting - lock.threads.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let thread = if lock.waiting == 1 { "thread" } else { "threads" };
            let text = format!(
                "{thread} {names}{more} at futex {}, which looks like {}{}",
                lock.address,
                lock.looks_like,
                places(lock)
            );
            fitted::sentence(page, 2, &text)?;
        }
        if self.untold > 0 {
            let (threads, wait) = if self.untold == 1 { ("thread", "waits") } else { ("threads", "wait") };
            let text = format!(
                "{} {threads} {wait} at a futex, for a lock or idle: the stacks do not show which",
                self.untold
            );
            fitted::sentence(page, 0, &text)?;
        }
        match &self.not_visible {
            Some(why) => fitted::sentence(
                page,
                0,
                &format!("threads that wait for other locks are not visible: {why}"),
            ),
            None => Ok(()),
        }
    }

    fn value(&self) -> Value {
        Value::of(self)
    }
}
