//! The same work in several threads at once, and what one time of it takes.

use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};

/// What one time takes, in nanoseconds.
pub(crate) struct Took {
    /// Of CPU, in the mean of the threads. More threads than cores wait for their turn, which the clock on the wall would count.
    pub(crate) cpu: f64,
    /// Of the wall clock for all threads together, from the first begin to the last end: for what they wait for each other.
    pub(crate) wall: f64,
}

/// Lets each thread do it so often, with the numbers of the thread and of the time.
pub(crate) fn together(threads: usize, times: u32, work: impl Fn(usize, u32) + Sync) -> Took {
    let begin = Barrier::new(threads);
    let timed = |thread| {
        begin.wait();
        let (began, before) = (Instant::now(), cpu_time());
        (0..times).for_each(|time| work(thread, time));
        (began, Instant::now(), cpu_time() - before)
    };
    let ended: Vec<(Instant, Instant, f64)> = thread::scope(|scope| {
        let started: Vec<_> = (0..threads).map(|thread| scope.spawn(move || timed(thread))).collect();
        started.into_iter().map(|thread| thread.join().expect("nothing in it panics")).collect()
    });
    let (first, last) = (ended.iter().map(|ended| ended.0).min(), ended.iter().map(|ended| ended.1).max());
    let wall = last.zip(first).map_or(0.0, |(last, first)| (last - first).as_secs_f64() * 1e9);
    let cpu: f64 = ended.iter().map(|ended| ended.2).sum();
    let all = threads as f64 * f64::from(times);
    Took { cpu: cpu / all, wall: wall / all }
}

/// Nanoseconds of CPU that this thread has used.
pub(crate) fn cpu_time() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}
