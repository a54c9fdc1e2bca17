//! What the console allows its peers and its commands: every limit with its default, and the builder's knob for it.

use std::time::Duration;

use tokio::sync::Semaphore;

use crate::console::Times;
use crate::dispatch::clock::FOREVER;
use crate::server::Builder;

/// Every limit of a console.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) command_timeout: Duration,
    pub(crate) command_threads: usize,
    pub(crate) max_sessions: usize,
    pub(crate) max_line: usize,
    pub(crate) nice: u8,
    pub(crate) times: Times,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            command_timeout: Duration::from_secs(30),
            command_threads: 4,
            max_sessions: 32,
            max_line: 8 * 1024,
            nice: 10,
            times: Times {
                silence: Duration::from_millis(200),
                script_idle: Duration::from_secs(2),
                stall: Duration::from_secs(10),
            },
        }
    }
}

/// The limits of a console.
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

    /// How many sessions may be open at once; more are turned away. Default: 32, at least 1.
    pub fn max_sessions(mut self, limit: usize) -> Self {
        self.limits.max_sessions = limit.clamp(1, Semaphore::MAX_PERMITS);
        self
    }

    /// The longest line in bytes; longer ones are dropped and said so. Default: 8 KiB.
    pub fn max_line(mut self, limit: usize) -> Self {
        self.limits.max_line = limit;
        self
    }

    /// How far the console goes behind the service where both want the same core, in steps of `nice(2)`. Default: 10, at most 19; 0 is
    /// no step.
    ///
    /// It is for the console's thread and those that it starts, on which synchronous commands run, too; a thread that such a command
    /// starts inherits it. Asynchronous commands run on the service's runtime as all else does there. With 10, a service that keeps
    /// its core busy loses a sixteenth of its throughput to a flood of commands instead of a fifth, and an operator beside it waits 20
    /// ms at worst; with 19 it loses nothing, and he waits 100 ms.
    pub fn nice(mut self, steps: u8) -> Self {
        self.limits.nice = steps.min(19);
        self
    }

    /// How long a peer must be silent to be taken for a person and get a prompt. Default: 200 ms.
    pub fn silence(mut self, limit: Duration) -> Self {
        self.limits.times.silence = limit.min(FOREVER);
        self
    }

    /// How long a script may stay silent when it has all its answers; then its session ends. Default: 2 s.
    ///
    /// `printf 'help\n' | nc host port` would otherwise never end: Debian's `nc` keeps its half of the connection open unless it is
    /// told `-N`. A peer with a prompt, or one that has spoken telnet, is no script.
    pub fn script_idle(mut self, limit: Duration) -> Self {
        self.limits.times.script_idle = limit.min(FOREVER);
        self
    }

    /// How long a peer may take no byte of what it asked for before it is cut off. Default: 10 s.
    pub fn write_stall(mut self, limit: Duration) -> Self {
        self.limits.times.stall = limit.min(FOREVER);
        self
    }
}
