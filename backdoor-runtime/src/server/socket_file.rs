//! The file of a unix socket: private from the moment it exists, put only in place of a stale socket, and removed at the end if it is still
//! ours.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{self, Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use socket2::{Domain, SockAddr, Socket, Type};

use crate::base::escape::escape_line;
use crate::base::process::Process;
use crate::server::bind_error::Failure;

/// The longest path in `sun_path` of `sockaddr_un`, which has 108 bytes, without the NUL at its end (unix(7)).
const LONGEST_PATH: usize = 107;

/// How long to wait for another process that binds or removes a socket in the same directory, which takes it
/// microseconds.
pub(super) const LOCK_PATIENCE: Duration = Duration::from_millis(250);

/// How often a path may change between a check and an action on it before this gives up.
const ATTEMPTS: usize = 5;

/// The file of a unix socket. Dropping it removes the file, if that is still the one that was made, and this is the process that made it.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    identity: Identity,
    process: Process,
}

impl SocketFile {
    /// Its absolute path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the file, if it is still the one that was made.
    pub(super) fn remove(&self) {
        // A forked process has a copy of this, and the file belongs to its parent.
        if !self.process.is_this() {
            return;
        }
        // Without a wait, because the service wants to end.
        let _lock = lock_directory_of(&self.path, Duration::ZERO);
        if self.is_there() {
            // A failure here cannot be handled, and the next start replaces the file.
            let _ = fs::remove_file(&self.path);
        }
    }

    /// Whether the path still leads to the file.
    pub(super) fn is_there(&self) -> bool {
        Identity::at(&self.path).is_ok_and(|found| found == self.identity)
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Binds and listens at `path`. If another process listens there, the error advises `instead`.
pub(super) fn bind(path: &Path, instead: &str, backlog: i32) -> Result<(UnixListener, SocketFile), Failure> {
    // The service may change its directory before the file is removed.
    let path = path::absolute(path).map_err(|e| Failure::system("the working directory is not known", e))?;
    let length = path.as_os_str().len();
    if length > LONGEST_PATH {
        let reason = format!(
            "the path has {length} bytes, and a socket's path at most {LONGEST_PATH}; choose a shorter one"
        );
        return Err(Failure::from(reason.as_str()));
    }
    let name = SockAddr::unix(&path).map_err(|e| Failure::system("the path cannot be a socket's", e))?;
    // Between `bind` and `listen` a socket refuses connections like a dead one, and between the check of a dead one and its removal another
    // process may replace it. The lock serializes processes that start at the same time.
    let _lock = lock_directory_of(&path, LOCK_PATIENCE);
    for _ in 0..ATTEMPTS {
        let socket = private_socket().map_err(|e| Failure::system("a socket cannot be made", e))?;
        match socket.bind(&name) {
            Ok(()) => {
                let identity =
                    Identity::at(&path).map_err(|e| Failure::system("the socket's file is gone", e))?;
                let file = SocketFile { path: path.clone(), identity, process: Process::this() };
                socket.listen(backlog).map_err(|e| Failure::system("the socket cannot listen", e))?;
                return Ok((socket.into(), file));
            }
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => remove_dead_socket(&path, instead)?,
            Err(error) => return Err(not_bindable(&path, error)),
        }
    }
    Err(Failure::from("the file at the path keeps changing; choose another path"))
}

/// A non-blocking unix socket whose file is accessible only to its owner from the moment it exists, with any umask: on Linux `bind` gives
/// the file the mode of the socket, less the umask. A `chmod` after `bind` would leave a gap.
fn private_socket() -> io::Result<Socket> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    let file = File::from(OwnedFd::from(socket));
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(Socket::from(OwnedFd::from(file)))
}

fn not_bindable(path: &Path, error: io::Error) -> Failure {
    let directory = path.parent().unwrap_or(path);
    let shown = directory.to_string_lossy();
    let shown = escape_line(&shown);
    match error.kind() {
        io::ErrorKind::NotFound if !directory.exists() => {
            Failure::system(format!("there is no directory {shown}; make it, or choose another path"), error)
        }
        io::ErrorKind::NotADirectory => Failure::system(format!("{shown} is not a directory"), error),
        io::ErrorKind::PermissionDenied => Failure::system(
            format!("this process may not make a file in {shown}; choose another path"),
            error,
        ),
        _ => Failure::system("the socket cannot be bound", error),
    }
}

/// Removes a stale socket at the path, on which no process listens, and nothing else.
fn remove_dead_socket(path: &Path, instead: &str) -> Result<(), Failure> {
    let gone = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    let unknown = |error| Failure::system("the file at the path cannot be examined", error);
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if gone(&error) => return Ok(()),
        Err(error) => return Err(unknown(error)),
    };
    // Checked before connecting, because a regular file refuses a connection like a dead socket, and a symbolic link would be followed.
    let kind = metadata.file_type();
    if !kind.is_socket() {
        let kind = match () {
            () if kind.is_file() => "a regular file",
            () if kind.is_dir() => "a directory",
            () if kind.is_symlink() => "a symbolic link",
            () => "another kind of file",
        };
        let reason = format!(
            "{kind} exists there, not a socket, and was not changed; remove it, or choose another path"
        );
        return Err(Failure::from(reason.as_str()));
    }
    match knock(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
        Err(error) if gone(&error) => return Ok(()),
        // A full queue has a listener, too.
        Err(error) if error.kind() != io::ErrorKind::WouldBlock => {
            return Err(Failure::system(
                "a socket exists there, and whether a process listens on it is unknown",
                error,
            ));
        }
        _ => {
            let reason = format!("a process already listens there; stop it, or {instead}");
            return Err(Failure::held(reason, None));
        }
    }
    match Identity::at(path) {
        Ok(found) if found == Identity::of(&metadata) => match fs::remove_file(path) {
            Err(error) if !gone(&error) => Err(Failure::system("a stale socket cannot be removed", error)),
            _ => Ok(()),
        },
        // Another file took its place, and is checked in turn.
        Ok(_) => Ok(()),
        Err(error) if gone(&error) => Ok(()),
        Err(error) => Err(unknown(error)),
    }
}

/// Whether a process accepts connections at `path`, without waiting for room in a full queue.
fn knock(path: &Path) -> io::Result<()> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.connect(&SockAddr::unix(path)?)
}

/// The identity of the file with a name. The time of birth, if the file system keeps it, distinguishes a file from another one with the
/// reused number of a removed file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
    born: Option<SystemTime>,
}

impl Identity {
    pub(super) fn of(metadata: &fs::Metadata) -> Self {
        Identity { device: metadata.dev(), inode: metadata.ino(), born: metadata.created().ok() }
    }

    fn at(path: &Path) -> io::Result<Self> {
        fs::symlink_metadata(path).map(|metadata| Identity::of(&metadata))
    }
}

/// An advisory lock among consoles on the directory of `path`, released when the file is dropped. There is none if the directory cannot be
/// read, or if another process holds the lock for long: then the second look at the path is the only guard.
fn lock_directory_of(path: &Path, patience: Duration) -> Option<File> {
    // With the `.`, only a directory can be opened: opening a pipe would wait for its writer.
    let directory = File::open(path.parent()?.join(".")).ok()?;
    let deadline = Instant::now() + patience;
    loop {
        match directory.try_lock() {
            Ok(()) => return Some(directory),
            Err(fs::TryLockError::WouldBlock) if Instant::now() < deadline => {
                thread::sleep(Duration::from_millis(1));
            }
            Err(_) => return None,
        }
    }
}
