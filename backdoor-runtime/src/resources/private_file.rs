//! Where a command may leave a file that only the service's own user can read.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::{env, process};

/// A new directory of mode 0700, in the user's runtime directory or the one for temporary files. Nobody else can have made it before:
/// a name that is taken is not used.
pub(crate) fn directory() -> io::Result<PathBuf> {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    const TRIES: u64 = 1000;
    let parent = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_dir());
    let parent = parent.unwrap_or_else(env::temp_dir);
    for _ in 0..TRIES {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = parent.join(format!("backdoor-{}-{number}", process::id()));
        match DirBuilder::new().mode(0o700).create(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => {
                return Err(io::Error::new(error.kind(), format!("cannot make {}: {error}", path.display())));
            }
        }
    }
    Err(io::Error::other(format!("{} is full of directories of ours", parent.display())))
}

/// Writes a file of mode 0600 that was not there, into such a directory.
pub(crate) fn write(directory: &Path, name: &str, text: &str) -> io::Result<PathBuf> {
    let path = directory.join(name);
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    match written.and_then(|mut file| file.write_all(text.as_bytes())) {
        Ok(()) => Ok(path),
        Err(error) => Err(io::Error::new(error.kind(), format!("cannot write {}: {error}", path.display()))),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn each_directory_is_new_and_private() {
        let (one, two) = (directory().unwrap(), directory().unwrap());
        assert_ne!(one, two);
        for path in [one, two] {
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
            let file = write(&path, "folded", "main 1\n").unwrap();
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
            assert_eq!(write(&path, "folded", "").unwrap_err().kind(), ErrorKind::AlreadyExists);
            fs::remove_dir_all(path).unwrap();
        }
    }
}
