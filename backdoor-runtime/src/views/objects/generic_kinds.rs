//! The counters of generic code, which cannot have a static for each type.

use std::any::TypeId;
use std::cell::Cell;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use super::kind::Kind;

static GENERIC: Mutex<Option<HashMap<TypeId, &'static Kind>>> = Mutex::new(None);

/// The counter under the name of this type, for code that is generic over the type and so has no static of its own. It is made at the first
/// call, and stays.
#[inline]
pub fn kind_of<T: 'static>() -> &'static Kind {
    /// How many types each thread caches.
    const REMEMBERED: usize = 32;
    thread_local!(static LAST: [Cell<Option<(TypeId, &'static Kind)>>; REMEMBERED] =
        const { [const { Cell::new(None) }; REMEMBERED] });
    let id = TypeId::of::<T>();
    LAST.with(|last| {
        let remembered = &last[number(id) as usize % REMEMBERED];
        match remembered.get() {
            Some((known, kind)) if known == id => kind,
            _ => {
                let kind = find(id);
                remembered.set(Some((id, kind)));
                kind
            }
        }
    })
}

#[cold]
fn find(id: TypeId) -> &'static Kind {
    let mut generic = GENERIC.lock().unwrap_or_else(PoisonError::into_inner);
    generic.get_or_insert_default().entry(id).or_insert_with(|| Box::leak(Box::new(Kind::new())))
}

/// A number that differs between most types. A `TypeId` is a hash already.
fn number(id: TypeId) -> u64 {
    struct Last(u64);
    impl Hasher for Last {
        fn finish(&self) -> u64 {
            self.0
        }
        fn write(&mut self, bytes: &[u8]) {
            self.0 = bytes.iter().fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
        }
        fn write_u64(&mut self, number: u64) {
            self.0 = number;
        }
    }
    let mut last = Last(0);
    id.hash(&mut last);
    last.finish()
}
