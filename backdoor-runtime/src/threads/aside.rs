//! Looks at threads block, and no runtime should.

use std::io;
use std::sync::{Arc, LazyLock};

use tokio::sync::{Semaphore, oneshot};

/// Does what blocks, such as [`stacks`](super::stacks), on a thread of its own, one at a time. Who gives up waiting leaves the work to end
/// by itself; the next has to wait for it.
///
/// # Errors
/// No thread can be started, or the work has panicked.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use backdoor_runtime::threads;
///
/// let stacks = threads::aside(threads::stacks).await??;
/// assert!(!stacks.threads.is_empty());
/// # Ok(())
/// # }
/// ```
pub async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    static TURN: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(1)));
    let turn = TURN.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (done, result) = oneshot::channel();
    let look = move || {
        // Whoever asked may be gone.
        let _ = done.send(work());
        drop(turn);
    };
    std::thread::Builder::new().name("backdoor-look".to_owned()).spawn(look)?;
    result.await.map_err(|_| io::Error::other("the look at the threads has failed"))
}
