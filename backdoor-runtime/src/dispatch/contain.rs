//! The author's code contained: what panics there, also in a Drop, becomes a failure, on the thread it ran on.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::dispatch::failure::Failure;
use crate::dispatch::report::Report;

/// Runs code of the author's.
pub(crate) fn contain<T>(code: impl FnOnce() -> T) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(code)).map_err(panicked)
}

/// Polls a future of ours to its end, or to its panic, and gives what that said.
pub(crate) fn survive<T, F: Future<Output = T>>(
    mut future: Pin<&mut F>,
) -> impl Future<Output = Result<T, String>> {
    std::future::poll_fn(move |context| match contain(|| future.as_mut().poll(context)) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
        Err(panic) => Poll::Ready(Err(panic.message)),
    })
}

/// What a panic says.
fn panicked(payload: Box<dyn Any + Send>) -> Failure {
    let text = match payload.downcast_ref::<&str>() {
        Some(text) => (*text).to_owned(),
        None => payload.downcast_ref::<String>().cloned().unwrap_or_else(|| "without a message".to_owned()),
    };
    // A payload's own Drop may panic again, with a payload that does so too: that one is given up.
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
    Failure::panicked(text)
}

/// A future of the author's on a runtime, which is dropped there when this is.
pub(crate) struct Task<T> {
    join: JoinHandle<Result<T, Failure>>,
    report: Arc<Report>,
}

impl<T: Send + 'static> Task<T> {
    pub(crate) fn spawn(
        runtime: &Handle,
        future: impl Future<Output = Result<T, Failure>> + Send + 'static,
    ) -> Self {
        let report = Report::new();
        let contained = Contained { future: Some(Box::pin(future)), report: report.clone() };
        Self { join: runtime.spawn(contained), report }
    }

    /// Lets the future be dropped at its next await.
    pub(crate) fn abort(&self) {
        self.report.note_woken();
        self.join.abort();
    }

    /// Waits for the end. `None` where the future was dropped unfinished: aborted, or its runtime has ended.
    pub(crate) async fn ended(&mut self) -> Option<Result<T, Failure>> {
        match (&mut self.join).await {
            Ok(ended) => Some(ended),
            Err(_) => self.report.panic_in_drop.get().cloned().map(Err),
        }
    }

    /// For how long its runtime has not come to it, though it was woken or aborted.
    pub(crate) fn unpolled_for(&self) -> Option<Duration> {
        self.report.unpolled_for()
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.join.abort();
    }
}

struct Contained<F> {
    future: Option<Pin<Box<F>>>,
    report: Arc<Report>,
}

impl<T, F: Future<Output = Result<T, Failure>>> Future for Contained<F> {
    type Output = Result<T, Failure>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { future, report } = &mut *self;
        let Some(future) = future else { return Poll::Pending };
        let polled = report.poll(context, |context| match contain(|| future.as_mut().poll(context)) {
            Ok(polled) => polled,
            Err(panic) => Poll::Ready(Err(panic)),
        });
        let Poll::Ready(output) = polled else { return Poll::Pending };
        let dropped = contain(|| drop(self.future.take()));
        Poll::Ready(output.and_then(|output| dropped.map(|()| output)))
    }
}

impl<F> Drop for Contained<F> {
    fn drop(&mut self) {
        self.report.note_reached();
        if let Err(panic) = contain(|| drop(self.future.take())) {
            let _ = self.report.panic_in_drop.set(panic);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bomb(u32);

    impl Drop for Bomb {
        fn drop(&mut self) {
            if self.0 > 0 {
                std::panic::panic_any(Self(self.0 - 1));
            }
        }
    }

    #[test]
    fn a_payload_that_panics_in_its_drop_ends_there() {
        let panicked = contain(|| std::panic::panic_any(Bomb(3)));
        assert_eq!(panicked, Err::<(), _>(Failure::panicked("without a message".to_owned())));
    }

    #[tokio::test]
    async fn a_panic_in_the_drop_of_an_aborted_future_is_said() {
        struct Loud;
        impl Drop for Loud {
            fn drop(&mut self) {
                panic!("in its drop");
            }
        }
        let loud = Loud;
        let mut task = Task::<()>::spawn(&Handle::current(), async move {
            let _loud = loud;
            std::future::pending().await
        });
        tokio::task::yield_now().await;
        task.abort();
        assert_eq!(task.ended().await, Some(Err(Failure::panicked("in its drop".to_owned()))));
    }
}
