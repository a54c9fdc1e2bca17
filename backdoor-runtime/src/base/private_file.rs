//! Private files for commands: readable by the service's own user only, written completely or not at all.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::{env, process};

use super::soft_limit::{Kind, soft_limit};

/// A directory of mode 0700, in the user's runtime directory or the one for temporary files. It is removed with its contents unless it is
/// kept. An existing directory is never used, so no other user can have made it before.
pub(crate) struct Directory {
    path: PathBuf,
    is_kept: bool,
}

impl Directory {
    /// # Errors
    /// The directory cannot be made.
    pub(crate) fn new() -> io::Result<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(1);
        const TRIES: u64 = 1000;
        let parent = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_dir());
        let parent = parent.unwrap_or_else(env::temp_dir);
        for _ in 0..TRIES {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let path = parent.join(format!("backdoor-{}-{number}", process::id()));
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Self { path, is_kept: false }),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => {
                    return Err(io::Error::new(
                        error.kind(),
                        format!("cannot make {}: {error}", path.display()),
                    ));
                }
            }
        }
        Err(io::Error::other(format!("{} has a directory for every name that was tried", parent.display())))
    }

    /// Writes a new file of mode 0600 into it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn write(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        let path = self.path.join(name);
        let open = || OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let written = check_length(text.len()).and_then(|()| open()?.write_all(text.as_bytes()));
        written.map_err(|error| cannot_write(&path, error))?;
        Ok(path)
    }

    #[cfg(any(test, feature = "jemalloc"))]
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps the directory.
    pub(crate) fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        if !self.is_kept {
            // The write to it failed, and that error is reported.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// The longest file that the process may write; `None` if there is no limit.
pub(crate) fn longest() -> Option<u64> {
    soft_limit(Kind::FileSize)
}

/// Checks the length of a file. For one byte more than the limit the kernel sends SIGXFSZ, which ends the process by default.
fn check_length(length: usize) -> io::Result<()> {
    match longest() {
        Some(limit) if length as u64 > limit => Err(io::Error::new(
            ErrorKind::FileTooLarge,
            format!("the file needs {length} bytes, and RLIMIT_FSIZE allows {limit}"),
        )),
        _ => Ok(()),
    }
}

fn cannot_write(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot write {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn directory_is_new_private_and_removed_unless_kept() {
        let (one, two) = (Directory::new().unwrap(), Directory::new().unwrap());
        assert_ne!(one.path(), two.path());
        for directory in [one, two] {
            assert_eq!(mode(directory.path()), 0o700);
            let file = directory.write("folded", "main 1\n").unwrap();
            assert_eq!(mode(&file), 0o600);
            assert_eq!(directory.write("folded", "").unwrap_err().kind(), ErrorKind::AlreadyExists);
            drop(directory);
            assert!(!file.exists() && !file.parent().unwrap().exists());
        }
        let kept = Directory::new().unwrap();
        let path = kept.path().to_owned();
        kept.keep();
        assert!(path.exists());
        fs::remove_dir(path).unwrap();
    }
}
