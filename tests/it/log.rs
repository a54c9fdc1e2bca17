//! The events that a service's subscriber gets, as text.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, Once};

use tracing::subscriber::{DefaultGuard, set_default, set_global_default};

use crate::wait::until;

/// Keeps a subscriber that wants every event: while subscribers come and go on other threads, tracing may cache that none does. Another
/// test may have set a global subscriber already.
pub(crate) fn stay() {
    static STAYS: Once = Once::new();
    STAYS.call_once(|| {
        let _ = set_global_default(tracing_subscriber::fmt().with_writer(io::sink).finish());
    });
}

/// The events of this thread, and of a console that is started on it, one a line.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Records until the guard is dropped.
    pub(crate) fn record() -> (Self, DefaultGuard) {
        stay();
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .without_time()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        (log, set_default(subscriber))
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| line.trim().to_owned()).collect()
    }

    /// Waits for a line with all these words, and returns it.
    #[track_caller]
    pub(crate) fn expect(&self, words: &[&str]) -> String {
        let has_all = |line: &String| words.iter().all(|word| line.contains(word));
        let lines = until(&format!("{words:?}"), || self.lines(), |lines| lines.iter().any(has_all));
        lines.into_iter().find(has_all).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
