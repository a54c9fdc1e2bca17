//! The commands `profile cpu` and `profile tasks`.

use std::collections::HashSet;
use std::fmt::{self, Write};
use std::time::{Duration, Instant};

use crate::reply::fitted;
use crate::views::profile::{self, FunctionShare, Profile, ProfileError, Saved, TaskShare, ThreadShare};
use crate::views::threads::nameless;
use crate::{Column, CommandOutput, Cut, Page, Session, Value, backdoor_command};

/// The interval of checks for an interrupt.
const GLANCE: Duration = Duration::from_millis(50);

/// How long functions are looked up after an interrupt: a command that runs for another second is reported as stuck, and its answer is
/// lost.
const NAMING: Duration = Duration::from_millis(400);

const SHORTEST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_secs(600);

/// The requested files, or the reason why there are none.
type Files = Option<Result<Saved, String>>;

/// The functions that use the processor, the hottest first, and the threads
///
/// Interrupts only running threads, --rate times per second of their processor time, each time for a few microseconds. Frames inside
/// std, tokio and the console count for the library function that the service called, unless --full. Ctrl-C shows the samples so far.
///
/// Examples:
///   profile cpu
///   profile cpu --for 5s --rate 200 --save
#[backdoor_command(builtin = "profile", name = "profile cpu", reads, timeout = "11m")]
fn cpu(
    session: Session,
    /// How long to watch
    #[arg(long = "for", default = Duration::from_secs(10), range = SHORTEST..=LONGEST)]
    window: Duration,
    /// Samples per second of processor time
    #[arg(long, default = 99, range = 1..=1000)]
    rate: u32,
    /// The most functions and threads to show
    #[arg(long, default = 20, range = 1..=10_000)]
    top: usize,
    /// Show the functions inside std, tokio and the console
    full: bool,
    /// Also write a flame graph and the stacks into private files
    save: bool,
) -> Result<Cpu, String> {
    let (profile, files) = take(&session, rate, window, save, false)?;
    let mut functions = profile.functions(full);
    functions.truncate(top);
    Ok(Cpu { functions, threads: first(&profile.threads, top), profile, files })
}

/// The tasks that use the processor, by name, the busiest first
///
/// Covers tasks that were spawned with `backdoor_runtime`, by name or by the place where they were spawned; all other samples are one row
/// without a task. `profile cpu` has the rest of the rules.
///
/// Examples:
///   profile tasks
///   profile tasks --for 5s --top 5
#[backdoor_command(builtin = "profile", name = "profile tasks", reads, timeout = "11m")]
fn tasks(
    session: Session,
    /// How long to watch
    #[arg(long = "for", default = Duration::from_secs(10), range = SHORTEST..=LONGEST)]
    window: Duration,
    /// Samples per second of processor time
    #[arg(long, default = 99, range = 1..=1000)]
    rate: u32,
    /// The most tasks to show
    #[arg(long, default = 20, range = 1..=10_000)]
    top: usize,
    /// Also write a flame graph and the stacks, by task, into private files
    save: bool,
) -> Result<Tasks, String> {
    let (profile, files) = take(&session, rate, window, save, true)?;
    Ok(Tasks { tasks: first(&profile.tasks(), top), profile, files })
}

fn take(
    session: &Session,
    rate: u32,
    window: Duration,
    save: bool,
    tasks: bool,
) -> Result<(Profile, Files), String> {
    let said = |error: ProfileError| error.to_string();
    let who = format!("session {} ({})", session.id(), session.peer());
    let recording = profile::begin(rate, window, &who).map_err(said)?;
    while !recording.wait(GLANCE) && !session.is_cancelled() {}
    let ended = Instant::now();
    let is_enough = || session.is_cancelled() && ended.elapsed() > NAMING;
    let profile = recording.end_until(is_enough).map_err(said)?;
    let wanted = save && profile.samples > 0;
    // After an error, the samples so far are still shown.
    let files = wanted.then(|| profile.save(tasks).map_err(|error| error.to_string()));
    Ok((profile, files))
}

fn first<T: Clone>(all: &[T], count: usize) -> Vec<T> {
    all.iter().take(count).cloned().collect()
}

/// The method and the line distinguish functions.
const COLUMNS: [Column; 3] = [
    Column::new("function").cut(Cut::Start).least(24),
    Column::new("place").cut(Cut::Start),
    Column::new("total %").spare(1),
];

struct Cpu {
    functions: Vec<FunctionShare>,
    threads: Vec<ThreadShare>,
    profile: Profile,
    files: Files,
}

impl CommandOutput for Cpu {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        if self.profile.samples > 0 {
            let rows: Vec<Value> = self.functions.iter().map(function_row).collect();
            let shared = shared_names(&self.functions);
            fitted::table(page, &rows, |row| few(row, &shared), &COLUMNS)?;
            page.write_str("\n")?;
            let rows: Value = self.threads.iter().map(ThreadShare::value).collect();
            page.write_str(&rows.to_text(page.width()))?;
        }
        summary(page, &self.profile, self.files.as_ref())
    }

    fn value(&self) -> Value {
        let mut fields = vec![
            ("functions", self.functions.iter().map(FunctionShare::value).collect()),
            ("threads", self.threads.iter().map(ThreadShare::value).collect()),
        ];
        fields.extend(figures(&self.profile, self.files.as_ref()));
        Value::record(fields)
    }
}

fn function_row(share: &FunctionShare) -> Value {
    Value::record([
        ("self %", share.self_percent.into()),
        ("total %", share.total_percent.into()),
        ("samples", share.self_samples.into()),
        ("function", share.function.as_str().into()),
        ("place", share.place().into()),
    ])
}

/// The short names that more than one function has, such as that of `main` and of its asynchronous block.
fn shared_names(functions: &[FunctionShare]) -> HashSet<String> {
    let mut seen = HashSet::new();
    let short = functions.iter().map(|share| fitted::short_function(&share.function));
    short.filter(|name| !seen.insert(name.clone())).collect()
}

/// The columns of a function on a narrow terminal. A closure differs from its function if both are shown.
fn few(row: &Value, shared: &HashSet<String>) -> Value {
    let text = |column: &str| row[column].as_str();
    let name = |full: &str| match fitted::short_function(full) {
        short if full.ends_with("::{{closure}}") && shared.contains(&short) => {
            format!("{short}::{{{{closure}}}}")
        }
        short => short,
    };
    Value::record([
        ("self %", row["self %"].clone()),
        ("total %", row["total %"].clone()),
        ("function", text("function").map(name).into()),
        ("place", text("place").map(fitted::short_place).into()),
    ])
}

struct Tasks {
    tasks: Vec<TaskShare>,
    profile: Profile,
    files: Files,
}

impl CommandOutput for Tasks {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        if self.profile.samples > 0 {
            let rows: Value = self.tasks.iter().map(TaskShare::value).collect();
            page.write_str(&rows.to_text(page.width()))?;
        }
        summary(page, &self.profile, self.files.as_ref())
    }

    fn value(&self) -> Value {
        let mut fields = vec![("tasks", self.tasks.iter().map(TaskShare::value).collect())];
        fields.extend(figures(&self.profile, self.files.as_ref()));
        Value::record(fields)
    }
}

/// The summary, in sentences.
fn summary(page: &mut Page<'_>, profile: &Profile, files: Option<&Result<Saved, String>>) -> fmt::Result {
    let (took, used) = (short(profile.took), short(profile.used));
    let rate = profile.rate;
    if profile.is_partial() {
        writeln!(page, "partial: it ended after {took} instead of {}", short(profile.asked))?;
    }
    match profile.samples {
        0 if profile.watched == 0 && profile.unwatched > 0 => {
            writeln!(page, "no thread could be watched: {used} of processor time in {took}")?;
        }
        0 => writeln!(page, "no samples at {rate} Hz: threads used {used} of processor time in {took}")?,
        1 => writeln!(page, "1 sample at {rate} Hz: {used} of processor time in {took}")?,
        samples => writeln!(page, "{samples} samples at {rate} Hz: {used} of processor time in {took}")?,
    }
    for (count, one, many) in [
        (profile.lost, "was lost: too many arrived at once", "were lost: too many arrived at once"),
        (
            profile.late,
            "repeats the stack before it: the clock of the kernel is too coarse",
            "repeat the stack before them: the clock of the kernel is too coarse",
        ),
        (
            profile.not_kept,
            "is counted by thread only: there were too many different stacks",
            "are counted by thread only: there were too many different stacks",
        ),
        (profile.cut, "has a truncated stack", "have truncated stacks"),
    ] {
        match count {
            0 => {}
            1 => writeln!(page, "1 sample {one}")?,
            count => writeln!(page, "{count} samples {many}")?,
        }
    }
    if let Some(percent) = profile.unseen_percent() {
        writeln!(
            page,
            "{percent} % of that time has no samples: it belongs to unwatched or short-lived threads"
        )?;
    }
    for (why, count) in &profile.unwatched_because {
        match count {
            1 => writeln!(page, "1 thread was not watched: {why}")?,
            count => writeln!(page, "{count} threads were not watched: {why}")?,
        }
    }
    if !profile.tells_tasks {
        writeln!(page, "samples have no tasks: the console is in a library that was loaded with `dlopen`")?;
    }
    if let Some(why) = nameless::why(profile.nameless.as_deref(), profile.has_lines()) {
        writeln!(page, "{why}")?;
    }
    match files {
        None => Ok(()),
        Some(Ok(saved)) => {
            writeln!(page, "flame graph: {}", saved.flame_graph.display())?;
            writeln!(page, "folded stacks: {}", saved.folded.display())
        }
        Some(Err(why)) => writeln!(page, "nothing was saved: {why}"),
    }
}

/// A duration in the console's usual form, but no finer than a millisecond, or than a microsecond below one.
fn short(duration: Duration) -> String {
    let unit = if duration >= Duration::from_millis(1) { 1_000_000 } else { 1_000 };
    let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX) / unit * unit;
    Value::from(Duration::from_nanos(nanos)).to_text(None).trim_end().to_owned()
}

fn figures(profile: &Profile, files: Option<&Result<Saved, String>>) -> Vec<(&'static str, Value)> {
    let saved = files.and_then(|files| files.as_ref().ok());
    let not_saved = files.and_then(|files| files.as_ref().err());
    let path = |path: &std::path::Path| Value::from(path.display().to_string());
    vec![
        ("rate", profile.rate.into()),
        ("took", profile.took.into()),
        ("used", profile.used.into()),
        ("partial", profile.is_partial().into()),
        ("samples", profile.samples.into()),
        ("lost", profile.lost.into()),
        ("late", profile.late.into()),
        ("not_kept", profile.not_kept.into()),
        ("cut", profile.cut.into()),
        ("unwatched", profile.unwatched.into()),
        ("unwatched_because", because(&profile.unwatched_because)),
        ("tells_tasks", profile.tells_tasks.into()),
        ("unseen_percent", profile.unseen_percent().into()),
        ("flame_graph", saved.map(|saved| path(&saved.flame_graph)).into()),
        ("folded", saved.map(|saved| path(&saved.folded)).into()),
        ("not_saved", not_saved.map(|why| Value::from(why.as_str())).into()),
    ]
}

fn because(reasons: &[(String, usize)]) -> Value {
    let reason = |(why, count): &(String, usize)| {
        Value::record([("why", why.as_str().into()), ("threads", (*count).into())])
    };
    reasons.iter().map(reason).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// On 80 columns, `main` and its asynchronous block had the same name.
    #[test]
    fn a_closure_differs_from_its_function_if_both_are_shown() {
        let share = |function: &str| FunctionShare {
            function: function.to_owned(),
            file: None,
            line: None,
            self_percent: 0.0,
            total_percent: 0.0,
            self_samples: 1,
            total_samples: 1,
        };
        let shares = ["shop::main", "shop::main::{{closure}}", "shop::serve::{{closure}}"].map(share);
        let shared = shared_names(&shares);
        let shown: Vec<Value> = shares.iter().map(|share| few(&function_row(share), &shared)).collect();
        let names = shown.iter().map(|row| row["function"].as_str().unwrap());
        assert_eq!(names.collect::<Vec<_>>(), ["shop::main", "shop::main::{{closure}}", "shop::serve"]);
    }
}
