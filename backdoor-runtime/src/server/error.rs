//! Why a console cannot start, for the author.

use std::{error, fmt, io};

use crate::base::causes;
use crate::server::BindError;
use crate::server::startup_check::Problems;
use crate::service::AddressError;

/// Why a console cannot start. `Debug` reads as `Display`, with the sources of the error, because `main` prints the error it returns with
/// `Debug`.
#[non_exhaustive]
pub enum Error {
    /// Something is wrong with the commands that are linked in.
    Commands(Problems),
    /// An address given to the builder cannot be understood.
    Address(AddressError),
    /// `BACKDOOR_LISTEN` cannot be understood.
    Environment(AddressError),
    /// The console cannot listen on an address.
    Bind(BindError),
    /// The console's threads cannot be started.
    Thread(io::Error),
    /// There is no console in this build of the program.
    Unsupported {
        /// What would have to be different: a feature, or the operating system.
        reason: &'static str,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Commands(problems) => write!(f, "the commands cannot be served:\n{problems}"),
            Self::Address(error) => error.fmt(f),
            Self::Environment(error) => write!(f, "BACKDOOR_LISTEN: {error}"),
            Self::Bind(error) => error.fmt(f),
            Self::Thread(_) => f.write_str("the console's threads cannot be started"),
            Self::Unsupported { reason } => f.write_str(reason),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.chain())
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Commands(_) | Self::Unsupported { .. } => None,
            Self::Address(error) | Self::Environment(error) => error.source(),
            Self::Bind(error) => error.source(),
            Self::Thread(error) => Some(error),
        }
    }
}

impl Error {
    /// The error and its sources, on one line.
    pub(crate) fn chain(&self) -> String {
        causes::chain(self)
    }
}
