//! The public `Session`: what a command can learn about its operator, and how it prints to them.

use std::cell::Cell;
use std::fmt::{self, Write};
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::call::chunks::pieces;
use crate::call::output_event::{Output, OutputEvent};
use crate::call::peer::Peer;
use crate::call::run_state::RunState;
use crate::exec::block_on::block_on;
use crate::reply::Page;

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
    peer: Arc<Peer>,
    run: Arc<RunState>,
}

/// Why a command could not print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PrintError {
    /// The session has ended.
    Closed,
    /// The command was cancelled, and its output is no longer wanted.
    Cancelled,
    /// The answer has reached its limit; the rest was left out.
    Truncated,
    /// The blocking form was called on a worker of a runtime, where waiting for a slow reader would hold up other tasks.
    OnWorker,
}

impl fmt::Display for PrintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "the session has ended",
            Self::Cancelled => "the command was cancelled",
            Self::Truncated => "the answer has reached its limit",
            Self::OnWorker => {
                "blocking_print was called on a worker of a runtime; use `print(..).await` there"
            }
        })
    }
}

impl std::error::Error for PrintError {}

thread_local! {
    /// Whether this thread may wait although it has entered a runtime.
    static MAY_WAIT: Cell<bool> = const { Cell::new(false) };
}

/// Marks this thread as one of the console's command threads.
pub(crate) fn mark_command_thread() {
    MAY_WAIT.set(true);
}

/// Whether this thread may wait for a slow reader.
fn may_wait() -> bool {
    MAY_WAIT.get() || Handle::try_current().is_err()
}

impl Session {
    pub(crate) fn new(peer: Arc<Peer>, run: Arc<RunState>) -> Self {
        Self { peer, run }
    }

    pub(crate) fn run(&self) -> &RunState {
        &self.run
    }

    /// The function of the command is about to be called. The log records this if the command may change something.
    pub(crate) fn note_call(&self) {
        if let Some(begin) = self.run.begins.get() {
            begin.called(self.peer.id, &self.peer.name);
        }
    }

    /// The command has run for a while. The log records this for every command.
    pub(crate) fn note_length(&self) {
        if let Some(begin) = self.run.begins.get() {
            begin.lasts(self.peer.id, &self.peer.name);
        }
    }

    /// The session's number, unique in the process.
    pub fn id(&self) -> u64 {
        self.peer.id
    }

    /// The number of the line that runs, unique in the process, as `running` shows it and `kill` takes it.
    pub fn run_id(&self) -> u64 {
        self.run.id
    }

    /// Where the operator connects from: `127.0.0.1:40312`, `unix uid 1000 pid 4711`.
    pub fn peer(&self) -> &str {
        &self.peer.name
    }

    /// The user at the other end of a unix socket, as the kernel reports it (unix(7), `SO_PEERCRED`). `None` over TCP.
    pub fn peer_uid(&self) -> Option<u32> {
        self.peer.uid
    }

    /// Columns of the operator's terminal, if its client reported them. A script has none.
    pub fn width(&self) -> Option<usize> {
        self.peer.width()
    }

    /// Rows of the operator's terminal, if its client reported them.
    pub fn height(&self) -> Option<usize> {
        self.peer.height()
    }

    /// Whether the command was asked to stop: by Ctrl-C, by its deadline, or because the client disconnected. A synchronous command that
    /// runs for long should check this regularly; an asynchronous one is dropped at its next `.await`.
    pub fn is_cancelled(&self) -> bool {
        self.run.stopped().is_some()
    }

    /// Waits until the command is asked to stop. Use it in a `select!` beside the work, for cleanup.
    pub async fn cancelled(&self) {
        self.run.until_stopped().await;
    }

    /// Ends the session when the command has ended.
    pub fn close(&self) {
        self.peer.close();
    }

    /// Sends text to the operator, before the value that the command returns. Waits for a slow reader; this time does not count towards the
    /// command's deadline.
    ///
    /// # Errors
    /// The session has ended, or the command was cancelled.
    pub async fn print(&self, text: impl fmt::Display) -> Result<(), PrintError> {
        let text = self.written(format_args!("{text}"));
        self.send_text(text).await
    }

    /// The same with a newline after it.
    ///
    /// # Errors
    /// As of [`print`](Self::print).
    pub async fn println(&self, text: impl fmt::Display) -> Result<(), PrintError> {
        let text = self.written(format_args!("{text}\n"));
        self.send_text(text).await
    }

    /// [`print`](Self::print) for synchronous commands and plain threads.
    ///
    /// # Errors
    /// As of [`print`](Self::print), and inside a runtime: in an asynchronous task, or on a thread of `spawn_blocking`. Use
    /// `print(..).await` there, or `Handle::block_on(session.print(..))`.
    pub fn blocking_print(&self, text: impl fmt::Display) -> Result<(), PrintError> {
        self.send_text_blocking(self.written(format_args!("{text}")))
    }

    /// The same with a newline after it.
    ///
    /// # Errors
    /// As of [`blocking_print`](Self::blocking_print).
    pub fn blocking_println(&self, text: impl fmt::Display) -> Result<(), PrintError> {
        self.send_text_blocking(self.written(format_args!("{text}\n")))
    }

    /// The printed text, cut where it exceeds the room.
    fn written(&self, text: fmt::Arguments<'_>) -> String {
        let mut written = String::new();
        let room = self.run.held.room.left();
        // It may fail where it is cut, which is then known.
        let _ = Page::new(&mut written, None, room).write_fmt(text);
        written
    }

    async fn send_text(&self, mut text: String) -> Result<(), PrintError> {
        let fits = self.run.held.room.take(&mut text, 0);
        for text in pieces(text) {
            self.send(Output::Printed(text)).await?;
        }
        if fits { Ok(()) } else { Err(PrintError::Truncated) }
    }

    fn send_text_blocking(&self, mut text: String) -> Result<(), PrintError> {
        if !may_wait() {
            return Err(PrintError::OnWorker);
        }
        let fits = self.run.held.room.take(&mut text, 0);
        for text in pieces(text) {
            self.send_blocking(Output::Printed(text))?;
        }
        if fits { Ok(()) } else { Err(PrintError::Truncated) }
    }

    /// Sends one piece, and waits while too many pieces are on their way.
    pub(crate) async fn send(&self, what: Output) -> Result<(), PrintError> {
        match self.try_send(what)? {
            Some(piece) => self.wait_and_send(piece).await,
            None => Ok(()),
        }
    }

    async fn wait_and_send(&self, piece: OutputEvent) -> Result<(), PrintError> {
        let _pause = self.run.clock.pause();
        tokio::select! {
            sent = self.peer.output.send(piece) => sent.map_err(|_| PrintError::Closed),
            () = self.cancelled() => Err(PrintError::Cancelled),
        }
    }

    /// The same on a thread that may wait.
    pub(crate) fn send_blocking(&self, what: Output) -> Result<(), PrintError> {
        let Some(piece) = self.try_send(what)? else { return Ok(()) };
        if !may_wait() {
            return Err(PrintError::OnWorker);
        }
        block_on(self.wait_and_send(piece))
    }

    /// Sends the rows that the run's reply holds back. Returns false if the caller has to try again.
    pub(crate) fn show_held(&self) -> bool {
        self.run.held.show(self.run.id, &self.peer.output)
    }

    /// Sends a piece that may be lost if there is no room.
    pub(crate) fn try_notice(&self, what: Output) -> Result<(), PrintError> {
        self.try_send(what).map(drop)
    }

    /// Sends without waiting, or returns the piece if there is no room.
    fn try_send(&self, what: Output) -> Result<Option<OutputEvent>, PrintError> {
        if self.is_cancelled() {
            return Err(PrintError::Cancelled);
        }
        match self.peer.output.try_send(OutputEvent::new(self.run.id, what)) {
            Ok(()) => Ok(None),
            Err(mpsc::error::TrySendError::Full(piece)) => Ok(Some(piece)),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(PrintError::Closed),
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("id", &self.id()).field("peer", &self.peer()).finish_non_exhaustive()
    }
}
