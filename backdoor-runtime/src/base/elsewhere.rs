//! What only Linux tells, where a console cannot be served.
//!
//! It stands in for `kernel_ids.rs` and `reserve.rs`.

/// Numbers of the kernel: nobody's.
pub(crate) mod kernel_ids {
    use std::io;
    use std::time::Duration;

    /// This thread's number.
    pub(crate) fn thread() -> i32 {
        -1
    }

    /// The user that this process acts as.
    pub(crate) fn effective_user() -> u32 {
        u32::MAX
    }

    /// The processor time that this thread has used.
    ///
    /// # Errors
    /// It is not known.
    pub(crate) fn used_by_thread() -> io::Result<Duration> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Files that need no descriptors in reserve.
pub(crate) mod reserve {
    use std::path::Path;
    use std::{fs, io};

    /// The contents of a file.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn read(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
        fs::read(path)
    }
}
