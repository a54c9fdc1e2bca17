//! What the shop takes from the framework, as it would be without: locks of std's and tasks of tokio's. Its counters stay, since a
//! shop has some, and so does the count of its orders, which is part of what they are.

pub(crate) use ours::{
    __backdoor_check_version, ArgError, Choice, ChoiceWord, Counter, FromArg, Gauge, Histogram, Track,
    TrackGuard, backdoor_var, choose, private_0_1_0,
};
pub(crate) use tasks::spawn_named;

pub(crate) mod sync {
    //! The lock, which has no use for its name.

    use std::sync::LockResult;
    pub(crate) use std::sync::{MutexGuard, PoisonError};

    pub(crate) struct Mutex<T>(std::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(crate) fn named(_: &'static str, value: T) -> Self {
            Self(std::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
            self.0.lock()
        }
    }
}

pub(crate) mod tasks {
    //! The tasks, which have none for theirs.

    use std::future::Future;

    use tokio::task::JoinHandle;

    pub(crate) struct JoinSet<T>(tokio::task::JoinSet<T>);

    impl<T: Send + 'static> JoinSet<T> {
        pub(crate) fn new() -> Self {
            Self(tokio::task::JoinSet::new())
        }

        pub(crate) fn spawn_named(&mut self, _: String, future: impl Future<Output = T> + Send + 'static) {
            self.0.spawn(future);
        }

        pub(crate) async fn join_all(self) -> Vec<T> {
            self.0.join_all().await
        }
    }

    pub(crate) fn spawn_named<F>(_: &'static str, future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        tokio::spawn(future)
    }
}
