//! The wrapper around a future that makes it an instrumented task.

use std::any::Any;
use std::borrow::Cow;
use std::future::Future;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};

use pin_project_lite::pin_project;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use crate::base::{clock, coarse_clock};
use crate::views::tasks::current;
use crate::views::tasks::record::{Counted, Record};
use crate::views::tasks::registry::{self, End};

pin_project! {
    /// A future that is listed among the tasks until it has ended. See [`Instrument`](crate::views::tasks::Instrument).
    pub struct Instrumented<F> {
        #[pin]
        future: Option<F>,
        // The record's own waker, made once; none in an executor other than tokio.
        waker: Option<Option<Waker>>,
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

/// The record of a task, as its spawner has it.
#[derive(Clone)]
pub(crate) struct TaskRef(Arc<Record>);

/// Removes the task from the registry when it is dropped, which is after its future.
struct Registration {
    record: Arc<Record>,
    has_ended: bool,
}

impl<F> Instrumented<F> {
    pub(crate) fn new(future: F, TaskRef(record): TaskRef) -> Self {
        registry::add(&record);
        Self { future: Some(future), waker: None, registration: Registration { record, has_ended: false } }
    }

    /// The task's number, as `tasks` shows it.
    pub fn id(&self) -> u64 {
        self.registration.record.id.get()
    }
}

impl TaskRef {
    /// The record of a task that goes to tokio.
    #[track_caller]
    pub(crate) fn spawned(name: Option<Cow<'static, str>>, runtime: Option<&Handle>) -> Self {
        Self::new(name, Counted::By(runtime.map(Handle::id)))
    }

    /// The record of a future that goes to any spawner.
    #[track_caller]
    pub(crate) fn instrumented(name: Cow<'static, str>) -> Self {
        Self::new(Some(name), Counted::FoundOut(OnceLock::new()))
    }

    #[track_caller]
    fn new(name: Option<Cow<'static, str>>, counted: Counted) -> Self {
        let (id, parent) = (registry::next_id(), current::id());
        let name = name.map(bounded);
        let record = Record::new(id, name, Location::caller(), parent, coarse_clock::now(), counted);
        Self(Arc::new(record))
    }

    pub(crate) fn id(&self) -> u64 {
        self.0.id.get()
    }

    pub(crate) fn can_be_aborted_by(&self, abort: AbortHandle) {
        self.0.can_be_aborted_by(abort);
    }

    /// The current task awaits it.
    pub(crate) fn is_awaited_here(&self) {
        self.0.is_awaited_by(current::id());
    }

    pub(crate) fn is_not_awaited(&self) {
        self.0.is_awaited_by(None);
    }
}

/// The part of a name that is kept, here and for ended tasks.
fn bounded(name: Cow<'static, str>) -> Cow<'static, str> {
    const LONGEST: usize = 128;
    if name.len() <= LONGEST {
        return name;
    }
    Cow::Owned(name[..name.floor_char_boundary(LONGEST)].to_owned())
}

impl<F: Future> Future for Instrumented<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let record = &this.registration.record;
        let elsewhere;
        let waker = match this.waker.get_or_insert_with(|| first_poll(record)) {
            Some(waker) => {
                record.follow(context.waker());
                &*waker
            }
            None => {
                elsewhere = record.waker_elsewhere(context.waker());
                &elsewhere
            }
        };
        let future = this.future.as_mut().as_pin_mut().expect("a future lives until its wrapper is dropped");
        let entered = current::enter(record.id);
        let began = clock::now();
        let trace = record.asked();
        let idle_since = trace.as_ref().filter(|_| !record.is_woken()).map(|_| record.ended());
        record.begin_poll(began);
        // The panic continues below; its message is known only here.
        let polled = catch_unwind(AssertUnwindSafe(|| match &trace {
            None => future.poll(&mut Context::from_waker(waker)),
            Some(trace) => trace.poll(waker, |probe| future.poll(&mut Context::from_waker(probe))),
        }));
        let now = clock::now();
        record.end_poll(began, now);
        if let Some(trace) = trace {
            if let Some(idle_since) = idle_since {
                record.did_not_end(idle_since);
            }
            trace.tell();
        }
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

/// Finds out which runtime counts the task, which only a poll can tell.
#[cold]
fn first_poll(record: &Arc<Record>) -> Option<Waker> {
    // Inside another instrumented task it is a part of that task, and not a task of the runtime.
    record.find_out_who_counts(|| match current::id() {
        None if tokio::task::try_id().is_some() => Handle::try_current().ok().map(|handle| handle.id()),
        _ => None,
    });
    // Other executors may rely on objects that its wakers keep alive; tokio does not.
    tokio::task::try_id().map(|_| Waker::from(record.clone()))
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

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Mutex;
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::task::Wake;

    use super::*;
    use crate::views::tasks::{self, Instrument};

    /// A task of the executor in the book on async Rust: it lives as long as a waker of it does.
    struct Task {
        future: Mutex<Pin<Box<dyn Future<Output = ()> + Send>>>,
        ready: Sender<Arc<Task>>,
    }

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            let _ = self.ready.send(self.clone());
        }
    }

    fn run(tasks: &Receiver<Arc<Task>>) {
        for task in tasks.try_iter() {
            let waker = Waker::from(task.clone());
            let _ = task.future.lock().unwrap().as_mut().poll(&mut Context::from_waker(&waker));
        }
    }

    /// `attack.md` L7: such tasks were never dropped, and listed for ever.
    #[test]
    fn a_task_that_cannot_be_woken_is_dropped() {
        static WAKERS: Mutex<Vec<Waker>> = Mutex::new(Vec::new());
        let alive = || tasks::list().filter(|task| task.matches("counted-by-wakers")).count();
        let (ready, tasks) = channel();
        for _ in 0..100 {
            let mut polls = 0;
            let future = std::future::poll_fn(move |context| {
                polls += 1;
                WAKERS.lock().unwrap().push(context.waker().clone());
                if polls == 3 { Poll::Ready(()) } else { Poll::Pending }
            });
            let future = Mutex::new(Box::pin(future.instrumented("counted-by-wakers")) as Pin<Box<_>>);
            let _ = ready.send(Arc::new(Task { future, ready: ready.clone() }));
        }
        run(&tasks);
        assert_eq!(alive(), 100);
        let woken = std::mem::take(&mut *WAKERS.lock().unwrap());
        woken.iter().for_each(Waker::wake_by_ref);
        drop(woken);
        run(&tasks);
        assert_eq!(alive(), 100, "their wakers are kept");
        WAKERS.lock().unwrap().clear();
        assert_eq!(alive(), 0);
    }

    #[test]
    fn a_task_elsewhere_is_polled_once_more_for_its_stack() {
        let record = {
            let mut future = pin!(std::future::pending::<()>().instrumented("elsewhere"));
            struct Count(std::sync::atomic::AtomicUsize);
            impl Wake for Count {
                fn wake(self: Arc<Self>) {
                    self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                }
            }
            let count = Arc::new(Count(0.into()));
            let mut kept = None;
            let waker = Waker::from(count.clone());
            assert!(future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            let record = registry::get(future.id().try_into().unwrap()).unwrap();
            kept.get_or_insert_with(|| record.waker_elsewhere(&waker)).wake_by_ref();
            record.wake_by_ref();
            assert_eq!(count.0.load(std::sync::atomic::Ordering::Relaxed), 2);
            record
        };
        assert!(registry::get(record.id).is_none());
    }
}
