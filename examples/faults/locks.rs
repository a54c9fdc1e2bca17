//! Locks that are taken in the wrong order, held too long, or never released.

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use backdoor_runtime::sync::asynch;
use backdoor_runtime::sync::{Mutex, Semaphore};
use backdoor_runtime::{backdoor_command, spawn_named};
use tokio::time::sleep;

use crate::threads::start;

const HOUR: Duration = Duration::from_secs(3600);

/// Two threads lock two mutexes in opposite order
#[backdoor_command(name = "fault crosswise")]
fn crosswise(
    /// Locks of the standard library, which say nothing of themselves
    std: bool,
) -> std::io::Result<&'static str> {
    let both = Arc::new(Barrier::new(2));
    if std {
        let (accounts, ledger) = (Arc::new(std::sync::Mutex::new(0)), Arc::new(std::sync::Mutex::new(0)));
        let (from, to, met) = (accounts.clone(), ledger.clone(), both.clone());
        start("refund", move || move_std(&from, &to, &met))?;
        start("payout", move || move_std(&ledger, &accounts, &both))?;
    } else {
        let accounts = Arc::new(Mutex::named("accounts", 0));
        let ledger = Arc::new(Mutex::named("ledger", 0));
        let (from, to, met) = (accounts.clone(), ledger.clone(), both.clone());
        start("refund", move || move_tracked(&from, &to, &met))?;
        start("payout", move || move_tracked(&ledger, &accounts, &both))?;
    }
    Ok("`refund` and `payout` move money, in opposite directions")
}

fn move_tracked(from: &Mutex<i64>, to: &Mutex<i64>, met: &Barrier) {
    let Ok(mut from) = from.lock() else { return };
    met.wait();
    let Ok(mut to) = to.lock() else { return };
    (*from, *to) = (*from - 1, *to + 1);
}

fn move_std(from: &std::sync::Mutex<i64>, to: &std::sync::Mutex<i64>, met: &Barrier) {
    let Ok(mut from) = from.lock() else { return };
    met.wait();
    let Ok(mut to) = to.lock() else { return };
    (*from, *to) = (*from - 1, *to + 1);
}

/// A task and a thread wait for each other
#[backdoor_command(name = "fault cycle")]
fn cycle() -> std::io::Result<&'static str> {
    let cache = Arc::new(asynch::Mutex::named("cache", 0));
    let index = Arc::new(asynch::Mutex::named("index", 0));
    let (locked, is_locked) = tokio::sync::oneshot::channel();
    spawn_named("refresh", refresh(cache.clone(), index.clone(), is_locked));
    start("compactor", move || {
        let mut index = index.blocking_lock();
        let _ = locked.send(());
        // The refreshing task soon holds the cache.
        while cache.try_lock().is_ok() {
            thread::yield_now();
        }
        *index += *cache.blocking_lock();
    })?;
    Ok("`refresh` has the cache and wants the index, `compactor` has the index and wants the cache")
}

async fn refresh(
    cache: Arc<asynch::Mutex<u64>>,
    index: Arc<asynch::Mutex<u64>>,
    is_locked: tokio::sync::oneshot::Receiver<()>,
) {
    let mut cache = cache.lock().await;
    let _ = is_locked.await;
    *cache += *index.lock().await;
}

/// A task sleeps while it holds what another one needs
#[backdoor_command(name = "fault holder")]
fn holder() -> &'static str {
    let prices = Arc::new(asynch::Mutex::named("prices", 0));
    let (locked, is_locked) = tokio::sync::oneshot::channel();
    let held = prices.clone();
    spawn_named("supplier", async move {
        let prices = held.lock().await;
        let _ = locked.send(());
        wait_for_the_supplier().await;
        drop(prices);
    });
    spawn_named("checkout", async move {
        let _ = is_locked.await;
        checkout(&prices).await
    });
    "`supplier` holds the prices and sleeps, `checkout` needs them"
}

async fn wait_for_the_supplier() {
    sleep(HOUR).await;
}

async fn checkout(prices: &asynch::Mutex<u64>) -> u64 {
    *prices.lock().await
}

/// A pool of connections that are never given back
#[backdoor_command(name = "fault dry")]
fn dry() -> &'static str {
    let connections = Arc::new(Semaphore::named("connections", 3));
    for _ in 0..4 {
        spawn_named("query", query(connections.clone()));
    }
    "four queries, three connections, and none comes back"
}

async fn query(connections: Arc<Semaphore>) {
    let Ok(connection) = connections.acquire().await else { return };
    sleep(HOUR).await;
    drop(connection);
}
