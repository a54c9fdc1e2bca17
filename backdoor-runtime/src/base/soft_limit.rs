//! A limit of the process, read by a system call: it needs no `/proc` and no descriptor.
#![allow(
    unsafe_code,
    reason = "rustix takes it that the kernel never refuses the question, which filters on system calls do"
)]

use std::mem::MaybeUninit;

/// A limit that the kernel holds a process to (getrlimit(2)).
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    AddressSpace,
    Data,
    FileSize,
    OpenFiles,
}

/// The enforced value. `None` if there is no limit, or it cannot be read.
pub(crate) fn soft_limit(kind: Kind) -> Option<u64> {
    let resource = match kind {
        Kind::AddressSpace => libc::RLIMIT_AS,
        Kind::Data => libc::RLIMIT_DATA,
        Kind::FileSize => libc::RLIMIT_FSIZE,
        Kind::OpenFiles => libc::RLIMIT_NOFILE,
    };
    let mut limit = MaybeUninit::<libc::rlimit64>::uninit();
    // SAFETY: the call writes one `rlimit64` if it succeeds.
    let limit = unsafe {
        if libc::getrlimit64(resource, limit.as_mut_ptr()) != 0 {
            return None;
        }
        limit.assume_init()
    };
    (limit.rlim_cur != libc::RLIM64_INFINITY).then_some(limit.rlim_cur)
}
