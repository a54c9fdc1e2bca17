//! A bounded queue from many threads to one that gathers events in batches: a sender rarely has to wake it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A queue with one receiver.
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
    bound: usize,
    gather: Duration,
}

struct State<T> {
    waiting: Vec<T>,
    /// An urgent value was sent.
    urgent: bool,
    closed: bool,
    receiver: Receiver,
}

/// The receiver's state, which decides whether it has to be woken.
#[derive(Clone, Copy, PartialEq)]
enum Receiver {
    /// It is working, and will look into the queue afterwards.
    Busy,
    /// It will wake by itself soon.
    Gathers,
    Sleeps,
}

impl<T> Queue<T> {
    /// A queue for at most `bound` values. After a batch the receiver sleeps for `gather`, so that the next one is larger.
    pub(super) fn new(bound: usize, gather: Duration) -> Self {
        let state = State { waiting: Vec::new(), urgent: false, closed: false, receiver: Receiver::Busy };
        Self { state: Mutex::new(state), changed: Condvar::new(), bound, gather }
    }

    /// Sends a value; false if there is no room for it. After the end it is dropped.
    pub(super) fn push(&self, value: T, urgent: bool) -> bool {
        let mut state = self.state();
        if state.closed {
            return true;
        }
        if state.waiting.len() >= self.bound {
            return false;
        }
        state.waiting.push(value);
        state.urgent |= urgent;
        let wakes = match state.receiver {
            Receiver::Busy => false,
            Receiver::Gathers => urgent,
            Receiver::Sleeps => true,
        };
        if wakes {
            // The next sender need not wake it again.
            state.receiver = Receiver::Busy;
            drop(state);
            self.changed.notify_one();
        }
        true
    }

    /// Lets the receiver take the remaining values, and then end.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_one();
    }

    /// All queued values, or `None` at the end.
    pub(super) fn next(&self) -> Option<Vec<T>> {
        let mut state = self.state();
        if !state.urgent && !state.closed {
            state.receiver = Receiver::Gathers;
            let early = |state: &mut State<T>| !state.urgent && !state.closed;
            state = self
                .changed
                .wait_timeout_while(state, self.gather, early)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        while state.waiting.is_empty() && !state.closed {
            state.receiver = Receiver::Sleeps;
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.receiver = Receiver::Busy;
        state.urgent = false;
        let batch = std::mem::take(&mut state.waiting);
        (!batch.is_empty()).then_some(batch)
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::thread;

    use crate::limits::FOREVER;

    #[test]
    fn urgent_events_are_sent_at_once() {
        let queue = Queue::new(10, FOREVER);
        thread::scope(|scope| {
            let receiver = scope.spawn(|| queue.next());
            assert!(queue.push(1, false));
            assert!(queue.push(2, true));
            assert_eq!(receiver.join().unwrap(), Some(vec![1, 2]));
            // The next batch is gathered again.
            let receiver = scope.spawn(|| queue.next());
            assert!(queue.push(3, false));
            queue.close();
            assert_eq!(receiver.join().unwrap(), Some(vec![3]));
        });
        assert!(queue.push(4, true), "it is dropped");
        assert_eq!(queue.next(), None);
    }

    #[test]
    fn any_event_wakes_a_sleeping_receiver() {
        let queue = Queue::new(10, Duration::ZERO);
        thread::scope(|scope| {
            let receiver = scope.spawn(|| queue.next());
            while queue.state().receiver != Receiver::Sleeps {
                thread::yield_now();
            }
            assert!(queue.push(1, false));
            assert_eq!(receiver.join().unwrap(), Some(vec![1]));
        });
    }

    #[test]
    fn events_beyond_the_queue_are_refused() {
        let queue = Queue::new(2, Duration::ZERO);
        assert_eq!([1, 2, 3].map(|number| queue.push(number, false)), [true, true, false]);
        assert_eq!(queue.next(), Some(vec![1, 2]));
        assert!(queue.push(4, false));
    }
}
