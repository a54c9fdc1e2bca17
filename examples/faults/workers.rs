//! Tasks that block their worker.

use std::hint::{black_box, spin_loop};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use backdoor_runtime::{backdoor_command, spawn_named};
use tokio::runtime::Handle;
use tokio::time::sleep;

use crate::threads::start;

/// A worker runs in an endless loop
#[backdoor_command(name = "fault spin")]
fn spin() -> &'static str {
    spawn_named("tally", tally());
    "`tally` will not return from its poll"
}

async fn tally() {
    count_for_ever();
}

fn count_for_ever() {
    loop {
        spin_loop();
    }
}

/// Every worker waits for a lock of the standard library
#[backdoor_command(name = "fault stall")]
fn stall() -> std::io::Result<&'static str> {
    let stock = Arc::new(Mutex::new(0));
    let held = stock.clone();
    let (locked, is_locked) = mpsc::channel();
    start("auditor", move || {
        let stock = held.lock();
        let _ = locked.send(());
        take_stock();
        drop(stock);
    })?;
    let _ = is_locked.recv();
    // Twice as many as there are workers, so that some wait for a worker.
    for _ in 0..2 * Handle::current().metrics().num_workers() {
        spawn_named("order", order(stock.clone()));
    }
    Ok("`auditor` counts the stock and keeps it locked; every `order` needs it")
}

fn take_stock() {
    loop {
        thread::park();
    }
}

async fn order(stock: Arc<Mutex<u64>>) {
    reserve(&stock);
}

fn reserve(stock: &Mutex<u64>) {
    if let Ok(mut stock) = stock.lock() {
        *stock += 1;
    }
}

/// A task computes for 300 ms every second, and does not yield meanwhile
#[backdoor_command(name = "fault hog")]
fn hog() -> &'static str {
    spawn_named("report", report());
    "`report` is written every second"
}

async fn report() {
    loop {
        compute(Duration::from_millis(300));
        sleep(Duration::from_millis(700)).await;
    }
}

fn compute(time: Duration) {
    let end = Instant::now() + time;
    let mut sum = 0_u64;
    while Instant::now() < end {
        sum = black_box(sum.wrapping_mul(3) + 1);
    }
}
