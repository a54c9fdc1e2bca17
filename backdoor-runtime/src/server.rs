//! How operators get in: the builder, the addresses, the listeners, and the end of it all.

mod accept;
mod address;
mod builder;
mod error;
mod limits;
mod listener;
mod socket_file;
mod stream;

pub(crate) use limits::Limits;

pub use address::{Address, AddressError, Listen};
pub use builder::{Backdoor, Builder};
pub use error::Error;
pub use listener::BindError;
