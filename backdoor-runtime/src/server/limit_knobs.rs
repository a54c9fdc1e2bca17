//! The builder's methods for every limit of peers and commands.

use std::time::Duration;

use crate::limits::FOREVER;
use crate::server::Builder;

/// The limits of a console. The largest value, `usize::MAX` or `Duration::MAX`, switches a limit off, unless its method says otherwise.
impl Builder {
    /// The time limit of a command that declares no `timeout`. Default: 30 s.
    pub fn command_timeout(mut self, limit: Duration) -> Self {
        self.limits.command_timeout = limit;
        self
    }

    /// How many synchronous commands may run at once; further ones wait. Default: 4, at least 1. A thread starts when it is needed and ends
    /// after 10 s without work.
    pub fn command_threads(mut self, limit: usize) -> Self {
        self.limits.command_threads = limit.max(1);
        self
    }

    /// How many command threads may be stuck before further synchronous commands of the author are refused. Built-in and asynchronous
    /// commands still run, and all commands run again when a stuck one ends. Default: 2, at least 1, and at most
    /// [`command_threads`](Self::command_threads), which counts stuck threads. `usize::MAX` switches it off.
    pub fn stuck_threads(mut self, limit: usize) -> Self {
        self.limits.stuck_threads = limit.max(1);
        self
    }

    /// The longest answer in bytes, including printed text. A longer answer is cut, and its status is
    /// [`Truncated`](crate::Status::Truncated). Default: 16 MiB. It does not hold for commands with `timeout = "none"`, which print until
    /// the operator stops them. `usize::MAX` switches it off.
    pub fn max_answer(mut self, limit: usize) -> Self {
        self.limits.max_answer = limit;
        self
    }

    /// How many bytes of memory the console may use to read debug information for stacks. Debug information gives functions their files and
    /// lines; one compile unit is read at a time and then freed. If it needs more than this, or more than is free in the control group or
    /// under `RLIMIT_AS` and `RLIMIT_DATA`, names come from the symbol table, and the answer says so. Default: 16 MiB; `usize::MAX` leaves
    /// only the free memory as a limit, 0 reads none. The setting holds for the process, not for this console.
    pub fn symbol_memory(mut self, limit: usize) -> Self {
        self.limits.symbol_memory = Some(limit);
        self
    }

    /// Whether memory, descriptors, threads, tasks, the share of the runtime's time that is busy, and errors in the log are watched once a
    /// second from the start of the console, for `trend`. Default: true, for 10 KB, one wake-up of the console's helper thread a second and
    /// about 20 µs each. The trends belong to the process: they are there while any console wants them. A number of the author's with the
    /// same name takes the place of one in `trend`.
    pub fn builtin_trends(mut self, wanted: bool) -> Self {
        self.limits.builtin_trends = wanted;
        self
    }

    /// How many sessions may be open at once. Default: 32, at least 1; `usize::MAX` is no limit.
    ///
    /// If all sessions are taken, the console closes the oldest session that has neither completed a line nor spoken telnet, in favour of
    /// the new peer. If there is none, it rejects the new peer. The closed or rejected peer is told the reason.
    pub fn max_sessions(mut self, limit: usize) -> Self {
        self.limits.max_sessions = limit.max(1);
        self
    }

    /// How many of these sessions are kept for the service's own user and root on a unix socket, where the console listens on one:
    /// a peer that fills the TCP port does not lock them out. Default: 2; at least one place stays for the others. 0 keeps none.
    pub fn reserved_sessions(mut self, count: usize) -> Self {
        self.limits.reserved_sessions = count;
        self
    }

    /// How long a session that has neither completed a line nor spoken telnet is safe from being closed in favour of a new peer. Default: 0
    /// s. With `Duration::MAX` no session is closed so, and silent peers can lock out all others.
    pub fn eviction_grace(mut self, time: Duration) -> Self {
        self.limits.eviction_grace = time;
        self
    }

    /// How long a session may send nothing while nothing runs in it; then the session is told why and closed. Default: 30 min; `Duration::MAX`
    /// is no limit.
    pub fn session_idle(mut self, limit: Duration) -> Self {
        self.limits.session_idle = limit.min(FOREVER);
        self
    }

    /// Whether one descriptor is kept in reserve. If the process or the system has none left, a peer is accepted with it, told the reason
    /// and closed; otherwise it would wait without a message. Default: true.
    pub fn reserve_fd(mut self, kept: bool) -> Self {
        self.limits.reserve_fd = kept;
        self
    }

    /// How long the console waits after a connection could not be accepted for want of descriptors or kernel memory: 100 ms at first, twice
    /// as long each further time, up to this. Default: 1 s; `Duration::ZERO` tries again each millisecond.
    pub fn max_accept_backoff(mut self, longest: Duration) -> Self {
        self.limits.max_accept_backoff = longest.min(FOREVER);
        self
    }

    /// How often a warning of one kind is logged that peers can cause: foreign protocols, sessions that are closed for a new peer, rejected
    /// peers, clients that do not read, connections that cannot be accepted. The next warning has the number of those not logged. Default:
    /// once in 60 s; `Duration::ZERO` logs each.
    ///
    /// Lines that run no command, because they are wrong or refused, are limited as well: five a second are logged, unless this is zero.
    pub fn warning_interval(mut self, time: Duration) -> Self {
        self.limits.warning_interval = time;
        self
    }

    /// The longest line in bytes. A longer line is dropped with a message, and the session continues. Default: 8 KiB.
    pub fn max_line(mut self, limit: usize) -> Self {
        self.limits.bounds.line = limit;
        self
    }

    /// The same for the first line of a session, before the kind of the peer is known. Default: 1 KiB.
    pub fn max_first_line(mut self, limit: usize) -> Self {
        self.limits.bounds.first_line = limit;
        self
    }

    /// The most words after a command's name; a raw tail (`#[arg(rest)]`) counts as none. Default: 64.
    pub fn max_words(mut self, limit: usize) -> Self {
        self.limits.max_words = limit;
        self
    }

    /// How many lines may wait behind a command. Default: 4096. Further lines of a script wait in its socket. Further lines of a person,
    /// who may want to interrupt, are read and dropped with a message when nothing has moved for 1 s.
    pub fn max_lines_ahead(mut self, limit: usize) -> Self {
        self.limits.bounds.lines_ahead = limit;
        self
    }

    /// The same in bytes. Default: 256 KiB.
    pub fn max_bytes_ahead(mut self, limit: usize) -> Self {
        self.limits.bounds.bytes_ahead = limit;
        self
    }

    /// The most output in bytes on its way to one session; beyond it the command waits for the reader. Default: 256 KiB.
    pub fn max_output(mut self, limit: usize) -> Self {
        self.limits.bounds.output = limit;
        self
    }

    /// The longest telnet subnegotiation in bytes. A longer one ends with the line at the latest and is dropped with a message. Default:
    /// 256.
    pub fn max_subnegotiation(mut self, limit: usize) -> Self {
        self.limits.bounds.subnegotiation = limit;
        self
    }

    /// How long a telnet subnegotiation may stay open; then it is dropped with a message. Default: 5 s.
    pub fn subnegotiation_time(mut self, limit: Duration) -> Self {
        self.limits.bounds.subnegotiation_time = limit.min(FOREVER);
        self
    }

    /// How many telnet option commands of a session are answered in one second; further ones get no answer. Default: 32.
    pub fn max_option_commands(mut self, limit: usize) -> Self {
        self.limits.bounds.option_commands = limit;
        self
    }

    /// How many steps of `nice(2)` the console runs behind the service, for when both want the same core. Default: 13, at most 19; 0 is no
    /// step, and no system call.
    ///
    /// Under a seccomp filter (`Seccomp: 2` in `/proc/self/status`, as in a container or a unit with `SystemCallFilter=`) the default is 0,
    /// and a line in the log says so: `~@resources` ends the process at `setpriority`. A number given here also holds under a filter.
    ///
    /// It is for all threads of the console's but `backdoor-log` and `backdoor-end`, which the service may wait for. Synchronous commands
    /// run on them, too; a thread that such a command starts inherits it and keeps it. Asynchronous commands run on the service's runtime as all else does there. With 13, a service that keeps
    /// its core busy loses a twelfth of its throughput to a flood of commands instead of nearly half, and an operator beside it waits
    /// 20 ms at worst; with 19 it loses a hundredth, and they wait 80 ms.
    pub fn nice(mut self, steps: u8) -> Self {
        self.limits.nice = Some(steps.min(19));
        self
    }

    /// How long a peer must be silent to get a prompt, as a person does. Default: 200 ms. An empty first line is not a line of a script:
    /// the time begins anew after it, up to ten times.
    pub fn detect_timeout(mut self, limit: Duration) -> Self {
        self.limits.times.detect_timeout = limit.min(FOREVER);
        self
    }

    /// How long a script may stay silent after its last answer; then its session ends. Default: 2 s.
    ///
    /// `printf 'help\n' | nc host port` would otherwise never end: Debian's `nc` keeps its half of the connection open without `-N`. The
    /// peer is told the reason, because it may have more to send. A script that sends a line after a pause of
    /// [`detect_timeout`](Self::detect_timeout) has [`session_idle`](Self::session_idle) from then on. A peer that has a prompt, or has
    /// spoken telnet, is no script.
    pub fn script_idle(mut self, limit: Duration) -> Self {
        self.limits.times.script_idle = limit.min(FOREVER);
        self
    }

    /// How long a peer may read nothing of its answer before the console closes the session. Default: 10 s. If it reads on, the last line
    /// says that the rest was left out, as far as the kernel had room for it.
    pub fn write_stall(mut self, limit: Duration) -> Self {
        self.limits.times.stall = limit.min(FOREVER);
        self
    }
}
