//! Reads all watched numbers once a second, on the helper thread of one of the running consoles.
//!
//! The period is 1,024 ms and begins at the origin of the thread's timers. Tokio keeps timers in a wheel with slots of 1, 64 and 4,096 ms, and
//! wakes its thread once more for each level that a timer descends: at any other time, a sample would cost two or three wake-ups. The number of
//! a second without a sample, one in 42, is that of the next one.

use std::ops::RangeInclusive;
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
use crate::views::trends::series::{Series, all, built_in};
use crate::views::trends::watched::{Source, Watched};
use crate::views::vars::Reading;

/// A power of two in milliseconds, so that each sample is one wake-up.
const EVERY: Duration = Duration::from_millis(1_024);

/// The time limit for one computed number.
const COMPUTED: Duration = Duration::from_millis(100);

/// Threads for computed numbers alone, so that a hanging function delays no other query. Each hanging function occupies one thread.
static ASKING: LazyLock<QueryThreads> = LazyLock::new(|| QueryThreads::new("backdoor-ask").at_most(64));

/// The time limit for all of them together. A number that was not read by then has a gap, and is among the first in the next round.
const ROUND: Duration = Duration::from_millis(500);

/// The running consoles, and the task that samples for all of them.
struct Sampling {
    /// Each with its choice of built-in trends.
    consoles: Vec<(Weak<ConsoleState>, bool)>,
    /// The task, and the console on whose thread it runs.
    task: Option<(Weak<ConsoleState>, JoinHandle<()>)>,
    /// The process in which they run.
    process: Option<Process>,
}

static SAMPLING: Mutex<Sampling> = Mutex::new(Sampling { consoles: Vec::new(), task: None, process: None });

/// Called when a console has started, with the built-in trends that it wants, or none. They stay those of the first console that wants some,
/// until the last of these consoles ends.
pub(crate) fn attach(console: &Arc<ConsoleState>, wanted: Vec<Watched>) {
    with(|sampling| {
        if !wanted.is_empty() && !sampling.wants_built_in() {
            let series = |watched: Watched| (watched.name.to_string(), Arc::new(Series::new(watched)));
            *built_in() = wanted.into_iter().map(series).collect();
            sampling.consoles.push((Arc::downgrade(console), true));
        } else {
            sampling.consoles.push((Arc::downgrade(console), !wanted.is_empty()));
        }
    });
    settle();
}

/// Called when a console ends. Another console continues the sampling, if there is one.
pub(crate) fn detach(console: &Arc<ConsoleState>) {
    let is_it = |other: &Weak<ConsoleState>| std::ptr::eq(other.as_ptr(), Arc::as_ptr(console));
    with(|sampling| {
        sampling.consoles.retain(|(other, _)| !is_it(other));
        if let Some((_, task)) = sampling.task.take_if(|(on, _)| is_it(on)) {
            task.abort();
        }
    });
    settle();
}

/// Starts the task if a number is watched and a console runs, and ends it otherwise.
pub(super) fn settle() {
    let is_watched = !all().is_empty();
    // Logged after the lock is released: a subscriber is code of the author.
    if let Err(error) = with(|sampling| sampling.settle(is_watched)) {
        tracing::warn!(target: "backdoor", "no trends: no thread could be started: {error}");
    }
}

impl Sampling {
    /// Whether a console that runs wants the built-in trends.
    fn wants_built_in(&self) -> bool {
        self.consoles.iter().any(|(console, is_wanted)| *is_wanted && console.strong_count() > 0)
    }

    fn settle(&mut self, is_watched: bool) -> io::Result<()> {
        self.consoles.retain(|(console, _)| console.strong_count() > 0);
        let is_wanted = is_watched || self.wants_built_in();
        if let Some((_, task)) = self.task.take_if(|(_, task)| !is_wanted || task.is_finished()) {
            task.abort();
        }
        if !is_wanted || self.task.is_some() {
            return Ok(());
        }
        let Some((console, _)) = self.consoles.first() else { return Ok(()) };
        let Some(shared) = console.upgrade() else { return Ok(()) };
        let (helper, origin) = shared.helper.with_origin()?;
        let task = helper.spawn(sample(console.clone(), shared.asynchronous.clone(), origin));
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

async fn sample(console: Weak<ConsoleState>, runtime: Arc<Asynchronous>, origin: Instant) {
    // The first one is taken at once.
    let mut before = None;
    let mut ticks = interval_at((origin + next(origin.elapsed())).into(), EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        if console.strong_count() == 0 {
            return;
        }
        let second = since_origin().as_secs();
        round(&runtime, seconds(before, second)).await;
        before = Some(second);
        ticks.tick().await;
    }
}

/// The time of the next sample, since the origin of the timers.
fn next(since: Duration) -> Duration {
    EVERY * (since.as_millis() / EVERY.as_millis() + 1) as u32
}

/// The seconds that a sample stands for: its own, and one that the longer period has left out.
fn seconds(before: Option<u64>, second: u64) -> RangeInclusive<u64> {
    match before {
        Some(before) if before + 2 == second => second - 1..=second,
        _ => second..=second,
    }
}

/// Reads all watched numbers once, for these seconds.
async fn round(runtime: &Arc<Asynchronous>, seconds: RangeInclusive<u64>) {
    /// Where the next round begins, so that a slow function does not always delay the same numbers.
    static FIRST: AtomicUsize = AtomicUsize::new(0);
    if with(|sampling| sampling.wants_built_in()) {
        let series: Vec<Arc<Series>> = built_in().values().cloned().collect();
        for series in series {
            let Source::BuiltIn(read) = series.source() else { continue };
            let reading = catch_panic(|| read()).ok();
            series.keep(seconds.clone(), since_origin(), reading.as_ref());
        }
    }
    let mut series: Vec<Arc<Series>> = all().values().cloned().collect();
    if series.is_empty() {
        return;
    }
    let first = FIRST.load(Ordering::Relaxed) % series.len();
    series.rotate_left(first);
    let until = Instant::now() + ROUND;
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
                series.keep(seconds.clone(), since_origin(), reading.as_ref());
            }
            // Those are not among the author's.
            Source::BuiltIn(_) => {}
            Source::Computed(compute) => {
                let reading = ask(series, compute, runtime.clone()).await;
                series.keep(seconds.clone(), since_origin(), reading.as_ref());
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
    use std::sync::mpsc::{Sender, channel};

    use super::*;
    use crate::Value;
    use crate::command::registry::Registry;
    use crate::service::Service;
    use crate::views::trends::{find, forget, watch};

    #[test]
    fn every_second_has_a_sample_and_no_longer_gap() {
        let next = |millis| next(Duration::from_millis(millis)).as_millis();
        assert_eq!((next(0), next(1_023), next(1_024), next(90_000)), (1_024, 1_024, 2_048, 90_112));
        assert_eq!((seconds(None, 7), seconds(Some(6), 7)), (7..=7, 7..=7));
        assert_eq!((seconds(Some(5), 7), seconds(Some(4), 7)), (6..=7, 7..=7));
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
        attach(&one, Vec::new());
        attach(&other, Vec::new());
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
        built_in_trends_are_read_while_a_console_wants_them(console);
    }

    fn built_in_trends_are_read_while_a_console_wants_them(console: impl Fn() -> Arc<ConsoleState>) {
        let (called, calls) = channel();
        let built_in = |unit, called: Sender<()>| {
            let called = Mutex::new(called);
            vec![Watched::built_in("fds", unit, "", move || {
                let _ = called.lock().map(|called| called.send(()));
                Reading::Value(Value::from(5))
            })]
        };
        let (without, with) = (console(), console());
        attach(&without, Vec::new());
        assert!(!is_sampling());
        attach(&with, built_in("", called.clone()));
        assert!(is_sampling());
        calls.recv_timeout(Duration::from_secs(30)).unwrap();
        assert!(watch(Watched::computed("fds", || Reading::NotSet).unit("mine")));
        assert_eq!(find("fds").unwrap().unit, "mine", "the author's comes first");
        assert!(forget("fds"));
        assert_eq!(find("fds").unwrap().unit, "");
        detach(&with);
        assert!(!is_sampling(), "the other console wants none");
        attach(&with, built_in("again", called));
        assert!(is_sampling());
        assert_eq!(find("fds").unwrap().unit, "again", "it begins anew with the console");
        detach(&with);
        detach(&without);
    }
}
