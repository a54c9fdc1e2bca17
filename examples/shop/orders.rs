//! The order book: every order and the bounded queue of waiting orders, under one lock, so that they always agree.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use backdoor_runtime::sync::{Mutex, MutexGuard, PoisonError};
use backdoor_runtime::{Choice, Track, TrackGuard, backdoor_var};
use serde::Serialize;
use tokio::sync::{Notify, broadcast};

use crate::counters::QUEUED;
use crate::error::ShopError;
use crate::sku::Sku;

/// How many orders may wait
///
/// A customer whose order finds no place is refused. Each that waits takes some memory, and makes the next one wait longer.
#[backdoor_var(settable, range = 1..=10_000, unit = "orders", trend)]
static QUEUE_LIMIT: AtomicUsize = AtomicUsize::new(256);

/// How many orders are remembered; the oldest are forgotten.
const REMEMBERED: usize = 5_000;

/// How many changes a slow watcher may lag behind.
const CHANGES: usize = 1_024;

/// The stage of an order.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Stage {
    /// In the queue
    Waiting,
    /// A worker has it
    Packing,
    /// On its way to the customer
    #[choice(alias = "done")]
    Shipped,
    /// To be looked at; `orders retry` puts it into the queue again
    Failed,
    /// An operator gave it up
    Discarded,
}

/// One order.
#[derive(Clone, Debug, Serialize, Track)]
pub(crate) struct Order {
    pub(crate) id: u64,
    pub(crate) sku: Sku,
    pub(crate) count: u32,
    pub(crate) stage: Stage,
    pub(crate) attempts: u32,
    pub(crate) note: Option<String>,
    pub(crate) problem: Option<String>,
    #[serde(skip)]
    placed: Instant,
    /// A watcher's copy counts, too.
    #[serde(skip)]
    track: TrackGuard<Self>,
}

/// All orders. A clone is the same book.
#[derive(Clone)]
pub(crate) struct Orders(Arc<Inner>);

struct Inner {
    book: Mutex<Book>,
    /// Wakes workers when an order waits, and when the book is resumed or closed.
    work: Notify,
    changes: broadcast::Sender<Order>,
}

#[derive(Default)]
struct Book {
    orders: BTreeMap<u64, Order>,
    waiting: VecDeque<u64>,
    last: u64,
    paused: bool,
    pauses: u64,
    closed: bool,
}

impl Default for Orders {
    fn default() -> Self {
        let changes = broadcast::Sender::new(CHANGES);
        let book = Mutex::named("orders", Book::default());
        Self(Arc::new(Inner { book, work: Notify::new(), changes }))
    }
}

/// How many orders may wait.
pub(crate) fn queue_limit() -> usize {
    QUEUE_LIMIT.load(Ordering::Relaxed)
}

impl Orders {
    /// Adds an order, and returns its number.
    pub(crate) fn place(&self, sku: Sku, count: u32) -> Result<u64, ShopError> {
        let mut book = self.book();
        let id = book.last + 1;
        book.enqueue(id)?;
        book.last = id;
        let order = Order {
            id,
            sku,
            count,
            stage: Stage::Waiting,
            attempts: 0,
            problem: None,
            note: None,
            placed: Instant::now(),
            track: TrackGuard::new(),
        };
        self.tell(&order);
        book.orders.insert(id, order);
        if book.orders.len() > REMEMBERED {
            book.forget_oldest();
        }
        drop(book);
        self.0.work.notify_one();
        tracing::debug!(order = id, %sku, count, "placed");
        Ok(id)
    }

    /// The next order for a worker; `None` when the book is closed and no order is left.
    pub(crate) async fn next(&self) -> Option<Order> {
        loop {
            let work = self.0.work.notified();
            tokio::pin!(work);
            work.as_mut().enable();
            {
                let mut book = self.book();
                let next = if book.paused { None } else { book.dequeue() };
                if let Some(id) = next {
                    let begin = |order: &mut Order| {
                        order.stage = Stage::Packing;
                        order.attempts += 1;
                    };
                    match self.change(&mut book, id, begin) {
                        Some(order) => return Some(order),
                        None => continue,
                    }
                }
                if book.closed {
                    return None;
                }
            }
            work.await;
        }
    }

    /// A worker is done with an order, or failed at it.
    pub(crate) fn finish(&self, id: u64, result: Result<(), ShopError>) {
        let end = |order: &mut Order| {
            order.stage = if result.is_ok() { Stage::Shipped } else { Stage::Failed };
            order.problem = result.err().map(|error| error.to_string());
        };
        self.change(&mut self.book(), id, end);
    }

    /// Puts a failed order into the queue again.
    pub(crate) fn retry(&self, id: u64) -> Result<(), ShopError> {
        let mut book = self.book();
        match book.orders.get(&id).ok_or(ShopError::NoSuchOrder(id))?.stage {
            Stage::Failed => book.enqueue(id)?,
            stage => return Err(ShopError::NotFailed(id, stage)),
        }
        self.change(&mut book, id, |order| order.stage = Stage::Waiting);
        drop(book);
        self.0.work.notify_one();
        Ok(())
    }

    /// Discards all waiting orders, and returns their number.
    pub(crate) fn discard(&self) -> usize {
        let mut book = self.book();
        let waiting = std::mem::take(&mut book.waiting);
        QUEUED.set(0.0);
        for id in &waiting {
            self.change(&mut book, *id, |order| order.stage = Stage::Discarded);
        }
        waiting.len()
    }

    /// Writes a remark on an order; `None` wipes it off.
    pub(crate) fn note(&self, id: u64, note: Option<String>) -> Result<Order, ShopError> {
        self.change(&mut self.book(), id, |order| order.note = note).ok_or(ShopError::NoSuchOrder(id))
    }

    pub(crate) fn get(&self, id: u64) -> Option<Order> {
        self.book().orders.get(&id).cloned()
    }

    /// The last orders that a filter accepts, in the order of their arrival.
    pub(crate) fn last(&self, count: usize, wanted: impl Fn(&Order) -> bool) -> Vec<Order> {
        let book = self.book();
        let mut orders: Vec<Order> =
            book.orders.values().rev().filter(|order| wanted(order)).take(count).cloned().collect();
        orders.reverse();
        orders
    }

    /// How many orders of each stage are remembered.
    pub(crate) fn stages(&self) -> BTreeMap<Stage, usize> {
        let mut counts = BTreeMap::new();
        for order in self.book().orders.values() {
            *counts.entry(order.stage).or_default() += 1;
        }
        counts
    }

    pub(crate) fn waiting(&self) -> usize {
        self.book().waiting.len()
    }

    pub(crate) fn paused(&self) -> bool {
        self.book().paused
    }

    /// Pauses the workers, and returns the number of this pause.
    pub(crate) fn pause(&self) -> u64 {
        let mut book = self.book();
        book.paused = true;
        book.pauses += 1;
        book.pauses
    }

    /// Resumes the workers, and returns whether they were paused. With a number, only if there was no later pause.
    pub(crate) fn resume(&self, pause: Option<u64>) -> bool {
        let mut book = self.book();
        if pause.is_some_and(|pause| pause != book.pauses) {
            return false;
        }
        let paused = std::mem::take(&mut book.paused);
        drop(book);
        self.0.work.notify_waiters();
        paused
    }

    /// Accepts no more orders; workers end when none waits, or at once if they are paused.
    pub(crate) fn close(&self) {
        self.book().closed = true;
        self.0.work.notify_waiters();
    }

    /// Every change from now on.
    pub(crate) fn changes(&self) -> broadcast::Receiver<Order> {
        self.0.changes.subscribe()
    }

    /// The number of watchers.
    #[cfg(test)]
    pub(crate) fn watchers(&self) -> usize {
        self.0.changes.receiver_count()
    }

    fn change(&self, book: &mut Book, id: u64, change: impl FnOnce(&mut Order)) -> Option<Order> {
        let order = book.orders.get_mut(&id)?;
        change(order);
        self.tell(order);
        Some(order.clone())
    }

    fn tell(&self, order: &Order) {
        // There may be no watcher.
        if self.0.changes.receiver_count() > 0 {
            let _ = self.0.changes.send(order.clone());
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    fn enqueue(&mut self, id: u64) -> Result<(), ShopError> {
        if self.closed {
            return Err(ShopError::Closing);
        }
        let limit = queue_limit();
        if self.waiting.len() >= limit {
            return Err(ShopError::QueueFull(limit));
        }
        self.waiting.push_back(id);
        QUEUED.set(self.waiting.len() as f64);
        Ok(())
    }

    fn dequeue(&mut self) -> Option<u64> {
        let id = self.waiting.pop_front()?;
        QUEUED.set(self.waiting.len() as f64);
        Some(id)
    }

    /// Waiting and packed orders stay.
    fn forget_oldest(&mut self) {
        let over = |order: &&Order| !matches!(order.stage, Stage::Waiting | Stage::Packing);
        if let Some(id) = self.orders.values().find(over).map(|order| order.id) {
            self.orders.remove(&id);
        }
    }
}

impl Order {
    /// Its age in whole seconds.
    pub(crate) fn age(&self) -> Duration {
        Duration::from_secs(self.placed.elapsed().as_secs())
    }
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Waiting => "waiting",
            Self::Packing => "packing",
            Self::Shipped => "shipped",
            Self::Failed => "failed",
            Self::Discarded => "discarded",
        })
    }
}
