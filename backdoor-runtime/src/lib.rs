//! Live debug commands for Rust services.
//!
//! Annotate functions with [`#[backdoor_command]`](backdoor_command), start a [`Backdoor`], connect with `telnet`, type `help`.
#![doc = include_str!("../guide.md")]
// The process's own output belongs to the service.
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod builtins;
mod command;
mod console;
mod dispatch;
mod line;
#[doc(hidden)]
pub mod private;
mod reply;
mod server;
mod testing;
pub mod vars;

pub use backdoor_macros::{Choice, backdoor_command, backdoor_var};
pub use command::{
    ArgError, ByteSize, Caller, ChoiceWord, CommandInfo, CommandOutput, Effect, FromArg, FromCaller, Guard,
    Page, ParameterInfo, Problem, Problems, RawAnsi, State, check_commands, choose,
};
pub use dispatch::{Console, Killed, PrintError, RunInfo, Service, Session, SessionInfo, Status};
pub use line::Candidate;
pub use reply::Value;
pub use server::{Address, AddressError, Backdoor, BindError, Builder, Error, Listen};
pub use testing::{Answer, Testing};

// Generated code names the crate by its public path, also in the built-ins.
extern crate self as backdoor_runtime;

/// The blocks of the README, which the guide's compile in the same way.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
