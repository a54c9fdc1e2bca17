//! Many threads at once: no update is lost, and nothing is left behind.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use backdoor_runtime::sync::{self, Mutex, RwLock, Semaphore, asynch};
use tokio::runtime::Builder;

use super::{rows, seen, text};
use crate::operator::{Operator, console};
use crate::wait::until;

const THREADS: u64 = 8;
const ROUNDS: u64 = 20_000;

#[test]
fn no_update_is_lost_while_locks_are_listed() {
    static SUM: Mutex<u64> = Mutex::named("stress sum", 0);
    static SHARED: RwLock<u64> = RwLock::named("stress shared", 0);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let looks = scope.spawn(|| {
            let mut looks = 0;
            while !done.load(Ordering::Relaxed) {
                for lock in sync::locks().iter().filter(|lock| lock.name == Some("stress sum")) {
                    assert!(lock.holders.len() <= 1);
                    assert!(
                        lock.holders.iter().all(|holder| holder.at.starts_with("tests/it/locks/stress.rs:"))
                    );
                }
                assert!(
                    !rows("cycles").iter().any(|cycle| text(cycle).contains("`stress ")),
                    "there is none"
                );
                looks += 1;
            }
            looks
        });
        let workers: Vec<_> = (0..THREADS)
            .map(|thread| {
                scope.spawn(move || {
                    for round in 0..ROUNDS {
                        *SUM.lock().unwrap() += 1;
                        match (thread + round) % 4 {
                            0 => *SHARED.write().unwrap() += 1,
                            _ => drop(SHARED.read()),
                        }
                        // One inside the other, always in this order.
                        let _both = (round % 64 == 0).then(|| (SUM.lock(), SHARED.read()));
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.join().unwrap();
        }
        done.store(true, Ordering::Relaxed);
        assert!(looks.join().unwrap() > 0);
    });
    assert_eq!(*SUM.lock().unwrap(), THREADS * ROUNDS);
    assert_eq!(*SHARED.read().unwrap(), THREADS * ROUNDS / 4);
    for name in ["stress sum", "stress shared"] {
        let lock = seen(name).unwrap();
        assert_eq!((lock.holders.len(), lock.more_holders, lock.waiting), (0, 0, 0), "{name}");
    }
}

#[test]
fn abandoned_waits_leave_nothing_behind() {
    let runtime = Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    runtime.block_on(async {
        static LOCK: asynch::Mutex<u64> = asynch::Mutex::named("stress tasks", 0);
        static POOL: Semaphore = Semaphore::named("stress permits", 2);
        let tasks: Vec<_> = (0..500)
            .map(|task| {
                tokio::spawn(async move {
                    let mut done = 0;
                    for _ in 0..20 {
                        let _permit = POOL.acquire().await;
                        let patience = Duration::from_micros(if task % 2 == 0 { 50 } else { 10_000_000 });
                        if let Ok(mut held) = tokio::time::timeout(patience, LOCK.lock()).await {
                            tokio::task::yield_now().await;
                            *held += 1;
                            done += 1;
                        }
                    }
                    done
                })
            })
            .collect();
        let mut done = 0;
        for task in tasks {
            done += task.await.unwrap();
        }
        assert_eq!(*LOCK.lock().await, done);
        for name in ["stress tasks", "stress permits"] {
            let lock = seen(name).unwrap();
            assert_eq!((lock.holders.len(), lock.more_holders, lock.waiting), (0, 0, 0), "{name}");
        }
        assert_eq!((POOL.available_permits(), seen("stress permits").unwrap().permits), (2, Some(2)));
    });
}

#[test]
fn locks_may_be_dropped_while_they_are_listed() {
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    let end = Instant::now() + Duration::from_secs(2);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let locks: Vec<_> = (0..16).map(|value| Mutex::named("short-lived", value)).collect();
                    let held: Vec<_> = locks.iter().map(Mutex::lock).collect();
                    drop(held);
                }
            });
        }
        let mut listed = 0;
        while Instant::now() < end || listed == 0 {
            listed += operator.asks("locks short-lived").matches("short-lived").count();
        }
        done.store(true, Ordering::Relaxed);
    });
    until("that all are dropped", || seen("short-lived"), Option::is_none);
}
