//! The system call of a thread: its name, and whether the kernel restarts it after a signal handler.

/// What `/proc/self/task/TID/syscall` tells (proc_pid_syscall(5)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Position {
    /// It runs on a processor, or waits for one.
    Running,
    Asleep(Asleep),
}

/// A thread that neither runs nor waits for a processor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asleep {
    /// The number of its call and the arguments, unless it sleeps outside of a call: for a page, or stopped.
    pub(crate) call: Option<(i64, [u64; 6])>,
    pub(crate) stack_pointer: u64,
    pub(crate) program_counter: u64,
}

impl Position {
    /// `202 0x7f01 0x80 .. 0x7ffc 0x7f02`, `running`, or `-1 0x7ffc 0x7f02`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.trim_end() == "running" {
            return Some(Self::Running);
        }
        let mut words = text.split_whitespace();
        let number: i64 = words.next()?.parse().ok()?;
        let mut word = || u64::from_str_radix(words.next()?.strip_prefix("0x")?, 16).ok();
        let call = match number {
            0.. => {
                let mut arguments = [0; 6];
                for argument in &mut arguments {
                    *argument = word()?;
                }
                Some((number, arguments))
            }
            _ => None,
        };
        Some(Self::Asleep(Asleep { call, stack_pointer: word()?, program_counter: word()? }))
    }
}

impl Asleep {
    /// Whether the kernel restarts its call after a handler that was installed with `SA_RESTART` (signal(7)), unnoticed by the caller.
    /// Restartable calls that may return early with a partial result are excluded.
    pub(crate) fn is_restarted(&self) -> bool {
        let Some((number, arguments)) = self.call else { return false };
        match number {
            libc::SYS_accept | libc::SYS_accept4 | libc::SYS_read => !has_time_limit(arguments[0]),
            libc::SYS_recvfrom => !is_for_all(arguments[3]) && !has_time_limit(arguments[0]),
            libc::SYS_recvmsg => !is_for_all(arguments[2]) && !has_time_limit(arguments[0]),
            libc::SYS_futex => is_wait_without_limit(arguments[1], arguments[3]),
            libc::SYS_flock | libc::SYS_wait4 | libc::SYS_waitid => true,
            libc::SYS_fcntl => arguments[1] == libc::F_SETLKW as u64,
            _ => false,
        }
    }
}

/// `FUTEX_WAIT` or `FUTEX_WAIT_BITSET`, whatever their flags, and the time that is their fourth argument.
fn is_wait_without_limit(operation: u64, limit: u64) -> bool {
    const COMMAND: u64 = 0x7f;
    limit == 0 && matches!(operation & COMMAND, 0 | 9)
}

fn is_for_all(flags: u64) -> bool {
    flags & libc::MSG_WAITALL as u64 != 0
}

/// Whether this is a socket with a time limit. The descriptor may have another owner by now, so both limits are read.
fn has_time_limit(descriptor: u64) -> bool {
    [libc::SO_RCVTIMEO, libc::SO_SNDTIMEO].into_iter().any(|which| {
        let mut limit = libc::timeval { tv_sec: 0, tv_usec: 0 };
        let mut length = size_of_val(&limit) as libc::socklen_t;
        // SAFETY: the kernel writes at most `length` bytes to `limit`.
        let asked = unsafe {
            let limit = (&raw mut limit).cast();
            libc::getsockopt(descriptor as i32, libc::SOL_SOCKET, which, limit, &mut length)
        };
        asked == 0 && (limit.tv_sec, limit.tv_usec) != (0, 0)
    })
}

/// The most connections that may wait at a listening TCP socket: `tcpi_sacked` of its TCP_INFO (`tcp_get_info` of the kernel's `net/ipv4/tcp.c`).
pub(crate) fn backlog(descriptor: u32) -> Option<u64> {
    const STATE_LISTEN: u32 = 10;
    const MOST: usize = 7;
    // The begin of `struct tcp_info`: eight bytes, of which the first is the state, and then words.
    let mut info = [0_u32; MOST + 1];
    let mut length = size_of_val(&info) as libc::socklen_t;
    // SAFETY: the kernel writes at most `length` bytes to `info`.
    let asked = unsafe {
        let info = (&raw mut info).cast();
        libc::getsockopt(descriptor as i32, libc::IPPROTO_TCP, libc::TCP_INFO, info, &mut length)
    };
    let is_whole = asked == 0 && length as usize == size_of_val(&info);
    let state = u32::from(info[0].to_ne_bytes()[0]);
    (is_whole && state == STATE_LISTEN).then(|| info[MOST].into())
}

/// The call's name, if it is a common one.
pub(crate) fn name(number: i64) -> Option<&'static str> {
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
    SYS_fcntl "fcntl",
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

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::os::fd::AsRawFd;
    use std::time::Duration;

    use super::*;

    #[test]
    fn system_call_line_is_parsed() {
        let asleep = |call, stack_pointer, program_counter| {
            Some(Position::Asleep(Asleep { call, stack_pointer, program_counter }))
        };
        let read = "0 0x3 0x7f00 0x10 0x0 0x0 0x0 0x7ffc 0x7f02\n";
        assert_eq!(Position::parse(read), asleep(Some((0, [3, 0x7f00, 0x10, 0, 0, 0])), 0x7ffc, 0x7f02));
        assert_eq!(Position::parse("-1 0x7ffc 0x7f02\n"), asleep(None, 0x7ffc, 0x7f02));
        assert_eq!(Position::parse("running\n"), Some(Position::Running));
        assert_eq!(Position::parse("0 0x3 0x7f00\n"), None);
        assert_eq!(Position::parse(""), None);
    }

    #[test]
    fn restarted_calls_are_recognized() {
        #[track_caller]
        fn check(number: i64, arguments: [u64; 6], expected: bool) {
            let asleep = Asleep { call: Some((number, arguments)), stack_pointer: 0, program_counter: 0 };
            assert_eq!(asleep.is_restarted(), expected, "{number} {arguments:x?}");
        }
        const PRIVATE_WAIT_BITSET: u64 = 0x189;
        check(libc::SYS_futex, [0x7f00, 0x80, 2, 0, 0, 0], true);
        check(libc::SYS_futex, [0x7f00, PRIVATE_WAIT_BITSET, 2, 0, 0, u64::MAX], true);
        check(libc::SYS_futex, [0x7f00, 0x80, 2, 0x7ffc, 0, 0], false);
        check(libc::SYS_clock_nanosleep, [0; 6], false);
        check(libc::SYS_rt_sigtimedwait, [0; 6], false);
        check(libc::SYS_write, [1, 0x7f00, 10, 0, 0, 0], false);
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let descriptor = socket.as_raw_fd() as u64;
        check(libc::SYS_recvfrom, [descriptor, 0x7f00, 10, 0, 0, 0], true);
        check(libc::SYS_recvfrom, [descriptor, 0x7f00, 10, libc::MSG_WAITALL as u64, 0, 0], false);
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        check(libc::SYS_recvfrom, [descriptor, 0x7f00, 10, 0, 0, 0], false);
        check(libc::SYS_read, [descriptor, 0x7f00, 10, 0, 0, 0], false);
        let outside = Asleep { call: None, stack_pointer: 0, program_counter: 0 };
        assert!(!outside.is_restarted());
    }
}
