//! What jemalloc tells, with the feature `jemalloc`: the figures of its own book, and its heap profile.

use super::memory::Allocator;

/// Its figures; `None` where it is not the program's allocator, or the feature is off.
pub(super) fn figures() -> Option<Allocator> {
    None
}
