//! Live debug commands for Rust services.
//!
//! Annotate functions with [`#[backdoor_command]`](backdoor_command), start a [`Backdoor`], connect with `telnet`, type `help`.
#![doc = include_str!("../guide.md")]
// The process's own output belongs to the service.
#![warn(clippy::print_stdout, clippy::print_stderr)]

#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
compile_error!("backdoor-runtime is for Linux only, on x86-64 and aarch64");

pub mod bounds;
mod builtins;
mod causes;
mod coarse;
mod command;
mod console;
pub mod counters;
mod dispatch;
#[allow(unsafe_code, reason = "pthread_atfork and what its handler may do; each block has its reason")]
mod forked;
mod in_the_authors_crate;
#[allow(unsafe_code, reason = "system calls without arguments, whose wrappers in rustix may panic")]
mod kernel_ids;
mod line;
pub mod logs;
pub mod objects;
mod own_thread;
#[doc(hidden)]
pub mod private;
pub mod profile;
mod reply;
mod reserve;
pub mod resources;
mod server;
pub mod sync;
pub mod tasks;
mod testing;
pub mod threads;
pub mod trends;
pub mod vars;

pub use backdoor_macros::{Choice, Track, backdoor_command, backdoor_var};
pub use command::{
    ArgError, ByteSize, Caller, ChoiceWord, CommandInfo, CommandOutput, Effect, FromArg, FromCaller, Guard,
    Page, ParameterInfo, Problem, Problems, RawAnsi, State, check_commands, choose,
};
pub use counters::{Counter, Gauge, Histogram};
pub use dispatch::{
    Console, Killed, PrintError, RunInfo, Service, Session, SessionInfo, Status, StatusCount,
};
pub use line::Candidate;
pub use logs::logs;
pub use objects::{Track, TrackGuard, Tracked};
pub use reply::{Column, Cut, Value};
pub use server::{Address, AddressError, Backdoor, BindError, Builder, Error, Listen};
pub use tasks::{spawn, spawn_named};
pub use testing::{Answer, Testing};

// Generated code names the crate by its public path, also in the built-ins.
extern crate self as backdoor_runtime;

/// The blocks of the README, which the guide's compile in the same way.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
