//! Reads all watched numbers once a second, on the helper thread of one of the running consoles.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};
use std::{io, mem};

use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval_at};

use crate::base::process::Process;
use crate::dispatch::ConsoleState;
use crate::exec::catch_panic::catch_panic;
use crate::exec::query::QueryThreads;
use crate::exec::runtime_thread::Asynchronous;
use crate::views::trends::series::{Series, all};
use crate::views::trends::watched::Source;
use crate::views::vars::Reading;

const EVERY: Duration = Duration::from_secs(1);

/// The time limit for one computed number.
const COMPUTED: Duration = Duration::from_millis(100);

/// Threads for computed numbers alone, so that a hanging function delays no other query. Each hanging function occupies one thread.
static ASKING: LazyLock<QueryThreads> = LazyLock::new(|| QueryThreads::new("backdoor-ask").at_most(64));

/// The time limit for all of them together. A number that was not read by then has a gap, and is among the first in the next round.
const ROUND: Duration = Duration::from_millis(500);

/// The running consoles, and the task that samples for all of them.
struct Sampling {
    consoles: Vec<Weak<ConsoleState>>,
    /// The task, and the console on whose thread it runs.
    task: Option<(Weak<ConsoleState>, JoinHandle<()>)>,
    /// The process in which they run.
    process: Option<Process>,
}

static SAMPLING: Mutex<Sampling> = Mutex::new(Sampling { consoles: Vec::new(), task: None, process: None });

/// Called when a console has started.
pub(crate) fn attach(console: &Arc<ConsoleState>) {
    with(|sampling| sampling.consoles.push(Arc::downgrade(console)));
    settle();
}

/// Called when a console ends. Another console continues the sampling, if there is one.
pub(crate) fn detach(console: &Arc<ConsoleState>) {
    let is_it = |other: &Weak<ConsoleState>| std::ptr::eq(other.as_ptr(), Arc::as_ptr(console));
    with(|sampling| {
        sampling.consoles.retain(|other| !is_it(other));
        if let Some((_, task)) = sampling.task.take_if(|(on, _)| is_it(on)) {
            task.abort();
        }
    });
    settle();
}

/// Starts the task if a number is watched and a console runs, and ends it otherwise.
pub(super) fn settle() {
    let is_wanted = !all().is_empty();
    // Logged after the lock is released: a subscriber is code of the author.
    if let Err(error) = with(|sampling| sampling.settle(is_wanted)) {
        tracing::warn!(target: "backdoor", "no trends: no thread could be started: {error}");
    }
}

impl Sampling {
    fn settle(&mut self, is_wanted: bool) -> io::Result<()> {
        self.consoles.retain(|console| console.strong_count() > 0);
        if let Some((_, task)) = self.task.take_if(|(_, task)| !is_wanted || task.is_finished()) {
            task.abort();
        }
        if !is_wanted || self.task.is_some() {
            return Ok(());
        }
        let Some(console) = self.consoles.first() else { return Ok(()) };
        let Some(shared) = console.upgrade() else { return Ok(()) };
        let task = shared.helper.handle()?.spawn(sample(console.clone(), shared.asynchronous.clone()));
        self.task = Some((console.clone(), task));
        Ok(())
    }
}

fn with<T>(change: impl FnOnce(&mut Sampling) -> T) -> T {
    let mut sampling = SAMPLING.lock().unwrap_or_else(PoisonError::into_inner);
    let before = sampling.process.replace(Process::this());
    if before.is_some_and(|before| !before.is_this()) {
        // A forked process has copies of its parent's values: nothing of them runs here, and dropping them would wake threads that do not
        // exist.
        mem::forget((mem::take(&mut sampling.consoles), sampling.task.take()));
    }
    change(&mut sampling)
}

/// The time since the first use of trends: seconds are counted from there, by a monotonic clock.
pub(super) fn since_origin() -> Duration {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    ORIGIN.get_or_init(Instant::now).elapsed()
}

async fn sample(console: Weak<ConsoleState>, runtime: Arc<Asynchronous>) {
    // At whole seconds, so that a late sample is not counted for the next second.
    let start = Instant::now() + until_whole_second(since_origin());
    let mut ticks = interval_at(start.into(), EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        if console.strong_count() == 0 {
            return;
        }
        round(&runtime).await;
    }
}

/// Zero within the first tenth of a second, which is close enough.
fn until_whole_second(since: Duration) -> Duration {
    match since.subsec_millis() {
        0..100 => Duration::ZERO,
        _ => Duration::from_nanos(1_000_000_000 - u64::from(since.subsec_nanos())),
    }
}

/// Reads all watched numbers once.
async fn round(runtime: &Arc<Asynchronous>) {
    /// Where the next round begins, so that a slow function does not always delay the same numbers.
    static FIRST: AtomicUsize = AtomicUsize::new(0);
    let mut series: Vec<Arc<Series>> = all().values().cloned().collect();
    if series.is_empty() {
        return;
    }
    let first = FIRST.load(Ordering::Relaxed) % series.len();
    series.rotate_left(first);
    let until = Instant::now() + ROUND;
    let second = since_origin().as_secs();
    let mut read = 0;
    for series in &series {
        if Instant::now() >= until {
            break;
        }
        read += 1;
        match series.source() {
            Source::Variable(variable) => {
                // A panic leaves a gap.
                let reading = catch_panic(|| variable.read()).ok();
                series.keep(second, since_origin(), reading.as_ref());
            }
            Source::Computed(compute) => {
                let reading = ask(series, compute, runtime.clone()).await;
                series.keep(second, since_origin(), reading.as_ref());
            }
        }
        tokio::task::yield_now().await;
    }
    FIRST.store(first.wrapping_add(read), Ordering::Relaxed);
    // If the number was forgotten meanwhile, the author's function is dropped here.
    drop(catch_panic(move || drop(series)));
}

/// The result of the author's function; none if it is late, panics, or has not returned since the last call.
async fn ask(
    series: &Arc<Series>,
    compute: Arc<dyn Fn() -> Reading + Send + Sync>,
    runtime: Arc<Asynchronous>,
) -> Option<Reading> {
    let turn = Series::turn(series)?;
    let question = move || {
        let reading = runtime.enter(&*compute);
        drop((compute, turn));
        reading
    };
    ASKING.ask(COMPUTED, question).await.ok()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;
    use crate::Value;
    use crate::command::registry::Registry;
    use crate::service::Service;
    use crate::views::trends::{Watched, find, forget, watch};

    #[test]
    fn samples_are_taken_at_whole_seconds() {
        let until = |millis| until_whole_second(Duration::from_millis(millis));
        assert_eq!((until(0), until(99), until(5_020)), (Duration::ZERO, Duration::ZERO, Duration::ZERO));
        assert_eq!((until(100), until(5_750)), (Duration::from_millis(900), Duration::from_millis(250)));
    }

    fn is_sampling() -> bool {
        with(|sampling| sampling.task.is_some())
    }

    /// One test, because tests share the watched numbers.
    #[test]
    fn nothing_is_read_without_a_watch_and_a_console() {
        let console =
            || Arc::new(ConsoleState::new(Registry::linked(), Service::new("test".to_owned(), None), 10));
        let (one, other) = (console(), console());
        attach(&one);
        attach(&other);
        assert!(!is_sampling());
        let (called, calls) = channel();
        let called = Mutex::new(called);
        assert!(watch(Watched::computed("sampled", move || {
            let _ = called.lock().map(|called| called.send(()));
            Reading::Value(Value::from(2))
        })));
        assert!(is_sampling());
        calls.recv_timeout(Duration::from_secs(30)).unwrap();
        detach(&one);
        drop(one);
        assert!(is_sampling(), "the other console goes on");
        while calls.try_recv().is_ok() {}
        calls.recv_timeout(Duration::from_secs(30)).unwrap();
        assert_eq!(find("sampled").unwrap().seconds.len(), 60);
        assert_eq!(find("smapled").unwrap_err().near.as_deref(), Some("sampled"));
        assert!(forget("sampled"));
        assert!(!is_sampling());
        assert!(watch(Watched::computed("sampled", || Reading::NotSet)));
        assert!(is_sampling());
        detach(&other);
        assert!(!is_sampling());
        assert!(forget("sampled") && !forget("sampled"));
    }
}
