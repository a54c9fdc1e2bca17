//! The unsent part of a reply that comes in pieces: text that is ready, and the first rows of a table, which are held back until the
//! columns' widths are known.
//!
//! The command that makes the rows may pause for long, and a synchronous one cannot be woken meanwhile. So the dispatcher shows held rows
//! after a time limit. Only our own code runs under the lock.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::Sender;

use crate::call::budget::OutputBudget;
use crate::call::chunks::first_piece;
use crate::call::output_event::{Output, OutputEvent};
use crate::reply::table::TableStream;
use crate::reply::{Form, Rendered, Value};

/// The unsent part of one run's reply.
#[derive(Default)]
pub(crate) struct ReplyBuffer {
    state: Mutex<State>,
    /// Whether rows are held back; read without the lock.
    holding: AtomicBool,
    /// The remaining bytes of the answer.
    pub(crate) room: OutputBudget,
}

#[derive(Default)]
struct State {
    ready: String,
    table: Option<TableStream>,
    /// Approximate bytes of the rows.
    weight: usize,
    /// The items, for a test.
    values: Vec<Value>,
}

/// The most bytes of rows held back: laying them out may fall to the console's thread.
const HEAVY: usize = 64 * 1024;

impl ReplyBuffer {
    /// Adds an item for a person. True if it is the first that is held back.
    pub(crate) fn push(&self, item: Rendered, form: Form) -> bool {
        let mut state = self.lock();
        let State { ready, table, weight, .. } = &mut *state;
        let before = ready.len();
        let table = table.get_or_insert_with(|| TableStream::new(form.width));
        match item {
            Rendered { text: None, value: Some(row), .. } => {
                *weight += row.weight();
                table.push(row, ready);
                if *weight > HEAVY {
                    table.flush(ready);
                }
            }
            other => {
                table.flush(ready);
                let text = other.into_text(form);
                ready.push_str(&text);
                if !text.is_empty() && !text.ends_with('\n') {
                    ready.push('\n');
                }
            }
        }
        self.room.take(ready, before);
        let holds = table.is_holding();
        let held = self.holding.swap(holds, Ordering::Relaxed);
        holds && !held
    }

    /// Adds text of the reply that is not a row and cannot be cut, if there is room for it.
    pub(crate) fn push_text(&self, text: &str) {
        if self.room.take_whole(text.len()) {
            self.lock().ready.push_str(text);
        }
    }

    /// Keeps an item for a test.
    pub(crate) fn keep(&self, item: Value) {
        self.lock().values.push(item);
    }

    /// Takes the kept items.
    pub(crate) fn take_values(&self) -> Vec<Value> {
        std::mem::take(&mut self.lock().values)
    }

    /// Takes the text that is ready.
    pub(crate) fn take_ready(&self) -> String {
        std::mem::take(&mut self.lock().ready)
    }

    /// The length of the text that is ready.
    pub(crate) fn ready(&self) -> usize {
        self.lock().ready.len()
    }

    /// Whether rows are held back.
    pub(crate) fn is_holding(&self) -> bool {
        self.holding.load(Ordering::Relaxed)
    }

    /// Takes everything, held rows included.
    pub(crate) fn take_all(&self) -> String {
        let mut state = self.lock();
        self.flush(&mut state);
        std::mem::take(&mut state.ready)
    }

    /// Sends the held rows, as far as there is room for them. This runs under the lock, so that the command cannot send later output first.
    /// False if it has to be tried again.
    pub(crate) fn show(&self, run: u64, output: &Sender<OutputEvent>) -> bool {
        let Ok(mut state) = self.state.try_lock() else { return false };
        // The text that is ready is large already, and the command is sending it.
        if output.capacity() == 0 || state.ready.len() > HEAVY {
            return false;
        }
        self.flush(&mut state);
        while !state.ready.is_empty() {
            let Ok(permit) = output.try_reserve() else { break };
            let text = first_piece(&mut state.ready);
            let boundary = state.ready.is_empty();
            permit.send(OutputEvent::new(run, Output::Reply { text, boundary }));
        }
        // The rest is sent by the command with its next item, or at the next try.
        if !state.ready.is_empty() {
            self.holding.store(true, Ordering::Relaxed);
        }
        state.ready.is_empty()
    }

    fn flush(&self, state: &mut State) {
        if let Some(table) = &mut state.table {
            let before = state.ready.len();
            table.flush(&mut state.ready);
            self.room.take(&mut state.ready, before);
        }
        self.holding.store(false, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
