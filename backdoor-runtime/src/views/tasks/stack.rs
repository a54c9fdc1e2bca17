//! Await stacks: requests to tasks, and their answers as values.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::views::tasks::names;
use crate::views::tasks::probe::{self, Found, Path, Together, Trace};
use crate::views::tasks::record::{Record, State};
use crate::views::tasks::{TaskInfo, registry, thread};
use crate::views::threads::owner::Owner;
use crate::views::threads::symbols::Names;
use crate::views::threads::{self, Frame as Symbol, ThreadStack};

/// The time within which tasks must be polled.
const POLLED: Duration = Duration::from_millis(200);

/// The stack of a task at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskStack {
    /// The task, right after the request.
    pub task: TaskInfo,
    /// The places where it waits: several for `select!` and `join!`.
    pub leaves: Vec<Leaf>,
    /// The thread that it runs on, if its poll does not return.
    pub thread: Option<ThreadStack>,
    /// The reason for missing parts.
    pub missing: Option<String>,
    /// The reason why functions have no names, files or lines, if the program has them.
    pub nameless: Option<String>,
}

/// A place where a task waits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Leaf {
    /// The type or function of a library that the innermost function of the author awaits.
    pub waits_for: Option<String>,
    /// Whether it woke the task itself, as a yield does.
    pub woke_itself: bool,
    /// The number of equal leaves, such as the members of a `join_all`.
    pub times: usize,
    /// The functions up to it, outermost first; those of a recursion once.
    pub frames: Vec<Frame>,
    /// Whether it is a collection that polls only its woken members: no poll shows the others.
    pub(crate) hides_members: bool,
}

/// A function of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Frame {
    /// Its path, without generics and closures.
    pub function: String,
    /// The source file, if there is debug information.
    pub file: Option<String>,
    /// The line in the file.
    pub line: Option<u32>,
    /// Whether it is code of the author: not of std, a dependency or the console.
    pub is_own: bool,
    pub(crate) short_file: Option<String>,
    /// How many levels of a recursion are at this line.
    pub(crate) times: usize,
}

/// The stacks of these tasks, in this order, without ended tasks. It takes at most 200 ms, and longer the first time, to read the debug
/// information of the program. Each task is polled once for it. A task that is not polled has a reason in `missing`; a task whose poll
/// does not return has the stack of its thread.
///
/// Call it on a runtime with timers that cannot be blocked.
///
/// ```
/// # #[tokio::main]
/// # async fn main() {
/// use backdoor_runtime::{spawn, tasks};
///
/// let task = spawn(std::future::pending::<()>());
/// let sleeper = spawn(tokio::time::sleep(std::time::Duration::from_secs(60)));
/// let stacks = tasks::stacks(&[task.id(), sleeper.id()]).await;
/// assert!(stacks[0].leaves.is_empty(), "it never registers to be woken");
/// assert_eq!(stacks[1].leaves[0].waits_for.as_deref(), Some("tokio::time::sleep::Sleep"));
/// # }
/// ```
pub async fn stacks(tasks: &[u64]) -> Vec<TaskStack> {
    let records: Vec<Arc<Record>> =
        tasks.iter().filter_map(|id| registry::get(NonZeroU64::new(*id)?)).collect();
    let together = Together::new(records.len());
    let asked: Vec<(Arc<Record>, Arc<Trace>)> =
        records.into_iter().map(|record| (record, Arc::new(Trace::new(together.clone())))).collect();
    for (record, trace) in &asked {
        record.ask(trace.clone());
    }
    // Late tasks are reported with a note.
    let _ = timeout_at(Instant::now() + POLLED, together.are_there()).await;
    let mut answers = Vec::with_capacity(asked.len());
    for (record, trace) in asked {
        record.forget(&trace);
        answers.push((record, trace.found()));
    }
    let leaves = answers.iter().flat_map(|(_, found)| &found.leaves);
    let addresses: HashSet<u64> =
        leaves.flat_map(|leaf| &leaf.path.frames).map(|address| *address as u64).collect();
    let look = || Names::look_up(addresses.into_iter().map(|address| (address, true)));
    let names = threads::aside(look).await.unwrap_or_else(|error| Names::none(&error));
    let silent = answers.iter().filter(|(_, found)| !found.is_polled).map(|(record, _)| record);
    let running = thread::stacks_of_running(silent).await;
    let mut stacks = Vec::with_capacity(answers.len());
    let mut ways = Ways { names, known: HashMap::new() };
    for (record, found) in answers {
        let running = running.as_ref().map(|stacks| stacks.get(&record.id));
        stacks.push(TaskStack::of(&record, &found, &mut ways, running));
        // Long stacks take time, and other tasks may need this thread.
        tokio::task::yield_now().await;
    }
    stacks
}

impl TaskStack {
    fn of(
        record: &Record,
        found: &Found,
        ways: &mut Ways,
        thread: Result<Option<&ThreadStack>, &String>,
    ) -> Self {
        let missing = match (record.state(), found.is_polled) {
            (_, false) if matches!(thread, Ok(Some(_))) => {
                Some("its poll has not returned, so it does not wait".to_owned())
            }
            (State::Running(..), false) => Some(match thread {
                Err(why) => format!("its poll has not returned, so it does not wait; {why}"),
                Ok(_) => "its polls are long, and it left the poll before its thread was read".to_owned(),
            }),
            (_, false) if registry::get(record.id).is_none() => Some("it ended before it was polled".to_owned()),
            (_, false) => Some(format!(
                "it was not polled within {} ms: the workers of its runtime are held, or the runtime has ended; see `runtime`",
                POLLED.as_millis()
            )),
            (_, true) if found.leaves.is_empty() => Some(
                "its last poll registered no waker: it waits for nothing, or its resource keeps an older waker".to_owned(),
            ),
            (_, true) if found.leaves.iter().any(|leaf| leaf.is_cut) => {
                Some("a stack is deeper than 96 frames: its outermost frames are cut off".to_owned())
            }
            (_, true) if found.more > 0 => Some(format!("{} more places where it waits are not shown", found.more)),
            (_, true) => None,
        };
        Self {
            task: TaskInfo::of(record),
            leaves: fold(&found.leaves, ways),
            thread: thread.ok().flatten().cloned(),
            missing,
            nameless: ways.names.missing.clone(),
        }
    }
}

/// Resolved leaves by their addresses: most tasks of a service wait at the same few places.
struct Ways {
    names: Names,
    known: HashMap<(Path, bool), (Vec<usize>, Leaf)>,
}

impl Ways {
    /// The leaf, and the addresses of its path through the author's functions.
    fn leaf(&mut self, found: &probe::Leaf, times: usize) -> (Vec<usize>, Leaf) {
        let way = (found.path.clone(), found.woke);
        let (own, leaf) = self.known.entry(way).or_insert_with(|| Leaf::of(found, &self.names)).clone();
        (own, Leaf { times, ..leaf })
    }
}

/// Equal leaves are counted. A leaf that registers twice on different paths inside its library is one leaf.
fn fold(found: &[probe::Leaf], ways: &mut Ways) -> Vec<Leaf> {
    let mut times: HashMap<(&Path, bool), usize> = HashMap::new();
    for leaf in found {
        *times.entry((&leaf.path, leaf.woke)).or_default() += 1;
    }
    let mut leaves: Vec<(Vec<usize>, Leaf)> = Vec::new();
    for leaf in found {
        let Some(times) = times.remove(&(&leaf.path, leaf.woke)) else { continue };
        let (own, leaf) = ways.leaf(leaf, times);
        let same = leaves.iter_mut().find(|(way, other)| {
            *way == own && other.waits_for == leaf.waits_for && other.woke_itself == leaf.woke_itself
        });
        match same {
            Some((_, same)) => same.times = same.times.max(times),
            None => leaves.push((own, leaf)),
        }
    }
    leaves.into_iter().map(|(_, leaf)| leaf).collect()
}

impl Leaf {
    /// One leaf, and the addresses of its path through the author's functions.
    fn of(leaf: &probe::Leaf, names: &Names) -> (Vec<usize>, Self) {
        let addresses = &leaf.path.frames;
        let resolved: Vec<Arc<[Symbol]>> =
            addresses.iter().rev().map(|address| names.at(*address as u64, true)).collect();
        let mut symbols: Vec<&Symbol> = Vec::new();
        let mut times = Vec::new();
        let mut own = 0;
        for (at, resolved) in resolved.iter().enumerate() {
            if resolved.iter().any(|symbol| symbol.owner() == Owner::Author) {
                own = at + 1;
            }
            symbols.extend(resolved.iter().rev());
            times.resize(symbols.len(), leaf.path.times(addresses.len() - 1 - at));
        }
        let innermost_own = symbols.iter().rposition(|symbol| symbol.owner() == Owner::Author);
        let inside = &symbols[innermost_own.map_or(0, |at| at + 1)..];
        // A macro of a library puts closures into the author's function, which are no places of a wait either.
        let own_function = innermost_own.map(|at| symbols[at].path());
        let waits_for = inside
            .iter()
            .filter(|symbol| symbol.owner() == Owner::Library && !is_ours_around(symbol))
            .map(|symbol| symbol.path())
            .find(|function| Some(function) != own_function.as_ref());
        let mut frames: Vec<Frame> = Vec::new();
        for (at, symbol) in symbols.iter().enumerate() {
            // An asynchronous block inside the function is the same place in more detail.
            if at > 0 && symbol.is_inside(symbols[at - 1]) {
                frames.pop();
            }
            frames.push(Frame::of(symbol, times[at]));
        }
        let own = addresses.iter().rev().take(own).copied().collect();
        let hides_members = symbols.iter().any(|symbol| polls_woken_members(symbol));
        (own, Self { waits_for, woke_itself: leaf.woke, times: 1, frames, hides_members })
    }
}

/// Whether it is a method of a collection whose members have wakers of its own.
fn polls_woken_members(symbol: &Symbol) -> bool {
    symbol.owner() == Owner::Library && symbol.name().contains("futures_unordered::FuturesUnordered")
}

/// The wrappers around a future of the author, which are no places of a wait.
fn is_ours_around(symbol: &Symbol) -> bool {
    const LAYERS: [&str; 4] = ["tracked", "probe", "own_stack", "record"];
    // Our replacement of tokio's lock is shown as that lock.
    if symbol.name().contains("backdoor_runtime::views::sync::") {
        return true;
    }
    let ours = symbol.name().split("backdoor_runtime::views::tasks::").nth(1);
    ours.is_some_and(|path| LAYERS.iter().any(|layer| path.starts_with(layer)))
}

impl Frame {
    fn of(symbol: &Symbol, times: usize) -> Self {
        Self {
            times,
            function: symbol.path(),
            file: symbol.file.as_deref().map(str::to_owned),
            line: symbol.line,
            is_own: symbol.owner() == Owner::Author,
            short_file: symbol.short_file(),
        }
    }

    /// The function's last word, with the type before it.
    pub(crate) fn short_function(&self) -> &str {
        names::short_function(&self.function)
    }

    /// The text form: `main.rs:12 in checkout`.
    pub(crate) fn describe(&self) -> String {
        let function = self.short_function();
        let place = match (&self.short_file, self.line) {
            (Some(file), Some(line)) if function.is_empty() => format!("{file}:{line}"),
            (Some(file), Some(line)) => format!("{file}:{line} in {function}"),
            (Some(file), None) => format!("{file} in {function}"),
            _ => format!("{} (no line is known)", self.function),
        };
        match self.times {
            0 | 1 => place,
            times => format!("{place} x{times}"),
        }
    }
}
