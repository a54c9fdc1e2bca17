//! More threads and tasks than a reader can go through one by one.

use std::io;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use backdoor_runtime::{backdoor_command, spawn_named};
use tokio::sync::Notify;

use crate::threads::{allocate, start};

/// Threads that wait for work that never comes
#[backdoor_command(name = "fault threads")]
fn threads(
    /// How many
    #[arg(default = 500, range = 1..=5000)]
    count: usize,
) -> io::Result<String> {
    let work = Arc::new((Mutex::new(None), Condvar::new()));
    for number in 0..count {
        let work = work.clone();
        start(&format!("packer-{number}"), move || wait_for_work(&work))?;
    }
    Ok(format!("{count} packers wait for work"))
}

fn wait_for_work((work, came): &(Mutex<Option<u64>>, Condvar)) {
    let Ok(work) = work.lock() else { return };
    drop(came.wait_while(work, |work| work.is_none()));
}

/// Tasks that wait for what never comes
#[backdoor_command(name = "fault tasks")]
fn tasks(
    /// How many
    #[arg(default = 100_000, range = 1..=1_000_000)]
    count: usize,
) -> String {
    let sale = Arc::new(Notify::new());
    for _ in 0..count {
        spawn_named("customer", customer(sale.clone()));
    }
    format!("{count} customers wait for a sale")
}

async fn customer(sale: Arc<Notify>) {
    wait_for(&sale).await;
}

async fn wait_for(sale: &Notify) {
    sale.notified().await;
}

/// Tasks that allocate, are born and end without end
#[backdoor_command(name = "fault clients")]
fn clients() -> &'static str {
    for _ in 0..2 {
        spawn_named("client", async {
            loop {
                let requests =
                    [7, 300, 5_000].map(|size| spawn_named("request", async move { allocate(size) }));
                for request in requests {
                    let _ = request.await;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
    }
    "two clients send requests"
}
