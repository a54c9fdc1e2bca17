//! Tasks that wait in tokio's own locks.

use std::sync::Arc;

use backdoor_runtime::Value;
use backdoor_runtime::sync::asynch;
use backdoor_runtime::tasks::Builder;
use tokio::runtime;
use tokio::sync::{Mutex, Notify, mpsc};

use super::run;
use crate::wait::until;

async fn looks_up_cache(cache: Arc<Mutex<u32>>) {
    *cache.lock().await += 1;
}

async fn looks_up_tracked(cache: Arc<asynch::Mutex<u32>>) {
    *cache.lock().await += 1;
}

async fn sends_too_much(sender: mpsc::Sender<u32>, full: Arc<Notify>) {
    let _ = sender.send(1).await;
    full.notify_one();
    let _ = sender.send(2).await;
}

/// `views/tokio-mutex.rs`: `waits` said that nothing waits.
#[test]
fn tasks_in_a_lock_of_tokio_are_listed_by_waits() {
    let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (cache, tracked) = (Arc::new(Mutex::new(0)), Arc::new(asynch::Mutex::new(0)));
    let held = cache.clone().blocking_lock_owned();
    let held_tracked = runtime.block_on(tracked.lock());
    let (sender, receiver) = mpsc::channel(1);
    let full = Arc::new(Notify::new());
    let on = |name: &'static str| Builder::new().name(name);
    for _ in 0..5 {
        on("locks-lookup").spawn_on(looks_up_cache(cache.clone()), runtime.handle());
    }
    on("locks-tracked").spawn_on(looks_up_tracked(tracked.clone()), runtime.handle());
    on("locks-sends").spawn_on(sends_too_much(sender, full.clone()), runtime.handle());
    runtime.block_on(full.notified());
    let waits = || {
        let (text, value) = run("waits");
        let lines = text.lines().skip_while(|line| !line.starts_with("locks of tokio")).map(str::to_owned);
        (lines.collect::<Vec<_>>(), value)
    };
    // Beside other tests, the tasks may not be among the twenty, or are not polled in time.
    let of_ours = |(lines, _): &(Vec<String>, Value)| {
        let begin = "  5 tasks have waited in tokio::sync::Mutex::lock at tasks/locks.rs:";
        let of_ours = lines.iter().find(|line| line.starts_with(begin));
        of_ours.is_some_and(|line| {
            line.contains(" in looks_up_cache, up to ") && line.contains("; the holder is untracked")
        })
    };
    let (lines, value) = until("five waits", waits, of_ours);
    let wrong = ["looks_up_tracked", "sends_too_much"];
    assert!(lines.iter().all(|line| !wrong.iter().any(|wrong| line.contains(wrong))), "{lines:?}");
    let waits_in = |wait: &Value| wait["waits_in"] == "tokio::sync::Mutex::lock";
    assert!(value["tokio"].as_list().unwrap().iter().any(waits_in), "{value:?}");
    drop((held, held_tracked, receiver));
    drop(runtime);
}
