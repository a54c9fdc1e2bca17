//! All locks that were used and are not dropped.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use super::record::Record;

/// Locks are created and dropped on all threads; this many lists keep threads from waiting for each other.
const SHARDS: usize = 16;

/// How many records are taken from a list at a time. The reading thread may have a lower priority than the service, and be preempted while
/// it has the list's lock.
const AT_ONCE: usize = 32;

type Shard = Mutex<BTreeMap<u64, Arc<Record>>>;

static RECORDS: LazyLock<[Shard; SHARDS]> = LazyLock::new(|| std::array::from_fn(|_| Shard::default()));

pub(super) fn add(record: &Arc<Record>) {
    shard(record.number).insert(record.number, Arc::clone(record));
}

/// Removes a lock. Its record is freed when no reader has it.
pub(super) fn remove(number: u64) {
    let record = shard(number).remove(&number);
    drop(record);
}

/// The current records.
pub(super) fn all() -> Vec<Arc<Record>> {
    let mut all = Vec::new();
    for list in RECORDS.iter() {
        let mut from = 0;
        loop {
            // No allocation happens under the lock.
            all.reserve(AT_ONCE);
            let before = all.len();
            all.extend(lock(list).range(from..).take(AT_ONCE).map(|(_, record)| record.clone()));
            match all.last() {
                Some(last) if all.len() - before == AT_ONCE => from = last.number + 1,
                _ => break,
            }
        }
    }
    all
}

fn shard(number: u64) -> MutexGuard<'static, BTreeMap<u64, Arc<Record>>> {
    lock(&RECORDS[number as usize % SHARDS])
}

fn lock(list: &Shard) -> MutexGuard<'_, BTreeMap<u64, Arc<Record>>> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}
