//! How long tasks have not been polled.

use std::future::pending;
use std::time::Duration;

use backdoor_runtime::tasks::{self, Builder, TaskInfo, TaskState};
use backdoor_runtime::{Backdoor, spawn_named};
use tokio::runtime;

use super::{named, run, stack};
use crate::wait::{until, until_async};

const SHORT: Duration = Duration::from_millis(50);

fn idle(task: &TaskInfo) -> Duration {
    task.idle.expect("it is not polled now")
}

/// `views/oneshot-never.rs`: no view told how long the request had not been polled.
#[test]
fn a_task_that_is_never_woken_is_listed_as_idle() {
    let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (answer, asked) = tokio::sync::oneshot::channel::<u32>();
    Builder::new().name("idle-request").spawn_on(async move { drop(asked.await) }, runtime.handle());
    until("its first poll", || named("idle-request")[0].idle.unwrap_or_default(), |idle| *idle >= SHORT / 2);
    let alive = async {
        loop {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    Builder::new().name("idle-alive").spawn_on(alive, runtime.handle());
    let listed = until(
        "a task that is idle for long",
        || run("tasks idle- --idle 50ms").1,
        |listed| listed[0]["name"] == "idle-request" && listed[1].is_null(),
    );
    assert!(listed[0]["idle"].as_f64().is_none_or(|idle| idle >= 0.05), "{listed:?}");
    let names = || {
        let (text, _) = run("tasks idle- --sort idle");
        text.lines().skip(1).map(|line| line.contains("idle-request")).collect::<Vec<_>>()
    };
    until("the longest idle first", names, |is_request| *is_request == [true, false]);
    let polls = || run("tasks idle- --sort polls --limit 1").1;
    until("the most polls first", polls, |listed| listed[0]["name"] == "idle-alive");
    let (text, _) = run("tasks idle- --sort age --limit 1");
    assert!(text.contains("idle-request") && text.contains("\n1 more task is not shown; --limit"), "{text}");
    let (text, _) = run("tasks idle- --idle 2h");
    assert_eq!(text, "no task with `idle-` in its name or file has been idle for 2h\n");
    drop((answer, runtime));
}

#[test]
fn a_task_that_was_never_polled_is_idle_since_its_spawn() {
    let runtime = runtime::Builder::new_current_thread().build().unwrap();
    Builder::new().name("idle-unpolled").spawn_on(pending::<()>(), runtime.handle());
    let task = named("idle-unpolled").remove(0);
    assert_eq!((task.polls, task.idle), (0, Some(task.age)));
}

/// A look at the stack would otherwise hide what the next look is about.
#[tokio::test]
async fn a_request_for_a_stack_does_not_end_the_idle_time() {
    let task = spawn_named("idle-looked-at", pending::<()>());
    let is_idle = |task: &TaskInfo| task.state == TaskState::Idle && idle(task) >= SHORT;
    let before = until_async("an idle task", || named("idle-looked-at").remove(0), is_idle).await;
    let seen = stack(task.id()).await;
    let after = named("idle-looked-at").remove(0);
    assert!(after.polls > before.polls, "it was polled for its stack");
    assert!(idle(&seen.task) >= idle(&before) && idle(&after) >= idle(&before), "{before:?} {after:?}");
    task.abort();
}

#[tokio::test]
async fn a_running_task_and_an_ended_one_are_not_idle() {
    let own = async { tasks::list().find(|task| task.name.as_deref() == Some("idle-running")) };
    let own = spawn_named("idle-running", own).await.unwrap().unwrap();
    assert_eq!(own.idle, None);
}

#[test]
fn options_that_exclude_each_other_are_refused() {
    let refused = |line: &str| Backdoor::testing().run(line).error.unwrap();
    assert!(refused("tasks --busy --by site").contains("exclude each other"));
    assert!(refused("tasks --busy --idle 1s").contains("are for the list of all tasks"));
    assert!(refused("tasks --for 1s").contains("--for needs --busy, --blocked or --by"));
    assert!(refused("tasks --sort size").contains("is not one of"));
}
