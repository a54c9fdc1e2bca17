//! What an allocator says of itself.

use crate::reply::record;

record! {
    /// An allocator's own figures, in bytes.
    pub struct Allocator {
        /// Its name.
        pub name: &'static str,
        /// Handed out to the program.
        pub allocated: u64,
        /// In pages that hold something handed out.
        pub active: u64,
        /// Kept in RAM, used or not.
        pub resident: u64,
        /// Given to it by the kernel.
        pub mapped: u64,
        /// Kept for later without RAM behind it.
        pub retained: u64,
    }
}
