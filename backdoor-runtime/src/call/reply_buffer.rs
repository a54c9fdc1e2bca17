//! What has become of a reply in pieces and is not sent yet: text that is ready, and the first rows of a table, which are held back
//! until the columns' widths are known.
//!
//! The command that makes the rows may pause for long, and a synchronous one cannot be woken meanwhile. So the dispatcher shows them
//! when their time is up. Only code of ours runs under the lock.

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
    /// Whether rows are held back, to be asked without the lock.
    holding: AtomicBool,
    /// What the answer may still have.
    pub(crate) room: OutputBudget,
}

#[derive(Default)]
struct State {
    ready: String,
    table: Option<TableStream>,
    /// Bytes of the rows that came, roughly.
    weight: usize,
    /// The items that came, where a test wants them.
    values: Vec<Value>,
}

/// Rows are held back up to this weight: laying them out may fall to the console's thread.
const HEAVY: usize = 64 * 1024;

impl ReplyBuffer {
    /// Takes an item for a person. Gives true where it is the first that is held back.
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

    /// Takes text of the reply that is no row and cannot be cut, if there is room for it.
    pub(crate) fn push_text(&self, text: &str) {
        if self.room.take_whole(text.len()) {
            self.lock().ready.push_str(text);
        }
    }

    /// Keeps an item for a test.
    pub(crate) fn keep(&self, item: Value) {
        self.lock().values.push(item);
    }

    /// Takes the items that were kept.
    pub(crate) fn take_values(&self) -> Vec<Value> {
        std::mem::take(&mut self.lock().values)
    }

    /// Takes what is ready to be sent.
    pub(crate) fn take_ready(&self) -> String {
        std::mem::take(&mut self.lock().ready)
    }

    /// How much is ready to be sent.
    pub(crate) fn ready(&self) -> usize {
        self.lock().ready.len()
    }

    /// Whether rows are held back.
    pub(crate) fn is_holding(&self) -> bool {
        self.holding.load(Ordering::Relaxed)
    }

    /// Takes everything, rows that are held back too.
    pub(crate) fn take_all(&self) -> String {
        let mut state = self.lock();
        self.flush(&mut state);
        std::mem::take(&mut state.ready)
    }

    /// Sends the rows that are held back, as far as there is room for them. It is done under the lock, so that the command cannot
    /// send what follows before. Gives false where it has to be tried again.
    pub(crate) fn show(&self, run: u64, output: &Sender<OutputEvent>) -> bool {
        let Ok(mut state) = self.state.try_lock() else { return false };
        // With no room at all the rows may as well wait for more of them.
        // What is ready already is large, and on its way by the command.
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
        // What found no room is sent by the command with its next item, or at the next try.
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
