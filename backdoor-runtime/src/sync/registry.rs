//! All locks that were ever used and are not yet dropped.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use super::watch::Record;

/// Locks are born and die on all threads; so many lists let them do it side by side.
const SHARDS: usize = 16;

type Shard = Mutex<HashMap<u64, Arc<Record>>>;

static RECORDS: LazyLock<[Shard; SHARDS]> = LazyLock::new(|| std::array::from_fn(|_| Shard::default()));

pub(super) fn add(record: &Arc<Record>) {
    shard(record.number).insert(record.number, Arc::clone(record));
}

/// Forgets a lock. Its record goes when nobody reads it any more.
pub(super) fn remove(number: u64) {
    let record = shard(number).remove(&number);
    drop(record);
}

/// Those that are there now.
pub(super) fn all() -> Vec<Arc<Record>> {
    let lists = RECORDS.iter().map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner));
    lists.flat_map(|list| list.values().cloned().collect::<Vec<_>>()).collect()
}

fn shard(number: u64) -> MutexGuard<'static, HashMap<u64, Arc<Record>>> {
    RECORDS[number as usize % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
}
