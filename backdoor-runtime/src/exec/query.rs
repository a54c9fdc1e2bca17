//! Calls code of the author for a view: a completion, a computed variable, the text of an object.
//!
//! Each question has a thread of its own, so that one that hangs delays no view and no other question. A question without an answer in time
//! is left running, and only a few may be: after that, nothing is asked until one of them has ended. A named subject is not asked a second
//! time before it has answered, so that it occupies one thread at most.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{fmt, io};

use tokio::sync::oneshot;

use crate::exec::catch_panic::catch_panic;
use crate::exec::own_thread::own_time::{Exceeded, OwnTime};
use crate::exec::own_thread::{self, Priority};
use crate::exec::runtime_thread::Asynchronous;
use crate::exec::unresponsive::{self, Running};
use crate::reply::text;

/// How many questions may run at once, including those that are late.
const AT_ONCE: usize = 8;

/// The threads of one kind of question.
pub(crate) struct QueryThreads {
    /// The name of the threads.
    name: &'static str,
    /// How many questions may run at once.
    most: usize,
    under_way: Arc<AtomicUsize>,
    /// The runtime that questions enter, because the author's code may spawn.
    runtime: Option<Arc<Asynchronous>>,
}

/// Why a question has no answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum NoAnswer {
    /// It exceeded its time limit.
    Late(Duration),
    /// It panicked, with this message.
    Panicked(String),
    /// It was not asked: the most questions that may run at once have not been answered.
    Saturated(usize),
    /// It was not asked: its last question has been unanswered for this time.
    Silent(Duration),
    /// It was not asked: its thread could not be started, for this reason.
    NoThread(String),
}

impl QueryThreads {
    /// Threads of this name.
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, most: AT_ONCE, under_way: Arc::default(), runtime: None }
    }

    /// With this many questions at once, for subjects that each leave one thread running at most.
    pub(crate) fn at_most(mut self, most: usize) -> Self {
        self.most = most;
        self
    }

    /// On threads that have entered this runtime.
    pub(crate) fn on(mut self, runtime: &Arc<Asynchronous>) -> Self {
        self.runtime = Some(runtime.clone());
        self
    }

    /// Asks about a named subject, unless an earlier question about it is late and still unanswered.
    ///
    /// # Errors
    /// There is no answer.
    pub(crate) async fn ask_about<T: Send + 'static>(
        &self,
        what: &str,
        limit: Duration,
        question: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NoAnswer> {
        if let Some(time) = unresponsive::of(what) {
            return Err(NoAnswer::Silent(time));
        }
        let about = what.to_owned();
        let question = move || {
            let _running = Running::begin(&about, limit);
            question()
        };
        let answer = self.ask(limit, question).await;
        if let Err(NoAnswer::Late(_)) = answer {
            unresponsive::give_up(what);
        }
        answer
    }

    /// Asks, and waits no longer than `limit`, without the time in which the question has no processor. To be polled on a runtime that has
    /// timers.
    ///
    /// # Errors
    /// There is no answer.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        limit: Duration,
        question: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NoAnswer> {
        let (answer, mut answered) = oneshot::channel();
        let question = Box::new(move || {
            // The caller may have stopped waiting.
            let _ = answer.send(question());
        });
        self.run(limit, question).await?;
        answered.try_recv().map_err(|_| NoAnswer::Panicked("its answer was lost".to_owned()))
    }

    /// Runs a question that keeps its answer, and waits for its end. This is compiled once for all questions.
    async fn run(&self, limit: Duration, question: Box<dyn FnOnce() + Send>) -> Result<(), NoAnswer> {
        let under_way = UnderWay::begin(&self.under_way, self.most).ok_or(NoAnswer::Saturated(self.most))?;
        let (end, ended) = oneshot::channel();
        let runtime = self.runtime.clone();
        let own_time = Arc::new(OwnTime::default());
        let of_thread = own_time.clone();
        let asked = own_thread::start(self.name, Priority::of_ours(), move || {
            of_thread.begin();
            let answered = match runtime {
                Some(runtime) => runtime.enter(|| catch_panic(question)),
                None => catch_panic(question),
            };
            // The receiver of the answer may ask again at once.
            drop(under_way);
            // The caller may have stopped waiting.
            let _ = end.send(answered);
        });
        asked.map_err(|error| NoAnswer::no_thread(&error))?;
        match own_time.limit(limit, ended).await {
            Ok(Ok(answered)) => answered.map_err(|failure| NoAnswer::Panicked(failure.message)),
            Ok(Err(_)) => Err(NoAnswer::Panicked("its answer was lost".to_owned())),
            Err(Exceeded) => Err(NoAnswer::Late(limit)),
        }
    }
}

impl NoAnswer {
    fn no_thread(error: &io::Error) -> Self {
        Self::NoThread(error.to_string())
    }
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Late(limit) => write!(f, "no answer within {} ms", limit.as_millis()),
            Self::Panicked(message) => write!(f, "panicked: {message}"),
            Self::Saturated(most) => write!(f, "not asked: {most} others have not answered yet"),
            Self::Silent(time) => {
                let whole = match time.as_secs() {
                    0 => Duration::from_millis(time.as_millis() as u64),
                    seconds => Duration::from_secs(seconds),
                };
                write!(f, "not asked again: its code has not returned for {}", text::duration(&whole))
            }
            Self::NoThread(why) => write!(f, "not asked: no thread can be started for it: {why}"),
        }
    }
}

/// A slot among the running questions.
struct UnderWay(Arc<AtomicUsize>);

impl UnderWay {
    fn begin(count: &Arc<AtomicUsize>, most: usize) -> Option<Self> {
        let taken = count
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| (count < most).then_some(count + 1));
        taken.ok().map(|_| Self(count.clone()))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;

    use super::*;

    const SOON: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn an_answer_comes_from_another_thread() {
        let asking = QueryThreads::new("asked");
        let name = asking.ask(LONG, || thread::current().name().map(str::to_owned)).await;
        assert_eq!(name, Ok(Some("asked".to_owned())));
    }

    #[tokio::test]
    async fn a_panic_is_an_answer() {
        let asked = QueryThreads::new("asked").ask(LONG, || -> u8 { panic!("no idea") }).await;
        assert_eq!(asked, Err(NoAnswer::Panicked("no idea".to_owned())));
    }

    #[tokio::test]
    async fn hanging_queries_are_abandoned_and_limited() {
        let asking = QueryThreads::new("asked");
        let (release, held) = channel::<()>();
        let held = Arc::new(std::sync::Mutex::new(held));
        for _ in 0..AT_ONCE {
            let held = held.clone();
            let asked = asking.ask(SOON, move || drop(held.lock().map(|held| held.recv()))).await;
            assert_eq!(asked, Err(NoAnswer::Late(SOON)));
        }
        assert_eq!(asking.ask(LONG, || ()).await, Err(NoAnswer::Saturated(AT_ONCE)));
        drop(release);
        while asking.ask(LONG, || ()).await == Err(NoAnswer::Saturated(AT_ONCE)) {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_hanging_query_is_not_repeated_and_blocks_no_other() {
        let asking = QueryThreads::new("asked").at_most(2);
        let (release, held) = channel::<()>();
        let held = std::sync::Mutex::new(held);
        let asked = asking.ask_about("hangs", SOON, move || drop(held.lock().map(|held| held.recv()))).await;
        assert_eq!(asked, Err(NoAnswer::Late(SOON)));
        for _ in 0..3 {
            assert!(matches!(asking.ask_about("hangs", SOON, || ()).await, Err(NoAnswer::Silent(_))));
            assert_eq!(asking.ask_about("answers", LONG, || 7).await, Ok(7));
        }
        drop(release);
        while asking.ask_about("hangs", LONG, || ()).await.is_err() {
            tokio::task::yield_now().await;
        }
    }
}
