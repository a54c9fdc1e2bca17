//! A time limit for a thread of its own that does not count the time without a processor: on a busy machine the thread may wait for a
//! processor for longer than its limit.

use std::future::Future;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::base::{kernel_ids, reserve};

/// How long a thread may wait for a processor beyond its limit.
const MOST: Duration = Duration::from_secs(10);

/// The shortest pause before a thread that waits for a processor is checked again.
const AGAIN: Duration = Duration::from_millis(5);

/// The time of the work of one thread.
#[derive(Default)]
pub(crate) struct OwnTime {
    /// The work, once it has begun.
    work: Mutex<Option<Work>>,
}

/// Work on a thread.
#[derive(Clone, Copy)]
pub(crate) struct Work {
    /// The thread's number.
    tid: i32,
    /// The processor time that the thread had used before.
    used_before: Duration,
}

/// The limit was exceeded.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Exceeded;

impl OwnTime {
    /// The work begins now, on this thread.
    pub(crate) fn begin(&self) {
        *self.work.lock().unwrap_or_else(PoisonError::into_inner) = Some(Work::begin());
    }

    /// Waits for the thread's result. To be polled on a runtime that has timers.
    pub(crate) async fn limit<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = T>,
    ) -> Result<T, Exceeded> {
        let begun = Instant::now();
        let mut work = pin!(work);
        let mut left = limit;
        loop {
            if let Ok(done) = timeout(left, work.as_mut()).await {
                return Ok(done);
            }
            left = self.left(limit, begun.elapsed()).ok_or(Exceeded)?;
        }
    }

    /// The remaining time, after this long.
    fn left(&self, limit: Duration, elapsed: Duration) -> Option<Duration> {
        match *self.work.lock().unwrap_or_else(PoisonError::into_inner) {
            None => (elapsed < limit.saturating_add(MOST)).then_some(AGAIN),
            Some(work) => work.left(limit, elapsed),
        }
    }
}

impl Work {
    /// Work that begins now, on this thread.
    pub(crate) fn begin() -> Self {
        Self { tid: kernel_ids::thread(), used_before: kernel_ids::used_by_thread().unwrap_or_default() }
    }

    /// The remaining time, after this long. `None` if the limit is exceeded, and where the kernel does not tell.
    pub(crate) fn left(self, limit: Duration, elapsed: Duration) -> Option<Duration> {
        if elapsed >= limit.saturating_add(MOST) {
            return None;
        }
        let read = |file: &str| {
            let bytes = reserve::read(format!("/proc/self/task/{}/{file}", self.tid)).ok()?;
            String::from_utf8(bytes).ok()
        };
        left(&read("stat")?, &read("schedstat")?, self.used_before, limit, elapsed)
    }
}

/// The same, from the kernel's figures of the thread: its state (proc_pid_stat(5)), and the nanoseconds in which it ran and in which it
/// waited for a processor (the kernel's `sched-stats`); the present wait is not part of them yet.
fn left(
    stat: &str,
    schedstat: &str,
    used_before: Duration,
    limit: Duration,
    elapsed: Duration,
) -> Option<Duration> {
    let is_runnable = stat.rsplit_once(") ")?.1.starts_with('R');
    let mut times = schedstat.split_whitespace().map(|time| time.parse().map(Duration::from_nanos));
    let (ran, waited) = (times.next()?.ok()?, times.next()?.ok()?);
    let left = match is_runnable {
        true => limit.saturating_sub(ran.saturating_sub(used_before)),
        false => limit.saturating_add(waited).saturating_sub(elapsed),
    };
    (!left.is_zero()).then_some(left.max(AGAIN))
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::{env, fs, thread};

    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    use super::*;
    use crate::base::reserve::Keeping;

    const LIMIT: Duration = Duration::from_millis(100);

    fn left_of(state: char, ran: u64, waited: u64, elapsed: u64) -> Option<u64> {
        let schedstat = format!("{} {} 7\n", ran * 1_000_000, waited * 1_000_000);
        let stat = format!("12 (a ) name) {state} 1 1");
        let left = left(&stat, &schedstat, Duration::ZERO, LIMIT, Duration::from_millis(elapsed));
        left.map(|left| left.as_millis() as u64)
    }

    #[test]
    fn earlier_work_of_the_thread_is_not_counted() {
        let left = |used_before| {
            let elapsed = Duration::from_millis(120);
            left("12 (name) R 1", "500000000 0 7", Duration::from_millis(used_before), LIMIT, elapsed)
        };
        assert_eq!((left(440), left(0)), (Some(Duration::from_millis(40)), None));
    }

    #[test]
    fn only_the_wait_for_a_processor_is_not_counted() {
        assert_eq!(left_of('S', 1, 0, 101), None, "it waits for a lock, say");
        assert_eq!(left_of('D', 1, 30, 101), Some(29));
        assert_eq!(left_of('S', 1, 30, 131), None);
        assert_eq!(left_of('R', 40, 0, 101), Some(60), "it waits for a processor");
        assert_eq!(left_of('R', 40, 61, 5_000), Some(60));
        assert_eq!(left_of('R', 101, 0, 101), None, "it computes");
        assert_eq!(left("", "", Duration::ZERO, LIMIT, LIMIT), None, "nothing is known");
    }

    #[tokio::test]
    async fn a_thread_that_computes_or_waits_is_held_to_the_limit() {
        let ends = Arc::new(AtomicBool::new(false));
        let wait: fn(&AtomicBool) = |ends| {
            while !ends.load(Ordering::Relaxed) {
                thread::park();
            }
        };
        let spin: fn(&AtomicBool) = |ends| while !ends.load(Ordering::Relaxed) {};
        for work in [wait, spin] {
            let (own, ends_too) = (Arc::new(OwnTime::default()), ends.clone());
            let of_thread = own.clone();
            let thread = thread::spawn(move || {
                of_thread.begin();
                work(&ends_too);
            });
            assert_eq!(
                own.limit(Duration::from_millis(5), std::future::pending::<()>()).await,
                Err(Exceeded)
            );
            ends.store(true, Ordering::Relaxed);
            thread.thread().unpark();
            thread.join().unwrap();
            ends.store(false, Ordering::Relaxed);
        }
    }

    #[tokio::test]
    async fn a_thread_that_has_not_begun_is_waited_for() {
        let (own, (sender, receiver)) = (OwnTime::default(), tokio::sync::oneshot::channel());
        let begun = Instant::now();
        let work = async {
            // Three times as long as it may take.
            tokio::time::sleep(Duration::from_millis(15)).await;
            sender.send(7).unwrap();
            receiver.await
        };
        assert_eq!(own.limit(Duration::from_millis(5), work).await, Ok(Ok(7)), "{:?}", begun.elapsed());
    }

    /// The test runs itself as a process of its own, whose descriptors it takes.
    #[test]
    fn time_of_a_thread_is_known_without_free_descriptors() {
        const CHILD: &str = "BACKDOOR_TEST_WITHOUT_DESCRIPTORS";
        if env::var_os(CHILD).is_none() {
            let (_, module) = module_path!().split_once("::").unwrap();
            let name = format!("{module}::time_of_a_thread_is_known_without_free_descriptors");
            let mut child = Command::new(env::current_exe().unwrap());
            let output = child.args(["--exact", &name]).env(CHILD, "1").output().unwrap();
            let stdout = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && stdout.contains("1 passed"), "{stdout}");
            return;
        }
        let _keeping = Keeping::begin();
        let maximum = getrlimit(Resource::Nofile).maximum;
        setrlimit(Resource::Nofile, Rlimit { current: Some(64), maximum }).unwrap();
        let mut all = Vec::new();
        while let Ok(file) = fs::File::open("/dev/null") {
            all.push(file);
        }
        let own = OwnTime::default();
        own.begin();
        let hour = Duration::from_secs(3600);
        assert!(own.left(hour, hour).is_some(), "it runs, and has not run for an hour");
    }
}
