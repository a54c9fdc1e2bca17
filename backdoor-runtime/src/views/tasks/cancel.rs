//! Cancels a task on request of an operator.

use std::fmt;
use std::num::NonZeroU64;

use crate::views::tasks::{TaskInfo, registry};

/// Why a task was not cancelled.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CancelError {
    /// No live task has this number.
    NotThere(u64),
    /// It is an instrumented future and not a spawned task: its caller would wait for ever.
    NotOurs(u64),
}

impl fmt::Display for CancelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotThere(id) => {
                write!(
                    f,
                    "there is no task {id}, or it has ended; `tasks` lists live tasks, `tasks --ended` the last ended tasks"
                )
            }
            Self::NotOurs(id) => write!(
                f,
                "task {id} is an instrumented future, and its caller would wait for ever; tasks of `backdoor_runtime::spawn` can be cancelled"
            ),
        }
    }
}

impl std::error::Error for CancelError {}

/// Aborts a task: its runtime drops it at its `.await`, and its handle returns a cancellation error. `tasks --ended` shows `by`. A task
/// that does not return from its poll continues.
///
/// ```
/// # #[tokio::main]
/// # async fn main() {
/// use backdoor_runtime::{spawn, tasks};
///
/// let task = spawn(std::future::pending::<()>());
/// tasks::cancel(task.id(), "the night watch").unwrap();
/// assert!(task.await.unwrap_err().is_cancelled());
/// # }
/// ```
///
/// # Errors
/// The task has ended, or is not a spawned task.
pub fn cancel(id: u64, by: &str) -> Result<TaskInfo, CancelError> {
    let record = NonZeroU64::new(id).and_then(registry::get).ok_or(CancelError::NotThere(id))?;
    let abort = record.abort_handle().ok_or(CancelError::NotOurs(id))?;
    record.cancelled(by);
    abort.abort();
    Ok(TaskInfo::of(&record))
}
