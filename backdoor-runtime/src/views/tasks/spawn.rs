//! Replacements for tokio's `spawn` that instrument the task, and a wrapper for futures that go to any other spawner.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tokio::task::{AbortHandle, JoinError, LocalSet};

use crate::views::tasks::tracked::{Instrumented, TaskRef};

/// Spawns a task that `tasks` lists, and `pgt` shows with its await stack. Otherwise as [`tokio::spawn`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let sum = backdoor_runtime::spawn(async { 2 + 3 });
/// assert_eq!(sum.await.unwrap(), 5);
/// # }
/// ```
///
/// # Panics
/// Outside of a tokio runtime, as `tokio::spawn` does.
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    Builder::new().spawn(future)
}

/// [`spawn`] with a name, by which an operator finds the task.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use backdoor_runtime::{Backdoor, spawn_named};
///
/// let refresh = spawn_named("refresh", std::future::pending::<()>());
/// let row = &Backdoor::testing().run("tasks refresh").value[0];
/// assert_eq!(row["name"], "refresh");
/// # refresh.abort();
/// # }
/// ```
///
/// # Panics
/// Outside of a tokio runtime.
#[track_caller]
pub fn spawn_named<F>(name: impl Into<Cow<'static, str>>, future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    Builder::new().name(name).spawn(future)
}

/// Options of a spawn: the name, and the runtime or set.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use backdoor_runtime::tasks::Builder;
/// use tokio::task::LocalSet;
///
/// let local = LocalSet::new();
/// let task = Builder::new().name("not-send").spawn_local_on(async { 7 }, &local);
/// assert_eq!(local.run_until(task).await.unwrap(), 7);
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Builder {
    name: Option<Cow<'static, str>>,
}

impl Builder {
    /// A builder without a name.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the name, of which 128 bytes are kept. Several tasks may have the same.
    #[must_use]
    pub fn name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// As [`tokio::spawn`].
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.spawn_on(future, &Handle::current())
    }

    /// As [`Handle::spawn`].
    #[track_caller]
    pub fn spawn_on<F>(self, future: F, runtime: &Handle) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (future, task) = self.track(future, Some(runtime));
        #[cfg(all(tokio_unstable, runtime_views))]
        let _ours = super::hook::Ours::spawn();
        JoinHandle::new(runtime.spawn(future), task)
    }

    /// As [`tokio::task::spawn_local`], for a future that is not `Send`.
    ///
    /// # Panics
    /// Outside of a [`LocalSet`].
    #[track_caller]
    pub fn spawn_local<F>(self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let (future, task) = self.track(future, None);
        #[cfg(all(tokio_unstable, runtime_views))]
        let _ours = super::hook::Ours::spawn();
        JoinHandle::new(tokio::task::spawn_local(future), task)
    }

    /// As [`LocalSet::spawn_local`].
    #[track_caller]
    pub fn spawn_local_on<F>(self, future: F, local: &LocalSet) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let (future, task) = self.track(future, None);
        #[cfg(all(tokio_unstable, runtime_views))]
        let _ours = super::hook::Ours::spawn();
        JoinHandle::new(local.spawn_local(future), task)
    }

    /// Makes the record of a task. `runtime` counts the task; nothing does in a `LocalSet`.
    #[track_caller]
    pub(crate) fn track<F>(self, future: F, runtime: Option<&Handle>) -> (Instrumented<F>, TaskRef) {
        let task = TaskRef::spawned(self.name, runtime);
        (Instrumented::new(future, task.clone()), task)
    }
}

/// Instruments a future for a spawner other than ours.
///
/// It is a task from here to its end, and listed as long as its executor keeps it. An operator cannot `cancel` it: its caller would wait
/// for its output for ever. Within tokio the task holds its executor's waker until it has ended; in another executor only the objects that
/// it waits for do, so that an executor that counts its wakers can drop a task that nothing can wake.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use backdoor_runtime::tasks::Instrument;
///
/// let task = tokio::spawn(async { 7 }.instrumented("answer"));
/// assert_eq!(task.await.unwrap(), 7);
/// # }
/// ```
pub trait Instrument: Future + Sized {
    /// Lists this future under a name from now on.
    #[track_caller]
    fn instrumented(self, name: impl Into<Cow<'static, str>>) -> Instrumented<Self> {
        Instrumented::new(self, TaskRef::instrumented(name.into()))
    }
}

impl<F: Future> Instrument for F {}

/// Waits for an instrumented task, as tokio's [`JoinHandle`](tokio::task::JoinHandle) does. A task that awaits it is shown as its waiter.
pub struct JoinHandle<T> {
    handle: tokio::task::JoinHandle<T>,
    task: TaskRef,
}

impl<T> JoinHandle<T> {
    fn new(handle: tokio::task::JoinHandle<T>, task: TaskRef) -> Self {
        task.can_be_aborted_by(handle.abort_handle());
        Self { handle, task }
    }

    /// The task's number, as `tasks` shows it.
    pub fn id(&self) -> u64 {
        self.task.id()
    }

    /// Aborts the task: it is dropped at its next `.await`.
    pub fn abort(&self) {
        self.handle.abort();
    }

    /// A handle that can only abort the task.
    pub fn abort_handle(&self) -> AbortHandle {
        self.handle.abort_handle()
    }

    /// Whether the task has ended.
    pub fn is_finished(&self) -> bool {
        self.handle.is_finished()
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.task.is_awaited_here();
        Pin::new(&mut self.handle).poll(context)
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        self.task.is_not_awaited();
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").field("id", &self.id()).finish_non_exhaustive()
    }
}
