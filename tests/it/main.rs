//! The whole path of a line, through real sockets and real clients. One binary, to save link time.

/// Answers that are long, cut or empty, and their status.
#[cfg(test)]
mod answers;
/// How the words of a line become arguments.
#[cfg(test)]
mod arguments;
/// What commands leave in the log.
#[cfg(test)]
mod audit;
/// What an author's own tests see: `Backdoor::testing()` and errors at start.
#[cfg(test)]
mod author;
/// The built-in commands: help, completion, sessions.
#[cfg(test)]
mod builtins;
/// A peer made of raw bytes.
#[cfg(test)]
mod client;
/// Limits of commands, with and without.
#[cfg(test)]
mod command_limits;
/// Counters, gauges and histograms.
#[cfg(test)]
mod counters;
/// Mistakes of operators, and what they are told.
#[cfg(test)]
mod courtesy;
/// `doctor`: what looks wrong, in one place.
#[cfg(test)]
mod doctor;
/// A service without a runtime of tokio, and one with another version.
#[cfg(test)]
mod embed;
/// Every way in which a command can end.
#[cfg(test)]
mod ends;
/// The example programs, started as processes.
#[cfg(test)]
mod example;
/// The walk through `docs/what-is-it-doing.md`.
#[cfg(test)]
mod faults;
/// Answers at the widths of terminals.
#[cfg(test)]
mod fits;
/// Lines and bytes at random.
mod fuzz;
/// Gates at which commands of tests wait.
#[cfg(test)]
mod gate;
/// The walk through `docs/what-does-it-hold.md`.
#[cfg(test)]
mod holds;
/// What a console may cost its service.
#[cfg(test)]
mod host;
/// What a test leaves out where it cannot run.
#[cfg(test)]
mod left_out;
/// Addresses: which are bound, and what is said of the others.
#[cfg(test)]
mod listen;
/// A console where the kernel refuses something.
#[cfg(test)]
mod lives;
/// Locks, their owners and their waiters.
#[cfg(test)]
mod locks;
/// What a service's subscriber is told.
#[cfg(test)]
mod log;
/// The ring of log events, and levels that are changed.
#[cfg(test)]
mod logs;
/// Live objects by type.
#[cfg(test)]
mod objects;
/// An operator at a prompt.
#[cfg(test)]
mod operator;
/// The priority of the console beside its service.
#[cfg(test)]
mod priority;
/// Profiles of processor time.
#[cfg(test)]
mod profile;
/// Real clients in a pseudo-terminal.
#[cfg(test)]
mod pty;
/// What the README says, typed.
#[cfg(test)]
mod readme;
/// telnet, nc, socat and others as clients.
#[cfg(test)]
mod real_clients;
/// How peers are accepted, bounded and turned away.
#[cfg(test)]
mod reception;
/// Replies of every kind as text and as JSON.
#[cfg(test)]
mod replies;
/// What the process holds: memory, descriptors, limits.
#[cfg(test)]
mod resources;
/// `running` and `kill`.
#[cfg(test)]
mod runs;
/// Filters of system calls for programs that tests start.
#[cfg(test)]
#[allow(unsafe_code, reason = "no safe function sets a filter between fork and exec")]
mod seccomp;
/// The example service, in use.
#[cfg(test)]
mod secret_arguments;
#[cfg(test)]
mod shop;
/// What the shop's README says, typed.
#[cfg(test)]
mod shop_readme;
/// Everything at once for long.
#[cfg(test)]
mod soak;
/// Services that are stuck, and commands that wait for them.
#[cfg(test)]
mod stuck;
/// Tasks: what they wait for, and how they end.
#[cfg(test)]
mod tasks;
/// Native threads and their stacks.
#[cfg(test)]
mod threads;
/// Sessions in documents, typed again and compared.
#[cfg(test)]
mod transcript;
/// Numbers over time.
#[cfg(test)]
mod trends;
/// Limits that are tested with and without.
#[cfg(test)]
mod twice;
/// Variables: read, set, lent and undone.
#[cfg(test)]
mod vars;
/// The one way to wait.
#[cfg(test)]
mod wait;
/// Documents that are walks through a service.
#[cfg(test)]
mod walk;
/// What goes over the wire, byte by byte.
#[cfg(test)]
mod wire;
