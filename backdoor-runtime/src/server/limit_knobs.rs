//! What the console allows its peers and its commands: the builder's knob for every limit.

use std::time::Duration;

use crate::call::stopwatch::FOREVER;
use crate::server::Builder;

/// The limits of a console. A limit is off by its largest value, `usize::MAX` or `Duration::MAX`, unless its knob says otherwise.
impl Builder {
    /// How long a command may run that declares no `timeout`. Default: 30 s.
    pub fn command_timeout(mut self, limit: Duration) -> Self {
        self.limits.command_timeout = limit;
        self
    }

    /// How many synchronous commands may run at once; more wait. Default: 4, at least 1. A thread is started when it is needed and
    /// ends after 10 s without work.
    pub fn command_threads(mut self, limit: usize) -> Self {
        self.limits.command_threads = limit.max(1);
        self
    }

    /// How many command threads may be stuck before no further synchronous command of the author's is begun: it would be the next
    /// one. Built-ins and asynchronous commands go on, and so do all when a stuck one ends. Default: 2, at least 1, and no more than
    /// [`command_threads`](Self::command_threads), of which a stuck thread is one. `usize::MAX` switches it off.
    pub fn stuck_threads(mut self, limit: usize) -> Self {
        self.limits.stuck_threads = limit.max(1);
        self
    }

    /// The longest answer in bytes, what the command printed included; a longer one is cut and its status is
    /// [`Truncated`](crate::Status::Truncated). Default: 16 MiB. It does not hold for commands that declare `timeout = "none"`:
    /// what runs until Ctrl-C may say as much as its operator wants to read. `usize::MAX` switches it off.
    pub fn max_answer(mut self, limit: usize) -> Self {
        self.limits.max_answer = limit;
        self
    }

    /// How many bytes of memory a look at stacks may take to read debug information, from which functions have their files and lines; a
    /// compile unit is read at a time, and let go of. Where it needs more, or more than is free in the control group or under
    /// `RLIMIT_AS` and `RLIMIT_DATA`, names come from the symbol table, and the answer says so. Default: 16 MiB; `usize::MAX` leaves only
    /// the room there is, 0 reads none. It is the process's, not this console's.
    pub fn symbol_memory(mut self, limit: usize) -> Self {
        self.limits.symbol_memory = limit;
        self
    }

    /// How many sessions may be open at once. Default: 32, at least 1; `usize::MAX` is no limit.
    ///
    /// Where all places are taken, the oldest session that has neither completed a line nor said anything in telnet makes room for a
    /// newcomer. Only where there is none is the newcomer turned away. Both are told why.
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

    /// How long a session stays for certain that has neither completed a line nor said anything in telnet; then it may have to make
    /// room. Default: 0 s; `Duration::MAX` lets every session stay, so that silent ones can lock out everybody else.
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

    /// Whether one descriptor is kept in reserve: where the process or the system has none left, a peer is taken with it, told so and
    /// closed, instead of waiting without a word. Default: it is.
    pub fn reserve_fd(mut self, kept: bool) -> Self {
        self.limits.reserve_fd = kept;
        self
    }

    /// How long no connection is taken after one could not be, for want of descriptors or of the kernel's memory: 100 ms at first, and
    /// twice as long each time up to this. Default: 1 s; `Duration::ZERO` tries again each millisecond, for as long as the want lasts.
    pub fn max_accept_backoff(mut self, longest: Duration) -> Self {
        self.limits.max_accept_backoff = longest.min(FOREVER);
        self
    }

    /// How often a warning of one kind is logged that peers can bring about: foreign protocols, sessions that make room or are turned
    /// away, clients that take nothing, connections that cannot be taken. The next one says how many were not logged. Default: once
    /// in 60 s; `Duration::ZERO` logs each.
    ///
    /// Lines that run nothing, since they are wrong or refused, are counted as well: five a second are logged, unless this is zero.
    pub fn warning_interval(mut self, time: Duration) -> Self {
        self.limits.warning_interval = time;
        self
    }

    /// The longest line in bytes; longer ones are dropped to their end and said so, and the session goes on. Default: 8 KiB.
    pub fn max_line(mut self, limit: usize) -> Self {
        self.limits.bounds.line = limit;
        self
    }

    /// The same for the first line of a session, before which nobody knows what the peer is. Default: 1 KiB.
    pub fn max_first_line(mut self, limit: usize) -> Self {
        self.limits.bounds.first_line = limit;
        self
    }

    /// The most words behind a command's name; a raw tail (`#[arg(rest)]`) counts as none. Default: 64.
    pub fn max_words(mut self, limit: usize) -> Self {
        self.limits.max_words = limit;
        self
    }

    /// How many lines may wait behind a command. Default: 4096. The others of a script wait in its socket; those of a person, who may
    /// want to interrupt, are read and thrown away when nothing has moved for 1 s, and said so.
    pub fn max_lines_ahead(mut self, limit: usize) -> Self {
        self.limits.bounds.lines_ahead = limit;
        self
    }

    /// The same in bytes. Default: 256 KiB.
    pub fn max_bytes_ahead(mut self, limit: usize) -> Self {
        self.limits.bounds.bytes_ahead = limit;
        self
    }

    /// The most output in bytes that is on its way to one session; then its command has to wait for the reader. Default: 256 KiB.
    pub fn max_output(mut self, limit: usize) -> Self {
        self.limits.bounds.output = limit;
        self
    }

    /// The longest telnet subnegotiation in bytes; a longer one ends with the line at the latest, is dropped and said so. Default: 256.
    pub fn max_subnegotiation(mut self, limit: usize) -> Self {
        self.limits.bounds.subnegotiation = limit;
        self
    }

    /// How long a telnet subnegotiation may stay open; then it is dropped, and said so. Default: 5 s.
    pub fn subnegotiation_time(mut self, limit: Duration) -> Self {
        self.limits.bounds.subnegotiation_time = limit.min(FOREVER);
        self
    }

    /// How many telnet option commands of a session are answered in one second; the others are met with silence. Default: 32.
    pub fn max_option_commands(mut self, limit: usize) -> Self {
        self.limits.bounds.option_commands = limit;
        self
    }

    /// How far the console goes behind the service where both want the same core, in steps of `nice(2)`. Default: 13, at most 19; 0 is
    /// no step, and no system call.
    ///
    /// Under a filter of system calls (`Seccomp: 2` in `/proc/self/status`, as in a container or a unit with `SystemCallFilter=`) the
    /// default is 0, which a line in the log says: `~@resources` ends the process at `setpriority`. A number that is written here holds
    /// there, too.
    ///
    /// It is for all threads of the console's but `backdoor-log` and `backdoor-end`, which the service may wait for. Synchronous commands
    /// run on them, too; a thread that such a command starts inherits it and keeps it. Asynchronous commands run on the service's runtime as all else does there. With 13, a service that keeps
    /// its core busy loses a twelfth of its throughput to a flood of commands instead of nearly half, and an operator beside it waits
    /// 20 ms at worst; with 19 it loses a hundredth, and they wait 80 ms.
    pub fn nice(mut self, steps: u8) -> Self {
        self.limits.nice = Some(steps.min(19));
        self
    }

    /// How long a peer must be silent to be taken for a person and get a prompt. Default: 200 ms. An empty line that comes first is no
    /// line of a script: the silence begins anew behind it, up to ten times.
    pub fn detect_timeout(mut self, limit: Duration) -> Self {
        self.limits.times.detect_timeout = limit.min(FOREVER);
        self
    }

    /// How long a script may stay silent when it has all its answers; then its session ends. Default: 2 s.
    ///
    /// `printf 'help\n' | nc host port` would otherwise never end: Debian's `nc` keeps its half of the connection open unless it is
    /// told `-N`. It is told why it is closed, since it may have had more to send. One that sends a line after a pause as long as
    /// [`detect_timeout`](Self::detect_timeout) is in a conversation and has [`session_idle`](Self::session_idle) from then on. A peer with a prompt,
    /// or one that has spoken telnet, is no script.
    pub fn script_idle(mut self, limit: Duration) -> Self {
        self.limits.times.script_idle = limit.min(FOREVER);
        self
    }

    /// How long a peer may take no byte of what it asked for before it is cut off. Default: 10 s. Should it read on, the last line says
    /// that the rest was left out, where the kernel had room for it.
    pub fn write_stall(mut self, limit: Duration) -> Self {
        self.limits.times.stall = limit.min(FOREVER);
        self
    }
}
