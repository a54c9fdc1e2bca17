//! How operators get in: the builder, the addresses, the listeners, and the end of it all.

mod accept;
mod builder;
mod door;
mod environment;
mod error;
mod file_watch;
mod keeper;
mod limits;
mod listener;
mod places;
mod running;
mod socket_directory;
mod socket_file;
mod spare;
pub(crate) mod startup_check;
mod stream;
pub(crate) mod unregistered;

pub(crate) use limits::Limits;

pub use builder::Builder;
pub use error::Error;
pub use listener::BindError;
pub use running::Backdoor;
