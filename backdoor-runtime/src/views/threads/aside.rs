//! Runs work that blocks, such as taking stacks, on a thread of its own instead of on the runtime.

use std::io;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use tokio::sync::{Semaphore, oneshot};

use crate::exec::own_thread::{self, Priority};

/// Runs blocking work, such as [`stacks`](super::stacks), on a thread of its own, one piece of work at a time. If the caller stops waiting,
/// the work goes on to its end, and the next caller waits for it.
///
/// # Errors
/// No thread can be started, or the work panicked.
pub(crate) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    let (done, mut result) = oneshot::channel();
    let work = Box::new(move || {
        // The caller may have been dropped.
        let _ = done.send(work());
    });
    run(work).await?;
    result.try_recv().map_err(|_| io::Error::other("reading the threads failed"))
}

/// Runs work that keeps its result, and waits for its end. This is compiled once for all work.
async fn run(work: Box<dyn FnOnce() + Send>) -> io::Result<()> {
    static TURN: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(1)));
    let turn = TURN.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (end, ended) = oneshot::channel();
    let look = Arc::new(Mutex::new(Some(move || {
        work();
        let _ = end.send(());
        drop(turn);
    })));
    let take = |look: &Mutex<Option<_>>| look.lock().unwrap_or_else(PoisonError::into_inner).take();
    let of_thread = look.clone();
    let started = own_thread::start("backdoor-look", Priority::of_ours(), move || {
        if let Some(look) = take(&of_thread) {
            look();
        }
    });
    if let Err(error) = started {
        // A service that can start no thread still needs to be examined, so the work runs here. Other views wait for it meanwhile.
        match take(&look) {
            Some(look) if own_thread::is_helper() => look(),
            _ => {
                return Err(io::Error::new(
                    error.kind(),
                    format!("no thread can be started to read the threads: {error}"),
                ));
            }
        }
    }
    ended.await.map_err(|_| io::Error::other("reading the threads failed"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::threads;

    #[tokio::test]
    async fn stacks_are_read_on_another_thread() {
        let stacks = aside(threads::stacks).await.unwrap().unwrap();
        assert!(!stacks.threads.is_empty());
    }
}
