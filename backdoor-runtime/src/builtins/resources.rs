//! What the process uses, and how it was built and started.

use std::fmt::{self, Write};
use std::io;

use crate::resources::maps::{self, Shown};
use crate::resources::{self, BuildInfo, Cgroup, Descriptors, Itself, Limit, Memory, Socket};
use crate::{CommandOutput, Console, Page, Session, State, Value, backdoor_command};

/// How much memory the process has
///
/// As the kernel counts it: proc(5) says more. An allocator keeps what was freed for later, so that `resident` does not fall when
/// objects go; `--json` has the numbers in bytes.
#[backdoor_command(reads, on = helper)]
async fn mem(
    /// Also write jemalloc's heap profile into a private file, for `jeprof`
    heap_profile: bool,
    session: Session,
) -> io::Result<Memory> {
    if heap_profile {
        let path = resources::heap_profile()?;
        // Nobody reads it where the session has gone.
        let _ = session.println(format!("heap profile: {}", path.display())).await;
    }
    resources::memory()
}

/// The open descriptors: how many, of what kind, and what is behind them
#[backdoor_command(reads, on = helper)]
fn fds(
    /// Only those with this text in their kind or target
    pattern: Option<String>,
    /// The most that are listed
    #[arg(long, default = 100)]
    limit: usize,
) -> io::Result<Descriptors> {
    Ok(resources::descriptors()?.select(pattern.as_deref(), limit))
}

/// The sockets: who is at the other end, their state, and what waits in their queues
///
/// For a listener the receive queue is the number of connections that nobody has taken yet.
#[backdoor_command(reads, on = helper)]
fn sockets(
    /// Only those with this text in their kind, addresses or state
    pattern: Option<String>,
) -> io::Result<Vec<Socket>> {
    let mut sockets = resources::sockets()?;
    if let Some(pattern) = pattern {
        sockets.retain(|socket| {
            [socket.kind, &socket.local, &socket.peer, socket.state]
                .iter()
                .any(|text| text.contains(&pattern))
        });
    }
    Ok(sockets)
}

/// What is mapped into the process
#[backdoor_command(reads, on = helper)]
fn maps(
    /// Only mappings with this text in their name
    pattern: Option<String>,
    /// Summed by name, the most resident first
    sum: bool,
) -> io::Result<Shown> {
    let mut mappings = resources::mappings()?;
    if let Some(pattern) = pattern {
        mappings.retain(|mapping| mapping.name.contains(&pattern));
    }
    Ok(match sum {
        true => Shown::Sums(maps::sum(&mappings)),
        false => Shown::Each(mappings),
    })
}

/// The limits that the kernel holds the process to, and how much of them is used
#[backdoor_command(reads, on = helper)]
fn limits() -> io::Result<Limits> {
    resources::limits().map(Limits)
}

/// The control group: limits of the container or unit, throttling, pressure
#[backdoor_command(reads, on = helper)]
fn cgroup() -> io::Result<Cgroup> {
    resources::cgroup()?.ok_or_else(|| io::Error::other("no control group is visible from here"))
}

/// The names of the environment's variables; values may be secrets and are not shown
#[backdoor_command(reads, on = helper)]
fn env(
    /// Only names with this text in them
    pattern: Option<String>,
) -> Vec<String> {
    let mut names = resources::environment_names();
    if let Some(pattern) = pattern {
        names.retain(|name| name.contains(&pattern));
    }
    names
}

/// The command line that the process was started with
#[backdoor_command(reads, on = helper)]
fn args() -> Vec<String> {
    resources::arguments()
}

/// How the program was built: package, commit, compiler, profile, features
#[backdoor_command(reads, on = console)]
fn build(State(console): State<Console>) -> BuildInfo {
    console.service().build.clone()
}

/// What the console itself does and costs: threads, sessions, commands and their times
#[backdoor_command(name = "self", reads, on = helper)]
fn itself(State(console): State<Console>) -> io::Result<Itself> {
    resources::itself(&console)
}

struct Limits(Vec<Limit>);

impl CommandOutput for Limits {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        let number =
            |limit: Option<u64>| limit.map_or_else(|| "no limit".to_owned(), |limit| limit.to_string());
        let row = |limit: &Limit| {
            Value::record([
                ("name", limit.name.as_str().into()),
                ("soft", number(limit.soft).into()),
                ("hard", number(limit.hard).into()),
                ("unit", limit.unit.as_str().into()),
                ("used", limit.used.into()),
                ("percent", limit.percent.into()),
            ])
        };
        let rows: Value = self.0.iter().map(row).collect::<Vec<_>>().into();
        page.write_str(&rows.to_text(page.width()))
    }

    fn value(&self) -> Value {
        Value::of(&self.0)
    }
}
