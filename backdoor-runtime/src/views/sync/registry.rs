//! All locks that were ever used and are not yet dropped.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use super::record::Record;

/// Locks are born and die on all threads; so many lists let them do it side by side.
const SHARDS: usize = 16;

/// So many are taken out of a list at a time. Who takes them may go behind the service, and be interrupted while it holds the list's lock.
const AT_ONCE: usize = 32;

type Shard = Mutex<BTreeMap<u64, Arc<Record>>>;

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
    let mut all = Vec::new();
    for list in RECORDS.iter() {
        let mut from = 0;
        loop {
            // Nothing is allocated under the lock.
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
