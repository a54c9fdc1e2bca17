//! Equal stacks, recursion, and futures that a poll does not visit.

use std::pin::Pin;
use std::sync::Arc;

use backdoor_runtime::tasks::{self, Builder};
use backdoor_runtime::{Backdoor, spawn, spawn_named};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::runtime;
use tokio::sync::Mutex;

use super::{run, stack};
use crate::wait::until;

async fn looks_up(cache: Arc<Mutex<u32>>) {
    *cache.lock().await += 1;
}

/// `views/tokio-mutex.rs`: five equal stacks were shown one after the other.
#[test]
fn tasks_with_equal_stacks_are_shown_once() {
    let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let cache = Arc::new(Mutex::new(0));
    let held = cache.clone().blocking_lock_owned();
    let lookups: Vec<u64> = (0..12)
        .map(|_| Builder::new().name("folds-lookup").spawn_on(looks_up(cache.clone()), runtime.handle()).id())
        .collect();
    let other = Builder::new().name("folds-other").spawn_on(std::future::pending::<()>(), runtime.handle());
    let ids = lookups[..8].iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    let title = format!("12 tasks `folds-lookup`, {ids} and 4 more: idle for up to ");
    let text = until("one group", || run("pgt folds-").0, |text| text.starts_with(&title));
    assert_eq!(text.matches("waits for tokio::sync::mutex::Mutex::lock\n").count(), 1, "{text}");
    assert!(text.contains(&format!("\ntask {} `folds-other`, idle for ", other.id())), "{text}");
    let list = run("pgt folds-").1;
    let list = list.as_list().unwrap();
    assert_eq!(list.len(), 13, "a program gets each task");
    assert!(list.iter().all(|task| !task["id"].is_null() && !task["leaves"].is_null()));
    for width in [80, 40] {
        let text = Backdoor::testing().width(width).run("pgt folds-").text;
        let wide = text.lines().filter(|line| line.len() > width && line.trim().contains(' '));
        assert_eq!(
            wide.filter(|line| !line.contains(" in ") && !line.contains("waits for ")).count(),
            0,
            "{text}"
        );
    }
    drop(held);
    drop(runtime);
}

#[test]
fn tasks_of_other_names_are_folded_with_their_names() {
    let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let cache = Arc::new(Mutex::new(0));
    let held = cache.clone().blocking_lock_owned();
    let ids: Vec<u64> = (0..2)
        .map(|at| {
            let name = format!("folds-named-{at}");
            Builder::new().name(name).spawn_on(looks_up(cache.clone()), runtime.handle()).id()
        })
        .collect();
    let title = format!("2 tasks, {} `folds-named-0`, {} `folds-named-1`: idle for up to ", ids[0], ids[1]);
    until("one group", || run("pgt folds-named").0, |text| text.starts_with(&title));
    drop((held, runtime));
}

fn walk(left: usize) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        match left {
            0 => {
                std::future::poll_fn(|context| {
                    let _waker = context.waker().clone();
                    std::task::Poll::<()>::Pending
                })
                .await;
            }
            left => walk(left - 1).await,
        }
    })
}

#[tokio::test]
async fn a_recursion_is_shown_with_its_depth() {
    let task = spawn_named("folds-walk", walk(90));
    let seen = stack(task.id()).await;
    assert_eq!(seen.missing, None, "nothing is cut off: {seen:#?}");
    let own = seen.leaves[0].frames.iter().filter(|frame| frame.is_own).count();
    assert!(own < 6, "{seen:#?}");
    let line = format!("pgt {}", task.id());
    let text = tokio::task::spawn_blocking(move || run(&line).0).await.unwrap();
    let depth = text.lines().find_map(|line| line.split_once(" in walk x"));
    let depth: usize = depth.unwrap_or_else(|| panic!("{text}")).1.parse().unwrap();
    assert!((88..=91).contains(&depth), "{text}");
    task.abort();
}

async fn of_unordered() {
    let mut all: FuturesUnordered<_> = (0..3).map(|_| std::future::pending::<()>()).collect();
    all.next().await;
}

/// `views/buffered.rs`: nothing hinted at the members.
#[tokio::test]
async fn members_that_a_poll_does_not_visit_are_mentioned() {
    let task = spawn(of_unordered());
    let polls = || tasks::list().find(|one| one.id == task.id()).map(|task| task.polls);
    crate::wait::until_async("its first poll", polls, |polls| *polls > Some(0)).await;
    let line = format!("pgt {}", task.id());
    let text = tokio::task::spawn_blocking(move || run(&line).0).await.unwrap();
    assert!(text.contains("Next (its members are not shown: a poll visits only woken ones)\n"), "{text}");
    let help = Backdoor::testing().run("help pgt").text;
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains("Futures that this poll does not poll are not shown"), "{help}");
    assert!(help.contains("How long a sleep still lasts is not known"), "{help}");
    task.abort();
}
