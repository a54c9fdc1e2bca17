//! The command `log` and its subcommands: the filter, the ring and its events.

use std::collections::VecDeque;
use std::fmt::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use tokio::time::{Instant, Sleep, sleep};
use tracing::level_filters::LevelFilter;

use crate::changes::entry::{Intent, What};
use crate::reply::fitted;
use crate::views::logs::{
    self, Batch, ChangeInfo, ChangedLevel, Directive, LogEvent, NotSeen, Stopped, TargetInfo, Wanted,
};
use crate::{Choice, CommandOutput, Console, Page, Session, State, Value, backdoor_command};

/// How often `log tail` reads new events.
const LOOK: Duration = Duration::from_millis(50);

/// The most events that `log tail` shows for one read.
const TOGETHER: usize = 1000;

const NOT_INSTALLED: &str =
    "the service has no log ring; its author can add `backdoor_runtime::logs()` to its subscriber";

#[derive(Choice, Clone, Copy)]
enum Level {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl From<Level> for tracing::Level {
    fn from(level: Level) -> Self {
        match level {
            Level::Error => Self::ERROR,
            Level::Warn => Self::WARN,
            Level::Info => Self::INFO,
            Level::Debug => Self::DEBUG,
            Level::Trace => Self::TRACE,
        }
    }
}

/// The filter of the log, its changes, and the ring of events
///
/// Examples:
///   log
///   log --json
#[backdoor_command(builtin = "logs", reads, on = helper)]
async fn log(State(console): State<Console>) -> Kept {
    let stopped = console.stopped(logs::front::wanted()).await;
    Kept { ring: logs::ring_info(), filter: logs::in_force(), stopped }
}

/// Change the filter of the log, for a time or permanently
///
/// Layers of the service change too if they have a filter of `logs::filter`. Without --for the change lasts until `log reset`. With
/// --for the old level returns after that time or when the console ends, unless another change came later. `changes` lists the
/// change, and `undo` undoes it.
///
/// Examples:
///   log set debug --for 5m
///   log set shop::orders=trace net=warn --because "orders fail"
#[backdoor_command(builtin = "logs", name = "log set", on = helper)]
async fn set(
    State(console): State<Console>,
    session: Session,
    /// TARGET=LEVEL, such as net::tcp=trace; a level alone is for all other targets
    filter: Vec<Directive>,
    /// How long the change lasts
    #[arg(long = "for")]
    length: Option<Duration>,
    /// The reason, for `log` and `changes`
    #[arg(long)]
    because: Option<String>,
) -> Result<Set, String> {
    installed()?;
    if filter.is_empty() {
        return Err("a filter is missing, such as net::tcp=trace or debug".to_owned());
    }
    let what = length.map_or(What::Set, What::Lent);
    let unknown = logs::unseen(filter.iter().map(Directive::target), console.modules());
    let wanted = filter.clone();
    let levels = logs::change(filter, &Intent { what, author: console.author(&session), because })?;
    let (following, stopped) = (logs::in_force().following, console.stopped(wanted).await);
    Ok(Set { levels, length, following, stopped, unknown })
}

/// Undo changes of `log set`: of these targets, or all
///
/// `changes` lists each target separately. `undo` restores the changed level, permanently or for its remaining time.
///
/// Examples:
///   log reset
///   log reset shop::orders
#[backdoor_command(builtin = "logs", name = "log reset", on = helper)]
async fn reset(
    State(console): State<Console>,
    session: Session,
    /// A changed target, such as net::tcp
    target: Vec<String>,
) -> Result<Reset, String> {
    installed()?;
    let gone = logs::forget(&target, console.author(&session));
    match target.iter().find(|target| gone.iter().all(|change| change.target != **target)) {
        Some(target) => Err(format!("`{target}` has no change; `log` lists the changes")),
        None => Ok(Reset(gone)),
    }
}

/// New events, until Ctrl-C or an empty line
///
/// Events that arrive faster than they can be shown are skipped and counted.
///
/// Examples:
///   log tail
///   log tail shop::orders --level warn
#[backdoor_command(builtin = "logs", name = "log tail", reads, on = helper, timeout = "none")]
async fn tail(
    /// A target, and the modules below it
    target: Option<String>,
    /// This level and more severe ones
    #[arg(long)]
    level: Option<Level>,
    /// Only events with this text, in upper or lower case
    #[arg(long)]
    grep: Option<String>,
) -> Result<Tail, String> {
    installed()?;
    Ok(Tail {
        wanted: wanted(target, level, grep),
        next: logs::now(),
        ready: VecDeque::new(),
        sleep: Box::pin(sleep(Duration::ZERO)),
    })
}

/// The last events
///
/// Events of the console itself are hidden without --console or --target backdoor.
///
/// Examples:
///   log last 100
///   log last --level error --grep timeout
#[backdoor_command(builtin = "logs", name = "log last", reads, on = helper)]
async fn last(
    /// The most events to show
    #[arg(default = 20, range = 1..=100_000)]
    count: usize,
    /// A target, and the modules below it
    #[arg(long)]
    target: Option<String>,
    /// This level and more severe ones
    #[arg(long)]
    level: Option<Level>,
    /// Only events with this text, in upper or lower case
    #[arg(long)]
    grep: Option<String>,
    /// Show events of the console itself, too
    #[arg(long)]
    console: bool,
) -> Result<Events, String> {
    installed()?;
    let no_console = !console && target.is_none();
    let wanted = Wanted { no_console, ..wanted(target, level, grep) };
    Ok(Events(logs::newest(count, &wanted).into()))
}

/// The targets of the log, and the kept events of each
///
/// Examples:
///   log targets
///   log targets --json
#[backdoor_command(builtin = "logs", name = "log targets", reads, on = helper)]
async fn targets() -> Result<Vec<TargetInfo>, String> {
    installed()?;
    Ok(logs::targets())
}

fn installed() -> Result<(), String> {
    if logs::ring_info().installed { Ok(()) } else { Err(NOT_INSTALLED.to_owned()) }
}

fn wanted(target: Option<String>, level: Option<Level>, grep: Option<String>) -> Wanted {
    let grep = grep.map(|text| text.to_ascii_lowercase());
    Wanted { target, level: level.map(Into::into), grep, no_console: false }
}

struct Kept {
    ring: logs::RingInfo,
    filter: logs::InForce,
    stopped: Vec<Stopped>,
}

impl CommandOutput for Kept {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        let Self { ring, filter, .. } = self;
        if !ring.installed {
            return writeln!(page, "{NOT_INSTALLED}");
        }
        writeln!(page, "keeps   {}", filter.filter)?;
        let events = plural(ring.kept as u64, "event");
        let oldest =
            ring.oldest.map(|oldest| format!(" in the last {}", seconds(oldest))).unwrap_or_default();
        writeln!(
            page,
            "ring    {events}{oldest}, {} dropped, at most {} KiB",
            ring.dropped,
            ring.memory >> 10
        )?;
        match filter.following {
            0 => writeln!(page, "layers  no layer of the service follows `log set`")?,
            1 => writeln!(page, "layers  1 layer of the service follows `log set`")?,
            more => writeln!(page, "layers  {more} layers of the service follow `log set`")?,
        }
        for stopped in &self.stopped {
            fitted::sentence(page, 0, &format!("stopped {}", stops(stopped)))?;
        }
        if filter.changes.is_empty() {
            return Ok(());
        }
        let rows: Value = filter.changes.iter().map(change).collect::<Vec<Value>>().into();
        write!(page, "\n{}", rows.to_text(page.width()))
    }

    fn value(&self) -> Value {
        let Self { ring, filter, stopped } = self;
        Value::record([
            ("installed", ring.installed.into()),
            ("filter", filter.filter.as_str().into()),
            ("kept", ring.kept.into()),
            ("dropped", ring.dropped.into()),
            ("oldest", ring.oldest.into()),
            ("memory", ring.memory.into()),
            ("following", filter.following.into()),
            ("changes", filter.changes.iter().map(change).collect::<Vec<_>>().into()),
            ("stopped", stopped.iter().map(stopped_value).collect::<Vec<_>>().into()),
        ])
    }
}

/// The sentence about events that do not reach the ring, with a remedy.
fn stops(Stopped { target, level, .. }: &Stopped) -> String {
    let of = if target.is_empty() { "all others".to_owned() } else { format!("`{target}`") };
    let events = match *level {
        LevelFilter::OFF => format!("no event of {of}"),
        level => format!("no event below {level} of {of}"),
    };
    format!(
        "{events} reaches the ring: a filter before all layers, or a feature of `tracing`, stops it; the author can give the \
         filter to one layer, by `.with_filter`"
    )
}

fn stopped_value(stopped: &Stopped) -> Value {
    Value::record([("target", named(&stopped.target).into()), ("level", stopped.level.to_string().into())])
}

fn change(change: &ChangeInfo) -> Value {
    Value::record([
        ("target", named(&change.target).into()),
        ("level", change.level.to_string().into()),
        ("was", change.was.to_string().into()),
        ("ends_in", change.ends_in.map(|left| Duration::from_secs(left.as_secs())).into()),
        ("by", change.by.as_str().into()),
        ("because", change.because.clone().into()),
    ])
}

struct Set {
    levels: Vec<ChangedLevel>,
    length: Option<Duration>,
    following: usize,
    stopped: Vec<Stopped>,
    unknown: Vec<NotSeen>,
}

impl CommandOutput for Set {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        let length = self.length.map(|length| format!(" for {}", seconds(length))).unwrap_or_default();
        for ChangedLevel { target, old, new, .. } in &self.levels {
            writeln!(page, "{}: {old} -> {new}{length}", named(target))?;
        }
        let who = match self.following {
            0 => "only in the ring: the layers of the service do not change".to_owned(),
            1 => "in the ring and in 1 layer of the service".to_owned(),
            more => format!("in the ring and in {more} layers of the service"),
        };
        for NotSeen { target, near, .. } in &self.unknown {
            let hint = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`log targets` lists the known targets".to_owned(),
            };
            let text = format!("no event of `{target}` has come so far at the enabled levels; {hint}");
            fitted::sentence(page, 0, &text)?;
        }
        writeln!(page, "{who}")?;
        for stopped in &self.stopped {
            fitted::sentence(page, 0, &format!("but {}", stops(stopped)))?;
        }
        Ok(())
    }

    fn value(&self) -> Value {
        let row = |changed: &ChangedLevel| {
            Value::record([
                ("target", named(&changed.target).into()),
                ("old", changed.old.to_string().into()),
                ("new", changed.new.to_string().into()),
            ])
        };
        Value::record([
            ("changes", self.levels.iter().map(row).collect::<Vec<_>>().into()),
            ("for", self.length.into()),
            ("following", self.following.into()),
            ("stopped", self.stopped.iter().map(stopped_value).collect::<Vec<_>>().into()),
            (
                "unknown_targets",
                self.unknown.iter().map(|unknown| unknown.target.as_str()).collect::<Value>(),
            ),
        ])
    }
}

struct Reset(Vec<ChangeInfo>);

impl CommandOutput for Reset {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        for change in &self.0 {
            writeln!(page, "{}: no longer {}", named(&change.target), change.level)?;
        }
        if self.0.is_empty() { writeln!(page, "nothing was reset") } else { Ok(()) }
    }

    fn value(&self) -> Value {
        let row = |change: &ChangeInfo| {
            Value::record([
                ("target", named(&change.target).into()),
                ("level", change.level.to_string().into()),
            ])
        };
        self.0.iter().map(row).collect::<Vec<_>>().into()
    }
}

/// One item of the output of `log tail`.
enum Piece {
    Event(LogEvent),
    Missing { dropped: u64, left_out: usize },
}

impl CommandOutput for Piece {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        match *self {
            Self::Event(ref event) => event.text(page),
            Self::Missing { dropped, left_out: 0 } => {
                writeln!(page, "({} dropped here)", plural(dropped, "event"))
            }
            Self::Missing { dropped: 0, left_out } => {
                writeln!(page, "({} skipped: too many to show)", plural(left_out as u64, "event"))
            }
            Self::Missing { dropped, left_out } => {
                writeln!(page, "({} dropped, {left_out} skipped: too many to show)", plural(dropped, "event"))
            }
        }
    }

    fn value(&self) -> Value {
        match *self {
            Self::Event(ref event) => event.value(),
            Self::Missing { dropped, left_out } => {
                Value::record([("dropped", dropped.into()), ("left_out", left_out.into())])
            }
        }
    }
}

/// New events.
struct Tail {
    wanted: Wanted,
    next: u64,
    ready: VecDeque<Piece>,
    sleep: Pin<Box<Sleep>>,
}

impl Stream for Tail {
    type Item = Piece;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Piece>> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Poll::Ready(Some(piece));
            }
            if self.sleep.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            self.sleep.as_mut().reset(Instant::now() + LOOK);
            if logs::now() == self.next {
                continue;
            }
            let Batch { events, dropped, left_out, end } = logs::batch(self.next, TOGETHER, &self.wanted);
            self.next = end;
            if dropped > 0 || left_out > 0 {
                self.ready.push_back(Piece::Missing { dropped, left_out });
            }
            self.ready.extend(events.into_iter().map(Piece::Event));
        }
    }
}

/// Events that were already read.
struct Events(VecDeque<LogEvent>);

impl Iterator for Events {
    type Item = LogEvent;

    fn next(&mut self) -> Option<LogEvent> {
        self.0.pop_front()
    }
}

fn named(target: &str) -> &str {
    if target.is_empty() { "all others" } else { target }
}

fn plural(count: u64, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}

/// A duration with the precision that a reader needs.
fn seconds(length: Duration) -> String {
    let length = if length.as_secs() > 0 { Duration::from_secs(length.as_secs()) } else { length };
    Value::from(length).to_text(None).trim_end().to_owned()
}
