//! How operators get in: the builder, the addresses, the listeners, and the end of it all.

mod accept;
mod address;
mod builder;
mod error;
mod keeper;
mod limits;
mod listener;
mod places;
mod running;
mod socket_file;
mod spare;
mod stream;

pub(crate) use limits::Limits;

pub use address::{Address, AddressError, Listen};
pub use builder::Builder;
pub use error::Error;
pub use listener::BindError;
pub use running::Backdoor;
