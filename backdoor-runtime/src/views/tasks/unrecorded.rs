//! The wrapper around a future without the view that shows tasks: it does nothing.
//!
//! It replaces `tracked.rs`.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

pin_project! {
    /// A future of [`Instrument`](super::Instrument).
    #[must_use = "futures do nothing unless they are polled"]
    pub struct Instrumented<F> {
        #[pin]
        future: F,
    }
}

/// The record of a task, which is empty.
#[derive(Clone)]
pub(crate) struct TaskRef;

impl<F> Instrumented<F> {
    pub(crate) fn new(future: F, _task: TaskRef) -> Self {
        Self { future }
    }

    /// The number of the task: 0, since no task has one without the feature `runtime-views`.
    pub fn id(&self) -> u64 {
        0
    }
}

impl TaskRef {
    pub(crate) fn spawned(_name: Option<Cow<'static, str>>, _runtime: Option<&Handle>) -> Self {
        Self
    }

    pub(crate) fn instrumented(_name: Cow<'static, str>) -> Self {
        Self
    }

    pub(crate) fn id(&self) -> u64 {
        0
    }

    pub(crate) fn can_be_aborted_by(&self, _abort: AbortHandle) {}

    pub(crate) fn is_awaited_here(&self) {}

    pub(crate) fn is_not_awaited(&self) {}
}

impl<F: Future> Future for Instrumented<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.project().future.poll(context)
    }
}
