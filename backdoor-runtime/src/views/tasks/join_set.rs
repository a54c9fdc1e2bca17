//! A replacement for tokio's `JoinSet` whose tasks are instrumented.

use std::borrow::Cow;
use std::future::Future;
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tokio::task::{AbortHandle, Id, JoinError, LocalSet};

use crate::views::tasks::Builder;

/// Tasks that are joined in the order of their ends, as in [`tokio::task::JoinSet`]. Dropping the set aborts the remaining tasks.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use backdoor_runtime::tasks::JoinSet;
///
/// let mut shards = JoinSet::new();
/// for shard in 0..3 {
///     shards.spawn_named("shard", async move { shard });
/// }
/// assert_eq!(shards.join_all().await.iter().sum::<i32>(), 3);
/// # }
/// ```
#[derive(Debug)]
pub struct JoinSet<T>(tokio::task::JoinSet<T>);

impl<T: 'static> JoinSet<T> {
    /// An empty set.
    pub fn new() -> Self {
        Self(tokio::task::JoinSet::new())
    }

    /// The number of tasks that have not been joined.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether all tasks have been joined.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Spawns a task of the set, as [`spawn`](crate::spawn) does.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[track_caller]
    pub fn spawn<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        self.build(Builder::new(), future, &Handle::current())
    }

    /// The same with a name.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[track_caller]
    pub fn spawn_named<F>(&mut self, name: impl Into<Cow<'static, str>>, future: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        self.build(Builder::new().name(name), future, &Handle::current())
    }

    /// Spawns a task of the set on this runtime.
    #[track_caller]
    pub fn spawn_on<F>(&mut self, future: F, runtime: &Handle) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        self.build(Builder::new(), future, runtime)
    }

    /// Spawns a future that is not `Send`, inside a [`LocalSet`].
    ///
    /// # Panics
    /// Outside of a `LocalSet`.
    #[track_caller]
    pub fn spawn_local<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        let (future, record) = Builder::new().track(future, None);
        #[cfg(tokio_unstable)]
        let _ours = super::hook::Ours::spawn();
        let abort = self.0.spawn_local(future);
        record.can_be_aborted_by(abort.clone());
        abort
    }

    /// Spawns a future that is not `Send` on this set.
    #[track_caller]
    pub fn spawn_local_on<F>(&mut self, future: F, local: &LocalSet) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        let (future, record) = Builder::new().track(future, None);
        #[cfg(tokio_unstable)]
        let _ours = super::hook::Ours::spawn();
        let abort = self.0.spawn_local_on(future, local);
        record.can_be_aborted_by(abort.clone());
        abort
    }

    #[track_caller]
    fn build<F>(&mut self, builder: Builder, future: F, runtime: &Handle) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        let (future, record) = builder.track(future, Some(runtime));
        #[cfg(tokio_unstable)]
        let _ours = super::hook::Ours::spawn();
        let abort = self.0.spawn_on(future, runtime);
        record.can_be_aborted_by(abort.clone());
        abort
    }

    /// Runs blocking work on a thread of the runtime, as [`tokio::task::spawn_blocking`] does. The work is not listed as a task; `pnt`
    /// shows its thread.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[track_caller]
    pub fn spawn_blocking<F>(&mut self, work: F) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        self.0.spawn_blocking(work)
    }

    /// The same on this runtime.
    #[track_caller]
    pub fn spawn_blocking_on<F>(&mut self, work: F, runtime: &Handle) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        self.0.spawn_blocking_on(work, runtime)
    }

    /// Waits for the next task to end; `None` when all have been joined.
    pub async fn join_next(&mut self) -> Option<Result<T, JoinError>> {
        self.0.join_next().await
    }

    /// The same with tokio's number of the task.
    pub async fn join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        self.0.join_next_with_id().await
    }

    /// A task that has ended, without waiting.
    pub fn try_join_next(&mut self) -> Option<Result<T, JoinError>> {
        self.0.try_join_next()
    }

    /// The same with tokio's number of the task.
    pub fn try_join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        self.0.try_join_next_with_id()
    }

    /// The poll function of [`join_next`](Self::join_next).
    pub fn poll_join_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        self.0.poll_join_next(context)
    }

    /// The poll function of [`join_next_with_id`](Self::join_next_with_id).
    pub fn poll_join_next_with_id(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<(Id, T), JoinError>>> {
        self.0.poll_join_next_with_id(context)
    }

    /// Waits for all tasks.
    ///
    /// # Panics
    /// A task panicked or was aborted.
    pub async fn join_all(self) -> Vec<T> {
        self.0.join_all().await
    }

    /// Aborts all tasks and waits for their ends.
    pub async fn shutdown(&mut self) {
        self.0.shutdown().await;
    }

    /// Aborts all tasks.
    pub fn abort_all(&mut self) {
        self.0.abort_all();
    }

    /// Detaches all tasks: they continue without the set.
    pub fn detach_all(&mut self) {
        self.0.detach_all();
    }
}

impl<T: 'static> Default for JoinSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// Spawns each of the futures. `from_iter` records the place of the call; `collect` cannot.
///
/// # Panics
/// Outside of a tokio runtime.
impl<T: Send + 'static, F: Future<Output = T> + Send + 'static> FromIterator<F> for JoinSet<T> {
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = F>>(futures: I) -> Self {
        let mut set = Self::new();
        // A loop instead of a closure: inside a closure, the caller's place would be another.
        for future in futures {
            set.spawn(future);
        }
        set
    }
}
