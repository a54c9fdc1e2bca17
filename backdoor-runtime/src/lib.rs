//! Live debug commands for Rust services.
//!
//! Annotate functions with [`#[backdoor_command]`](backdoor_command), start a [`Backdoor`], connect with `telnet`, type `help`.
#![doc = include_str!("../guide.md")]
// What views share is unused where one of them is left out.
#![cfg_attr(not(all_views), allow(dead_code, unreachable_pub, unused_imports, clippy::drop_non_drop))]
// A session cannot exist there.
#![cfg_attr(not(feature = "console"), allow(unreachable_code))]
// Standard output and standard error belong to the service.
#![warn(clippy::print_stdout, clippy::print_stderr)]

#[cfg(feature = "console")]
pub(crate) mod audit;
mod base;
pub mod bounds;
#[cfg(feature = "console")]
mod builtins;
mod call;
#[cfg(feature = "console")]
mod changes;
mod command;
#[cfg(feature = "console")]
mod console;
#[cfg(feature = "console")]
mod dispatch;
#[cfg(all_views)]
pub(crate) mod doctor;
mod exec;
mod in_the_authors_crate;
mod limits;
#[cfg(feature = "console")]
mod line;
#[doc(hidden)]
#[path = "private.rs"]
pub mod private_0_1_0;
#[cfg(serves)]
mod procfs;
pub(crate) mod readable;
mod reply;
#[cfg(serves)]
mod server;
#[cfg(not(serves))]
#[path = "server/absent.rs"]
mod server;
mod service;
#[cfg(feature = "console")]
mod testing;
mod thresholds;
mod views;

pub use backdoor_macros::{Choice, Track, backdoor_command, backdoor_var};
pub use base::byte_size::ByteSize;
pub use call::failure::Status;
pub use call::print_error::PrintError;
pub use call::session::Session;
pub use command::{
    ArgError, Caller, ChoiceWord, CommandInfo, Effect, FromArg, FromCaller, Guard, ParameterInfo, RawAnsi,
    State, choose,
};
#[cfg(feature = "console")]
pub use dispatch::{Console, Killed, RunInfo, SessionInfo, StatusCount};
#[cfg(feature = "console")]
pub use line::Candidate;
pub use reply::{Column, CommandOutput, Cut, Page, Value};
pub use server::startup_check::{Problem, Problems, check_commands};
pub use server::{Backdoor, BindError, Builder, Error};
pub use service::{Address, AddressError, Listen, Service};
#[cfg(feature = "console")]
pub use testing::{Answer, Testing};
pub use thresholds::Thresholds;
pub use views::counters::{Counter, Gauge, Histogram};
#[cfg(feature = "log-view")]
pub use views::logs;
#[cfg(feature = "log-view")]
pub use views::logs::logs;
pub use views::objects::{Track, TrackGuard, Tracked};
#[cfg(resource_views)]
pub use views::resources;
#[cfg(feature = "tokio")]
pub use views::tasks;
#[cfg(feature = "tokio")]
pub use views::tasks::{spawn, spawn_named};
pub use views::{counters, objects, sync, trends, vars};
#[cfg(runtime_views)]
pub use views::{profile, threads};

// Generated code uses the crate's public path, also in built-in commands.
#[cfg(feature = "console")]
extern crate self as backdoor_runtime;

/// Compiles the blocks of the README; the guide's blocks are compiled in the same way.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
