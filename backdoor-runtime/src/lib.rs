//! Live debug commands for Rust services.
//!
//! Annotate functions with [`#[backdoor_command]`](backdoor_command), start a [`Backdoor`], connect with `telnet`, type `help`.
#![doc = include_str!("../guide.md")]
// Standard output and standard error belong to the service.
#![warn(clippy::print_stdout, clippy::print_stderr)]

#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
compile_error!("backdoor-runtime is for Linux only, on x86-64 and aarch64");

pub(crate) mod audit;
mod base;
pub mod bounds;
mod builtins;
mod call;
mod changes;
mod command;
mod console;
mod dispatch;
pub(crate) mod doctor;
mod exec;
mod in_the_authors_crate;
mod line;
#[doc(hidden)]
#[path = "private.rs"]
pub mod private_0_1_0;
mod procfs;
pub(crate) mod readable;
mod reply;
mod server;
mod service;
mod testing;
mod views;

pub use backdoor_macros::{Choice, Track, backdoor_command, backdoor_var};
pub use base::byte_size::ByteSize;
pub use call::failure::Status;
pub use call::session::{PrintError, Session};
pub use command::{
    ArgError, Caller, ChoiceWord, CommandInfo, Effect, FromArg, FromCaller, Guard, ParameterInfo, RawAnsi,
    State, choose,
};
pub use dispatch::{Console, Killed, RunInfo, SessionInfo, StatusCount};
pub use line::Candidate;
pub use reply::{Column, CommandOutput, Cut, Page, Value};
pub use server::startup_check::{Problem, Problems, check_commands};
pub use server::{Backdoor, BindError, Builder, Error};
pub use service::{Address, AddressError, Listen, Service};
pub use testing::{Answer, Testing};
pub use views::counters::{Counter, Gauge, Histogram};
pub use views::logs::logs;
pub use views::objects::{Track, TrackGuard, Tracked};
pub use views::tasks::{spawn, spawn_named};
pub use views::{counters, logs, objects, profile, resources, sync, tasks, threads, trends, vars};

// Generated code uses the crate's public path, also in built-in commands.
extern crate self as backdoor_runtime;

/// Compiles the blocks of the README; the guide's blocks are compiled in the same way.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
