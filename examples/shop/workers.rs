//! The pool that packs orders: a few tasks that take orders from the queue, and the current state of each.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use backdoor_runtime::tasks::JoinSet;
use serde::Serialize;

use crate::catalogue::Catalogue;
use crate::orders::{Order, Orders};

/// How long packing takes.
const PACKING: Duration = Duration::from_millis(2);

/// The pool. A clone is the same pool.
#[derive(Clone)]
pub(crate) struct Workers(Arc<[Worker]>);

#[derive(Default)]
struct Worker {
    packs: Mutex<Option<(u64, Instant)>>,
    shipped: AtomicU64,
    failed: AtomicU64,
}

/// The state of one worker.
#[derive(Debug, Serialize)]
pub(crate) struct WorkerStats {
    worker: usize,
    order: Option<u64>,
    /// In whole milliseconds.
    busy: Option<Duration>,
    shipped: u64,
    failed: u64,
}

impl Workers {
    pub(crate) fn new(count: usize) -> Self {
        Self((0..count).map(|_| Worker::default()).collect())
    }

    /// Starts a task for each worker; they end when the book is closed and empty.
    pub(crate) fn start(&self, orders: &Orders, catalogue: &Catalogue) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        for number in 0..self.0.len() {
            let (workers, orders, catalogue) = (self.clone(), orders.clone(), catalogue.clone());
            tasks.spawn_named(format!("packer-{number}"), async move {
                while let Some(order) = orders.next().await {
                    workers.0[number].pack(&order, &orders, &catalogue).await;
                }
            });
        }
        tasks
    }

    pub(crate) fn stats(&self) -> Vec<WorkerStats> {
        self.0.iter().enumerate().map(|(number, worker)| worker.stats(number)).collect()
    }
}

impl Worker {
    async fn pack(&self, order: &Order, orders: &Orders, catalogue: &Catalogue) {
        self.set(Some((order.id, Instant::now())));
        tokio::time::sleep(PACKING).await;
        let taken = catalogue.take(order.sku, order.count);
        if let Err(problem) = &taken {
            tracing::warn!(order = order.id, %problem, "failed");
        }
        let count = if taken.is_ok() { &self.shipped } else { &self.failed };
        count.fetch_add(1, Ordering::Relaxed);
        orders.finish(order.id, taken);
        self.set(None);
    }

    fn set(&self, packs: Option<(u64, Instant)>) {
        *self.packs.lock().unwrap_or_else(PoisonError::into_inner) = packs;
    }

    fn stats(&self, worker: usize) -> WorkerStats {
        let packs = *self.packs.lock().unwrap_or_else(PoisonError::into_inner);
        WorkerStats {
            worker,
            order: packs.map(|(order, _)| order),
            busy: packs.map(|(_, since)| Duration::from_millis(since.elapsed().as_millis() as u64)),
            shipped: self.shipped.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
        }
    }
}
