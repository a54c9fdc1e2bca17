//! A service with held workers, seen from the console.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use backdoor_runtime::Backdoor;
use backdoor_runtime::tasks::{Builder, TaskState};
use tokio::runtime::{self, Runtime};

use super::named;
use crate::operator::{Operator, console};
use crate::wait::until;

fn workers(count: usize) -> Runtime {
    runtime::Builder::new_multi_thread()
        .worker_threads(count)
        .thread_name("tasks-worker")
        .enable_all()
        .build()
        .unwrap()
}

/// Ends the loop with the test, also after a panic.
struct Ends(Arc<AtomicBool>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[track_caller]
fn operator(runtime: &Runtime) -> (Backdoor, Operator) {
    let backdoor = console().runtime(runtime.handle().clone()).start().unwrap();
    let operator = Operator::new(&backdoor);
    (backdoor, operator)
}

#[test]
fn a_looping_worker_is_named_with_the_waiting_tasks() {
    let runtime = workers(1);
    let ends = Ends(Arc::default());
    let (_backdoor, mut operator) = operator(&runtime);
    let idle = Builder::new().name("stuck-idle").spawn_on(std::future::pending::<()>(), runtime.handle());
    until("an idle task", || named("stuck-idle")[0].state.clone(), |state| *state == TaskState::Idle);
    let end = ends.0.clone();
    let spin = async move { while !end.load(Ordering::Relaxed) {} };
    let spins = Builder::new().name("stuck-spins").spawn_on(spin, runtime.handle());
    until(
        "a task that spins",
        || named("stuck-spins")[0].state.clone(),
        |state| matches!(state, TaskState::Running { .. }),
    );
    let behind = Builder::new().name("stuck-behind").spawn_on(async {}, runtime.handle());

    let stack = operator.asks(&format!("tasks {}", spins.id()));
    assert!(stack.contains(&format!("task {} `stuck-spins`, running on thread ", spins.id())), "{stack}");
    assert!(stack.contains("`tasks-worker` for ") && stack.contains("its poll has not returned"), "{stack}");
    let stack = operator.asks(&format!("pgt {}", idle.id()));
    assert!(stack.contains("it was not polled within 200 ms"), "{stack}");

    let blocked = operator.asks("tasks stuck- --blocked");
    let line = |name: &str| {
        let found = blocked.lines().find(|line| line.contains(name));
        found.unwrap_or_else(|| panic!("no {name} in {blocked}")).to_owned()
    };
    until(
        "a long poll",
        || operator.asks("tasks stuck-spins --blocked"),
        |tasks| tasks.contains("holds a worker"),
    );
    assert!(line("stuck-behind").starts_with("woken, not polled"), "{blocked}");

    let verdict = operator.asks("runtime --for 50ms");
    assert!(
        verdict.starts_with("stuck: its only worker has not returned to its scheduler for "),
        "{verdict}"
    );
    let task = format!("task {} `stuck-spins` is running on thread ", spins.id());
    assert!(verdict.contains(&task), "{verdict}");
    assert!(verdict.contains("blocking threads  not visible\n"), "{verdict}");
    let workers = operator.asks("runtime --for 50ms --json");
    assert!(workers.contains("\"state\":\"held\""), "{workers}");

    let busy = operator.asks("tasks stuck- --busy --for 50ms");
    assert!(busy.lines().nth(1).unwrap().contains("stuck-spins"), "{busy}");
    operator.types(&format!("cancel {}", idle.id()));
    operator.expects("Type yes to run it: ");
    let cancelled = operator.asks("yes");
    assert!(cancelled.contains("`stuck-idle` ends at its next poll; it is "), "{cancelled}");

    drop(ends);
    runtime.block_on(async {
        spins.await.unwrap();
        behind.await.unwrap();
        assert!(idle.await.unwrap_err().is_cancelled());
    });
    until(
        "a runtime that is well again",
        || operator.asks("runtime --for 20ms"),
        |verdict| verdict.starts_with("not stuck"),
    );
}

#[test]
fn a_healthy_runtime_is_reported_as_not_stuck() {
    let runtime = workers(2);
    let (_backdoor, mut operator) = operator(&runtime);
    let _task = Builder::new().name("well").spawn_on(std::future::pending::<()>(), runtime.handle());
    let unseen = runtime.spawn(std::future::pending::<()>());
    until("an idle task", || named("well")[0].state.clone(), |state| *state == TaskState::Idle);
    let answer = operator.asks("runtime --for 20ms");
    assert!(answer.contains("tasks alive       2, 1 of them not instrumented\n"), "{answer}");
    let list = operator.asks("tasks well");
    assert!(
        list.ends_with("1 more task is not instrumented (spawned without `backdoor_runtime`)\n"),
        "{list}"
    );
    unseen.abort();
}

/// Any number of workers at one place gets one sentence.
#[test]
fn workers_held_at_one_place_are_reported_together() {
    let runtime = workers(6);
    let ends = Ends(Arc::default());
    let (_backdoor, mut operator) = operator(&runtime);
    for _ in 0..6 {
        let end = ends.0.clone();
        Builder::new().name("stuck-together").spawn_on(wait_for(end), runtime.handle());
    }
    let longest = || named("stuck-together").into_iter().map(|task| task.longest).collect::<Vec<_>>();
    until("six long polls", longest, |polls| {
        polls.iter().filter(|poll| **poll > Duration::from_millis(200)).count() == 6
    });
    let verdict = until(
        "all in one function",
        || operator.asks("runtime --for 20ms"),
        |verdict| verdict.lines().nth(1).is_some_and(|line| line.ends_with(" and 2 more")),
    );
    let told = verdict.lines().nth(1).unwrap();
    assert!(
        told.starts_with("  task ") && told.contains(" in one poll, in it::tasks::stuck::wait_for"),
        "{verdict}"
    );
    assert_eq!(told.matches("`stuck-together`").count(), 4, "{verdict}");
}

/// Endlessly repeated long polls.
async fn legacy(end: Arc<AtomicBool>, poll: Duration) {
    while !end.load(Ordering::Relaxed) {
        std::thread::sleep(poll);
        tokio::task::yield_now().await;
    }
}

/// `views/sleep-in-async.rs`: it was reported as `stuck`, with its workers held by unknown code.
#[test]
fn workers_whose_long_polls_end_are_slow_and_not_stuck() {
    let runtime = workers(2);
    let ends = Ends(Arc::default());
    let (_backdoor, mut operator) = operator(&runtime);
    for _ in 0..3 {
        Builder::new()
            .name("stuck-slow")
            .spawn_on(legacy(ends.0.clone(), Duration::from_millis(60)), runtime.handle());
    }
    let mut verdict = || {
        let verdict = operator.asks("runtime --for 1s");
        assert!(!verdict.contains("outside the instrumented tasks"), "{verdict}");
        verdict
    };
    let slow = "slow, not stuck: 2 of 2 workers ran one long poll after another";
    until("a slow runtime", &mut verdict, |verdict| verdict.starts_with(slow));
    let named = "`stuck-slow` is running on thread ";
    until("the name of a task", &mut verdict, |verdict| verdict.contains(named));
    // A poll of 60 ms is not shorter than a window of 20 ms, which the verdict used to say.
    let short =
        until("a slow runtime", || operator.asks("runtime --for 20ms"), |told| told.starts_with("slow"));
    assert!(!short.contains("shorter than"), "{short}");
    let json = operator.asks("runtime --for 1s --json");
    assert!(json.contains("\"in_poll_percent\":"), "{json}");
}

async fn wait_for(end: Arc<AtomicBool>) {
    while !end.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_console_without_a_runtime_says_so() {
    let answer = Backdoor::testing().run("runtime");
    assert!(answer.error.unwrap().contains("the console has no runtime"));
}
