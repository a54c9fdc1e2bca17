//! A variable inside an `ArcSwap`.

use std::any::Any;
use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;

use crate::readable::Kept;
use crate::views::vars::place::{Holder, Holding, Looked, NotHeld, SetValue, Settable, is, typed};

impl<T: Send + Sync + 'static> Holder for ArcSwap<T> {
    type Value = T;

    fn look<R>(&self, look: impl FnOnce(&T) -> R) -> Looked<R> {
        Looked::Seen(look(&self.load_full()))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Send + Sync + 'static> Settable for ArcSwap<T> {
    fn hold(&'static self, _until: Instant) -> Result<Box<dyn Holding>, NotHeld>
    where
        T: SetValue,
    {
        Ok(Box::new(Swapping { place: self, seen: self.load_full(), refused: None }))
    }
}

/// No lock is held; the old value is known.
struct Swapping<T: 'static> {
    place: &'static ArcSwap<T>,
    seen: Arc<T>,
    /// The value that was not stored; it is dropped later, where the author's `Drop` does no harm.
    refused: Option<Arc<T>>,
}

impl<T: SetValue> Holding for Swapping<T> {
    fn is(&self, expected: &Kept) -> bool {
        is(&*self.seen, expected)
    }

    fn put(&mut self, new: Box<dyn Any>, only_over: Option<&Kept>) -> Option<Kept> {
        let new = Arc::new(typed(new));
        if only_over.is_none() {
            return Some(self.place.swap(new));
        }
        // It was compared with the value that was read.
        let found = self.place.compare_and_swap(&self.seen, new.clone());
        if Arc::ptr_eq(&found, &self.seen) {
            return Some(self.seen.clone());
        }
        self.refused = Some(new);
        None
    }
}
