//! Recently used products, in shards with a lock each. An entry older than the time to live is looked up again.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::catalogue::Item;
use crate::sku::Sku;

/// How many shards there are.
pub(crate) const SHARDS: usize = 8;

const TTL: Duration = Duration::from_secs(30);

/// The cache. A clone is the same cache.
#[derive(Clone)]
pub(crate) struct Cache(Arc<Inner>);

struct Inner {
    shards: [Mutex<Shard>; SHARDS],
    ttl_millis: AtomicU64,
}

#[derive(Default)]
struct Shard {
    entries: HashMap<Sku, Entry>,
    hits: u64,
    misses: u64,
}

struct Entry {
    item: Item,
    since: Instant,
}

/// How one shard is used.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct ShardStats {
    pub(crate) shard: usize,
    pub(crate) entries: usize,
    pub(crate) hits: u64,
    pub(crate) misses: u64,
}

impl Default for Cache {
    fn default() -> Self {
        Self(Arc::new(Inner { shards: Default::default(), ttl_millis: AtomicU64::new(millis(TTL)) }))
    }
}

impl Cache {
    /// The cached entry of a product, if it is not too old. The call counts as a hit or a miss.
    pub(crate) fn get(&self, sku: Sku) -> Option<Item> {
        let ttl = self.ttl();
        let mut shard = self.shard(sku.index() % SHARDS);
        let found = shard.entries.get(&sku).filter(|entry| entry.since.elapsed() < ttl);
        let item = found.map(|entry| entry.item.clone());
        match item {
            Some(_) => shard.hits += 1,
            None => shard.misses += 1,
        }
        item
    }

    /// The cached entry of a product, and its age in whole milliseconds. The call is not counted.
    pub(crate) fn peek(&self, sku: Sku) -> Option<(Item, Duration)> {
        let shard = self.shard(sku.index() % SHARDS);
        let entry = shard.entries.get(&sku)?;
        Some((entry.item.clone(), Duration::from_millis(millis(entry.since.elapsed()))))
    }

    pub(crate) fn put(&self, item: Item) {
        let entry = Entry { since: Instant::now(), item };
        self.shard(entry.item.sku.index() % SHARDS).entries.insert(entry.item.sku, entry);
    }

    /// Removes one product, and returns whether it was cached.
    pub(crate) fn forget(&self, sku: Sku) -> bool {
        self.shard(sku.index() % SHARDS).entries.remove(&sku).is_some()
    }

    /// Empties one shard, and returns the number of its entries.
    pub(crate) fn flush(&self, shard: usize) -> usize {
        let mut shard = self.shard(shard);
        let entries = shard.entries.len();
        shard.entries.clear();
        entries
    }

    pub(crate) fn stats(&self) -> Vec<ShardStats> {
        let stats = |number| {
            let shard = self.shard(number);
            ShardStats { shard: number, entries: shard.entries.len(), hits: shard.hits, misses: shard.misses }
        };
        (0..SHARDS).map(stats).collect()
    }

    pub(crate) fn ttl(&self) -> Duration {
        Duration::from_millis(self.0.ttl_millis.load(Ordering::Relaxed))
    }

    /// Sets the time to live, also of existing entries, and returns the old one.
    pub(crate) fn set_ttl(&self, ttl: Duration) -> Duration {
        Duration::from_millis(self.0.ttl_millis.swap(millis(ttl), Ordering::Relaxed))
    }

    fn shard(&self, number: usize) -> MutexGuard<'_, Shard> {
        self.0.shards[number].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn millis(time: Duration) -> u64 {
    time.as_millis().try_into().unwrap_or(u64::MAX)
}
