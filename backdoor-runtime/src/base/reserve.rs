//! Descriptors in reserve, so that views can still read their files when the process has none left.
//!
//! A file that is opened in place of a reserved descriptor is closed at once, and the descriptor is opened again. Between the two, another
//! thread of the process may take it, so there are several.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{fs, io};

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::Errno;

/// The number of reserved descriptors while a console runs.
const COUNT: usize = 2;

/// Descriptors that are only kept to be closed.
#[derive(Default)]
pub(crate) struct Reserve(Vec<OwnedFd>);

static OF_PROCESS: Mutex<Kept> = Mutex::new(Kept { consoles: 0, reserve: Reserve(Vec::new()) });

struct Kept {
    consoles: usize,
    reserve: Reserve,
}

/// The process keeps its reserve while one of these exists.
pub(crate) struct Keeping;

/// Calls a function that opens a file and closes it again, if necessary in place of reserved descriptors.
///
/// # Errors
/// The function fails, also with the last reserved descriptor closed.
pub(crate) fn with<T>(mut read: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let mut done = read();
    let mut is_used = false;
    while done.as_ref().is_err_and(helps) && of_process().reserve.give_up() {
        is_used = true;
        done = read();
    }
    if is_used {
        of_process().renew();
    }
    done
}

/// Opens the descriptors again that were closed for files that stayed open for a while. Otherwise the reserve would be refilled only at the
/// next shortage, which is too late.
pub(crate) fn renew() {
    of_process().renew();
}

/// The contents of a file.
///
/// # Errors
/// It cannot be read.
pub(crate) fn read(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    with(|| fs::read(&path))
}

/// The names in a directory that are valid text.
///
/// # Errors
/// It cannot be read.
pub(crate) fn names(directory: impl AsRef<Path>) -> io::Result<Vec<String>> {
    with(|| {
        let entries = fs::read_dir(&directory)?;
        entries
            .filter_map(|entry| entry.map(|entry| entry.file_name().into_string().ok()).transpose())
            .collect()
    })
}

/// Whether the process or the system has run out of descriptors (accept(2), open(2)), so that a reserved one helps. For lack of kernel
/// memory (`ENOBUFS`, `ENOMEM`) it does not.
pub(crate) fn helps(error: &io::Error) -> bool {
    Errno::from_io_error(error).is_some_and(|error| [Errno::MFILE, Errno::NFILE].contains(&error))
}

fn of_process() -> MutexGuard<'static, Kept> {
    OF_PROCESS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Reserve {
    /// Closes one for the next open; false if there is none.
    pub(crate) fn give_up(&mut self) -> bool {
        self.0.pop().is_some()
    }

    /// Opens descriptors up to this number. If that fails, it is tried again the next time.
    pub(crate) fn renew(&mut self, count: usize) {
        while self.0.len() < count {
            // It needs no file, which may be missing, and is the cheapest.
            let Ok(descriptor) = eventfd(0, EventfdFlags::CLOEXEC) else { break };
            self.0.push(descriptor);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl Kept {
    fn renew(&mut self) {
        let wanted = if self.consoles > 0 { COUNT } else { 0 };
        self.reserve.0.truncate(wanted);
        self.reserve.renew(wanted);
    }
}

impl Keeping {
    pub(crate) fn begin() -> Self {
        let mut kept = of_process();
        kept.consoles += 1;
        kept.renew();
        Self
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        let mut kept = of_process();
        kept.consoles -= 1;
        kept.renew();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserve_helps_when_descriptors_are_missing() {
        let helps = |errno: Errno| helps(&errno.into());
        assert!([Errno::MFILE, Errno::NFILE].into_iter().all(helps));
        assert!(![Errno::NOBUFS, Errno::NOMEM, Errno::CONNABORTED].into_iter().any(helps));
    }

    #[test]
    fn reserve_descriptors_are_refilled() {
        let mut reserve = Reserve::default();
        assert!(!reserve.give_up());
        reserve.renew(2);
        assert!(reserve.give_up() && reserve.give_up() && !reserve.give_up());
        reserve.renew(2);
        assert_eq!(reserve.len(), 2);
    }

    #[test]
    fn each_reserve_descriptor_allows_one_more_try() {
        let _keeping = Keeping::begin();
        let failing = |errno: Errno| {
            let mut tries = 0;
            let failed = with(|| -> io::Result<()> {
                tries += 1;
                Err(errno.into())
            });
            assert!(failed.is_err());
            tries
        };
        assert_eq!(
            (failing(Errno::MFILE), failing(Errno::ACCESS), failing(Errno::MFILE)),
            (1 + COUNT, 1, 1 + COUNT)
        );
    }
}
