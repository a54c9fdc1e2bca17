//! The place where a task waits, for each kind of wait.

use std::future::{Future, pending, poll_fn};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use backdoor_runtime::tasks::{self, Builder, Instrument, JoinHandle, TaskInfo};
use backdoor_runtime::{spawn, spawn_named};
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, Notify, mpsc, oneshot};
use tokio::task::LocalSet;
use tokio::time::{sleep, timeout};

use super::{run, shape, stack};
use crate::wait::until_async;

const LONG: Duration = Duration::from_secs(3600);

/// Checks the only leaf of a task: this function of the author awaits this type.
async fn check<T>(task: JoinHandle<T>, function: &str, waits_for: &str) {
    let stack = stack(task.id()).await;
    let leaves = shape(&stack);
    assert_eq!(leaves.len(), 1, "{stack:#?}");
    assert_eq!(leaves[0].0.last().map(String::as_str), Some(function), "{stack:#?}");
    assert!(leaves[0].1.contains(waits_for), "{} is not {waits_for}", leaves[0].1);
    let own = stack.leaves[0].frames.iter().rfind(|frame| frame.is_own).unwrap();
    assert!(own.file.as_ref().unwrap().ends_with("tests/it/tasks/waits.rs"), "{own:?}");
    assert!(own.line.is_some());
    assert_eq!(stack.missing, None);
    task.abort();
}

async fn sleeps() {
    sleep(LONG).await;
}

async fn through_another() {
    sleeps().await;
}

async fn locks(mutex: Arc<Mutex<()>>) {
    drop(mutex.lock().await);
}

async fn receives(mut receiver: mpsc::Receiver<()>) {
    receiver.recv().await;
}

async fn receives_once(receiver: oneshot::Receiver<()>) {
    let _ = receiver.await;
}

async fn is_notified(notify: Arc<Notify>) {
    notify.notified().await;
}

async fn joins(task: JoinHandle<()>) {
    let _ = task.await;
}

async fn joins_tokio(task: tokio::task::JoinHandle<()>) {
    let _ = task.await;
}

async fn accepts(listener: TcpListener) {
    let _ = listener.accept().await;
}

async fn reads(stream: TcpStream) {
    let _ = stream.readable().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_leaf_of_tokio_is_named_with_the_function_that_awaits_it() {
    check(spawn(sleeps()), "sleeps", "tokio::time::sleep::Sleep").await;
    check(spawn(through_another()), "sleeps", "tokio::time::sleep::Sleep").await;
    let mutex = Arc::new(Mutex::new(()));
    let held = mutex.clone().lock_owned().await;
    check(spawn(locks(mutex)), "locks", "tokio::sync::mutex::Mutex::lock").await;
    drop(held);
    let (_sender, receiver) = mpsc::channel(1);
    check(spawn(receives(receiver)), "receives", "tokio::sync::mpsc::bounded::Receiver::recv").await;
    let (_sender, receiver) = oneshot::channel();
    check(spawn(receives_once(receiver)), "receives_once", "tokio::sync::oneshot::Receiver").await;
    check(spawn(is_notified(Arc::default())), "is_notified", "tokio::sync::notify::Notified").await;
    check(spawn(joins(spawn(pending()))), "joins", "backdoor_runtime::views::tasks::spawn::JoinHandle").await;
    check(
        spawn(joins_tokio(tokio::spawn(pending()))),
        "joins_tokio",
        "tokio::runtime::task::join::JoinHandle",
    )
    .await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let _accepted = listener.accept().await.unwrap();
    check(spawn(accepts(listener)), "accepts", "tokio::net::tcp::listener::TcpListener::accept").await;
    check(spawn(reads(stream)), "reads", "tokio::net::tcp::stream::TcpStream::readable").await;
}

async fn with_timeout() {
    let _ = timeout(LONG, sleeps()).await;
}

async fn selects(notify: Arc<Notify>) {
    tokio::select! {
        () = sleeps() => {}
        () = is_notified(notify) => {}
    }
}

async fn joins_both(notify: Arc<Notify>) {
    tokio::join!(sleeps(), is_notified(notify));
}

/// The innermost functions of the author's.
async fn leaves<T>(task: JoinHandle<T>) -> Vec<String> {
    let stack = stack(task.id()).await;
    let mut leaves: Vec<String> = shape(&stack).into_iter().map(|(mut own, _)| own.pop().unwrap()).collect();
    leaves.sort();
    task.abort();
    leaves
}

#[tokio::test]
async fn branches_are_leaves_of_their_own() {
    assert_eq!(leaves(spawn(with_timeout())).await, ["sleeps", "with_timeout"]);
    assert_eq!(leaves(spawn(selects(Arc::default()))).await, ["is_notified", "sleeps"]);
    assert_eq!(leaves(spawn(joins_both(Arc::default()))).await, ["is_notified", "sleeps"]);
}

#[tokio::test]
async fn shared_functions_are_shown_once_above_branches() {
    let task = spawn_named("tasks-select", selects(Arc::default()));
    stack(task.id()).await;
    let id = task.id();
    let (text, _) = tokio::task::spawn_blocking(move || run(&format!("pgt {id}"))).await.unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with(&format!("task {id} `tasks-select`, ")), "{text}");
    assert!(lines[0].contains("spawned at tests/it/tasks/waits.rs:"), "{text}");
    assert_eq!(text.matches(" in selects\n").count(), 1, "{text}");
    for leaf in
        ["sleeps\n      waits for tokio::time::sleep::Sleep\n", "waits for tokio::sync::notify::Notified"]
    {
        assert!(text.contains(leaf), "{text}");
    }
    let (full, _) = tokio::task::spawn_blocking(move || run(&format!("pgt {id} --full"))).await.unwrap();
    assert!(full.lines().count() > lines.len(), "{full}");
}

async fn joins_alike() {
    let mut alike: Vec<_> = (0..3).map(|_| Box::pin(sleeps())).collect();
    poll_fn(|context| poll_all(&mut alike, context)).await;
}

fn poll_all<F: Future>(all: &mut [std::pin::Pin<Box<F>>], context: &mut std::task::Context<'_>) -> Poll<()> {
    for future in all {
        assert!(future.as_mut().poll(context).is_pending());
    }
    Poll::Pending
}

#[tokio::test]
async fn equal_leaves_are_counted() {
    let task = spawn(joins_alike());
    let stack = stack(task.id()).await;
    assert!(stack.leaves.iter().any(|leaf| leaf.times == 3), "{:?}", shape(&stack));
    task.abort();
}

async fn of_a_set() {
    let mut set = tokio::task::JoinSet::new();
    set.spawn(pending::<()>());
    set.spawn(sleeps());
    set.join_next().await;
}

async fn of_unordered() {
    let mut all: FuturesUnordered<_> = (0..3).map(|_| sleeps()).collect();
    all.next().await;
}

async fn of_many_joined() {
    join_all((0..31).map(|_| sleeps())).await;
}

/// Collections keep wakers of their own for their members, and poll only woken members.
#[tokio::test]
async fn a_collection_that_wakes_for_its_members_is_one_leaf() {
    for (task, of, function) in [
        (spawn(of_a_set()), "JoinSet::join_next", "of_a_set"),
        (spawn(of_unordered()), "stream::next::Next", "of_unordered"),
        (spawn(of_many_joined()), "join_all::JoinAll", "of_many_joined"),
    ] {
        // If it is asked before its first poll, that poll visits all members once.
        let polls = || tasks::list().find(|one| one.id == task.id()).map(|task| task.polls);
        until_async("its first poll", polls, |polls| *polls > Some(0)).await;
        let leaves = shape(&stack(task.id()).await);
        assert_eq!(leaves.len(), 1, "{leaves:?}");
        assert!(leaves[0].1.contains(of), "{leaves:?}");
        assert_eq!(leaves[0].0.last().map(String::as_str), Some(function), "{leaves:?}");
        task.abort();
    }
}

#[tokio::test]
async fn each_member_of_a_small_join_is_a_leaf() {
    let task = spawn(async {
        join_all((0..3).map(|_| sleeps())).await;
    });
    let stack = stack(task.id()).await;
    assert_eq!(stack.leaves[0].times, 3, "{:?}", shape(&stack));
    assert_eq!(shape(&stack)[0].0.last().unwrap(), "sleeps");
    task.abort();
}

async fn wakes_itself() {
    poll_fn::<(), _>(|context| {
        context.waker().wake_by_ref();
        std::thread::sleep(Duration::from_micros(100));
        Poll::Pending
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_self_waking_future_is_marked() {
    let task = spawn(wakes_itself());
    let stack = stack(task.id()).await;
    assert!(stack.leaves[0].woke_itself, "{stack:#?}");
    assert_eq!(shape(&stack)[0].0.last().unwrap(), "wakes_itself");
    task.abort();
}

struct Retry;

impl Future for Retry {
    type Output = ();

    fn poll(self: std::pin::Pin<&mut Self>, context: &mut std::task::Context<'_>) -> Poll<()> {
        context.waker().wake_by_ref();
        std::thread::sleep(Duration::from_micros(100));
        Poll::Pending
    }
}

/// `views/self-wake.rs`. The stack showed `backtrace::backtrace::trace_unsynchronized` as the place of the wake.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_self_waking_future_is_named_by_its_type() {
    let task = spawn_named("retry-loop", Retry);
    let there = stack(task.id()).await;
    assert_eq!(there.leaves[0].waits_for, None, "{there:#?}");
    let line = format!("pgt {}", task.id());
    let text = tokio::task::spawn_blocking(move || run(&line).0).await.unwrap();
    assert!(text.contains("woke itself in Retry\n"), "{text}");
    task.abort();
}

#[tokio::test]
async fn a_future_without_a_waker_has_a_note() {
    let task = spawn(pending::<()>());
    let stack = stack(task.id()).await;
    assert!(stack.leaves.is_empty());
    assert!(stack.missing.unwrap().contains("registered no waker"));
    task.abort();
}

#[tokio::test]
async fn tasks_of_a_local_set_and_instrumented_futures_are_seen() {
    let local = LocalSet::new();
    let task = Builder::new().name("tasks-local").spawn_local_on(sleeps(), &local);
    local
        .run_until(async move {
            check(task, "sleeps", "tokio::time::sleep::Sleep").await;
        })
        .await;
    let instrumented = sleeps().instrumented("tasks-instrumented");
    let id = instrumented.id();
    let task = tokio::spawn(instrumented);
    assert_eq!(shape(&stack(id).await)[0].0, ["sleeps"]);
    task.abort();
}

/// A part of a task that is itself a task.
async fn nests() {
    sleeps().instrumented("tasks-inner").await;
}

#[tokio::test]
async fn a_nested_task_has_its_own_stack() {
    let outer = spawn(nests());
    let inner = || super::named("tasks-inner");
    let inner = until_async("an inner task", inner, |tasks| !tasks.is_empty()).await.remove(0);
    assert_eq!(inner.parent, Some(outer.id()));
    for _ in 0..3 {
        assert_eq!(shape(&stack(inner.id).await)[0].0.last().unwrap(), "sleeps");
        assert_eq!(shape(&stack(outer.id()).await)[0].0.last().unwrap(), "nests");
    }
    outer.abort();
}

#[tokio::test]
async fn spawning_and_awaiting_tasks_are_known() {
    let parent = spawn(async {
        let child = spawn_named("tasks-child", sleeps());
        let _ = child.await;
    });
    let child = || super::named("tasks-child").into_iter().next();
    let is_awaited =
        |child: &Option<TaskInfo>| child.as_ref().is_some_and(|child| child.awaited_by.is_some());
    let child = until_async("a child that is awaited", child, is_awaited).await.unwrap();
    assert_eq!((child.parent, child.awaited_by), (Some(parent.id()), Some(parent.id())));
    parent.abort();
    until_async("that nobody awaits it", || super::named("tasks-child")[0].awaited_by, Option::is_none).await;
}

#[tokio::test]
async fn a_future_that_moves_between_wakers_is_woken_by_the_last() {
    let mut future = Box::pin(async { sleep(Duration::from_millis(20)).await }.instrumented("tasks-moves"));
    // First polled here, with the waker of the test's own task, and then with another one.
    poll_fn(|context| {
        assert!(future.as_mut().poll(context).is_pending());
        Poll::Ready(())
    })
    .await;
    tokio::spawn(future).await.unwrap();
}
