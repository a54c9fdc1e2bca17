//! The figures of an allocator.

use crate::reply::record;

record! {
    /// An allocator's own figures, in bytes.
    pub struct Allocator {
        /// Its name.
        pub name: &'static str,
        /// Allocated by the program.
        pub allocated: u64,
        /// In pages with at least one allocation.
        pub active: u64,
        /// In RAM, used or not.
        pub resident: u64,
        /// Mapped from the kernel.
        pub mapped: u64,
        /// Reserved addresses without RAM.
        pub retained: u64,
    }
}
