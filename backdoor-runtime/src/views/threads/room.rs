//! Whether a signal frame has room on the stack of a running thread, whose stack pointer is unknown.
//!
//! The kernel tells where the C library's record of a thread is, by its list of robust locks: at the top of the stack that the C library
//! made. The kernel also tells which pages of the stack were ever in use. If the lowest pages never were, there is room.

use std::fs::File;
use std::os::unix::fs::FileExt;

use crate::base::kernel_ids;
use crate::procfs::maps::Writable;
use crate::views::threads::trial::{self, Call};

/// The most stack that a signal needs: the kernel's frame has 3.4 KiB with AVX-512, and 11 KiB with AMX.
pub(crate) const NEEDED: usize = 16 * 1024;

/// A stack of this size counts as large enough if the kernel does not tell which pages were in use.
const ROOMY: usize = 4 * NEEDED;

/// Whether a signal to this thread has room, as far as the kernel tells.
pub(crate) fn for_a_signal(tid: i32, writable: &[Writable]) -> bool {
    // The kernel grows the main thread's stack on demand, and the C library's record of it is elsewhere.
    if tid == kernel_ids::process() {
        return true;
    }
    let Some(stack) = record(tid).and_then(|record| mapping(writable, record)) else { return true };
    match is_used(stack.start, NEEDED.min(stack.end - stack.start)) {
        Some(is_used) => !is_used,
        None => stack.end - stack.start >= ROOMY,
    }
}

/// The mapping that an address is in.
pub(crate) fn mapping(writable: &[Writable], address: usize) -> Option<&Writable> {
    let at = writable.partition_point(|mapping| mapping.end <= address);
    writable.get(at).filter(|mapping| mapping.start <= address)
}

/// An address in the C library's record of a thread. musl makes the list when the thread takes its first robust lock.
fn record(tid: i32) -> Option<usize> {
    trial::check(Call::RobustList).ok()?;
    let (mut head, mut length) = (0_usize, 0_usize);
    // SAFETY: the kernel writes a pointer and a length.
    let asked = unsafe { libc::syscall(libc::SYS_get_robust_list, tid, &raw mut head, &raw mut length) };
    (asked == 0 && head != 0).then_some(head)
}

/// Whether any page of this range was ever in use, by the flags of proc_pid_pagemap(5): bit 63 means in memory, bit 62 swapped out.
fn is_used(start: usize, length: usize) -> Option<bool> {
    const PAGE: usize = 4096;
    let page = rustix::param::page_size().max(PAGE);
    let mut flags = [0; NEEDED / PAGE * 8];
    let flags = &mut flags[..length.div_ceil(page) * 8];
    File::open("/proc/self/pagemap").ok()?.read_exact_at(flags, (start / page * 8) as u64).ok()?;
    Some(flags.chunks_exact(8).any(|page| page[7] & 0b1100_0000 != 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::procfs::maps::Maps;

    #[test]
    fn only_a_large_stack_has_room_for_a_signal() {
        #[track_caller]
        fn check(size: usize, expected: bool) {
            let has_room = || {
                let tid = kernel_ids::thread();
                for_a_signal(tid, &Maps::read().unwrap().writable)
            };
            let thread = std::thread::Builder::new().stack_size(size).spawn(move || {
                // The thread itself has used its small stack.
                std::hint::black_box([0_u8; 4096]);
                has_room()
            });
            assert_eq!(thread.unwrap().join().unwrap(), expected, "{size}");
        }
        // musl makes no list, so its threads cannot be told apart.
        if cfg!(target_env = "gnu") {
            check(NEEDED, false);
        }
        check(2 << 20, true);
        let main = kernel_ids::process();
        assert!(for_a_signal(main, &Maps::read().unwrap().writable));
    }
}
