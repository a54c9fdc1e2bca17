//! Many tasks on one screen: grouped by name and place.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt::Write;
use std::time::Duration;

use crate::base::sort;
use crate::reply::fitted;
use crate::reply::items::Item;
use crate::views::tasks::TaskInfo;
use crate::views::tasks::commands::pieces::rounded;
use crate::{Column, Cut, Value};

/// The most groups that are shown, the largest first.
const SHOWN: usize = 50;

/// The most groups that are told apart; further ones count among the others.
const MOST: usize = 1024;

#[derive(Default)]
pub(super) struct Groups {
    groups: HashMap<(Option<String>, String), Group>,
    others: u64,
    count: u64,
}

#[derive(Default)]
struct Group {
    count: u64,
    idle: u64,
    oldest: Duration,
    busiest: Duration,
    longest: Duration,
}

impl Groups {
    /// Counts these tasks, and returns the items for `--json`: each task alone.
    pub(super) fn take(&mut self, tasks: &[TaskInfo]) -> Vec<Item> {
        for task in tasks {
            self.count += 1;
            let key = (task.name.clone(), task.spawned.clone());
            if self.groups.len() >= MOST && !self.groups.contains_key(&key) {
                self.others += 1;
                continue;
            }
            let group = self.groups.entry(key).or_default();
            group.count += 1;
            group.idle += u64::from(task.state.as_str() == "idle");
            group.oldest = group.oldest.max(task.age);
            group.busiest = group.busiest.max(task.busy);
            group.longest = group.longest.max(task.longest);
        }
        tasks.iter().map(|task| Item::shown(Value::of(task), |_| Ok(()))).collect()
    }

    /// The table of the groups.
    pub(super) fn end(self) -> Item {
        const COLUMNS: [Column; 4] = [
            Column::new("spawned").cut(Cut::Start),
            Column::new("busiest").spare(1),
            Column::new("longest").spare(2),
            Column::new("oldest").spare(3),
        ];
        let mut groups: Vec<_> = self.groups.into_iter().collect();
        sort::sort_by(&mut groups, |(one, left), (other, right)| {
            (Reverse(left.count), one).cmp(&(Reverse(right.count), other))
        });
        let row = |((name, spawned), group): &((Option<String>, String), Group)| {
            Value::record([
                ("tasks", group.count.into()),
                ("idle", group.idle.into()),
                ("name", name.clone().into()),
                ("oldest", rounded(group.oldest)),
                ("busiest", group.busiest.into()),
                ("longest", group.longest.into()),
                ("spawned", fitted::short_place(spawned).into()),
            ])
        };
        let rows: Vec<Value> = groups.iter().take(SHOWN).map(row).collect();
        let rest: u64 = groups.iter().skip(SHOWN).map(|(_, group)| group.count).sum::<u64>() + self.others;
        let count = self.count;
        Item::shown(Value::record([("groups", rows.clone().into())]), move |page| {
            page.table(&rows, &COLUMNS)?;
            if rest > 0 {
                writeln!(page, "({rest} more tasks in other groups)")?;
            }
            writeln!(page, "{count} tasks; --limit lists single ones")
        })
    }
}
