//! Watches for the removal of a unix socket's file, without a wake-up while the file exists.

use std::future::pending;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use tokio::net::unix::pipe::Receiver;
use tokio::time::sleep;

use crate::base::fork::Ours;
use crate::exec::own_thread;
use crate::server::socket_file::SocketFile;

/// How often the path is checked if the kernel does not report changes.
const LOOK: Duration = Duration::from_secs(10);

/// The pause after a report of the kernel, so that frequent changes cost no more than one check each time.
const PAUSE: Duration = Duration::from_secs(1);

/// Watches one file, or none.
pub(super) struct FileWatch {
    file: Option<Arc<SocketFile>>,
    told: Option<Told>,
}

/// By inotify(7).
struct Told {
    _ours: Ours,
    events: Receiver,
}

impl FileWatch {
    /// To be called on a runtime. If inotify cannot be used, for want of descriptors or watches, the path is checked regularly instead. So
    /// it is under a seccomp filter, which may end the process at a call that neither std nor tokio makes.
    pub(super) fn of(file: Option<Arc<SocketFile>>) -> Self {
        let file_to_watch = file.as_ref().filter(|_| own_thread::is_filtered() == Some(false));
        let told = file_to_watch.and_then(|file| Told::of(file.path()).ok());
        Self { file, told }
    }

    /// Waits until the path does not lead to the file any more.
    pub(super) async fn sees_it_gone(&mut self) {
        let Some(file) = &self.file else { return pending().await };
        while file.is_there() {
            match &self.told {
                None => sleep(LOOK).await,
                Some(told) => {
                    if told.stirs().await.is_err() {
                        self.told = None;
                    } else if file.is_there() {
                        sleep(PAUSE).await;
                    }
                }
            }
        }
    }
}

impl Told {
    fn of(path: &Path) -> io::Result<Self> {
        let events = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        // The number of names of a file is an attribute, so a removal is reported even while the file is open, as a socket's is.
        let of_file = WatchFlags::ATTRIB | WatchFlags::MOVE_SELF | WatchFlags::DELETE_SELF;
        inotify::add_watch(&events, path, of_file | WatchFlags::DONT_FOLLOW)?;
        // It may be moved away with its directory. Other changes in the directory are not watched.
        if let Some(directory) = path.parent() {
            inotify::add_watch(&events, directory, WatchFlags::MOVE_SELF | WatchFlags::DELETE_SELF)?;
        }
        // It is read like a pipe.
        let events = Receiver::from_owned_fd_unchecked(events)?;
        Ok(Self { _ours: Ours::new(&events), events })
    }

    /// Waits for a report about the file, and reads it.
    async fn stirs(&self) -> io::Result<()> {
        self.events.readable().await?;
        loop {
            match self.events.try_read(&mut [0; 4096]) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }
}
