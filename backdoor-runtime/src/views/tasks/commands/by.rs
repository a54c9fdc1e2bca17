//! `tasks --by`: one row for each place of spawning, or for each name.

use std::time::Duration;

use crate::reply::fitted;
use crate::reply::items::{self, Field, Item, Items};
use crate::views::tasks::commands::pieces::{few_of, rounded};
use crate::views::tasks::{By, Group, GroupWatch};
use crate::{Choice, Column, Cut, Value};

/// What `tasks` can be grouped by.
#[derive(Choice, Clone, Copy)]
pub(super) enum Grouping {
    /// By the file and line where they were spawned
    Site,
    Name,
}

const COLUMNS: [Column; 6] = [
    Column::new("site").cut(Cut::Start).least(12),
    Column::new("name").least(12),
    Column::new("panicked").spare(2),
    Column::new("ended/s").spare(3),
    Column::new("busy").spare(1),
    Column::new("idle").spare(4),
];

/// The groups after this time.
pub(super) async fn groups(by: Grouping, what: Option<String>, window: Duration, limit: usize) -> Items {
    let by = match by {
        Grouping::Site => By::Site,
        Grouping::Name => By::Name,
    };
    let watch = GroupWatch::begin(by);
    tokio::time::sleep(window).await;
    let groups = watch.end();
    let is_wanted = |group: &&Group| {
        let what = what.as_deref().unwrap_or_default().to_lowercase();
        group.title().to_lowercase().contains(&what)
    };
    let mut wanted = groups.into_iter().filter(|group| is_wanted(&group));
    let shown: Vec<Group> = wanted.by_ref().take(limit).collect();
    let more = wanted.count();
    let few: &[&str] = match by {
        By::Site => &["live", "spawned/s", "ended/s", "panicked", "busy", "idle", "site"],
        By::Name => &["live", "spawned/s", "ended/s", "panicked", "busy", "idle", "name"],
    };
    let panics: Vec<String> = shown.iter().filter_map(last_panic).collect();
    let mut items = items::rows_shown(&shown, columns, move |page, table| {
        fitted::table(page, table, |row| few_of(row, few), &COLUMNS)?;
        panics.iter().try_for_each(|panic| fitted::sentence(page, 0, panic))
    });
    match (shown.is_empty(), more) {
        (true, _) => items.push(Item::note("no tasks".to_owned(), Value::record([("matching", 0.into())]))),
        (_, 0) => {}
        (_, more) => {
            let text = format!("({more} more groups; --limit shows them)");
            items.push(Item::note(text, Value::record([("not_shown", more.into())])));
        }
    }
    Items::of(items)
}

fn columns(group: &Group) -> Vec<Field> {
    let key = match group.by {
        By::Site => "site",
        By::Name => "name",
    };
    vec![
        ("live", group.live.into()),
        ("spawned/s", group.per_second(group.spawned).into()),
        ("ended/s", group.per_second(group.ended).into()),
        ("panicked", group.panicked_ever.into()),
        ("busy", group.busy.into()),
        ("idle", group.longest_idle.map(rounded).into()),
        (key, group.title().into()),
    ]
}

/// The last panic of a group, in a sentence below the table.
fn last_panic(group: &Group) -> Option<String> {
    let panic = group.last_panic.as_ref()?;
    let name = panic.name.as_ref().map(|name| format!(" `{name}`")).unwrap_or_default();
    let message = panic.message.lines().next().unwrap_or_default();
    let ago = rounded(panic.ago).to_text(None);
    Some(format!(
        "the last panic in {}: task {}{name} {} ago: {message}",
        fitted::short_place(&group.title()),
        panic.task,
        ago.trim_end()
    ))
}
