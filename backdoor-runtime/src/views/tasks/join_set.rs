//! A replacement for tokio's `JoinSet` whose tasks are instrumented.

use std::borrow::Cow;
use std::future::Future;
use std::ops::{Deref, DerefMut};

use tokio::runtime::Handle;
use tokio::task::{AbortHandle, LocalSet};

use crate::views::tasks::Builder;

/// Tasks that are joined in the order of their ends, as in [`tokio::task::JoinSet`]. Dropping the set aborts the remaining tasks.
///
/// It dereferences to tokio's set, which has all that does not spawn a task: `join_next`, `try_join_next`, `poll_join_next`, `len`,
/// `is_empty`, `abort_all`, `detach_all`, `shutdown`, and `spawn_blocking`, whose work is no task and not listed: `pnt` shows it.
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
        let (future, task) = Builder::new().track(future, None);
        #[cfg(all(tokio_unstable, runtime_views))]
        let _ours = super::hook::Ours::spawn();
        let abort = self.0.spawn_local(future);
        task.can_be_aborted_by(abort.clone());
        abort
    }

    /// Spawns a future that is not `Send` on this set.
    #[track_caller]
    pub fn spawn_local_on<F>(&mut self, future: F, local: &LocalSet) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        let (future, task) = Builder::new().track(future, None);
        #[cfg(all(tokio_unstable, runtime_views))]
        let _ours = super::hook::Ours::spawn();
        let abort = self.0.spawn_local_on(future, local);
        task.can_be_aborted_by(abort.clone());
        abort
    }

    #[track_caller]
    fn build<F>(&mut self, builder: Builder, future: F, runtime: &Handle) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        let (future, task) = builder.track(future, Some(runtime));
        #[cfg(all(tokio_unstable, runtime_views))]
        let _ours = super::hook::Ours::spawn();
        let abort = self.0.spawn_on(future, runtime);
        task.can_be_aborted_by(abort.clone());
        abort
    }

    /// Waits for all tasks.
    ///
    /// # Panics
    /// A task panicked or was aborted.
    pub async fn join_all(self) -> Vec<T> {
        self.0.join_all().await
    }
}

impl<T> Deref for JoinSet<T> {
    type Target = tokio::task::JoinSet<T>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<T> DerefMut for JoinSet<T> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
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
