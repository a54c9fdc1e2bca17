//! What a lock that says who holds it costs, beside std's, parking_lot's and tokio's, while it is free and while it is not.

use std::hint::black_box;
use std::thread;
use std::time::Instant;

use backdoor_runtime::{Backdoor, sync};

use crate::statistics::{ROUNDS, median, median_ratio, rounds};
use crate::table::{Aim, Row, Table};
use crate::together::together;

/// Lock and unlock, so often, in each thread.
const TIMES: u32 = 50_000;

/// A kind of lock, and how it is measured: so many times in so many threads, each with its own lock or all with the same.
type Measured = fn(threads: usize, same: bool) -> f64;

struct Kind {
    name: &'static str,
    beside: &'static str,
    plain: Measured,
    ours: Measured,
}

const KINDS: [Kind; 5] = [
    Kind { name: "mutex", beside: "std's", plain: std_mutex, ours: our_mutex },
    Kind { name: "rwlock to read", beside: "std's", plain: std_read, ours: our_read },
    Kind { name: "rwlock to write", beside: "std's", plain: std_write, ours: our_write },
    Kind { name: "async mutex", beside: "tokio's", plain: tokio_mutex, ours: our_async_mutex },
    Kind { name: "semaphore", beside: "tokio's", plain: tokio_semaphore, ours: our_semaphore },
];

pub(crate) fn run(table: &mut Table) -> anyhow::Result<()> {
    for (threads, same) in [(1, false), (8, false), (8, true)] {
        let case = match (threads, same) {
            (1, _) => "1 thread",
            (_, false) => "8 threads, a lock each",
            (_, true) => "8 threads, the same lock",
        };
        for kind in &KINDS {
            let [clock, plain, ours] =
                rounds([now, kind.plain, kind.ours].map(|measured| move || measured(threads, same)));
            let row =
                Row::new(format!("{}, lock and unlock, {case}", kind.name), median(&mut ours.clone()), "ns");
            let ratio = median_ratio(&ours, &plain);
            table.push(row.against(kind.beside, median(&mut plain.clone()), Some(ratio)));
            if !same {
                let mut added: Vec<f64> = ours.iter().zip(&plain).map(|(ours, plain)| ours - plain).collect();
                let ratio = median_ratio(&added, &clock);
                let row = Row::new(format!("{}, added, {case}", kind.name), median(&mut added), "ns");
                let clock = median(&mut clock.clone());
                table.push(row.against("Instant::now()", clock, Some(ratio)).aim(Aim::RatioAtMost(1.0)));
            }
        }
        table.push(Row::new(
            format!("parking_lot's mutex, lock and unlock, {case}"),
            median(&mut rounds([|| parking_lot_mutex(threads, same)])[0]),
            "ns",
        ));
    }
    list(table);
    Ok(())
}

/// What `locks` takes where there are many.
fn list(table: &mut Table) {
    const LOCKS: usize = 10_000;
    let locks: Vec<sync::Mutex<u64>> = (0..LOCKS as u64).map(sync::Mutex::new).collect();
    let held: Vec<_> = locks.iter().map(sync::Mutex::lock).collect();
    let console = Backdoor::testing();
    let mut took: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let begin = Instant::now();
            black_box(console.run("locks --limit 100"));
            begin.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    drop(held);
    table.push(Row::new(format!("the first 100 of {LOCKS} held locks, listed"), median(&mut took), "ms"));
}

/// Nanoseconds of one time: of CPU where each thread has a lock of its own, of the wall clock where all want the same one.
fn timed<L: Sync>(threads: usize, same: bool, make: impl Fn() -> L, work: impl Fn(&L) + Sync) -> f64 {
    let locks: Vec<L> = (0..if same { 1 } else { threads }).map(|_| make()).collect();
    let took = together(threads, TIMES, |thread, _| work(&locks[thread % locks.len()]));
    if same { took.wall } else { took.cpu }
}

fn now(threads: usize, same: bool) -> f64 {
    timed(
        threads,
        same,
        || (),
        |()| {
            black_box(Instant::now());
        },
    )
}

fn std_mutex(threads: usize, same: bool) -> f64 {
    timed(threads, same, || std::sync::Mutex::new(0_u64), |lock| add(&mut lock.lock().unwrap_or_else(sound)))
}

fn our_mutex(threads: usize, same: bool) -> f64 {
    timed(threads, same, || sync::Mutex::new(0_u64), |lock| add(&mut lock.lock().unwrap_or_else(sound)))
}

fn parking_lot_mutex(threads: usize, same: bool) -> f64 {
    timed(threads, same, || parking_lot::Mutex::new(0_u64), |lock| add(&mut lock.lock()))
}

fn std_read(threads: usize, same: bool) -> f64 {
    timed(threads, same, || std::sync::RwLock::new(0_u64), |lock| look(&lock.read().unwrap_or_else(sound)))
}

fn our_read(threads: usize, same: bool) -> f64 {
    timed(threads, same, || sync::RwLock::new(0_u64), |lock| look(&lock.read().unwrap_or_else(sound)))
}

fn std_write(threads: usize, same: bool) -> f64 {
    timed(
        threads,
        same,
        || std::sync::RwLock::new(0_u64),
        |lock| add(&mut lock.write().unwrap_or_else(sound)),
    )
}

fn our_write(threads: usize, same: bool) -> f64 {
    timed(threads, same, || sync::RwLock::new(0_u64), |lock| add(&mut lock.write().unwrap_or_else(sound)))
}

fn tokio_mutex(threads: usize, same: bool) -> f64 {
    timed(threads, same, || tokio::sync::Mutex::new(0_u64), |lock| add(&mut ready(lock.lock())))
}

fn our_async_mutex(threads: usize, same: bool) -> f64 {
    timed(threads, same, || sync::asynch::Mutex::new(0_u64), |lock| add(&mut ready(lock.lock())))
}

fn tokio_semaphore(threads: usize, same: bool) -> f64 {
    timed(threads, same, || tokio::sync::Semaphore::new(1), |lock| drop(black_box(ready(lock.acquire()))))
}

fn our_semaphore(threads: usize, same: bool) -> f64 {
    timed(threads, same, || sync::Semaphore::new(1), |lock| drop(black_box(ready(lock.acquire()))))
}

/// What a future gives, polled until it does: no runtime's time is measured.
fn ready<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        match future.as_mut().poll(&mut context) {
            std::task::Poll::Ready(output) => return output,
            std::task::Poll::Pending => thread::yield_now(),
        }
    }
}

fn add(value: &mut u64) {
    *black_box(value) += 1;
}

fn look(value: &u64) {
    black_box(*value);
}

fn sound<T>(poisoned: sync::PoisonError<T>) -> T {
    poisoned.into_inner()
}
