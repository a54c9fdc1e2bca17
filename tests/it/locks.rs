//! Holders of locks and their waiters, as an operator sees them.

mod drop_in;
mod stress;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::Duration;

use backdoor_runtime::sync::{self, LockInfo, Mutex, RwLock, Semaphore, asynch};
use backdoor_runtime::threads;
use backdoor_runtime::{Backdoor, Value};
use tokio::runtime::Builder;

use crate::operator::{Operator, console};
use crate::transcript::without_numbers;
use crate::wait::{PATIENCE, until, until_some};

/// The only lock of this name.
pub(crate) fn seen(name: &str) -> Option<LockInfo> {
    sync::locks().into_iter().find(|lock| lock.name == Some(name))
}

/// Waits until the lock of this name has this many waiters.
#[track_caller]
fn until_waiting(name: &str, count: usize) {
    let waiting = || seen(name).map(|lock| lock.waiting);
    until(&format!("{count} who wait for {name}"), waiting, |waiting| *waiting == Some(count));
}

/// The cycles of `waits`, or its edges.
pub(crate) fn rows(field: &str) -> Vec<Value> {
    let answer = Backdoor::testing().run("waits");
    answer.value[field].as_list().unwrap_or_else(|| panic!("no {field}: {answer:?}")).to_vec()
}

/// The sentence of a cycle or an edge.
pub(crate) fn text(row: &Value) -> &str {
    row["text"].as_str().unwrap_or_default()
}

/// Starts a thread of this name.
fn start(name: &str, work: impl FnOnce() + Send + 'static) -> thread::JoinHandle<()> {
    thread::Builder::new().name(name.to_owned()).spawn(work).unwrap()
}

/// The lines of `waits` with this text, through a real socket and without numbers. The other tests lock, too.
#[track_caller]
fn waits(mark: &str, lines: usize) -> String {
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    let of_mark = |all: &str| -> Vec<String> {
        all.lines().filter(|line| line.contains(mark)).map(str::to_owned).collect()
    };
    let what = format!("{lines} lines with {mark}");
    let all = until(&what, || operator.asks("waits"), |all| of_mark(all).len() == lines);
    without_numbers(&of_mark(&all).join("\n"))
}

#[test]
fn two_threads_that_lock_crosswise_are_a_cycle() {
    static CACHE: Mutex<()> = Mutex::named("cross cache", ());
    static INDEX: Mutex<()> = Mutex::named("cross index", ());
    static BOTH: Barrier = Barrier::new(2);
    for (name, first, second) in [("refresh", &CACHE, &INDEX), ("compactor", &INDEX, &CACHE)] {
        // These threads never end.
        start(name, || {
            let _first = first.lock();
            BOTH.wait();
            drop(second.lock());
        });
    }
    let seen = waits("`cross ", 3);
    let (cycle, edges) = seen.split_once('\n').unwrap();
    let one = "thread N `refresh` has held `cross cache` for TIME (tests/it/locks.rs:N) and has waited TIME for `cross index` \
               (tests/it/locks.rs:N), held by thread N `compactor` for TIME (tests/it/locks.rs:N), which has waited TIME for \
               `cross cache` (tests/it/locks.rs:N)";
    let other = "thread N `compactor` has held `cross index` for TIME (tests/it/locks.rs:N) and has waited TIME for `cross cache` \
                 (tests/it/locks.rs:N), held by thread N `refresh` for TIME (tests/it/locks.rs:N), which has waited TIME for \
                 `cross index` (tests/it/locks.rs:N)";
    let plain = |text: &str| text.replace("N ms", "TIME").replace("N s", "TIME");
    assert!([one, other].contains(&plain(cycle).as_str()), "{cycle}");
    let mut edges: Vec<String> = plain(edges).lines().map(str::to_owned).collect();
    edges.sort();
    assert_eq!(
        edges,
        [
            "thread N `compactor` has waited TIME for `cross cache` (tests/it/locks.rs:N), held by thread N `refresh` for TIME \
             (tests/it/locks.rs:N)",
            "thread N `refresh` has waited TIME for `cross index` (tests/it/locks.rs:N), held by thread N `compactor` for TIME \
             (tests/it/locks.rs:N)",
        ]
    );
    let json: serde_json::Value =
        serde_json::from_str(&Backdoor::testing().run("waits --json").text).unwrap();
    let cycles = json["cycles"].as_array().unwrap();
    let cycle = cycles.iter().find(|cycle| cycle["text"].as_str().unwrap().contains("cross cache")).unwrap();
    let mut held: Vec<&str> =
        cycle["members"].as_array().unwrap().iter().map(|member| member["holds"].as_str().unwrap()).collect();
    held.sort_unstable();
    assert_eq!(held, ["`cross cache`", "`cross index`"]);
    let edge = &json["edges"][0];
    for field in ["waiter", "lock", "lock_id", "holders", "more_holders", "behind_a_writer", "text"] {
        assert!(!edge[field].is_null(), "{field}: {edge}");
    }
}

#[test]
fn a_thread_that_locks_twice_waits_for_itself() {
    static TWICE: Mutex<()> = Mutex::named("twice", ());
    start("twice", || {
        let _first = TWICE.lock();
        drop(TWICE.lock());
    });
    let cycle = || rows("cycles").into_iter().find(|cycle| text(cycle).contains("`twice`"));
    let cycle = until_some("a cycle", cycle);
    assert!(text(&cycle).ends_with(", which it holds itself"), "{cycle}");
    assert_eq!(cycle["members"].as_list().map(<[_]>::len), Some(1));
}

#[test]
fn std_mutexes_locked_crosswise_are_untracked() {
    static LOCKS: [std::sync::Mutex<()>; 2] = [const { std::sync::Mutex::new(()) }; 2];
    static BOTH: Barrier = Barrier::new(2);
    for (name, first, second) in [("std-one", 0, 1), ("std-other", 1, 0)] {
        start(name, move || {
            let _first = LOCKS[first].lock();
            BOTH.wait();
            drop(LOCKS[second].lock());
        });
    }
    for name in ["std-one", "std-other"] {
        let line = waits(&format!("`{name}`"), 1);
        assert!(line.starts_with(&format!("thread N `{name}` at futex N")), "{line}");
        assert!(line.contains(", which looks like a mutex, in it::locks::"), "{line}");
    }
}

/// Its waiters wait at a word of their own thread, so only the stack distinguishes them from waiters for a condition.
#[test]
fn parking_lot_locks_are_untracked_and_its_condvars_idle() {
    static LOCK: parking_lot::Mutex<()> = parking_lot::Mutex::new(());
    static SHARED: parking_lot::RwLock<()> = parking_lot::RwLock::new(());
    static READY: parking_lot::Condvar = parking_lot::Condvar::new();
    let held = (LOCK.lock(), SHARED.read());
    start("parking-mutex", || drop(LOCK.lock()));
    start("parking-rwlock", || drop(SHARED.write()));
    start("parking-idle", || {
        static WORK: parking_lot::Mutex<bool> = parking_lot::Mutex::new(false);
        READY.wait_while(&mut WORK.lock(), |ready| !*ready);
    });
    for name in ["parking-mutex", "parking-rwlock"] {
        let line = waits(&format!("`{name}`"), 1);
        assert!(line.contains(", which looks like a lock of parking_lot, in it::locks::"), "{line}");
    }
    let idle =
        || threads::list(Duration::ZERO).unwrap().into_iter().find(|thread| thread.name == "parking-idle");
    let call = || idle().and_then(|thread| thread.system_call);
    until("a thread that is idle", call, |call| call.as_deref() == Some("futex"));
    assert!(!Backdoor::testing().run("waits").value["untracked"].to_string().contains("parking-idle"));
    drop(held);
}

#[test]
fn a_starving_writer_is_shown_with_the_reads_behind_it() {
    let routes: &RwLock<()> = Box::leak(Box::new(RwLock::named("starving routes", ())));
    let reader = routes.read().unwrap();
    let writer = start("writer", || drop(routes.write()));
    until_waiting("starving routes", 1);
    let late = start("late reader", || drop(routes.read()));
    until_waiting("starving routes", 2);
    let seen = waits("`starving routes`", 2);
    let lines: Vec<&str> = seen.lines().collect();
    assert!(lines[0].starts_with("thread N `writer` has waited N"), "{seen}");
    assert!(lines[0].contains(" for `starving routes` ("), "{seen}");
    assert!(lines[1].starts_with("thread N `late reader` has waited N"), "{seen}");
    assert!(lines[1].contains(" to read `starving routes` ("), "{seen}");
    assert!(lines[1].ends_with(", behind a waiting writer"), "{seen}");
    drop(reader);
    writer.join().unwrap();
    late.join().unwrap();
    assert!(self::seen("starving routes").is_some_and(|lock| lock.waiting == 0 && lock.holders.is_empty()));
}

#[test]
fn of_many_readers_some_are_listed_and_the_others_counted() {
    let crowd = RwLock::named("crowd", ());
    let readers: Vec<_> = (0..20).map(|_| crowd.read().unwrap()).collect();
    let lock = seen("crowd").unwrap();
    assert_eq!((lock.holders.len(), lock.more_holders), (8, 12));
    assert!(lock.holders.iter().all(|holder| holder.mode == "read" && holder.at.contains("locks.rs:")));
    let row = Backdoor::testing().width(300).run("locks crowd").text;
    assert!(row.contains(" and 19 more "), "{row}");
    drop(readers);
    let lock = seen("crowd").unwrap();
    assert_eq!((lock.holders.len(), lock.more_holders), (0, 0));
}

#[test]
fn a_drained_semaphore_shows_the_owners_of_its_permits() {
    let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("dry-worker").build().unwrap();
    let pool = Arc::new(Semaphore::named("dry pool", 3));
    let (sender, receiver) = mpsc::channel();
    runtime.spawn({
        let pool = pool.clone();
        async move {
            let two = pool.clone().acquire_many_owned(2).await.unwrap();
            let one = pool.acquire().await.unwrap();
            sender.send(two).unwrap();
            one.forget();
        }
    });
    let two = receiver.recv_timeout(PATIENCE).unwrap();
    runtime.spawn({
        let pool = pool.clone();
        async move { drop(pool.acquire_many(2).await) }
    });
    until_waiting("dry pool", 1);
    let lock = seen("dry pool").unwrap();
    // The forgotten permit is gone.
    assert_eq!((lock.permits, lock.holders.len()), (Some(2), 1));
    assert_eq!((lock.holders[0].permits, lock.holders[0].mode), (2, "permit"));
    let line = waits("`dry pool`", 1);
    assert!(line.contains(" for N permits of `dry pool` (tests/it/locks.rs:N)"), "{line}");
    assert!(line.contains("a future outside any tracked task, on thread N `dry-worker`"), "{line}");
    drop(two);
    let used = || seen("dry pool").map(|lock| (lock.waiting, lock.holders.len()));
    until("a pool that nobody uses", used, |used| *used == Some((0, 0)));
    assert_eq!(pool.available_permits(), 2);
}

/// A mapped or split guard keeps its holder, its place and its time.
#[tokio::test]
async fn a_mapped_guard_is_shown_as_the_holder() {
    let cache = asynch::RwLock::named("mapped-cache", (1, 2));
    let held = asynch::RwLockWriteGuard::map(cache.write().await, |both| &mut both.0);
    let taken = seen("mapped-cache").unwrap().holders.remove(0);
    assert_eq!(taken.mode, "exclusive");
    drop(held);
    assert!(seen("mapped-cache").unwrap().holders.is_empty());
    let read = asynch::RwLockWriteGuard::downgrade_map(cache.write().await, |both| &both.0);
    assert_eq!(seen("mapped-cache").unwrap().holders[0].mode, "read");
    drop(read);
    let write = AssertUnwindSafe(cache.write().await);
    let panics = catch_unwind(|| {
        let AssertUnwindSafe(write) = { write };
        drop(asynch::RwLockWriteGuard::map(write, |_| -> &mut u8 { panic!("there is no such part") }));
    });
    assert!(panics.is_err() && seen("mapped-cache").unwrap().holders.is_empty());

    let connections = Semaphore::named("split-connections", 3);
    let mut held = connections.try_acquire_many(3).unwrap();
    let at = seen("split-connections").unwrap().holders[0].at.clone();
    let apart = held.split(2).unwrap();
    let holders = |is: fn(&sync::HolderInfo) -> u32| -> Vec<u32> {
        let mut all: Vec<u32> = seen("split-connections").unwrap().holders.iter().map(is).collect();
        all.sort_unstable();
        all
    };
    assert_eq!(holders(|holder| holder.permits), [1, 2]);
    assert!(seen("split-connections").unwrap().holders.iter().all(|holder| holder.at == at));
    held.merge(apart);
    assert_eq!(holders(|holder| holder.permits), [3]);
    drop(held);
    assert_eq!(holders(|holder| holder.permits), [0; 0]);
}

#[test]
fn a_poisoned_lock_is_shown_until_it_is_cleared() {
    static SPOILT: Mutex<u8> = Mutex::named("spoilt", 0);
    start("spoiler", || {
        let _held = SPOILT.lock();
        panic!("while it is held");
    })
    .join()
    .unwrap_err();
    let row = || Backdoor::testing().width(200).run("locks spoilt").text;
    assert!(row().contains("  mutex, poisoned  "), "{}", row());
    assert!(seen("spoilt").unwrap().poisoned && SPOILT.lock().is_err());
    SPOILT.clear_poison();
    assert!(!row().contains("poisoned") && SPOILT.lock().is_ok(), "{}", row());
}

#[test]
fn the_table_of_locks() {
    static HELD: Mutex<()> = Mutex::named("tabled", ());
    let held = HELD.lock();
    let waiter = start("in the table", || drop(HELD.lock()));
    until_waiting("tabled", 1);
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    let table = operator.asks("locks tabled");
    let mut lines = table.lines();
    let columns: Vec<&str> = lines.next().unwrap().split_whitespace().collect();
    assert_eq!(columns.join(" "), "lock kind waiting longest held by held taken at made at");
    assert!(lines.next().unwrap().starts_with("tabled  mutex"), "{table}");
    assert_eq!(table.matches("  locks.rs:").count(), 2, "{table}");
    let json: serde_json::Value = serde_json::from_str(&operator.asks("locks tabled --json")).unwrap();
    let lock = &json[0];
    assert_eq!((&lock["waiting"], &lock["kind"]), (&1.into(), &"mutex".into()));
    assert!(lock["holders"][0]["at"].as_str().unwrap().starts_with("tests/it/locks.rs:"));
    assert_eq!(lock["waiters"][0]["wants"], "exclusive");
    assert_eq!(operator.asks("locks tabled-not"), "no lock has `tabled-not` in its name, kind or place\n");
    drop(held);
    waiter.join().unwrap();
}

#[test]
fn a_dropped_future_is_no_waiter() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let lock = Arc::new(asynch::Mutex::named("given up", ()));
        let shared = Arc::new(asynch::RwLock::named("given up to read", ()));
        let pool = Semaphore::named("given up for a permit", 1);
        let held = (lock.lock().await, shared.write().await, pool.acquire().await);
        let short = Duration::from_millis(10);
        let late = tokio::join!(
            tokio::time::timeout(short, lock.lock()),
            tokio::time::timeout(short, lock.clone().lock_owned()),
            tokio::time::timeout(short, shared.read()),
            tokio::time::timeout(short, shared.clone().write_owned()),
            tokio::time::timeout(short, pool.acquire()),
            async {
                tokio::task::yield_now().await;
                let waiting = |name| seen(name).unwrap().waiting;
                [waiting("given up"), waiting("given up to read"), waiting("given up for a permit")]
            },
        );
        assert!(late.0.is_err() && late.1.is_err() && late.2.is_err() && late.3.is_err() && late.4.is_err());
        assert_eq!(late.5, [2, 2, 1]);
        for name in ["given up", "given up to read", "given up for a permit"] {
            let lock = seen(name).unwrap();
            assert_eq!((lock.waiting, lock.holders.len()), (0, 1), "{name}");
        }
        drop(held);
        for name in ["given up", "given up to read", "given up for a permit"] {
            assert_eq!(seen(name).unwrap().holders.len(), 0, "{name}");
        }
    });
}

#[test]
fn the_commands_answer_while_every_worker_waits_for_a_lock() {
    static BLOCKS: Mutex<()> = Mutex::named("blocks all", ());
    let runtime =
        Builder::new_multi_thread().worker_threads(2).thread_name("blocked").enable_all().build().unwrap();
    let held = BLOCKS.lock();
    for _ in 0..2 {
        runtime.spawn(async { drop(BLOCKS.lock()) });
    }
    until_waiting("blocks all", 2);
    let backdoor = console().runtime(runtime.handle().clone()).start().unwrap();
    let mut operator = Operator::new(&backdoor);
    let waits = operator.asks("waits");
    assert_eq!(waits.matches(" for `blocks all` (").count(), 2, "{waits}");
    assert!(operator.asks("locks blocks").contains("blocks all"));
    drop(held);
}

/// `views/lock-convoy.rs`: a thread that had just got a lock was shown as waiting for itself.
#[test]
fn no_thread_waits_for_itself_in_a_convoy() {
    static STATS: Mutex<u64> = Mutex::named("convoy stats", 0);
    let ends = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while !ends.load(Ordering::Relaxed) {
                    let mut stats = STATS.lock().unwrap();
                    for turn in 0..2_000_u64 {
                        *stats = std::hint::black_box(stats.wrapping_mul(31).wrapping_add(turn));
                    }
                }
            });
        }
        let _ends = Ends(&ends);
        let mut seen_waiting = 0;
        while seen_waiting < 500 {
            for edge in rows("edges").iter().filter(|edge| edge["lock"] == "`convoy stats`") {
                seen_waiting += 1;
                let holders = edge["holders"].as_list().expect("the holders are a list");
                assert!(holders.iter().all(|holder| holder["thread"] != edge["waiter"]["thread"]), "{edge}");
            }
            let lock = seen("convoy stats").unwrap();
            let holders: Vec<u32> = lock.holders.iter().map(|holder| holder.thread).collect();
            assert!(lock.waiters.iter().all(|waiter| !holders.contains(&waiter.thread)), "{lock:?}");
        }
    });
}

/// Lets the threads end with the test, also after a panic.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// `lock-convoy.rs`: nothing told a convoy from one unlucky moment.
#[test]
fn locks_in_a_window_have_waits_and_holds() {
    static CONVOY: Mutex<()> = Mutex::named("window convoy", ());
    static END: AtomicBool = AtomicBool::new(false);
    let crowd = || {
        while !END.load(Ordering::Relaxed) {
            let held = CONVOY.lock();
            thread::yield_now();
            drop(held);
        }
    };
    let threads: Vec<_> = (0..3).map(|_| thread::spawn(crowd)).collect();
    let console = Backdoor::testing();
    let row = || console.run("locks 'window convoy' --for 100ms").value[0].clone();
    let is_convoy = |row: &Value| {
        let number = |name: &str| row[name].as_f64().unwrap_or_default();
        number("taken") > 1.0 && number("waits") > 1.0 && !row["longest_wait"].is_null()
    };
    until("a convoy", row, is_convoy);
    let json = console.run("locks 'window convoy' --for 10ms --json").text;
    let keys = ["taken", "waits", "waited", "longest_wait", "held", "longest_hold", "samples"];
    assert!(keys.iter().all(|key| json.contains(&format!("\"{key}\":"))), "{json}");
    END.store(true, Ordering::Relaxed);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}
