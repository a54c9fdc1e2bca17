//! Runtimes of the console, each on a thread of its own: for its helper, and for asynchronous commands of a service without a runtime. The
//! supervisor starts the runtime for sessions.

use std::future::Future;
use std::io;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Instant;

use tokio::runtime::{Builder, EnterGuard, Handle};
use tokio::sync::oneshot;

use crate::exec::catch_panic::catch_panic;
use crate::exec::own_thread::{self, Priority};

/// The most descriptors that a runtime with sockets opens: epoll's, a copy of it and its waker, and if tokio was built with signals, their
/// pair of sockets and a copy of one.
#[cfg(serves)]
const DESCRIPTORS: usize = 6;

/// A current-thread runtime whose drop never waits, so that it can be dropped anywhere. Tokio's own panics when it is dropped in
/// asynchronous code, as happens to the work of a thread that cannot be started.
pub(crate) struct Runtime {
    runtime: Option<tokio::runtime::Runtime>,
    /// The origin of its timers, less than a millisecond early unless the thread was preempted.
    since: Instant,
}

impl Runtime {
    /// One with timers only, which needs no descriptor.
    pub(crate) fn with_time() -> io::Result<Self> {
        Self::build(Builder::new_current_thread().enable_time())
    }

    /// One with timers and sockets.
    pub(crate) fn with_sockets() -> io::Result<Self> {
        #[cfg(serves)]
        {
            let room = rustix::event::eventfd(0, rustix::event::EventfdFlags::CLOEXEC)?;
            // tokio panics if it gets only some of its descriptors.
            let more: Vec<_> = (1..DESCRIPTORS).map(|_| room.try_clone()).collect::<io::Result<_>>()?;
            drop((room, more));
        }
        Self::build(Builder::new_current_thread().enable_all())
    }

    fn build(builder: &mut Builder) -> io::Result<Self> {
        let since = Instant::now();
        let built = catch_panic(|| builder.build()).map_err(|panic| io::Error::other(panic.message))?;
        Ok(Self { runtime: Some(built?), since })
    }

    pub(crate) fn handle(&self) -> &Handle {
        self.get().handle()
    }

    pub(crate) fn enter(&self) -> EnterGuard<'_> {
        self.get().enter()
    }

    pub(crate) fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.get().block_on(future)
    }

    fn get(&self) -> &tokio::runtime::Runtime {
        self.runtime.as_ref().expect("it is taken by the drop only")
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A runtime and its thread, which ends when this is dropped. The drop does not wait: a command may be stuck there.
pub(crate) struct OwnRuntime {
    handle: Handle,
    since: Instant,
    _stop: oneshot::Sender<()>,
}

impl OwnRuntime {
    /// One with timers and sockets.
    ///
    /// # Errors
    /// The thread or its runtime cannot be made.
    pub(crate) fn start(name: &str) -> io::Result<Self> {
        Self::run(Runtime::with_sockets()?, name, Priority::of_ours())
    }

    fn run(runtime: Runtime, name: &str, priority: Priority) -> io::Result<Self> {
        let (handle, since) = (runtime.handle().clone(), runtime.since);
        let (stop, stopped) = oneshot::channel::<()>();
        own_thread::start(name, priority, move || {
            // The sender is dropped, never used: that is the signal.
            let _ = runtime.block_on(stopped);
        })?;
        Ok(Self { handle, since, _stop: stop })
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }
}

/// An [`OwnRuntime`] that starts when it is first used, or earlier.
pub(crate) struct LazyRuntime {
    name: &'static str,
    make: fn() -> io::Result<Runtime>,
    runtime: Mutex<Option<OwnRuntime>>,
}

impl LazyRuntime {
    /// One with timers and sockets, for the author's code.
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, make: Runtime::with_sockets, runtime: Mutex::new(None) }
    }

    /// One with timers only.
    pub(crate) fn with_time(name: &'static str) -> Self {
        Self { make: Runtime::with_time, ..Self::new(name) }
    }

    /// # Errors
    /// The thread or its runtime cannot be made. The next use tries again.
    pub(crate) fn handle(&self) -> io::Result<Handle> {
        self.started(Priority::of_ours()).map(|(handle, _)| handle)
    }

    /// The same, with the origin of its timers.
    ///
    /// # Errors
    /// As of [`handle`](Self::handle).
    #[cfg(feature = "state-views")]
    pub(crate) fn with_origin(&self) -> io::Result<(Handle, Instant)> {
        self.started(Priority::of_ours())
    }

    /// Starts it before it is used, because later there may be no thread for it.
    ///
    /// # Errors
    /// The thread or its runtime cannot be made.
    pub(crate) fn start(&self, priority: Priority) -> io::Result<()> {
        self.started(priority).map(drop)
    }

    fn started(&self, priority: Priority) -> io::Result<(Handle, Instant)> {
        let mut runtime = self.runtime.lock().unwrap_or_else(PoisonError::into_inner);
        let runtime = match &mut *runtime {
            Some(runtime) => runtime,
            none => none.insert(OwnRuntime::run((self.make)()?, self.name, priority)?),
        };
        Ok((runtime.handle.clone(), runtime.since))
    }
}

/// The runtime for asynchronous commands: the service's, or one of the console if the service has none. Synchronous code of the author that
/// the console calls on other threads enters the same one, so that it may spawn.
pub(crate) struct Asynchronous {
    service: OnceLock<Handle>,
    fallback: LazyRuntime,
}

impl Asynchronous {
    /// On one of the console, unless the service's becomes known.
    pub(crate) fn new() -> Self {
        Self { service: OnceLock::new(), fallback: LazyRuntime::new("backdoor-async") }
    }

    /// On this one.
    pub(crate) fn on(service: Handle) -> Self {
        Self { service: service.into(), ..Self::new() }
    }

    /// Sets the service's runtime. Only the first one is kept.
    pub(crate) fn set_service(&self, service: Handle) {
        let _ = self.service.set(service);
    }

    /// The service's runtime, if it is known.
    pub(crate) fn service(&self) -> Option<&Handle> {
        self.service.get()
    }

    /// # Errors
    /// The service has none, and the thread for it cannot be made.
    pub(crate) fn handle(&self) -> io::Result<Handle> {
        match self.service.get() {
            Some(handle) => Ok(handle.clone()),
            None => self.fallback.handle(),
        }
    }

    /// Calls synchronous code that has entered the runtime. If no runtime can be made, the code is called without one.
    pub(crate) fn enter<T>(&self, call: impl FnOnce() -> T) -> T {
        let runtime = self.handle().ok();
        let _entered = runtime.as_ref().map(Handle::enter);
        call()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_runtime_can_be_dropped_in_asynchronous_code() {
        for make in [Runtime::with_time, Runtime::with_sockets] {
            let runtime = make().unwrap();
            let never = runtime.handle().spawn(std::future::pending::<()>());
            drop(runtime);
            assert!(never.await.unwrap_err().is_cancelled(), "what was spawned there is dropped with it");
        }
    }
}
