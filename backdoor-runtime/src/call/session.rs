//! The public `Session`: what a command can learn about its operator, and how it prints to them.

use std::fmt;

use crate::call::link::Link;
use crate::call::print_error::PrintError;

/// The operator's session, as a command sees it.
///
/// A parameter of this type is supplied by the server. It may be cloned and given to work that the command spawns: what such work
/// prints after the command has ended still reaches the operator.
///
/// ```
/// use backdoor_runtime::{backdoor_command, PrintError, Session};
///
/// /// Warm the cache, shard by shard
/// #[backdoor_command]
/// async fn warm(session: Session, shards: u32) -> Result<(), PrintError> {
///     for shard in 0..shards {
///         session.println(format!("shard {shard}")).await?;
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct Session {
    pub(crate) link: Link,
}

impl Session {
    /// The session's number, unique in the process.
    pub fn id(&self) -> u64 {
        self.link.id()
    }

    /// The number of the line that runs, unique in the process, as `running` shows it and `kill` takes it.
    pub fn run_id(&self) -> u64 {
        self.link.run_id()
    }

    /// Where the operator connects from: `127.0.0.1:40312`, `unix uid 1000 pid 4711`.
    pub fn peer(&self) -> &str {
        self.link.peer()
    }

    /// The user at the other end of a unix socket, as the kernel reports it (unix(7), `SO_PEERCRED`). `None` over TCP.
    pub fn peer_uid(&self) -> Option<u32> {
        self.link.uid()
    }

    /// Columns of the operator's terminal, if its client reported them. A script has none.
    pub fn width(&self) -> Option<usize> {
        self.link.size().0
    }

    /// Rows of the operator's terminal, if its client reported them.
    pub fn height(&self) -> Option<usize> {
        self.link.size().1
    }

    /// Whether the command was asked to stop: by Ctrl-C, by its deadline, or because the client disconnected. A synchronous command that
    /// runs for long should check this regularly; an asynchronous one is dropped at its next `.await`.
    pub fn is_cancelled(&self) -> bool {
        self.link.is_cancelled()
    }

    /// Waits until the command is asked to stop. Use it in a `select!` beside the work, for cleanup.
    pub async fn cancelled(&self) {
        self.link.cancelled().await;
    }

    /// Ends the session when the command has ended.
    pub fn close(&self) {
        self.link.close();
    }

    /// Sends text to the operator, before the value that the command returns. Waits for a slow reader; this time does not count towards the
    /// command's deadline.
    ///
    /// # Errors
    /// The session has ended, or the command was cancelled.
    pub async fn print(&self, text: impl fmt::Display) -> Result<(), PrintError> {
        let text = self.link.written(format_args!("{text}"));
        self.link.send_text(text).await
    }

    /// The same with a newline after it.
    ///
    /// # Errors
    /// As of [`print`](Self::print).
    pub async fn println(&self, text: impl fmt::Display) -> Result<(), PrintError> {
        let text = self.link.written(format_args!("{text}\n"));
        self.link.send_text(text).await
    }

    /// [`print`](Self::print) for synchronous commands and plain threads.
    ///
    /// # Errors
    /// As of [`print`](Self::print), and inside a runtime: in an asynchronous task, or on a thread of `spawn_blocking`. Use
    /// `print(..).await` there, or `Handle::block_on(session.print(..))`.
    pub fn blocking_print(&self, text: impl fmt::Display) -> Result<(), PrintError> {
        self.link.send_text_blocking(self.link.written(format_args!("{text}")))
    }

    /// The same with a newline after it.
    ///
    /// # Errors
    /// As of [`blocking_print`](Self::blocking_print).
    pub fn blocking_println(&self, text: impl fmt::Display) -> Result<(), PrintError> {
        self.link.send_text_blocking(self.link.written(format_args!("{text}\n")))
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("id", &self.id()).field("peer", &self.peer()).finish_non_exhaustive()
    }
}
