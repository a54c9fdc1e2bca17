//! A place in the source that one thread stores while others read it.

use std::panic::Location;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// A place in the source.
pub(super) type Place = &'static Location<'static>;

/// A place, or none.
pub(super) struct AtomicPlace(AtomicPtr<Location<'static>>);

impl AtomicPlace {
    pub(super) const fn new() -> Self {
        Self(AtomicPtr::new(ptr::null_mut()))
    }

    pub(super) fn store(&self, place: Place) {
        self.0.store(ptr::from_ref(place).cast_mut(), Ordering::Relaxed);
    }

    #[allow(unsafe_code, reason = "the standard library has no atomic reference")]
    pub(super) fn load(&self) -> Option<Place> {
        let place = self.0.load(Ordering::Relaxed);
        // SAFETY: it is null, or was made by `store` from a reference that is valid for ever. It points to the program's read-only data,
        // which is never written.
        unsafe { place.as_ref() }
    }
}
