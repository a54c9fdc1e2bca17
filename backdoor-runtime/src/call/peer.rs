//! One connected peer, as everything behind the transport knows it.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::base::per_second::PerSecond;
use crate::call::output_event::OutputEvent;

/// One connected peer.
pub(crate) struct Peer {
    pub(crate) id: u64,
    /// As logs and `who` show it.
    pub(crate) name: Arc<str>,
    pub(crate) uid: Option<u32>,
    /// Where what the commands say goes.
    pub(crate) output: mpsc::Sender<OutputEvent>,
    since: Instant,
    /// Columns; 0 is unknown.
    width: AtomicUsize,
    /// Rows; 0 is unknown.
    height: AtomicUsize,
    /// It has spoken telnet.
    telnet: AtomicBool,
    /// It reads a prompt, so that a person may sit there.
    prompted: AtomicBool,
    /// Its word alone confirms a dangerous command, since no web page can speak through it.
    trusted: AtomicBool,
    closing: AtomicBool,
    /// It has completed a line, or has spoken telnet.
    proven: AtomicBool,
    /// Milliseconds after `since` at which bytes came last.
    heard: AtomicU64,
    activity: Mutex<Activity>,
    /// Its lines that only read, as the log has them.
    pub(crate) reads: Mutex<PerSecond>,
}

struct Activity {
    last: Instant,
    line: Option<Arc<str>>,
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
            activity: Mutex::new(Activity { last: now, line: None }),
            reads: Mutex::default(),
        }
    }

    pub(crate) fn width(&self) -> Option<usize> {
        Some(self.width.load(Ordering::Relaxed)).filter(|&width| width > 0)
    }

    pub(crate) fn height(&self) -> Option<usize> {
        Some(self.height.load(Ordering::Relaxed)).filter(|&height| height > 0)
    }

    /// What it said of its terminal; 0 is what it does not know.
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

    /// Whether `--yes` counts.
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

    /// Whether it has done more than to hold a place: only such a one keeps it where the console is full.
    pub(crate) fn is_established(&self) -> bool {
        self.proven.load(Ordering::Relaxed)
    }

    pub(crate) fn establish(&self) {
        self.proven.store(true, Ordering::Relaxed);
    }

    /// Notes that bytes came.
    pub(crate) fn note_input(&self, now: Instant) {
        self.heard.store(now.duration_since(self.since).as_millis() as u64, Ordering::Relaxed);
    }

    /// How long nothing has come, and nothing has begun, run or ended.
    pub(crate) fn idle_for(&self) -> Duration {
        let (inactive, line) = self.activity();
        match line {
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

    /// Notes what the peer runs now, or that it runs nothing any more.
    pub(crate) fn set_line(&self, line: Option<Arc<str>>, now: Instant) {
        let mut activity = self.activity.lock().unwrap_or_else(PoisonError::into_inner);
        activity.last = now;
        activity.line = line;
    }

    /// How long nothing has begun or ended, and what runs.
    pub(crate) fn activity(&self) -> (Duration, Option<Arc<str>>) {
        let activity = self.activity.lock().unwrap_or_else(PoisonError::into_inner);
        (activity.last.elapsed(), activity.line.clone())
    }
}
