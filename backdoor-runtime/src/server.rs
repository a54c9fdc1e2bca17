//! The way in for operators: the builder, the addresses, the listeners, and the end of a console.

mod acceptor;
mod admission;
mod bind_error;
mod bound_listener;
mod builder;
mod environment;
mod error;
mod file_watch;
mod limit_knobs;
mod limits;
mod listener;
mod reserve_fd;
mod running;
mod socket_directory;
mod socket_file;
pub(crate) mod startup_check;
mod stream;
mod supervisor;
pub(crate) mod unregistered;

pub(crate) use limits::Limits;

pub use bind_error::BindError;
pub use builder::Builder;
pub use error::Error;
pub use running::Backdoor;
