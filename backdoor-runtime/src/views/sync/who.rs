//! The owner of a lock or of a wait: a thread, or a task on a thread.

use std::num::NonZeroU64;

use crate::views::tasks::{self, native};

/// A thread, and the instrumented task that it polled, if any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    /// The thread's id in the kernel.
    pub(super) thread: u32,
    pub(super) task: Option<NonZeroU64>,
    /// Whether the call was asynchronous: then, without an instrumented task, the owner is unknown.
    pub(super) asynchronous: bool,
}

/// A thread or task that waits and holds: a node of the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Node {
    Thread(u32),
    Task(NonZeroU64),
}

impl Owner {
    #[inline]
    pub(super) fn here(asynchronous: bool) -> Self {
        Self { thread: native::tid(), task: tasks::current::id(), asynchronous }
    }

    /// The node that has to continue before the lock is released: the task that took it, else the thread.
    pub(super) fn holder(self) -> Option<Node> {
        match (self.task, self.asynchronous) {
            (Some(task), _) => Some(Node::Task(task)),
            (None, false) => Some(Node::Thread(self.thread)),
            (None, true) => None,
        }
    }

    /// All nodes that this wait stops: a blocked thread stops the task on it as well.
    pub(super) fn waiting(self) -> impl Iterator<Item = Node> {
        let thread = (!self.asynchronous).then_some(Node::Thread(self.thread));
        thread.into_iter().chain(self.task.map(Node::Task))
    }

    /// The text for the operator: ``task 12 `refresh` ``, ``thread 4711 `compactor` ``.
    pub(super) fn label(self) -> String {
        match (self.task, self.asynchronous) {
            (Some(task), true) => task_label(task),
            (Some(task), false) => format!("{} on {}", task_label(task), thread_label(self.thread)),
            (None, false) => thread_label(self.thread),
            (None, true) => format!("a future outside any tracked task, on {}", thread_label(self.thread)),
        }
    }
}

/// The title of a task, as in the other views. For a task that has ended, `tasks --ended` may have more.
fn task_label(task: NonZeroU64) -> String {
    tasks::get(task.get()).map_or_else(|| format!("task {task}"), |task| task.title())
}

fn thread_label(thread: u32) -> String {
    match native::name(thread) {
        Some(name) => format!("thread {thread} `{name}`"),
        None => format!("thread {thread}, which has ended"),
    }
}
