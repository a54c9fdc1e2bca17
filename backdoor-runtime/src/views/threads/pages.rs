//! Memory for tables of any size, that the kernel has back the moment it is let go of.
//!
//! A large piece from the program's allocator may stay with the process for ever, and its release changes what glibc's `malloc` does
//! for the service afterwards (mallopt(3), `M_MMAP_THRESHOLD`). A mapping that cannot be had is an error here, and ends nothing.

use std::ops::{Deref, DerefMut};
use std::ptr::{self, NonNull};
use std::{io, slice};

use crate::procfs::maps::Object;

/// Anonymous pages of our own.
pub(super) struct Pages {
    start: NonNull<u8>,
    length: usize,
}

// SAFETY: the pages are owned, as those of a `Vec<u8>` are.
unsafe impl Send for Pages {}

// SAFETY: as above; shared references only read.
unsafe impl Sync for Pages {}

impl Pages {
    /// So many bytes, all zero.
    ///
    /// # Errors
    /// The kernel has no room for them (mmap(2)).
    pub(super) fn new(length: usize) -> io::Result<Self> {
        if length == 0 {
            return Ok(Self { start: NonNull::dangling(), length });
        }
        // SAFETY: a new private mapping at a place of the kernel's choice touches nothing that is there.
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
            // SAFETY: the mapping was made with this length, and its owner ends here.
            unsafe { libc::munmap(self.start.as_ptr().cast(), self.length) };
        }
    }
}

impl Deref for Pages {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: so many bytes are mapped, initialised by the kernel, and borrowed with `self`.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }
}

impl DerefMut for Pages {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, and nobody else has them, since `self` is borrowed alone.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
    }
}

/// A piece of the program's own image, where it lies. It is mapped for as long as the process lives, and its panics read the same
/// tables in the same way. Nothing for a library, which may be unloaded at any moment.
pub(super) fn of_program(object: &Object, offset: u64, length: usize) -> Option<&'static [u8]> {
    let start = object.range.start.checked_add(offset)?;
    let end = start.checked_add(length as u64)?;
    if !object.stays_readable() || end > object.range.end {
        return None;
    }
    let start = ptr::with_exposed_provenance(usize::try_from(start).ok()?);
    // SAFETY: the whole range of this object is readable without a gap, as /proc/self/maps has said, it is the program's own, which is
    // never unmapped, and of it only segments that nobody writes are asked for.
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
    fn more_than_there_is_room_for_is_an_error() {
        assert!(Pages::new(usize::MAX / 4).is_err());
    }
}
