//! The commands for the use of resources: `mem`, `fds`, `sockets`, `maps`, `limits`, `cgroup`, `env`, `args`, `build` and `self`.

use std::fmt::{self, Write};
use std::io;

use crate::base::byte_size::size;
use crate::views::resources::maps::{self, Shown};
use crate::views::resources::{
    self, BuildInfo, Cgroup, Children, Descriptors, Itself, Limit, Memory, Socket,
};
use crate::{Choice, Column, CommandOutput, Console, Cut, Page, Session, State, Value, backdoor_command};

/// Memory of the process, as the kernel counts it
///
/// proc(5) explains the figures. An allocator keeps freed memory for reuse, so `resident` can stay high after objects are dropped.
/// `--json` has the numbers in bytes.
///
/// Examples:
///   mem
///   mem --json
#[backdoor_command(builtin = "resources", reads, on = helper)]
async fn mem(
    /// Write jemalloc's heap profile into a private file, for `jeprof`
    heap_profile: bool,
    session: Session,
) -> io::Result<Memory> {
    if heap_profile {
        let path = resources::heap_profile()?;
        // Only a closed session fails here.
        let _ = session.println(format!("heap profile: {}", path.display())).await;
    }
    resources::memory()
}

/// The open descriptors, by kind, with their targets
///
/// Examples:
///   fds
///   fds socket --limit 20
///   fds --by target
#[backdoor_command(builtin = "resources", reads, on = helper)]
fn fds(
    /// Only descriptors with this text in their kind or target
    pattern: Option<String>,
    /// The most descriptors to show
    #[arg(long, default = 100)]
    limit: usize,
    /// Count equal ones instead: by kind and target; of connections, by their kind, state, and own listener or peer
    #[arg(long)]
    by: Option<By>,
) -> io::Result<Descriptors> {
    let descriptors = resources::descriptors()?;
    Ok(match by {
        Some(By::Target) => descriptors.by_target(pattern.as_deref(), limit),
        None => descriptors.select(pattern.as_deref(), limit),
    })
}

#[derive(Choice, Clone, Copy)]
enum By {
    Target,
}

/// The child processes, with those that have ended and that nobody has waited for
///
/// Such a zombie keeps its number in the table of processes until the service waits
/// for it: `Child::wait`. A child that the service never waits for is a leak.
///
/// Examples:
///   children
///   children zombie
#[backdoor_command(builtin = "resources", reads, on = helper)]
fn children(
    /// Only children with this text in their state or command
    pattern: Option<String>,
    /// The most children to show
    #[arg(long, default = 100)]
    limit: usize,
) -> io::Result<Children> {
    Ok(resources::children()?.select(pattern.as_deref(), limit))
}

/// The sockets, with their peers, states and queues
///
/// The receive queue of a TCP listener is the number of connections that wait for
/// `accept`, of how many may wait: `3 of 128`. For other listeners, the kernel shows
/// neither.
///
/// Examples:
///   sockets
///   sockets close-wait
#[backdoor_command(builtin = "resources", reads, on = helper)]
fn sockets(
    /// Only sockets with this text in their kind, addresses or state
    pattern: Option<String>,
) -> io::Result<Sockets> {
    let mut sockets = resources::sockets()?;
    if let Some(pattern) = pattern {
        sockets.retain(|socket| {
            [socket.kind, &socket.local, &socket.peer, socket.state]
                .iter()
                .any(|text| text.contains(&pattern))
        });
    }
    Ok(Sockets(sockets))
}

/// The memory mappings of the process
///
/// Examples:
///   maps --sum
///   maps libc
#[backdoor_command(builtin = "resources", reads, on = helper)]
fn maps(
    /// Only mappings with this text in their name
    pattern: Option<String>,
    /// Sum mappings by name, the most resident first
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

/// The resource limits of the process, and their use
///
/// Examples:
///   limits
///   limits --json
#[backdoor_command(builtin = "resources", reads, on = helper)]
fn limits() -> io::Result<Limits> {
    resources::limits().map(Limits)
}

/// The control group: limits of the container or unit, throttling, pressure
///
/// Examples:
///   cgroup
///   cgroup --json
#[backdoor_command(builtin = "resources", reads, on = helper)]
fn cgroup() -> io::Result<Cgroup> {
    resources::cgroup()?.ok_or_else(|| io::Error::other("no control group is visible in this container"))
}

/// The names of environment variables; values may be secrets and are not shown
///
/// Examples:
///   env
///   env RUST
#[backdoor_command(builtin = "resources", reads, on = helper)]
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

/// The command line of the process
///
/// Examples:
///   args
///   args --json
#[backdoor_command(builtin = "resources", reads, on = helper)]
fn args() -> Vec<String> {
    resources::arguments()
}

/// How the program was built: package, commit, compiler, profile, features
///
/// Examples:
///   build
///   build --json
#[backdoor_command(builtin = "resources", reads, on = console)]
fn build(State(console): State<Console>) -> BuildInfo {
    console.service().build.clone()
}

/// The console itself: threads, sessions, memory, commands and their times
///
/// Examples:
///   self
///   self --json
#[backdoor_command(builtin = "resources", name = "self", reads, on = helper)]
fn itself(State(console): State<Console>) -> Itself {
    resources::itself(&console)
}

struct Sockets(Vec<Socket>);

impl CommandOutput for Sockets {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        // The port is the most important part of an address.
        const COLUMNS: [Column; 5] = [
            Column::new("local").cut(Cut::Start).least(12),
            Column::new("peer").cut(Cut::Start).least(12),
            Column::new("state").whole(),
            Column::new("recv").right(),
            Column::new("fd").spare(1),
        ];
        if self.0.is_empty() {
            return writeln!(page, "(none)");
        }
        let row = |socket: &Socket| {
            Value::record([
                ("fd", socket.fd.into()),
                ("kind", socket.kind.into()),
                ("local", socket.local.as_str().into()),
                ("peer", socket.peer.as_str().into()),
                ("state", socket.state.into()),
                ("recv", queue(socket)),
                ("send", socket.send_queue.into()),
            ])
        };
        page.table(&self.0.iter().map(row).collect::<Vec<_>>(), &COLUMNS)
    }

    fn value(&self) -> Value {
        Value::of(&self.0)
    }
}

/// `3 of 128` for a listener.
fn queue(socket: &Socket) -> Value {
    match socket.backlog {
        Some(backlog) => format!("{} of {backlog}", socket.receive_queue).into(),
        None => socket.receive_queue.into(),
    }
}

struct Limits(Vec<Limit>);

impl CommandOutput for Limits {
    fn text(&self, page: &mut Page<'_>) -> fmt::Result {
        const COLUMNS: [Column; 4] = [
            Column::new("name").whole(),
            Column::new("soft").right().whole(),
            Column::new("hard").right().whole().spare(1),
            Column::new("used").right().whole(),
        ];
        let row = |limit: &Limit| {
            let is_size = limit.unit == "bytes";
            let number = |number: u64| if is_size { size(number) } else { number.to_string() };
            let of = |limit: Option<u64>| limit.map_or_else(|| "no limit".to_owned(), number);
            Value::record([
                ("name", limit.name.as_str().into()),
                ("soft", of(limit.soft).into()),
                ("hard", of(limit.hard).into()),
                ("unit", if is_size { "" } else { limit.unit.as_str() }.into()),
                ("used", limit.used.map(number).into()),
                ("percent", limit.percent.into()),
            ])
        };
        page.table(&self.0.iter().map(row).collect::<Vec<_>>(), &COLUMNS)
    }

    fn value(&self) -> Value {
        Value::of(&self.0)
    }
}
