//! A running console, and how it ends: by a drop, which is short, or by a shutdown, which waits longer.

use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{fmt, mem};

use tokio::sync::{oneshot, watch};

use crate::base::process::Process;
use crate::dispatch::Dispatcher;
use crate::exec::own_thread::{self, Priority};
use crate::server::bound_listener::BoundListener;
use crate::server::supervisor::Supervisor;
use crate::service::{Address, Addresses};

/// The time limit of a drop. A drop takes microseconds if nothing runs and every client closes when it is told.
const DROP: Duration = Duration::from_millis(200);

/// The time limit of [`Backdoor::shutdown`].
const SHUTDOWN: Duration = Duration::from_secs(2);

/// If a console ends this soon after its start, its handle was probably not kept.
const AT_ONCE: Duration = Duration::from_secs(1);

/// A running console. Dropping it ends it within 200 ms: output that is ready is sent, and sessions get a goodbye. A drop waits for no
/// command.
///
/// A forked process has a copy of the handle and no console: the copy has no addresses, and dropping it does nothing. Such a process may
/// start a console of its own.
#[must_use = "dropping the console ends it; bind it to a name, as in `let _console = ..`: `let _ = ..` drops it at once"]
pub struct Backdoor {
    pub(super) running: Option<Running>,
}

/// Ends the console when it is dropped.
pub(super) struct Running(Option<Parts>);

/// The parts of a running console.
pub(super) struct Parts {
    /// The process of its threads.
    pub(super) process: Process,
    pub(super) started: Instant,
    pub(super) ending: watch::Sender<bool>,
    /// Reports the end of the last session. The first caller that waits for it takes it.
    pub(super) ended: Mutex<Option<Receiver<()>>>,
    pub(super) dispatcher: Arc<Dispatcher>,
    /// Dropped after the sessions have ended, or their time is over.
    pub(super) _supervisor: Supervisor,
    pub(super) listeners: Vec<Arc<BoundListener>>,
}

/// How a console is ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Drop,
    Shutdown,
}

impl Backdoor {
    /// The addresses that the console listens on; empty if it is off, and in a process that was forked from the console's process.
    ///
    /// If another process held an address at the start, it is among them once the console listens there.
    pub fn addresses(&self) -> &[Address] {
        let parts = self.running.as_ref().and_then(|running| running.0.as_ref());
        let here = parts.filter(|parts| parts.process.is_this());
        here.and_then(|parts| parts.dispatcher.shared.addresses.get()).map_or(&[], Addresses::all)
    }

    /// Ends the console and waits up to 2 s until its sessions have said goodbye and the log has its events. It does not wait for a stuck
    /// command, and blocks no thread of the caller.
    pub async fn shutdown(mut self) {
        let Some(mut running) = self.running.take() else { return };
        // The drop of a copy does nothing.
        let Some(parts) = running.0.take_if(|parts| parts.process.is_this()) else { return };
        let (done, is_done) = oneshot::channel::<()>();
        // A separate thread: the caller's runtime may have no timers, and the console's own may be the one that hangs.
        let running = Running(Some(parts));
        let end = move || {
            if let Some(parts) = &running.0 {
                parts.end(SHUTDOWN, End::Shutdown);
            }
            drop((running, done));
        };
        if let Err(error) = own_thread::start("backdoor-end", Priority::OF_STARTER, end) {
            // The closure could not be moved to a thread, and its drop has ended the console.
            tracing::warn!(target: "backdoor", "the console ended without waiting for its commands: no thread could be started: {error}");
        }
        // Nothing is ever sent.
        let _ = is_done.await;
    }
}

impl Backdoor {
    /// Drops the console within this time. For tests: on a busy machine, sessions may not get their goodbye in the time of an ordinary
    /// drop.
    #[doc(hidden)]
    pub fn drop_within(self, limit: Duration) {
        if let Some(parts) = self.running.as_ref().and_then(|running| running.0.as_ref())
            && parts.process.is_this()
        {
            parts.end(limit, End::Drop);
        }
    }
}

impl Backdoor {
    /// A console that does not run.
    pub(super) fn off() -> Self {
        Self { running: None }
    }

    /// A console that runs.
    pub(super) fn of(parts: Parts) -> Self {
        Self { running: Some(Running(Some(parts))) }
    }
}

impl Parts {
    /// The end of the last session, for the first caller that waits for it.
    pub(super) fn take_ended(&self) -> Option<Receiver<()>> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Whether the console ends so soon after its start that its handle was probably not kept.
    pub(super) fn is_at_once(&self, end: End) -> bool {
        end == End::Drop && self.started.elapsed() < AT_ONCE
    }

    pub(super) fn log_end(&self, is_at_once: bool) {
        let Dispatcher { shared, audit, .. } = &*self.dispatcher;
        let name = &shared.service.name;
        if is_at_once {
            audit.warn(format!(
                "the console of {name} has ended: its handle was dropped; keep it: `let _console = ..`"
            ));
        } else {
            audit.inform(format!("the console of {name} has ended"));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(parts) = self.0.take() else { return };
        if !parts.process.is_this() {
            // Its threads do not exist in this process, and its descriptors are the parent's.
            mem::forget(parts);
            return;
        }
        parts.end(DROP, End::Drop);
        parts.listeners.iter().for_each(|bound| bound.give_up());
    }
}

impl fmt::Debug for Backdoor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Backdoor");
        shown.field("addresses", &self.addresses());
        if let Some(parts) = self.running.as_ref().and_then(|running| running.0.as_ref())
            && !parts.process.is_this()
        {
            shown.field("of_process", &parts.process.id());
        }
        shown.finish_non_exhaustive()
    }
}
