//! How operators get in: the builder, the addresses, the listeners, and the end of it all.

mod accept;
mod address;
mod addresses;
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
mod stream;

pub(crate) use addresses::Addresses;
pub(crate) use limits::Limits;

pub use address::{Address, AddressError, Listen};
pub use builder::Builder;
pub use error::Error;
pub use listener::BindError;
pub use running::Backdoor;
