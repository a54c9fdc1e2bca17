//! `orders`: find failed orders, watch changes, and retry.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use backdoor_runtime::{Caller, FromCaller, Guard, PrintError, Session, State, backdoor_command};
use serde::Serialize;
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;
use tokio_stream::{Stream, StreamExt};

use crate::error::ShopError;
use crate::orders::{Order, Orders, Stage};
use crate::sku::Sku;

/// The last orders
#[backdoor_command(name = "orders list", aliases("ol"), reads)]
fn list(
    State(orders): State<Orders>,
    /// Only those of this stage
    stage: Option<Stage>,
    /// How many
    #[arg(long, short = 'n', default = 20, range = 1..=5000)]
    last: usize,
    /// The newest first
    #[arg(short)]
    reverse: bool,
) -> Vec<Order> {
    let mut found = orders.last(last, |order| stage.is_none_or(|stage| stage == order.stage));
    if reverse {
        found.reverse();
    }
    found
}

/// All about one order
#[backdoor_command(name = "orders show", reads)]
fn show(State(orders): State<Orders>, id: u64) -> Result<OneOrder, ShopError> {
    let order = orders.get(id).ok_or(ShopError::NoSuchOrder(id))?;
    Ok(OneOrder { age: order.age(), order })
}

#[derive(Serialize)]
struct OneOrder {
    #[serde(flatten)]
    order: Order,
    age: Duration,
}

/// What sells best
///
/// Counted over the orders that are remembered. It has a thread that no other command of the shop's can hold up.
#[backdoor_command(name = "orders top", reads, on = helper)]
fn top(
    State(orders): State<Orders>,
    /// How many products
    #[arg(long, short = 'n', default = 5)]
    first: usize,
) -> Vec<Sales> {
    let mut sold: BTreeMap<Sku, Sales> = BTreeMap::new();
    for order in orders.last(usize::MAX, |order| order.stage == Stage::Shipped) {
        let sales = sold.entry(order.sku).or_insert(Sales { sku: order.sku, orders: 0, count: 0 });
        sales.orders += 1;
        sales.count += u64::from(order.count);
    }
    let mut sold: Vec<Sales> = sold.into_values().collect();
    sold.sort_by_key(|sales| Reverse(sales.count));
    sold.truncate(first);
    sold
}

#[derive(Serialize)]
struct Sales {
    sku: Sku,
    orders: usize,
    count: u64,
}

/// Put failed orders into the queue again
///
/// Without numbers, all that failed. One that cannot be retried is named, and the others go on.
#[backdoor_command(name = "orders retry")]
async fn retry(
    State(orders): State<Orders>,
    session: Session,
    /// Their numbers
    ids: Vec<u64>,
) -> Result<String, PrintError> {
    let ids = match ids[..] {
        [] => orders
            .last(usize::MAX, |order| order.stage == Stage::Failed)
            .iter()
            .map(|order| order.id)
            .collect(),
        _ => ids,
    };
    let mut queued = 0;
    for id in &ids {
        match orders.retry(*id) {
            Ok(()) => queued += 1,
            Err(error) => session.println(format!("{id}: {error}")).await?,
        }
    }
    Ok(format!("{queued} of {} are in the queue", ids.len()))
}

/// Every change of an order, as it happens
///
/// Ends by Ctrl-C.
#[backdoor_command(name = "orders watch", reads, timeout = "none")]
fn watch(
    State(orders): State<Orders>,
    /// Only changes to one of these
    #[arg(long, short)]
    stage: Vec<Stage>,
    /// End after so many
    #[arg(long, short = 'n')]
    count: Option<usize>,
) -> impl Stream<Item = Change> {
    let wanted = move |change: &Change| match change {
        Change::Order(order) => stage.is_empty() || stage.contains(&order.stage),
        Change::Missed { .. } => true,
    };
    let change = |change| match change {
        Ok(order) => Change::Order(order),
        Err(BroadcastStreamRecvError::Lagged(missed)) => Change::Missed { missed },
    };
    BroadcastStream::new(orders.changes()).map(change).filter(wanted).take(count.unwrap_or(usize::MAX))
}

#[derive(Serialize)]
#[serde(untagged)]
enum Change {
    Order(Order),
    /// The operator reads more slowly than the shop sells.
    Missed {
        missed: u64,
    },
}

/// Write a remark on an order
///
/// Without a text, the remark is wiped off.
#[backdoor_command(name = "orders note")]
fn note(
    State(orders): State<Orders>,
    id: u64,
    /// As it is, up to the end of the line
    #[arg(rest)]
    text: Option<String>,
) -> Result<Order, ShopError> {
    orders.note(id, text)
}

/// Give up all orders that wait
///
/// Only while the workers are paused, so that what is discarded is what you saw.
#[backdoor_command(name = "orders discard", dangerous)]
fn discard(State(orders): State<Orders>, _proof: Guard<Paused>) -> String {
    format!("{} orders discarded", orders.discard())
}

/// The proof that no worker takes an order at the moment.
struct Paused;

impl FromCaller for Paused {
    type Refusal = &'static str;

    fn from_caller(caller: &Caller<'_>) -> Result<Self, Self::Refusal> {
        match caller.state::<Orders>() {
            Some(orders) if orders.paused() => Ok(Self),
            _ => Err("only while the workers are paused; `workers pause` does that"),
        }
    }
}

#[cfg(test)]
mod tests {
    use backdoor_runtime::{Backdoor, Status, Testing};

    use super::*;

    fn console(orders: &Orders) -> Testing {
        Backdoor::testing().state(orders.clone())
    }

    /// A book with this many orders, the first of which failed.
    async fn book(count: u32) -> Orders {
        let orders = Orders::default();
        for count in 1..=count {
            orders.place(Sku::find("rope").unwrap(), count).unwrap();
        }
        let first = orders.next().await.unwrap();
        orders.finish(first.id, Err(ShopError::OutOfStock { sku: first.sku, left: 0 }));
        orders
    }

    #[tokio::test]
    async fn the_failed_are_listed_and_retried() {
        let orders = book(3).await;
        let console = console(&orders);
        assert_eq!(
            console.run_async("ol failed").await.text,
            "\
id  sku   count  stage   attempts  note  problem
 1  rope      1  failed         1        no rope is left
"
        );
        let answer = console.run_async("orders retry 1 2 9").await;
        assert_eq!(
            answer.text,
            "\
2: order 2 is waiting, not failed
9: there is no order 9; `orders list` shows the last ones
1 of 3 are in the queue
"
        );
        assert_eq!(orders.get(1).unwrap().stage, Stage::Waiting);
        assert_eq!(console.run_async("orders retry").await.text, "0 of 0 are in the queue\n");
    }

    #[tokio::test]
    async fn best_sellers_come_first() {
        let orders = Orders::default();
        for (name, count) in [("bell", 1), ("rope", 2), ("saw", 4), ("rope", 3)] {
            orders.place(Sku::find(name).unwrap(), count).unwrap();
            let order = orders.next().await.unwrap();
            orders.finish(order.id, Ok(()));
        }
        let text = "\
sku   orders  count
rope       2      5
saw        1      4
";
        assert_eq!(console(&orders).run_async("orders top -n 2").await.text, text);
    }

    #[tokio::test]
    async fn a_remark_is_kept_as_it_was_typed() {
        let console = console(&book(1).await);
        let answer = console.run_async("orders note 1 call  'em back --soon").await;
        assert_eq!(answer.value["note"], "call  'em back --soon");
        assert!(console.run_async("orders note 1").await.value["note"].is_null());
    }

    #[tokio::test]
    async fn waiting_orders_are_discarded_only_while_paused() {
        let orders = book(3).await;
        let console = console(&orders);
        let refused = console.run_async("orders discard --yes").await;
        assert_eq!(refused.status, Status::Refused);
        orders.pause();
        assert_eq!(console.run_async("orders discard --yes").await.text, "2 orders discarded\n");
        assert_eq!(orders.waiting(), 0);
    }

    #[tokio::test]
    async fn a_watcher_gets_the_requested_orders() {
        let orders = book(1).await;
        let console = console(&orders);
        let changes = async {
            while orders.watchers() == 0 {
                tokio::task::yield_now().await;
            }
            orders.retry(1).unwrap();
            orders.next().await.unwrap();
        };
        let (answer, ()) = tokio::join!(console.run_async("orders watch --stage packing -n 1"), changes);
        assert_eq!(answer.value[0]["stage"], "packing");
    }
}
