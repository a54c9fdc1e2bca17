//! How tasks end, and that they leave nothing behind.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use backdoor_runtime::tasks::{self, Builder, Instrument, JoinSet, TaskInfo};
use backdoor_runtime::{Backdoor, Status, Value, spawn_named};

use super::{ENDED, named, run};
use crate::wait::until_async;

/// How the task of this name ended: the word, and the message of its panic or the operator who cancelled it.
fn how(name: &str) -> Option<(String, Option<String>)> {
    let (_, value) = run(&format!("tasks --ended {name}"));
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let ended = value.as_list()?.iter().find(|ended| ended["name"] == name)?;
    Some((text(&ended["how"])?, text(&ended["message"]).or_else(|| text(&ended["by"]))))
}

/// An end without a message and without an operator.
fn plain(how: &str) -> Option<(String, Option<String>)> {
    Some((how.to_owned(), None))
}

#[tokio::test]
async fn each_end_is_told_apart() {
    let _kept = ENDED.read().await;
    spawn_named("ends-done", async {}).await.unwrap();
    assert_eq!(how("ends-done"), plain("done"));

    let panics = spawn_named("ends-panics", async {
        let number = std::hint::black_box(7);
        assert_eq!(number, 0, "of {number}");
    });
    let error = panics.await.unwrap_err();
    let message = error.into_panic().downcast_ref::<String>().unwrap().clone();
    assert!(message.contains("of 7"), "the panic goes on as it was: {message}");
    assert_eq!(how("ends-panics"), Some(("panicked".to_owned(), Some(message))));

    let aborted = spawn_named("ends-aborted", pending::<()>());
    aborted.abort();
    assert!(aborted.await.unwrap_err().is_cancelled());
    assert_eq!(how("ends-aborted"), plain("dropped"));

    let mut set = JoinSet::new();
    set.spawn_named("ends-set", pending::<()>());
    drop(set);
    until_async("an end with its set", || how("ends-set"), |how| *how == plain("dropped")).await;
}

/// The same as with tokio's set, whose tasks are not instrumented.
#[tokio::test]
async fn a_join_set_does_what_tokios_does() {
    let here = line!() + 1;
    let mut set = JoinSet::from_iter((1..=2).map(|number| async move { number }));
    let spawned = |task: &TaskInfo| task.spawned.starts_with(&format!("{}:{here}:", file!()));
    assert_eq!(tasks::list().filter(spawned).count(), 2);
    set.spawn_blocking(|| 3);
    let (_, first) = set.join_next_with_id().await.unwrap().unwrap();
    let mut all = vec![first];
    let ends = || {
        all.extend(set.try_join_next_with_id().map(|ended| ended.unwrap().1));
        set.len()
    };
    until_async("the end of all", ends, |left| *left == 0).await;
    all.sort_unstable();
    assert_eq!(all, [1, 2, 3]);
}

#[tokio::test]
async fn a_cancelled_task_names_its_operator() {
    let _kept = ENDED.read().await;
    struct Drops(Arc<()>);
    let kept = Arc::new(());
    let drops = Drops(kept.clone());
    let task = spawn_named("ends-cancelled", async move {
        let drops = drops;
        pending::<()>().await;
        drop(drops.0);
    });
    let id = task.id();
    let refused = tokio::task::spawn_blocking(move || Backdoor::testing().run(&format!("cancel {id}")));
    assert_eq!(refused.await.unwrap().status, Status::Refused);
    let line = format!("cancel {id} --yes");
    let (text, _) = tokio::task::spawn_blocking(move || run(&line)).await.unwrap();
    assert_eq!(text, format!("task {id} `ends-cancelled` was cancelled\n"));
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(Arc::strong_count(&kept), 1, "what it held was dropped");
    let by = Some("session 0 (test)".to_owned());
    assert_eq!(how("ends-cancelled"), Some(("cancelled".to_owned(), by)));
    let (text, value) = run("tasks --ended ends-cancelled");
    assert!(text.contains("cancelled by session 0 (test)"), "{text}");
    assert_eq!(value[0]["how"], "cancelled");
    let answer = Backdoor::testing().run(&format!("tasks {id}"));
    let ended = format!("task {id} `ends-cancelled` has ended: cancelled by session 0 (test)");
    assert_eq!(answer.error, Some(ended));
}

#[tokio::test]
async fn a_refused_cancel_has_a_reason() {
    let _kept = ENDED.read().await;
    let instrumented = pending::<()>().instrumented("ends-instrumented");
    let id = instrumented.id();
    let refusal = || Backdoor::testing().run(&format!("cancel {id} --yes")).error.unwrap();
    assert!(refusal().starts_with(&format!("task {id} is an instrumented future")));
    drop(instrumented);
    assert!(refusal().starts_with(&format!("there is no task {id}, or it has ended")));
    assert_eq!(how("ends-instrumented"), plain("dropped"));
    let answer = Backdoor::testing().run("cancel 999999999 --yes");
    assert!(answer.error.unwrap().starts_with("there is no task 999999999, or it has ended"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ended_tasks_leave_nothing_behind() {
    let held = Arc::new(());
    for round in 0..200 {
        let one = held.clone();
        let task = spawn_named("ends-leak", async move {
            tokio::time::sleep(Duration::from_micros(50)).await;
            drop(one);
        });
        if round % 3 == 0 {
            tasks::stacks(&[task.id()]).await;
        }
        if round % 2 == 0 {
            task.abort();
        }
        let _ = task.await;
    }
    until_async("an empty registry", || named("ends-leak"), Vec::is_empty).await;
    assert_eq!(Arc::strong_count(&held), 1);
    assert!(run("tasks --ended").1.as_list().unwrap().len() <= 512);
}

#[test]
fn a_runtime_that_is_shut_down_takes_its_tasks_along() {
    let _kept = ENDED.blocking_read();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let task = Builder::new().name("ends-shut-down").spawn_on(pending::<()>(), runtime.handle());
    drop(runtime);
    assert!(named("ends-shut-down").is_empty());
    assert_eq!(how("ends-shut-down"), plain("dropped"));
    assert!(task.is_finished());
}
