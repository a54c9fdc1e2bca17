//! A hundred thousand tasks.

use std::time::{Duration, Instant};

use backdoor_runtime::{Backdoor, spawn_named, tasks};
use tokio::runtime;

use super::until;
use crate::client::{PATIENCE, script};

const MANY: usize = 100_000;

async fn crowd() {
    tokio::time::sleep(Duration::from_secs(3600)).await;
}

#[test]
fn a_hundred_thousand_are_listed_in_pieces_and_a_few_stacks_shown() {
    let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let backdoor = Backdoor::builder("t").listen("0").runtime(runtime.handle().clone()).start().unwrap();
    runtime.block_on(async {
        for _ in 0..MANY {
            spawn_named("crowd", crowd());
        }
    });
    until("all have been polled", || tasks::list().all(|task| task.polls > 0));
    let ids: Vec<u64> = tasks::list().map(|task| task.id).collect();
    assert!(ids.is_sorted(), "in the order of their numbers, each once");
    let list = script(&backdoor.addresses()[0], "tasks crowd\n");
    assert_eq!(list.lines().filter(|line| line.contains("crowd")).count(), MANY);
    let mut stacks = Backdoor::testing().run("pgt crowd --limit 20");
    // Where the machine is busy, some are not polled in the 200 ms that they have, and say so.
    let until = Instant::now() + PATIENCE;
    while stacks.text.matches("\n    waits for tokio::time::sleep::Sleep\n").count() < 20 {
        assert!(Instant::now() < until, "{}", stacks.text);
        stacks = Backdoor::testing().run("pgt crowd --limit 20");
    }
    let more = stacks.text.lines().last().unwrap();
    assert_eq!(more, format!("{} other tasks are not shown; --limit shows more", MANY - 20));
    drop(runtime);
    assert!(!tasks::list().any(|task| task.name.as_deref() == Some("crowd")));
}
