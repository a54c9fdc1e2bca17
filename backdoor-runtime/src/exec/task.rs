//! A future of the author on a runtime: its panics are caught, and its owner learns whether the runtime polls it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::exec::catch_panic::{Panic, catch_panic};
use crate::exec::poll_monitor::PollMonitor;

/// A future of the author on a runtime; dropping this drops the future there.
pub(crate) struct Task<T, E> {
    join: JoinHandle<Result<T, E>>,
    report: Arc<PollMonitor>,
}

impl<T: Send + 'static, E: From<Panic> + Send + 'static> Task<T, E> {
    pub(crate) fn spawn(
        runtime: &Handle,
        future: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Self {
        let report = PollMonitor::new();
        let contained = Contained { future: Some(Box::pin(future)), report: report.clone() };
        Self { join: runtime.spawn(contained), report }
    }

    /// Lets the future be dropped at its next await.
    pub(crate) fn abort(&self) {
        self.report.note_woken();
        self.join.abort();
    }

    /// Waits for the end. `None` if the future was dropped unfinished: it was aborted, or its runtime has ended.
    pub(crate) async fn ended(&mut self) -> Option<Result<T, E>> {
        match (&mut self.join).await {
            Ok(ended) => Some(ended),
            Err(_) => self.report.panic_in_drop.get().cloned().map(|panic| Err(panic.into())),
        }
    }

    /// How long its runtime has not polled it since it was woken or aborted.
    pub(crate) fn unpolled_for(&self) -> Option<Duration> {
        self.report.unpolled_for()
    }
}

impl<T, E> Drop for Task<T, E> {
    fn drop(&mut self) {
        self.join.abort();
    }
}

struct Contained<F> {
    future: Option<Pin<Box<F>>>,
    report: Arc<PollMonitor>,
}

impl<T, E: From<Panic>, F: Future<Output = Result<T, E>>> Future for Contained<F> {
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { future, report } = &mut *self;
        let Some(future) = future else { return Poll::Pending };
        let polled = report.poll(context, |context| match catch_panic(|| future.as_mut().poll(context)) {
            Ok(polled) => polled,
            Err(panic) => Poll::Ready(Err(panic.into())),
        });
        let Poll::Ready(output) = polled else { return Poll::Pending };
        let dropped = catch_panic(|| drop(self.future.take()));
        Poll::Ready(output.and_then(|output| dropped.map(|()| output).map_err(E::from)))
    }
}

impl<F> Drop for Contained<F> {
    fn drop(&mut self) {
        self.report.note_reached();
        if let Err(panic) = catch_panic(|| drop(self.future.take())) {
            let _ = self.report.panic_in_drop.set(panic);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn panic_in_the_drop_of_an_aborted_future_is_reported() {
        struct Loud;
        impl Drop for Loud {
            fn drop(&mut self) {
                panic!("in its drop");
            }
        }
        let loud = Loud;
        let mut task = Task::<(), Panic>::spawn(&Handle::current(), async move {
            let _loud = loud;
            std::future::pending().await
        });
        tokio::task::yield_now().await;
        task.abort();
        assert_eq!(task.ended().await, Some(Err(Panic { message: "in its drop".to_owned() })));
    }
}
