//! The limits of peers and commands, with their defaults.

use std::time::Duration;

use crate::audit::RECURRING;
use crate::console::{Bounds, Times};
use crate::dispatch::CommandLimits;

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
    pub(super) fn commands(&self) -> CommandLimits {
        CommandLimits {
            timeout: self.command_timeout,
            longest: None,
            threads: self.command_threads,
            stuck_threads: self.stuck_threads,
            answer: self.max_answer,
        }
    }
}
