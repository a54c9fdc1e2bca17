//! Tasks that are not instrumented: hooks that the author gives to `runtime::Builder` under `--cfg tokio_unstable` record them.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::panic::Location;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::{self, Handle, TaskMeta};
use tokio::task::Id;

use crate::base::coarse_clock;
use crate::views::tasks::{TaskInfo, TaskState, current, registry};

static FOREIGN: Mutex<BTreeMap<Id, Foreign>> = Mutex::new(BTreeMap::new());

thread_local! {
    static SPAWNS_OURS: Cell<bool> = const { Cell::new(false) };
}

/// All that tokio gives to a hook.
struct Foreign {
    id: NonZeroU64,
    spawned: &'static Location<'static>,
    parent: Option<NonZeroU64>,
    born: u64,
    runtime: Option<runtime::Id>,
}

/// While this lives, the next spawned task on this thread has a record already.
pub(crate) struct Ours {
    before: bool,
}

impl Ours {
    pub(crate) fn spawn() -> Self {
        Self { before: SPAWNS_OURS.replace(true) }
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        SPAWNS_OURS.set(self.before);
    }
}

/// Lists every task that a runtime spawns, including those of libraries, with the place of the spawn. For a task that is not instrumented
/// nothing else is visible; an instrumented future inside `tokio::spawn` is listed twice.
///
/// ```
/// use backdoor_runtime::tasks;
///
/// let runtime = tokio::runtime::Builder::new_current_thread()
///     .on_task_spawn(tasks::on_task_spawn)
///     .on_task_terminate(tasks::on_task_terminate)
///     .build()
///     .unwrap();
/// let is_foreign = |task: &tasks::TaskInfo| task.state == tasks::TaskState::NotVisible;
/// runtime.block_on(async {
///     let task = tokio::spawn(std::future::pending::<()>());
///     let ours = backdoor_runtime::spawn(std::future::pending::<()>());
///     assert_eq!(tasks::list().filter(is_foreign).count(), 1);
///     assert_eq!(tasks::list().filter(|task| task.id == ours.id()).count(), 1);
///     task.abort();
///     drop(task.await);
///     assert_eq!(tasks::list().filter(is_foreign).count(), 0);
/// });
/// ```
pub fn on_task_spawn(task: &TaskMeta<'_>) {
    if SPAWNS_OURS.get() {
        return;
    }
    let foreign = Foreign {
        id: registry::next_id(),
        spawned: task.spawned_at(),
        parent: current::id(),
        born: coarse_clock::now(),
        runtime: Handle::try_current().ok().map(|handle| handle.id()),
    };
    lock().insert(task.id(), foreign);
}

/// The counterpart of [`on_task_spawn`].
pub fn on_task_terminate(task: &TaskMeta<'_>) {
    lock().remove(&task.id());
}

/// The tasks that only the hooks have recorded.
pub(crate) fn list() -> Vec<TaskInfo> {
    let foreign = lock();
    let tasks = foreign.values().map(|task| TaskInfo {
        id: task.id.get(),
        name: None,
        state: TaskState::NotVisible,
        age: coarse_clock::since(task.born),
        idle: None,
        polls: 0,
        busy: Duration::ZERO,
        longest: Duration::ZERO,
        spawned: task.spawned.to_string(),
        parent: task.parent.map(NonZeroU64::get),
        awaited_by: None,
    });
    tasks.collect()
}

pub(crate) fn counted_by(runtime: runtime::Id) -> usize {
    lock().values().filter(|task| task.runtime == Some(runtime)).count()
}

fn lock() -> MutexGuard<'static, BTreeMap<Id, Foreign>> {
    FOREIGN.lock().unwrap_or_else(PoisonError::into_inner)
}
