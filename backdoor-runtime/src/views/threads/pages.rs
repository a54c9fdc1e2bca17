//! Memory for large tables that goes back to the kernel as soon as it is freed.
//!
//! A large piece from the program's allocator may stay in the process for ever, and freeing it changes the later behaviour of glibc's
//! `malloc` for the service (mallopt(3), `M_MMAP_THRESHOLD`). If a mapping cannot be made, that is an error here, and the process goes on.

use std::ops::{Deref, DerefMut};
use std::ptr::{self, NonNull};
use std::{io, slice};

use crate::procfs::maps::Object;

/// Anonymous pages that this value owns.
pub(super) struct Pages {
    start: NonNull<u8>,
    length: usize,
}

// SAFETY: the pages are owned, like those of a `Vec<u8>` are.
unsafe impl Send for Pages {}

// SAFETY: as above; shared references only read.
unsafe impl Sync for Pages {}

impl Pages {
    /// This many bytes, all zero.
    ///
    /// # Errors
    /// The kernel has no memory for them (mmap(2)).
    pub(super) fn new(length: usize) -> io::Result<Self> {
        if length == 0 {
            return Ok(Self { start: NonNull::dangling(), length });
        }
        // SAFETY: a new private mapping at a place of the kernel's choice touches no existing one.
        let start = unsafe {
            libc::mmap(
                ptr::null_mut(),
                length,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        match NonNull::new(start.cast::<u8>()) {
            Some(place) if start != libc::MAP_FAILED => Ok(Self { start: place, length }),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        if self.length > 0 {
            // SAFETY: the mapping was made with this length, and its only owner is being dropped.
            unsafe { libc::munmap(self.start.as_ptr().cast(), self.length) };
        }
    }
}

impl Deref for Pages {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: this many bytes are mapped, initialised by the kernel, and borrowed with `self`.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }
}

impl DerefMut for Pages {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, and the borrow is exclusive because that of `self` is.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
    }
}

/// Part of the program's own image, in place. It stays mapped as long as the process lives, and the program's panics read the same tables
/// in the same way. Nothing for a library, because it may be unloaded at any moment.
pub(super) fn of_program(object: &Object, offset: u64, length: usize) -> Option<&'static [u8]> {
    let start = object.range.start.checked_add(offset)?;
    let end = start.checked_add(length as u64)?;
    if !object.stays_readable() || end > object.range.end {
        return None;
    }
    let start = ptr::with_exposed_provenance(usize::try_from(start).ok()?);
    // SAFETY: the whole range of this object is readable without a gap, as /proc/self/maps has said, it belongs to the program, which is
    // never unmapped, and callers ask only for segments that nobody writes.
    Some(unsafe { slice::from_raw_parts(start, length) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_zero_and_writable() {
        let mut pages = Pages::new(10_000).unwrap();
        assert!(pages.iter().all(|byte| *byte == 0));
        pages[9_999] = 7;
        assert_eq!((pages.len(), pages[9_999]), (10_000, 7));
        assert!(Pages::new(0).unwrap().is_empty());
    }

    #[test]
    fn more_pages_than_memory_is_an_error() {
        assert!(Pages::new(usize::MAX / 4).is_err());
    }
}
