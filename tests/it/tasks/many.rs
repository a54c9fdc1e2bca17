//! A hundred thousand tasks.

use std::time::Duration;

use backdoor_runtime::{Backdoor, spawn_named, tasks};
use tokio::runtime;

use super::ENDED;
use crate::client::script;
use crate::wait::until;

const MANY: usize = 100_000;

async fn crowd() {
    tokio::time::sleep(Duration::from_secs(3600)).await;
}

#[test]
fn a_hundred_thousand_tasks_are_listed_in_pieces() {
    let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    // With a lower priority than everything else on a busy machine, megabytes would take minutes.
    let builder = Backdoor::builder("t").nice(0).listen("0");
    let backdoor = builder.runtime(runtime.handle().clone()).start().unwrap();
    runtime.block_on(async {
        for _ in 0..MANY {
            spawn_named("crowd", crowd());
        }
    });
    until("a poll of each", || tasks::list().filter(|task| task.polls == 0).count(), |left| *left == 0);
    let ids: Vec<u64> = tasks::list().map(|task| task.id).collect();
    assert!(ids.is_sorted(), "in the order of their numbers, each once");
    let list = script(&backdoor.addresses()[0], "tasks crowd\n");
    assert_eq!(list.lines().filter(|line| line.contains("crowd")).count(), MANY);
    // On a busy machine, some tasks are not polled within their 200 ms, and have a note.
    let stacks = until(
        "twenty stacks",
        || Backdoor::testing().run("pgt crowd --limit 20").text,
        |stacks| {
            stacks.starts_with("20 tasks `crowd`, ")
                && stacks.matches("\n    waits for tokio::time::sleep::Sleep\n").count() == 1
        },
    );
    let more = stacks.lines().last().unwrap();
    assert_eq!(more, format!("{} more tasks are not shown; --limit shows them", MANY - 20));
    let list = Backdoor::testing().run("tasks crowd --limit 300");
    // Rows that come late on a busy machine may be laid out in another way.
    assert_eq!(list.text.lines().filter(|line| line.contains("crowd")).count(), 300, "{}", list.text);
    let more = list.text.lines().last().unwrap();
    assert_eq!(more, format!("{} more tasks are not shown; --limit shows them", MANY - 300));
    let ended_alone = ENDED.blocking_write();
    drop(runtime);
    drop(ended_alone);
    assert!(!tasks::list().any(|task| task.name.as_deref() == Some("crowd")));
}

/// `--busy` shows 20 tasks unless `--limit` asks for more, and a cut list is always reported.
#[test]
fn a_limited_list_counts_the_other_tasks() {
    let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    for _ in 0..30 {
        let beat = async {
            loop {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tasks::Builder::new().name("limit-beat").spawn_on(beat, runtime.handle());
    }
    let console = Backdoor::testing();
    let count = |line: &str, rest: &str| {
        let answer = console.run(line);
        let shown = answer.value.as_list().unwrap().iter().filter(|row| row["name"] == "limit-beat").count();
        (shown, answer.text.ends_with(rest))
    };
    let rest = "10 more tasks were polled\n";
    until("twenty", || count("tasks limit-beat --busy --for 2s", rest), |seen| *seen == (20, true));
    let more = || count("tasks limit-beat --busy --for 2s --limit 25", "");
    until("twenty-five", more, |seen| *seen == (25, true));
    let said = "25 more tasks are not shown; --limit shows them\n";
    assert_eq!(count("tasks limit-beat --limit 5", said), (5, true));
    let _kept = ENDED.blocking_read();
    runtime.shutdown_background();
    until("their end", || super::named("limit-beat"), Vec::is_empty);
    assert_eq!(count("tasks limit-beat --ended --limit 5", said), (5, true));
    let none = "no task has `limit-nobody` in its name or in the file where it was spawned\n";
    assert_eq!(console.run("tasks limit-nobody").text.split("\n1 other").next().unwrap(), none);
    assert_eq!(console.run("pgt limit-nobody").text, none);
    assert!(console.run("tasks --limit 0").error.unwrap().contains("0 is out of range"));
}

/// More than fifty tasks are too many for a reader: a terminal groups them by name and place.
#[test]
fn on_a_terminal_many_tasks_are_grouped() {
    let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let spawn =
        |name: &'static str| drop(tasks::Builder::new().name(name).spawn_on(crowd(), runtime.handle()));
    let listed = |line: &str| Backdoor::testing().width(120).run(line);
    let words = |text: &str| -> Vec<String> {
        let row = |line: &str| line.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
        text.lines().filter(|line| line.contains("grouped-")).map(row).collect()
    };
    (0..40).for_each(|_| spawn("grouped-many"));
    (0..10).for_each(|_| spawn("grouped-few"));
    let all = || words(&listed("tasks grouped- --limit 100").text);
    until("fifty", all, |tasks| tasks.len() == 50);
    assert_eq!(words(&listed("tasks grouped-").text).len(), 50, "fifty are a list");
    let elsewhere = tasks::Builder::new().name("grouped-few").spawn_on(crowd(), runtime.handle());
    let busy = || {
        let all =
            tasks::list().filter(|task| task.name.as_ref().is_some_and(|name| name.starts_with("grouped-")));
        all.filter(|task| task.state != tasks::TaskState::Idle).collect::<Vec<_>>()
    };
    until("that all are idle", busy, Vec::is_empty);
    let answer = listed("tasks grouped-");
    let groups = ["40 40 grouped-many", "10 10 grouped-few", "1 1 grouped-few"];
    assert_eq!(words(&answer.text), groups, "{}", answer.text);
    assert!(answer.text.contains("\n51 tasks; --limit lists single ones\n"), "{}", answer.text);
    let rows = answer.value.as_list().unwrap();
    assert_eq!(
        rows.iter().filter(|row| row["id"].is_null()).count(),
        1,
        "a machine gets each, and the groups"
    );
    assert_eq!(words(&listed("tasks grouped- --limit 100").text).len(), 51);
    assert_eq!(words(&Backdoor::testing().run("tasks grouped-").text).len(), 51, "a script gets a list");
    drop((elsewhere, runtime));
}
