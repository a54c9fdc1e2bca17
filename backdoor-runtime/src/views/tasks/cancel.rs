//! Cancels a task on request of an operator.

use std::fmt;
use std::num::NonZeroU64;

use crate::views::tasks::{TaskInfo, registry};

/// Why a task was not cancelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CancelError {
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
/// # Errors
/// The task has ended, or is not a spawned task.
pub(crate) fn cancel(id: u64, by: &str) -> Result<TaskInfo, CancelError> {
    let record = NonZeroU64::new(id).and_then(registry::get).ok_or(CancelError::NotThere(id))?;
    let abort = record.abort_handle().ok_or(CancelError::NotOurs(id))?;
    record.cancelled(by);
    abort.abort();
    Ok(TaskInfo::of(&record))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::tasks::{Instrument, spawn};

    #[tokio::test]
    async fn only_a_live_spawned_task_is_cancelled() {
        let task = spawn(std::future::pending::<()>());
        let id = task.id();
        cancel(id, "the night watch").unwrap();
        assert!(task.await.unwrap_err().is_cancelled());
        assert_eq!(cancel(id, "the night watch"), Err(CancelError::NotThere(id)));
        let instrumented = std::future::pending::<()>().instrumented("not spawned");
        let id = instrumented.id();
        assert_eq!(cancel(id, "nobody"), Err(CancelError::NotOurs(id)));
        drop(instrumented);
        assert_eq!(cancel(id, "nobody"), Err(CancelError::NotThere(id)));
    }
}
