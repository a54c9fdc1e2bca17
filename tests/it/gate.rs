//! Gates at which commands of a test wait until the test opens them. They are found by name, because a command gets only words.

use std::collections::HashMap;
use std::sync::{Condvar, LazyLock, Mutex};
use std::time::Duration;

use crate::wait::Waited;

/// A gate, closed at first.
#[derive(Default)]
pub(crate) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    open: bool,
    visitors: usize,
}

/// The gate of this name.
pub(crate) fn gate(name: &str) -> &'static Gate {
    static GATES: LazyLock<Mutex<HashMap<String, &'static Gate>>> = LazyLock::new(Mutex::default);
    GATES.lock().unwrap().entry(name.to_owned()).or_insert_with(|| Box::leak(Box::default()))
}

impl Gate {
    pub(crate) fn open(&self) {
        self.state.lock().unwrap().open = true;
        self.changed.notify_all();
    }

    pub(crate) fn is_open(&self) -> bool {
        self.state.lock().unwrap().open
    }

    /// Counts a visitor.
    pub(crate) fn visit(&self) {
        self.state.lock().unwrap().visitors += 1;
        self.changed.notify_all();
    }

    /// The number of visitors so far.
    pub(crate) fn visitors(&self) -> usize {
        self.state.lock().unwrap().visitors
    }

    /// Blocks this thread until the gate opens.
    pub(crate) fn block(&self) {
        self.visit();
        let state = self.state.lock().unwrap();
        drop(self.changed.wait_while(state, |state| !state.open).unwrap());
    }

    /// Keeps this thread busy until the gate opens.
    pub(crate) fn spin(&self) {
        self.visit();
        while !self.is_open() {
            std::thread::yield_now();
        }
    }

    /// Waits for this many visitors.
    #[track_caller]
    pub(crate) fn wait_for_visitors(&self, count: usize) {
        self.wait(|state| state.visitors >= count);
    }

    /// Waits until the gate opens.
    #[track_caller]
    pub(crate) fn wait_until_open(&self) {
        self.wait(|state| state.open);
    }

    #[track_caller]
    fn wait(&self, done: impl Fn(&State) -> bool) {
        let waited = Waited::begin("a visit or the opening of a gate");
        let mut state = self.state.lock().unwrap();
        while !done(&state) {
            waited.goes_on(&*state);
            state = self.changed.wait_timeout(state, Duration::from_millis(50)).unwrap().0;
        }
    }
}

/// Opens its gate when it is dropped.
pub(crate) struct OpensOnDrop(pub(crate) &'static Gate);

impl Drop for OpensOnDrop {
    fn drop(&mut self) {
        self.0.open();
    }
}
