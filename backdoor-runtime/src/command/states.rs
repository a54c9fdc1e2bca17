//! The values that the service gave to the builder.

use std::any::{Any, TypeId};
use std::sync::Arc;

/// The values given to the builder, by type.
#[derive(Clone, Default)]
pub(crate) struct States {
    /// There are few, so a search in turn is faster than a hash, and most lines need one.
    by_type: Vec<(TypeId, Arc<dyn Any + Send + Sync>)>,
}

impl States {
    /// Stores a value. It replaces an earlier value of the same type.
    pub(crate) fn insert<T: Clone + Send + Sync + 'static>(&mut self, value: T) {
        let id = TypeId::of::<T>();
        self.by_type.retain(|(known, _)| *known != id);
        self.by_type.push((id, Arc::new(value)));
    }

    pub(crate) fn get<T: Clone + 'static>(&self) -> Option<T> {
        self.of(TypeId::of::<T>())?.downcast_ref::<T>().cloned()
    }

    pub(crate) fn has(&self, id: TypeId) -> bool {
        self.of(id).is_some()
    }

    fn of(&self, id: TypeId) -> Option<&(dyn Any + Send + Sync)> {
        self.by_type.iter().find(|(known, _)| *known == id).map(|(_, value)| &**value)
    }
}
