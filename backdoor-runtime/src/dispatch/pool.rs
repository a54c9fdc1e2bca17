//! The threads for synchronous commands: few, started when needed, and ended when idle.
//!
//! `spawn_blocking` of the console's runtime is no substitute: it would put the author's `tokio::spawn` on the console's thread, queue
//! without bound, and delay shutdown.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::call::link::mark_command_thread;
use crate::exec::catch_panic::catch_panic;
use crate::exec::own_thread::{self, Priority};

/// How long an idle thread waits for work before it ends.
const IDLE: Duration = Duration::from_secs(10);

/// The threads of one console.
#[derive(Clone)]
pub(crate) struct Pool(Arc<ConsoleState>);

struct ConsoleState {
    limit: usize,
    state: Mutex<State>,
    work: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Invocation>,
    threads: usize,
    idle: usize,
    ended: bool,
}

struct Invocation {
    id: u64,
    work: Box<dyn FnOnce() + Send>,
}

impl Pool {
    /// At most `limit` threads.
    pub(crate) fn new(limit: usize) -> Self {
        Self(Arc::new(ConsoleState { limit, state: Mutex::default(), work: Condvar::new() }))
    }

    /// Runs `work` on the next free thread.
    ///
    /// # Errors
    /// No thread runs, and none could be started.
    pub(crate) fn run(&self, id: u64, work: Box<dyn FnOnce() + Send>) -> io::Result<()> {
        let mut state = self.0.lock();
        if state.idle <= state.waiting.len() && state.threads < self.0.limit {
            let shared = self.0.clone();
            let name = format!("backdoor-cmd-{}", state.threads + 1);
            match own_thread::start(name, Priority::of_ours(), move || shared.work_off()) {
                Ok(_) => state.threads += 1,
                Err(error) if state.threads == 0 => return Err(error),
                // The existing threads will run it.
                Err(_) => {}
            }
        }
        state.waiting.push_back(Invocation { id, work });
        self.0.work.notify_one();
        Ok(())
    }

    /// Takes back work that no thread has begun.
    pub(crate) fn forget(&self, id: u64) {
        let mut state = self.0.lock();
        let before = state.waiting.iter().position(|job| job.id == id);
        let job = before.and_then(|at| state.waiting.remove(at));
        drop(state);
        // It holds the values that the command captured, which are dropped without the lock.
        drop(job);
    }

    /// Lets idle threads end now. Busy threads end when their work has ended.
    pub(crate) fn end(&self) {
        self.0.lock().ended = true;
        self.0.work.notify_all();
    }
}

impl ConsoleState {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work_off(&self) {
        mark_command_thread();
        let mut state = self.lock();
        loop {
            if let Some(job) = state.waiting.pop_front() {
                drop(state);
                // Values that the work captured may be dropped here, and a panic would end the thread without a count.
                let _ = catch_panic(job.work);
                state = self.lock();
                continue;
            }
            if state.ended {
                break;
            }
            state.idle += 1;
            let (woken, waited) = self.work.wait_timeout(state, IDLE).unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.idle -= 1;
            if waited.timed_out() && state.waiting.is_empty() {
                break;
            }
        }
        state.threads -= 1;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_full_pool_queues() {
        let pool = Pool::new(2);
        let (begun, begins) = mpsc::channel();
        let gates: Vec<mpsc::Sender<()>> = (0..3)
            .map(|id| {
                let (gate, opened) = mpsc::channel::<()>();
                let begun = begun.clone();
                let work = Box::new(move || {
                    begun.send(id).unwrap();
                    let _ = opened.recv();
                });
                pool.run(id, work).unwrap();
                gate
            })
            .collect();
        let first: Vec<u64> = begins.iter().take(2).collect();
        assert!(first.contains(&0) && first.contains(&1), "{first:?}");
        assert!(begins.try_recv().is_err(), "the third has to wait");
        drop(gates);
        assert_eq!(begins.recv().unwrap(), 2);
    }

    #[test]
    fn queued_work_can_be_withdrawn() {
        let pool = Pool::new(1);
        let (gate, opened) = mpsc::channel::<()>();
        let (begun, begins) = mpsc::channel();
        pool.run(
            1,
            Box::new(move || {
                let _ = begun.send(());
                let _ = opened.recv();
            }),
        )
        .unwrap();
        begins.recv().unwrap();
        let (ran, runs) = mpsc::channel::<()>();
        pool.run(
            2,
            Box::new(move || {
                let _ = ran.send(());
            }),
        )
        .unwrap();
        pool.forget(2);
        assert!(runs.recv().is_err(), "its closure was dropped");
        drop(gate);
    }

    #[test]
    fn a_panic_in_a_captured_drop_keeps_the_thread() {
        struct Loud;
        impl Drop for Loud {
            fn drop(&mut self) {
                panic!("in a drop");
            }
        }
        let pool = Pool::new(1);
        let loud = Loud;
        pool.run(1, Box::new(move || drop(loud))).unwrap();
        let (ran, runs) = mpsc::channel::<()>();
        pool.run(2, Box::new(move || ran.send(()).unwrap())).unwrap();
        runs.recv().unwrap();
    }
}
