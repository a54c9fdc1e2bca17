//! A console that runs, and how it ends: by a drop, which is short, or by a shutdown, which may take its time.

use std::fmt;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{oneshot, watch};

use crate::dispatch::Dispatcher;
use crate::own_thread::{self, Priority};
use crate::server::Address;
use crate::server::keeper::Keeper;
use crate::server::socket_file::SocketFile;
use crate::trends;
use crate::vars::lease;

/// How long dropping a console may take. It takes microseconds where nothing runs and every client closes when it is told.
const DROP: Duration = Duration::from_millis(200);

/// How long [`Backdoor::shutdown`] may take.
const SHUTDOWN: Duration = Duration::from_secs(2);

/// A running console. Dropping it ends it: what is rendered is sent and sessions get a goodbye, within 200 ms. No command is waited
/// for.
#[must_use = "dropping the console ends it; bind it to a name, as in `let _console = ..`: `let _ = ..` drops it at once"]
pub struct Backdoor {
    pub(super) addresses: Vec<Address>,
    pub(super) running: Option<Running>,
}

/// Ends the console when it is dropped.
pub(super) struct Running {
    pub(super) ending: watch::Sender<bool>,
    /// Says when the last session has ended. Taken by the first who waits for it.
    pub(super) ended: Mutex<Option<Receiver<()>>>,
    pub(super) dispatcher: Arc<Dispatcher>,
    /// Dropped after the sessions have ended, or have had their time.
    pub(super) _keeper: Keeper,
    /// Their drop removes the files.
    pub(super) _files: Vec<SocketFile>,
}

impl Backdoor {
    /// Where the console listens; empty when it is off.
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// Ends the console and waits up to 2 s for its sessions to have said goodbye, and for the log to have what they did. A command
    /// that is stuck is not waited for, and no thread of the caller's is held up.
    pub async fn shutdown(mut self) {
        let Some(running) = self.running.take() else { return };
        let (done, is_done) = oneshot::channel::<()>();
        // A thread of its own: the caller's runtime may have no timers, and the console's own may be what hangs.
        let end = move || {
            running.end(SHUTDOWN);
            drop((running, done));
        };
        if let Err(error) = own_thread::start("backdoor-end", Priority::OF_STARTER, end) {
            // The drop of what was to be moved there has ended the console.
            tracing::warn!(target: "backdoor", "the console ended without waiting long: no thread could be started: {error}");
        }
        // Nothing is ever sent.
        let _ = is_done.await;
    }
}

impl Running {
    /// Ends the console within this time. Only the first call does anything.
    fn end(&self, limit: Duration) {
        let Some(ended) = self.ended.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        let until = Instant::now() + limit;
        trends::detach(&self.dispatcher.shared);
        self.ending.send_replace(true);
        self.dispatcher.pool.end();
        // Too late is fine: what still runs is left to itself.
        let _ = ended.recv_timeout(limit);
        lease::end_of(self.dispatcher.shared.owner, until.saturating_duration_since(Instant::now()));
        self.dispatcher.audit.end(until.saturating_duration_since(Instant::now()));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end(DROP);
    }
}

impl fmt::Debug for Backdoor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backdoor").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}
