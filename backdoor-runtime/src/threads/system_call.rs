//! The names of the system calls that threads are found in. Others show as numbers.

/// The call's name, where it is one of the common ones.
pub(super) fn name(number: i64) -> Option<&'static str> {
    let found = COMMON.iter().chain(OF_THE_ARCHITECTURE).find(|(of, _)| *of == number);
    found.map(|(_, name)| *name)
}

macro_rules! calls {
    ($($number:ident $name:literal,)*) => {
        &[$((libc::$number as i64, $name),)*]
    };
}

const COMMON: &[(i64, &str)] = calls! {
    SYS_accept "accept",
    SYS_accept4 "accept4",
    SYS_brk "brk",
    SYS_clock_nanosleep "clock_nanosleep",
    SYS_clone "clone",
    SYS_clone3 "clone3",
    SYS_close "close",
    SYS_connect "connect",
    SYS_epoll_pwait "epoll_pwait",
    SYS_epoll_pwait2 "epoll_pwait2",
    SYS_fallocate "fallocate",
    SYS_fdatasync "fdatasync",
    SYS_flock "flock",
    SYS_fsync "fsync",
    SYS_futex "futex",
    SYS_getdents64 "getdents64",
    SYS_io_uring_enter "io_uring_enter",
    SYS_madvise "madvise",
    SYS_mmap "mmap",
    SYS_mprotect "mprotect",
    SYS_munmap "munmap",
    SYS_nanosleep "nanosleep",
    SYS_openat "openat",
    SYS_ppoll "ppoll",
    SYS_pread64 "pread64",
    SYS_pselect6 "pselect6",
    SYS_pwrite64 "pwrite64",
    SYS_read "read",
    SYS_readv "readv",
    SYS_recvfrom "recvfrom",
    SYS_recvmmsg "recvmmsg",
    SYS_recvmsg "recvmsg",
    SYS_renameat2 "renameat2",
    SYS_restart_syscall "restart_syscall",
    SYS_rt_sigsuspend "rt_sigsuspend",
    SYS_rt_sigtimedwait "rt_sigtimedwait",
    SYS_sched_yield "sched_yield",
    SYS_sendfile "sendfile",
    SYS_sendmmsg "sendmmsg",
    SYS_sendmsg "sendmsg",
    SYS_sendto "sendto",
    SYS_splice "splice",
    SYS_statx "statx",
    SYS_unlinkat "unlinkat",
    SYS_wait4 "wait4",
    SYS_waitid "waitid",
    SYS_write "write",
    SYS_writev "writev",
};

#[cfg(target_arch = "x86_64")]
const OF_THE_ARCHITECTURE: &[(i64, &str)] = calls! {
    SYS_epoll_wait "epoll_wait",
    SYS_open "open",
    SYS_pause "pause",
    SYS_poll "poll",
    SYS_select "select",
    SYS_stat "stat",
    SYS_vfork "vfork",
};

#[cfg(not(target_arch = "x86_64"))]
const OF_THE_ARCHITECTURE: &[(i64, &str)] = &[];
