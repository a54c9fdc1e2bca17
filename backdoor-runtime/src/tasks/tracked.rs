//! The thin layer around a future that makes it a task of ours.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use pin_project_lite::pin_project;
use tokio::runtime::Handle;

use crate::tasks::record::Record;
use crate::tasks::registry::{self, End};
use crate::tasks::{clock, current};

pin_project! {
    /// A future that is listed among the tasks until it has ended. See [`Instrument`](crate::tasks::Instrument).
    pub struct Instrumented<F> {
        #[pin]
        future: Option<F>,
        // The record's own waker, made once.
        waker: Option<Waker>,
        registration: Registration,
    }

    impl<F> PinnedDrop for Instrumented<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _entered = current::enter(this.registration.record.id);
            this.future.set(None);
        }
    }
}

/// Takes the task out of the registry when it is dropped, which is after its future.
struct Registration {
    record: Arc<Record>,
    has_ended: bool,
}

impl<F> Instrumented<F> {
    pub(crate) fn new(future: F, record: Arc<Record>) -> Self {
        registry::add(&record);
        Self { future: Some(future), waker: None, registration: Registration { record, has_ended: false } }
    }

    /// The task's number, as `tasks` shows it.
    pub fn id(&self) -> u64 {
        self.registration.record.id.get()
    }
}

impl<F: Future> Future for Instrumented<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let record = &this.registration.record;
        let waker = this.waker.get_or_insert_with(|| first_poll(record));
        record.follow(context.waker());
        let future = this.future.as_mut().as_pin_mut().expect("a future lives until its wrapper is dropped");
        let entered = current::enter(record.id);
        let began = clock::now();
        record.begin_poll(began);
        // It goes on unwinding below; here is where its message is known.
        let polled = catch_unwind(AssertUnwindSafe(|| match record.asked() {
            None => future.poll(&mut Context::from_waker(waker)),
            Some(trace) => trace.poll(waker, |probe| future.poll(&mut Context::from_waker(probe))),
        }));
        let now = clock::now();
        record.end_poll(began, now);
        drop(entered);
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(ready) => {
                this.registration.end(End::Done, now);
                ready
            }
            Err(panic) => {
                this.registration.end(End::Panicked(message(&*panic)), now);
                resume_unwind(panic)
            }
        }
    }
}

/// Finds out what only a poll can tell.
#[cold]
fn first_poll(record: &Arc<Record>) -> Waker {
    // Inside another task of ours it is a part of that one, not a task of the runtime's.
    record.find_out_who_counts(|| match current::id() {
        None if tokio::task::try_id().is_some() => Handle::try_current().ok().map(|handle| handle.id()),
        _ => None,
    });
    Waker::from(record.clone())
}

impl Registration {
    fn end(&mut self, end: End, now: u64) {
        if !self.has_ended {
            self.has_ended = true;
            registry::remove(&self.record, end, now);
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let end = match self.record.cancelled_by() {
            Some(by) => End::Cancelled(by.to_owned()),
            None => End::Dropped,
        };
        self.end(end, clock::now());
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("(the panic carries no text)").to_owned()
}
