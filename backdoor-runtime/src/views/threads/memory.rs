//! Reads this process's own memory through the kernel: the read stops at an unmapped page instead of faulting.
//!
//! `process_vm_readv` reads in one call. If the kernel or a filter on system calls refuses it, `/proc/self/mem` is read with calls that
//! every program makes.

use std::ffi::c_void;
use std::fs::File;
use std::io;
use std::os::fd::IntoRawFd;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::base::kernel_ids;
use crate::base::reserve;
use crate::views::threads::trial::{self, Call};

const FILE: &str = "/proc/self/mem";

/// How to read: a descriptor of `/proc/self/mem`, or one of these constants.
static WAY: AtomicI32 = AtomicI32::new(UNKNOWN);
const UNKNOWN: i32 = -1;
const BY_CALL: i32 = -2;

/// Finds out how memory can be read. Until then [`read`] gives nothing.
///
/// # Errors
/// Memory can be read in neither way.
pub(crate) fn prepare() -> io::Result<()> {
    /// The process that called `prepare`. After `fork`, the child's descriptor still refers to its parent's memory.
    static PREPARED: Mutex<i32> = Mutex::new(0);
    let mut prepared = PREPARED.lock().unwrap_or_else(PoisonError::into_inner);
    let process = kernel_ids::process();
    if *prepared == process {
        return Ok(());
    }
    let way = if !trial::has_filter() && can_call() {
        BY_CALL
    } else {
        match File::open(FILE) {
            // It stays open: a late signal handler may read from it.
            Ok(file) => file.into_raw_fd(),
            Err(_) if trial::check(Call::ReadMemory).is_ok() && can_call() => BY_CALL,
            // The descriptor stays open, and other views need a reserve descriptor only for a moment; so the reserve is used last.
            Err(error) if reserve::helps(&error) => reserve::with(|| File::open(FILE))?.into_raw_fd(),
            Err(error) => {
                trial::check(Call::ReadMemory)?;
                return Err(error);
            }
        }
    };
    WAY.store(way, Ordering::Release);
    *prepared = process;
    Ok(())
}

/// Reads from this address on, and gives the number of bytes. A signal handler may call it.
pub(crate) fn read(from: usize, to: &mut [u8]) -> usize {
    match WAY.load(Ordering::Acquire) {
        UNKNOWN => 0,
        BY_CALL => by_call(from, to),
        file => {
            // SAFETY: the kernel writes at most as many bytes as `to` has.
            let read = unsafe { libc::pread64(file, to.as_mut_ptr().cast(), to.len(), from as i64) };
            usize::try_from(read).unwrap_or(0)
        }
    }
}

/// The word at this address.
pub(crate) fn word(at: u64) -> Option<u64> {
    let mut word = [0; 8];
    (read(usize::try_from(at).ok()?, &mut word) == word.len()).then(|| u64::from_le_bytes(word))
}

fn can_call() -> bool {
    let probe = 1_u8;
    let mut copy = [0];
    by_call(&raw const probe as usize, &mut copy) == 1
}

fn by_call(from: usize, to: &mut [u8]) -> usize {
    let local = libc::iovec { iov_base: to.as_mut_ptr().cast(), iov_len: to.len() };
    let remote = libc::iovec { iov_base: from as *mut c_void, iov_len: to.len() };
    // SAFETY: the kernel writes at most `to.len()` bytes to `to`, and stops where the source is not mapped.
    let read = unsafe {
        let process = libc::getpid();
        libc::process_vm_readv(process, &raw const local, 1, &raw const remote, 1, 0)
    };
    usize::try_from(read).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_mapped_memory_is_read() {
        prepare().unwrap();
        let text = *b"0123456789";
        let mut copy = [0; 10];
        assert_eq!(read(text.as_ptr() as usize, &mut copy), 10);
        assert_eq!(copy, text);
        assert_eq!(read(0x1000, &mut copy), 0);
        assert_eq!(word(0x1000), None);
        let file = File::open(FILE).unwrap();
        copy = [0; 10];
        std::os::unix::fs::FileExt::read_exact_at(&file, &mut copy, text.as_ptr() as u64).unwrap();
        assert_eq!(copy, text);
    }
}
