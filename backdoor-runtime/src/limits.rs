//! The limits of a console, of a session and of a command, with their defaults.

use std::time::Duration;

/// Longer than any run or wait, and short enough to be added to any instant.
pub(crate) const FOREVER: Duration = Duration::from_secs(365 * 86_400);

/// How often a recurring warning is logged, unless the builder says otherwise.
pub(crate) const RECURRING: Duration = Duration::from_secs(60);

/// Every limit of a console.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) command_timeout: Duration,
    pub(crate) command_threads: usize,
    pub(crate) stuck_threads: usize,
    pub(crate) max_answer: usize,
    pub(crate) max_sessions: usize,
    pub(crate) reserved_sessions: usize,
    pub(crate) eviction_grace: Duration,
    pub(crate) session_idle: Duration,
    pub(crate) reserve_fd: bool,
    pub(crate) max_accept_backoff: Duration,
    pub(crate) warning_interval: Duration,
    pub(crate) max_words: usize,
    pub(crate) bounds: Bounds,
    /// `None` is the console's default.
    pub(crate) nice: Option<u8>,
    pub(crate) symbol_memory: Option<usize>,
    pub(crate) builtin_trends: bool,
    pub(crate) times: Times,
}

impl Default for Limits {
    fn default() -> Self {
        let commands = CommandLimits::default();
        Self {
            command_timeout: commands.timeout,
            command_threads: commands.threads,
            stuck_threads: commands.stuck_threads,
            max_answer: commands.answer,
            max_sessions: 32,
            reserved_sessions: 2,
            eviction_grace: Duration::ZERO,
            session_idle: Duration::from_secs(30 * 60),
            reserve_fd: true,
            max_accept_backoff: Duration::from_secs(1),
            warning_interval: RECURRING,
            max_words: 64,
            bounds: Bounds::default(),
            nice: None,
            symbol_memory: None,
            builtin_trends: true,
            times: Times {
                detect_timeout: Duration::from_millis(200),
                script_idle: Duration::from_secs(2),
                stall: Duration::from_secs(10),
            },
        }
    }
}

impl Limits {
    /// The limits of commands.
    pub(crate) fn commands(&self) -> CommandLimits {
        CommandLimits {
            timeout: self.command_timeout,
            longest: None,
            threads: self.command_threads,
            stuck_threads: self.stuck_threads,
            answer: self.max_answer,
        }
    }
}

/// The limits of commands.
#[derive(Clone, Copy)]
pub(crate) struct CommandLimits {
    pub(crate) timeout: Duration,
    /// The longest time limit that a command may have.
    pub(crate) longest: Option<Duration>,
    pub(crate) threads: usize,
    pub(crate) stuck_threads: usize,
    /// Bytes of one answer.
    pub(crate) answer: usize,
}

impl Default for CommandLimits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            longest: None,
            threads: 4,
            stuck_threads: 2,
            answer: 16 << 20,
        }
    }
}

/// The bounds of a session. The largest value switches a bound off.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    /// The longest line, in bytes.
    pub(crate) line: usize,
    /// The same until a whole line has come: until then the kind of the peer is not known.
    pub(crate) first_line: usize,
    /// Lines and bytes that may wait to be run.
    pub(crate) lines_ahead: usize,
    pub(crate) bytes_ahead: usize,
    /// Bytes of output on their way to the peer.
    pub(crate) output: usize,
    /// Bytes of a telnet subnegotiation, its option included. The longest of any real client is 80.
    pub(crate) subnegotiation: usize,
    /// How long a subnegotiation may stay open.
    pub(crate) subnegotiation_time: Duration,
    /// Telnet option commands that are answered in one second.
    pub(crate) option_commands: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            line: 8 * 1024,
            first_line: 1024,
            lines_ahead: 4096,
            bytes_ahead: 256 * 1024,
            output: 256 * 1024,
            subnegotiation: 256,
            subnegotiation_time: Duration::from_secs(5),
            option_commands: 32,
        }
    }
}

/// The times of a session.
#[derive(Clone, Copy)]
pub(crate) struct Times {
    /// How long a peer must be silent to count as a person.
    pub(crate) detect_timeout: Duration,
    /// How long a peer may read nothing of its answer.
    pub(crate) stall: Duration,
    /// How long a script may stay silent after its answers.
    pub(crate) script_idle: Duration,
}
