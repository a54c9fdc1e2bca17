//! Tasks with equal stacks, shown once with their numbers.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use crate::reply::fitted;
use crate::reply::items::Item;
use crate::views::sync::TaskLocks;
use crate::views::tasks::commands::pieces::{self, rounded_text};
use crate::views::tasks::{TaskStack, TaskState};
use crate::{Page, Value};

/// The most groups that are held back until all tasks are there. More are shown in parts.
const HELD: usize = 256;

/// How many numbers of tasks a group names.
const NAMED: usize = 8;

/// Stacks in the order in which they come. A program gets each alone; a person gets groups, which are shown with the last task.
pub(super) struct Fold {
    full: bool,
    groups: Vec<Group>,
    known: HashMap<Key, usize>,
    /// The last task, which is not sent yet.
    last: Option<Value>,
}

/// What equal stacks have in common: the state, the place of the spawn, the lines, and the note.
type Key = (&'static str, String, Vec<Vec<String>>, Option<String>);

struct Group {
    /// The first of the tasks.
    stack: TaskStack,
    locks: TaskLocks,
    count: usize,
    /// The numbers and names of the first ones.
    first: Vec<(u64, Option<String>)>,
    /// Whether all have the name of the first, and were spawned and are awaited by the same tasks.
    has_one_name: bool,
    has_one_parent: bool,
    longest_idle: Duration,
}

impl Fold {
    pub(super) fn new(full: bool) -> Self {
        Self { full, groups: Vec::new(), known: HashMap::new(), last: None }
    }

    /// Adds a task, and returns what can be sent.
    pub(super) fn add(&mut self, stack: TaskStack, locks: TaskLocks) -> Vec<Item> {
        let value = pieces::stack_value(&stack, &locks);
        let before = self.last.replace(value).map(|value| match self.groups.len() > HELD {
            true => self.shown(value),
            false => Item::shown(value, |_| Ok(())),
        });
        let can_be_equal = stack.thread.is_none() && locks.waits.is_empty() && locks.holds.is_empty();
        let key = can_be_equal.then(|| self.key(&stack));
        match key.as_ref().and_then(|key| self.known.get(key)) {
            Some(at) => self.groups[*at].add(stack),
            None => {
                if let Some(key) = key {
                    self.known.insert(key, self.groups.len());
                }
                self.groups.push(Group::of(stack, locks));
            }
        }
        before.into_iter().collect()
    }

    /// The rest.
    pub(super) fn end(mut self) -> Vec<Item> {
        let last = self.last.take();
        last.map(|value| self.shown(value)).into_iter().collect()
    }

    fn key(&self, stack: &TaskStack) -> Key {
        let lines = stack.leaves.iter().map(|leaf| pieces::leaf_lines(leaf, self.full)).collect();
        (stack.task.state.as_str(), stack.task.spawned.clone(), lines, stack.missing.clone())
    }

    /// This task, with the text of all groups.
    fn shown(&mut self, value: Value) -> Item {
        let (groups, full) = (std::mem::take(&mut self.groups), self.full);
        self.known.clear();
        Item::shown(value, move |page| groups.iter().try_for_each(|group| group.text(full, page)))
    }
}

impl Group {
    fn of(stack: TaskStack, locks: TaskLocks) -> Self {
        Self {
            count: 1,
            first: vec![(stack.task.id, stack.task.name.clone())],
            has_one_name: true,
            has_one_parent: true,
            longest_idle: stack.task.idle.unwrap_or_default(),
            stack,
            locks,
        }
    }

    fn add(&mut self, stack: TaskStack) {
        let (task, first) = (stack.task, &self.stack.task);
        self.count += 1;
        self.has_one_name &= task.name == first.name;
        self.has_one_parent &= (task.parent, task.awaited_by) == (first.parent, first.awaited_by);
        self.longest_idle = self.longest_idle.max(task.idle.unwrap_or_default());
        if self.first.len() < NAMED {
            self.first.push((task.id, task.name));
        }
    }

    fn text(&self, full: bool, page: &mut Page<'_>) -> fmt::Result {
        if self.count == 1 {
            return pieces::stack_text(&self.stack, &self.locks, full, page);
        }
        let task = &self.stack.task;
        let state = match &task.state {
            TaskState::Idle => format!("idle for up to {}", rounded_text(self.longest_idle)),
            state => state.describe(),
        };
        fitted::sentence(page, 0, &format!("{}: {state}, spawned at {}", self.title(), task.spawned))?;
        if self.has_one_parent {
            pieces::parents(task, page)?;
        }
        pieces::body(&self.stack, full, page)
    }

    /// How many there are, their common name, and the first numbers.
    fn title(&self) -> String {
        let name = |name: &Option<String>| name.as_ref().map(|name| format!(" `{name}`")).unwrap_or_default();
        let first = self.first.iter().map(|(id, of)| match self.has_one_name {
            true => id.to_string(),
            false => format!("{id}{}", name(of)),
        });
        let first = first.collect::<Vec<_>>().join(", ");
        let more = match self.count - self.first.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let common = if self.has_one_name { name(&self.stack.task.name) } else { String::new() };
        format!("{} tasks{common}, {first}{more}", self.count)
    }
}
