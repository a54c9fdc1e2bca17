//! One connected peer, as all code behind the transport sees it.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::base::per_second::PerSecond;
use crate::call::output_event::OutputEvent;
use crate::call::run_state::RunState;

/// One connected peer.
pub(crate) struct Peer {
    pub(crate) id: u64,
    /// Its name in logs and `who`.
    pub(crate) name: Arc<str>,
    pub(crate) uid: Option<u32>,
    /// The channel for the output of commands.
    pub(crate) output: mpsc::Sender<OutputEvent>,
    since: Instant,
    /// Columns; 0 is unknown.
    width: AtomicUsize,
    /// Rows; 0 is unknown.
    height: AtomicUsize,
    /// The peer has spoken telnet.
    telnet: AtomicBool,
    /// The peer gets a prompt, so a person may be there.
    prompted: AtomicBool,
    /// `--yes` is accepted from it, because no web page can send over its transport.
    trusted: AtomicBool,
    closing: AtomicBool,
    /// The peer has completed a line, or has spoken telnet.
    proven: AtomicBool,
    /// Milliseconds after `since` of the last input.
    heard: AtomicU64,
    activity: Mutex<Activity>,
    /// The log's count of its lines that only read.
    pub(crate) reads: Mutex<PerSecond>,
}

struct Activity {
    last: Instant,
    run: Option<Arc<RunState>>,
}

impl Peer {
    pub(crate) fn new(id: u64, name: String, uid: Option<u32>, output: mpsc::Sender<OutputEvent>) -> Self {
        let now = Instant::now();
        Self {
            id,
            name: name.into(),
            uid,
            output,
            since: now,
            width: AtomicUsize::new(0),
            height: AtomicUsize::new(0),
            telnet: AtomicBool::new(false),
            prompted: AtomicBool::new(false),
            trusted: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            proven: AtomicBool::new(false),
            heard: AtomicU64::new(0),
            activity: Mutex::new(Activity { last: now, run: None }),
            reads: Mutex::default(),
        }
    }

    pub(crate) fn width(&self) -> Option<usize> {
        Some(self.width.load(Ordering::Relaxed)).filter(|&width| width > 0)
    }

    pub(crate) fn height(&self) -> Option<usize> {
        Some(self.height.load(Ordering::Relaxed)).filter(|&height| height > 0)
    }

    /// The reported terminal size; 0 is unknown.
    pub(crate) fn set_size(&self, columns: usize, rows: usize) {
        self.width.store(columns, Ordering::Relaxed);
        self.height.store(rows, Ordering::Relaxed);
    }

    pub(crate) fn speaks_telnet(&self) -> bool {
        self.telnet.load(Ordering::Relaxed)
    }

    pub(crate) fn set_telnet(&self) {
        self.telnet.store(true, Ordering::Relaxed);
        self.set_trusted();
        self.establish();
    }

    pub(crate) fn is_prompted(&self) -> bool {
        self.prompted.load(Ordering::Relaxed)
    }

    pub(crate) fn set_prompted(&self) {
        self.prompted.store(true, Ordering::Relaxed);
    }

    /// Whether `--yes` is accepted.
    pub(crate) fn is_trusted(&self) -> bool {
        self.trusted.load(Ordering::Relaxed)
    }

    pub(crate) fn set_trusted(&self) {
        self.trusted.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
    }

    /// Whether the peer is established: an unestablished session can be closed when the console is full.
    pub(crate) fn is_established(&self) -> bool {
        self.proven.load(Ordering::Relaxed)
    }

    pub(crate) fn establish(&self) {
        self.proven.store(true, Ordering::Relaxed);
    }

    /// Notes input.
    pub(crate) fn note_input(&self, now: Instant) {
        self.heard.store(now.duration_since(self.since).as_millis() as u64, Ordering::Relaxed);
    }

    /// Time since the last input, and since a command last began or ended; zero while one runs.
    pub(crate) fn idle_for(&self) -> Duration {
        let (inactive, run) = self.activity();
        match run {
            Some(_) => Duration::ZERO,
            None => {
                let heard = Duration::from_millis(self.heard.load(Ordering::Relaxed));
                inactive.min(self.connected_for().saturating_sub(heard))
            }
        }
    }

    pub(crate) fn connected_for(&self) -> Duration {
        self.since.elapsed()
    }

    /// Notes the run that begins now, or that none is left.
    pub(crate) fn set_run(&self, run: Option<Arc<RunState>>, now: Instant) {
        let mut activity = self.activity.lock().unwrap_or_else(PoisonError::into_inner);
        activity.last = now;
        activity.run = run;
    }

    /// Time since a command last began or ended, and what runs.
    pub(crate) fn activity(&self) -> (Duration, Option<Arc<RunState>>) {
        let activity = self.activity.lock().unwrap_or_else(PoisonError::into_inner);
        (activity.last.elapsed(), activity.run.clone())
    }
}
