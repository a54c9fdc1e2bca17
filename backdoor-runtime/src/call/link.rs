//! What connects a session with its peer and its run: a command prints through it.

use std::cell::Cell;
use std::fmt::{self, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::base::race::{First, race};
use crate::call::chunks::pieces;
use crate::call::output_event::{Output, OutputEvent};
use crate::call::peer::Peer;
use crate::call::print_error::PrintError;
use crate::call::run_state::RunState;
use crate::exec::block_on::block_on;
use crate::reply::Page;

/// The peer and the run of a session.
#[derive(Clone)]
pub(crate) struct Link {
    peer: Arc<Peer>,
    run: Arc<RunState>,
}

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

impl Link {
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

    /// The command has found a problem, which its status tells.
    pub(crate) fn note_findings(&self) {
        self.run.found.store(true, Ordering::Relaxed);
    }

    pub(super) fn id(&self) -> u64 {
        self.peer.id
    }

    pub(super) fn run_id(&self) -> u64 {
        self.run.id
    }

    pub(super) fn peer(&self) -> &str {
        &self.peer.name
    }

    pub(super) fn uid(&self) -> Option<u32> {
        self.peer.uid
    }

    /// Columns and rows.
    pub(super) fn size(&self) -> (Option<usize>, Option<usize>) {
        (self.peer.width(), self.peer.height())
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.run.stopped().is_some()
    }

    pub(super) async fn cancelled(&self) {
        self.run.until_stopped().await;
    }

    pub(super) fn close(&self) {
        self.peer.close();
    }

    /// The printed text, cut where it exceeds the room.
    pub(super) fn written(&self, text: fmt::Arguments<'_>) -> String {
        let mut written = String::new();
        let room = self.run.held.room.left();
        // It may fail where it is cut, which is then known.
        let _ = Page::new(&mut written, None, room).write_fmt(text);
        written
    }

    pub(super) async fn send_text(&self, mut text: String) -> Result<(), PrintError> {
        let fits = self.run.held.room.take(&mut text, 0);
        for text in pieces(text) {
            self.send(Output::Printed(text)).await?;
        }
        if fits { Ok(()) } else { Err(PrintError::Truncated) }
    }

    pub(super) fn send_text_blocking(&self, mut text: String) -> Result<(), PrintError> {
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
        match race(self.peer.output.send(piece), self.cancelled()).await {
            First::Left(sent) => sent.map_err(|_| PrintError::Closed),
            First::Right(()) => Err(PrintError::Cancelled),
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
