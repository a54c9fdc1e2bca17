//! The service as a whole: its counts, its workers, its shelves.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use backdoor_runtime::{PrintError, RawAnsi, Session, State, backdoor_command};
use serde::Serialize;

use crate::cache::SHARDS;
use crate::catalogue::Catalogue;
use crate::counters::{self, Counts};
use crate::orders::{Orders, Stage, queue_limit};
use crate::sku::{self, Sku};
use crate::workers::{WorkerStats, Workers};

/// How long it takes to walk to a shelf and count.
const SHELF: Duration = Duration::from_millis(100);

/// How the shop does, on one page
#[backdoor_command(aliases("st"), reads)]
async fn status(State(orders): State<Orders>) -> ShopStatus {
    ShopStatus {
        counts: counters::counts(),
        queue: format!("{} of {}", orders.waiting(), queue_limit()),
        paused: orders.paused(),
        orders: orders.stages(),
    }
}

#[derive(Serialize)]
struct ShopStatus {
    #[serde(flatten)]
    counts: Counts,
    queue: String,
    paused: bool,
    orders: BTreeMap<Stage, usize>,
}

/// What the shop can hold
///
/// It takes no lock and waits for nothing, so it may run on the console's own thread.
#[backdoor_command(reads, on = console)]
fn limits() -> Limits {
    Limits { products: Sku::all().count(), queue: queue_limit(), cache_shards: SHARDS }
}

#[derive(Serialize)]
struct Limits {
    products: usize,
    queue: usize,
    cache_shards: usize,
}

/// What each worker does
#[backdoor_command(reads)]
fn workers(State(workers): State<Workers>) -> Vec<WorkerStats> {
    workers.stats()
}

/// Let no worker take another order
///
/// What they have is packed. New orders wait, and are refused when the queue is full.
#[backdoor_command(name = "workers pause", aliases("pause"))]
async fn pause(
    State(orders): State<Orders>,
    /// Resume by itself after this time
    #[arg(long = "for")]
    time: Option<Duration>,
) -> Pause {
    let pause = orders.pause();
    let waiting = orders.waiting();
    if let Some(time) = time {
        tokio::spawn(async move {
            tokio::time::sleep(time).await;
            orders.resume(Some(pause));
        });
    }
    Pause { waiting, resumes_in: time }
}

#[derive(Serialize)]
struct Pause {
    waiting: usize,
    resumes_in: Option<Duration>,
}

/// Let the workers go on
#[backdoor_command(name = "workers resume", aliases("resume"))]
fn resume(State(orders): State<Orders>) -> String {
    let waiting = orders.waiting();
    match orders.resume(None) {
        true => format!("{waiting} orders waited"),
        false => "the workers were not paused".to_owned(),
    }
}

/// Count what lies on the shelves, one by one
///
/// It takes a tenth of a second a shelf; Ctrl-C ends it where it is.
#[backdoor_command(name = "stock count", reads, timeout = "2m")]
fn count(
    State(catalogue): State<Catalogue>,
    session: Session,
    /// Only these
    #[arg(complete = sku::complete)]
    products: Vec<Sku>,
) -> Result<String, PrintError> {
    let mut total = 0;
    let mut shelves = 0;
    for item in catalogue.items() {
        if !products.is_empty() && !products.contains(&item.sku) {
            continue;
        }
        if session.is_cancelled() {
            break;
        }
        thread::sleep(SHELF);
        session.blocking_println(format!("{:>6} {}", item.stock, item.sku))?;
        total += u64::from(item.stock);
        shelves += 1;
    }
    let shelves = if shelves == 1 { "one shelf".to_owned() } else { format!("{shelves} shelves") };
    Ok(format!("{total} on {shelves}"))
}

/// What runs out
///
/// In red where nothing is left; only a terminal is sent colours.
#[backdoor_command(name = "stock low", reads)]
fn low(
    State(catalogue): State<Catalogue>,
    session: Session,
    /// As many are enough
    #[arg(default = 100)]
    enough: u32,
) -> RawAnsi {
    let mut text = String::new();
    for item in catalogue.items().iter().filter(|item| item.stock < enough) {
        let line = format!("{:>6} {}", item.stock, item.sku);
        match (item.stock, session.width()) {
            (0, Some(_)) => text.push_str(&format!("\x1b[31m{line}\x1b[0m\n")),
            _ => text.push_str(&format!("{line}\n")),
        }
    }
    RawAnsi(if text.is_empty() { "there is enough of everything".to_owned() } else { text })
}

/// Put goods on a shelf
#[backdoor_command(name = "stock add")]
fn add(
    State(catalogue): State<Catalogue>,
    #[arg(complete = sku::complete)] product: Sku,
    #[arg(range = 1..=1_000_000)] count: u32,
) -> String {
    format!("{product}: {}", catalogue.add(product, count))
}

#[cfg(test)]
mod tests {
    use backdoor_runtime::{Backdoor, Testing};

    use super::*;

    fn console(orders: &Orders) -> Testing {
        Backdoor::testing().state(orders.clone()).state(Catalogue::default()).state(Workers::new(2))
    }

    #[test]
    fn status_counts_orders_by_stage() {
        let orders = Orders::default();
        let console = console(&orders);
        console.run("pause");
        orders.place(Sku::find("bell").unwrap(), 1).unwrap();
        let value = console.run("status").value;
        assert_eq!(value["orders"]["waiting"], 1);
        assert_eq!(value["paused"], true);
        assert_eq!(console.run("resume").text, "1 orders waited\n");
        assert_eq!(console.run("workers resume").text, "the workers were not paused\n");
    }

    #[test]
    fn low_stock_is_listed() {
        let console = console(&Orders::default());
        assert_eq!(console.run("stock low").text, "    20 lantern\n");
        assert_eq!(console.run("stock low 5").text, "there is enough of everything\n");
    }

    #[test]
    fn limits_are_the_defaults() {
        let text = "products      40\nqueue         256\ncache_shards  8\n";
        assert_eq!(console(&Orders::default()).run("limits").text, text);
    }

    #[test]
    fn a_pause_can_end_by_itself() {
        let orders = Orders::default();
        let console = console(&orders);
        assert_eq!(console.run("pause --for 1ms").text, "waiting     0\nresumes_in  1ms\n");
        while orders.paused() {
            thread::yield_now();
        }
    }

    #[test]
    fn an_older_pause_does_not_end_a_newer_one() {
        let orders = Orders::default();
        let older = orders.pause();
        orders.pause();
        assert!(!orders.resume(Some(older)) && orders.paused());
    }

    #[test]
    fn stock_count_shows_each_shelf_and_the_total() {
        let console = console(&Orders::default());
        assert_eq!(console.run("stock add bell 5").text, "bell: 100005\n");
        let text = "100005 bell\n100000 saw\n200005 on 2 shelves\n";
        assert_eq!(console.run("stock count bell saw").text, text);
    }
}
