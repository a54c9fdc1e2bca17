//! The shares of functions, threads and tasks in the processor time.

use std::collections::{HashMap, HashSet};

use crate::base::sort;
use crate::reply::Value;
use crate::views::profile::Profile;
use crate::views::profile::stack::Stack;
use crate::views::threads::Frame;
use crate::views::threads::fold::{self, Line};
use crate::views::threads::frame;

/// The samples of a function.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FunctionShare {
    /// Its path.
    pub function: String,
    /// The source file, if the function is the author's and the program has line tables.
    pub file: Option<String>,
    /// The line with the most samples.
    pub line: Option<u32>,
    /// The percentage of all samples in the function itself.
    pub self_percent: f64,
    /// The percentage of all samples in the function or in functions that it called.
    pub total_percent: f64,
    /// The number of samples in the function itself.
    pub self_samples: u64,
    /// The number of samples in the function or in functions that it called.
    pub total_samples: u64,
}

/// The samples of a thread.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ThreadShare {
    /// Its name; `ended` if it ended before its name was read.
    pub thread: String,
    /// Its id in the kernel.
    pub tid: i32,
    /// Its share of all samples.
    pub percent: f64,
    /// The number of its samples.
    pub samples: u64,
}

/// The samples of the tasks with one name.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TaskShare {
    /// Their name, or where they were spawned; nothing for samples outside instrumented tasks.
    pub task: Option<String>,
    /// Their share of all samples.
    pub percent: f64,
    /// The number of their samples.
    pub samples: u64,
    /// The author's function with the most samples, else any function with the most.
    pub hottest: Option<String>,
}

#[derive(Default)]
struct Counts {
    own: u64,
    total: u64,
    lines: HashMap<u32, u64>,
}

/// A function on a stack.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Met {
    function: String,
    file: Option<String>,
    /// Whether it is the author's.
    is_own: bool,
}

impl Profile {
    /// The functions, hottest first: by their own samples, then by their samples with calls. Samples inside std, tokio and the console
    /// count for the library function that the author called, unless `full`.
    pub fn functions(&self, full: bool) -> Vec<FunctionShare> {
        let mut counts: HashMap<Met, Counts> = HashMap::new();
        for stack in &self.stacks {
            let mut seen = HashSet::new();
            for (at, (met, line)) in lines(stack, full).into_iter().enumerate() {
                let of = counts.entry(met.clone()).or_default();
                if at == 0 {
                    of.own += stack.samples;
                }
                if let Some(line) = line {
                    *of.lines.entry(line).or_default() += stack.samples;
                }
                // A recursive function counts once.
                if seen.insert(met) {
                    of.total += stack.samples;
                }
            }
        }
        let share = |(met, counts): (Met, Counts)| FunctionShare {
            function: met.function,
            file: met.file,
            line: most(counts.lines),
            self_percent: percent(counts.own, self.samples),
            total_percent: percent(counts.total, self.samples),
            self_samples: counts.own,
            total_samples: counts.total,
        };
        let mut functions: Vec<FunctionShare> = counts.into_iter().map(share).collect();
        sort::sort_by(&mut functions, |left, right| {
            let order = |share: &FunctionShare| (share.self_samples, share.total_samples);
            order(right).cmp(&order(left)).then_with(|| left.function.cmp(&right.function))
        });
        functions
    }

    /// The tasks by name, the busiest first, with one entry for samples outside of them.
    pub fn tasks(&self) -> Vec<TaskShare> {
        let mut counts: HashMap<Option<&str>, (u64, HashMap<String, u64>)> = HashMap::new();
        for stack in &self.stacks {
            let (samples, functions) = counts.entry(stack.task.as_deref()).or_default();
            *samples += stack.samples;
            let mut lines = lines(stack, false);
            let own = lines.iter().position(|(met, _)| met.is_own).unwrap_or_default();
            if own < lines.len() {
                let (met, _) = lines.swap_remove(own);
                *functions.entry(met.function).or_default() += stack.samples;
            }
        }
        let mut tasks: Vec<TaskShare> = counts
            .into_iter()
            .map(|(task, (samples, functions))| TaskShare {
                task: task.map(str::to_owned),
                percent: percent(samples, self.samples),
                samples,
                hottest: most(functions),
            })
            .collect();
        sort::sort_by(&mut tasks, |left, right| {
            right.samples.cmp(&left.samples).then_with(|| left.task.cmp(&right.task))
        });
        tasks
    }

    /// Whether functions of the author have files and lines; `None` if no sample has one.
    pub(crate) fn has_lines(&self) -> Option<bool> {
        let own = self.stacks.iter().flat_map(Stack::frames).filter(|frame| !frame.is_inner());
        own.map(|frame| frame.file.is_some()).reduce(|one, other| one || other)
    }
}

/// A stack, innermost first, with the lines of the author's functions.
fn lines(stack: &Stack, full: bool) -> Vec<(Met, Option<u32>)> {
    let met = |frame: &Frame, is_own: bool| {
        let file = frame.file.as_deref().filter(|_| is_own).map(str::to_owned);
        // Functions without a name are told apart by their place; otherwise several would be counted as one.
        let function = match (frame.called(), frame.place()) {
            (kind, Some(place)) if kind != frame.name() => format!("{kind} at {place}"),
            (name, _) => name.to_owned(),
        };
        (Met { function, file, is_own }, frame.line.filter(|_| is_own))
    };
    if full {
        return stack.frames().map(|frame| met(frame, !frame.is_inner())).collect();
    }
    let frames: Vec<Frame> = stack.frames().cloned().collect();
    fold::fold(&frames)
        .into_iter()
        .map(|line| match line {
            Line::Own(frame) => met(frame, true),
            Line::Inner { called, .. } => met(called, false),
        })
        .collect()
}

/// The most frequent value; of several the first.
fn most<T: Ord>(counts: HashMap<T, u64>) -> Option<T> {
    counts
        .into_iter()
        .max_by(|left, right| left.1.cmp(&right.1).then_with(|| right.0.cmp(&left.0)))
        .map(|(of, _)| of)
}

/// With one decimal.
pub(super) fn percent(part: u64, whole: u64) -> f64 {
    (part as f64 * 1000.0 / whole.max(1) as f64).round() / 10.0
}

impl FunctionShare {
    /// The share as a value; the fields are those of the struct.
    pub(crate) fn value(&self) -> Value {
        Value::record([
            ("self_percent", self.self_percent.into()),
            ("total_percent", self.total_percent.into()),
            ("self_samples", self.self_samples.into()),
            ("total_samples", self.total_samples.into()),
            ("function", self.function.as_str().into()),
            ("file", self.file.as_deref().into()),
            ("line", self.line.into()),
        ])
    }

    /// `src/cache.rs:88`: enough of the path to tell files apart.
    pub(crate) fn place(&self) -> Option<String> {
        frame::place(self.file.as_deref()?, self.line).into()
    }
}

impl ThreadShare {
    /// The share as a value; the fields are those of the struct.
    pub(crate) fn value(&self) -> Value {
        Value::record([
            ("percent", self.percent.into()),
            ("samples", self.samples.into()),
            ("thread", self.thread.as_str().into()),
            ("tid", self.tid.into()),
        ])
    }
}

impl TaskShare {
    /// The share as a value; the fields are those of the struct.
    pub(crate) fn value(&self) -> Value {
        Value::record([
            ("percent", self.percent.into()),
            ("samples", self.samples.into()),
            ("task", self.task.as_deref().into()),
            ("hottest", self.hottest.as_deref().into()),
        ])
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::views::profile::tally::Tally;
    use crate::views::threads::symbols::Names;

    fn profile(stacks: Vec<Stack>) -> Profile {
        let empty = Tally::new(99, Duration::from_secs(1)).profile(&Names::default());
        Profile { samples: stacks.iter().map(|stack| stack.samples).sum(), stacks, ..empty }
    }

    #[track_caller]
    fn check(shares: &[FunctionShare], expected: &[(&str, f64, f64)]) {
        let shown: Vec<(&str, f64, f64)> =
            shares.iter().map(|of| (of.function.as_str(), of.self_percent, of.total_percent)).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn functions_are_sorted_by_samples() {
        let profile = profile(vec![
            Stack::of(None, 60, &["shop::parse", "shop::serve", "main"]),
            Stack::of(None, 30, &["shop::serve", "main"]),
            Stack::of(None, 10, &["shop::walk", "shop::walk", "shop::serve", "main"]),
        ]);
        check(
            &profile.functions(false),
            &[("shop::parse", 60.0, 60.0), ("shop::serve", 30.0, 100.0), ("shop::walk", 10.0, 10.0)],
        );
        assert_eq!(profile.functions(true).len(), 4);
        assert_eq!(profile.has_lines(), Some(true));
    }

    /// Two inlined functions that were both named `{async_fn#0}` were counted as one.
    #[test]
    fn unnamed_functions_are_separated_by_place() {
        let at = |line| Stack::of(None, 1, &["{async_fn#0}", "shop::serve", "main"]).at(line);
        let functions = profile(vec![at(88), at(12)]).functions(false);
        assert_eq!(functions.iter().filter(|share| share.function.starts_with("async fn at ")).count(), 2);
    }

    #[test]
    fn frames_in_std_count_for_the_called_function() {
        let sorted = ["core::slice::sort::shared::pivot", "core::slice::sort", "shop::serve", "main"];
        let stacks = vec![Stack::of(None, 1, &sorted)];
        let functions = profile(stacks).functions(false);
        check(&functions, &[("core::slice::sort", 100.0, 100.0), ("shop::serve", 0.0, 100.0)]);
        assert_eq!((functions[0].place(), functions[1].line), (None, Some(7)));
    }

    #[test]
    fn tasks_by_name() {
        let profile = profile(vec![
            Stack::of(Some("refresh"), 3, &["core::str::from_utf8", "shop::parse"]),
            Stack::of(Some("refresh"), 2, &["shop::walk"]),
            Stack::of(None, 5, &["shop::walk"]),
        ]);
        let tasks = profile.tasks();
        assert_eq!(tasks[0].task, None);
        assert_eq!(tasks[1].task.as_deref(), Some("refresh"));
        assert_eq!((tasks[1].percent, tasks[1].hottest.as_deref()), (50.0, Some("shop::parse")));
    }

    #[test]
    fn an_empty_profile_has_no_shares() {
        let profile = profile(Vec::new());
        assert!(profile.functions(false).is_empty() && profile.tasks().is_empty());
        assert_eq!(profile.has_lines(), None);
    }
}
