//! A runtime of the console's own, on one thread of its own: for the console itself, for its helper, and for asynchronous commands
//! of a service that has no runtime.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// A current-thread runtime and its thread, which ends when this is dropped. Nobody waits for it: a command may be stuck there.
pub(crate) struct OwnRuntime {
    handle: Handle,
    _stop: oneshot::Sender<()>,
}

impl OwnRuntime {
    /// # Errors
    /// The thread or its runtime cannot be made.
    pub(crate) fn start(name: &str) -> io::Result<Self> {
        Self::start_nice(name, 0)
    }

    /// One whose thread goes behind the service's by so many steps.
    ///
    /// # Errors
    /// The thread or its runtime cannot be made.
    pub(crate) fn start_nice(name: &str, steps: u8) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            if steps > 0 {
                // On Linux it is of the calling thread alone (sched(7), "The nice value"). To go back is never refused.
                let _ = rustix::process::nice(steps.into());
            }
            // The sender is dropped, never used: that is the signal.
            let _ = runtime.block_on(stopped);
        })?;
        Ok(Self { handle, _stop: stop })
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }
}

/// An [`OwnRuntime`] that starts when it is first used.
pub(crate) struct LazyRuntime {
    name: &'static str,
    runtime: Mutex<Option<OwnRuntime>>,
}

impl LazyRuntime {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, runtime: Mutex::new(None) }
    }

    /// # Errors
    /// The thread or its runtime cannot be made. The next use tries again.
    pub(crate) fn handle(&self) -> io::Result<Handle> {
        let mut runtime = self.runtime.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = &*runtime {
            return Ok(runtime.handle().clone());
        }
        Ok(runtime.insert(OwnRuntime::start(self.name)?).handle().clone())
    }
}

/// Where asynchronous commands run: on the service's runtime, or on one of the console's own where the service has none.
pub(crate) struct Asynchronous {
    service: Option<Handle>,
    fallback: LazyRuntime,
}

impl Asynchronous {
    pub(crate) fn new(service: Option<Handle>) -> Self {
        Self { service, fallback: LazyRuntime::new("backdoor-async") }
    }

    /// The service's own.
    pub(crate) fn service(&self) -> Option<&Handle> {
        self.service.as_ref()
    }

    /// # Errors
    /// The service has none, and the thread for it cannot be made.
    pub(crate) fn handle(&self) -> io::Result<Handle> {
        match &self.service {
            Some(handle) => Ok(handle.clone()),
            None => self.fallback.handle(),
        }
    }
}
