//! The lists that `tasks` makes over a window, of ended tasks, and in another order.

use std::time::{Duration, Instant};

use crate::base::sort;
use crate::reply::items::{Item, Items};
use crate::views::tasks::commands::pieces::{self, rows};
use crate::views::tasks::commands::{Wanted, matches, others, rest};
use crate::views::tasks::{self, EndedTask, HowEnded, TaskInfo};
use crate::{Choice, Value};

/// How `tasks` can be sorted.
#[derive(Choice, Clone, Copy)]
pub(super) enum Order {
    /// The longest time without a poll first
    Idle,
    /// The longest time in polls first
    Busy,
    /// The most polls first
    Polls,
    /// The oldest first
    Age,
}

impl Order {
    fn key(self, task: &TaskInfo) -> u128 {
        match self {
            Self::Idle => task.idle.unwrap_or_default().as_nanos(),
            Self::Busy => task.busy.as_nanos(),
            Self::Polls => u128::from(task.polls),
            Self::Age => task.age.as_nanos(),
        }
    }
}

/// The first tasks in this order. No more than twice as many are held at a time.
pub(super) fn sorted(wanted: &Wanted, order: Order, limit: usize) -> Items {
    let (mut first, mut count): (Vec<TaskInfo>, usize) = (Vec::new(), 0);
    let keep = |first: &mut Vec<TaskInfo>| {
        sort::sort_by_key(first, |task| (std::cmp::Reverse(order.key(task)), task.id));
        first.truncate(limit);
    };
    for task in tasks::list().filter(|task| wanted.has(task)) {
        count += 1;
        first.push(task);
        if first.len() >= limit.saturating_mul(2) {
            keep(&mut first);
        }
    }
    keep(&mut first);
    let mut items = rows(&first, &pieces::FEW, pieces::columns);
    items.extend(rest(count - first.len()));
    if count == 0 {
        items.extend(wanted.none());
    }
    Items::of(items)
}

pub(super) async fn busiest(what: Option<String>, window: Duration, limit: usize) -> Items {
    let begin = Instant::now();
    let (busy, others_polled) = tasks::busy(window, usize::MAX).await;
    let watched = begin.elapsed();
    let matching = busy.iter().filter(|busy| matches(&what, &busy.task));
    let shown: Vec<_> = matching.clone().take(limit).cloned().collect();
    let others_polled = others_polled + matching.count().saturating_sub(shown.len());
    const FEW: [&str; 6] = ["in_window", "percent", "id", "name", "longest", "spawned"];
    let mut items = rows(&shown, &FEW, |busy| {
        let share = busy.busy.as_secs_f64() / watched.as_secs_f64().max(1e-9);
        let mut fields = vec![
            ("in_window", busy.busy.into()),
            ("percent", ((share * 1000.0).round() / 10.0).into()),
            ("polls_in_window", busy.polls.into()),
        ];
        fields.extend(pieces::columns(&busy.task));
        fields
    });
    if others_polled > 0 {
        let text = format!("{} polled", others(others_polled, "was", "were"));
        items.push(Item::note(text, Value::record([("not_shown", others_polled.into())])));
    }
    Items::of(items)
}

pub(super) async fn held_up(what: Option<String>, window: Duration, limit: usize) -> Items {
    let blocked = tasks::blocked(window).await.into_iter();
    let mut matching = blocked.filter(|blocked| matches(&what, &blocked.task));
    let shown: Vec<_> = matching.by_ref().take(limit).collect();
    const FEW: [&str; 6] = ["why", "id", "name", "state", "longest", "spawned"];
    let mut items = rows(&shown, &FEW, |blocked| {
        let mut fields = vec![("why", blocked.why().into())];
        fields.extend(pieces::columns(&blocked.task));
        fields
    });
    items.extend(rest(matching.count()));
    Items::of(items)
}

pub(super) fn last_ended(what: Option<String>, limit: usize) -> Items {
    let ended = tasks::ended().into_iter();
    let mut matching = ended.filter(|ended| matches(&what, &ended.task));
    let shown: Vec<EndedTask> = matching.by_ref().take(limit).collect();
    const FEW: [&str; 6] = ["id", "name", "how", "ago", "busy", "spawned"];
    let mut items = rows(&shown, &FEW, |ended| {
        let how = match &ended.how {
            HowEnded::Panicked(message) => {
                format!("panicked: {}", message.lines().next().unwrap_or_default())
            }
            how => how.describe(),
        };
        vec![
            ("id", ended.task.id.into()),
            ("name", ended.task.name.clone().into()),
            ("how", how.into()),
            ("ago", pieces::rounded(ended.ago)),
            ("age", pieces::rounded(ended.task.age)),
            ("polls", ended.task.polls.into()),
            ("busy", ended.task.busy.into()),
            ("longest", ended.task.longest.into()),
            ("parent", ended.task.parent.into()),
            ("spawned", ended.task.spawned.as_str().into()),
        ]
    });
    items.extend(rest(matching.count()));
    Items::of(items)
}
