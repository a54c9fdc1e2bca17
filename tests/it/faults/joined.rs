//! Facts from one view that another view shows.

use tokio::runtime::Builder;

use crate::gate::{OpensOnDrop, gate};
use crate::operator::{Operator, console};
use crate::wait::until;

#[test]
fn a_worker_held_by_an_unseen_task_is_found_by_its_stack() {
    let held = gate("faults unseen");
    let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("unseen-worker").build().unwrap();
    let _opens = OpensOnDrop(held);
    runtime.spawn(async { held.block() });
    held.wait_for_visitors(1);
    let backdoor = console().runtime(runtime.handle().clone()).start().unwrap();
    let mut operator = Operator::new(&backdoor);
    let verdict = || {
        let verdict = operator.asks("runtime --for 50ms");
        assert!(
            verdict.starts_with("stuck: its only worker has not returned to its scheduler for "),
            "{verdict}"
        );
        verdict
    };
    // Other tests have workers, too, and only a few of all are named.
    let named = " `unseen-worker` is in it::gate::Gate::block (";
    until(named, verdict, |verdict| verdict.contains(named));
}

#[test]
fn a_thread_tells_which_task_it_polls() {
    let held = gate("faults polled");
    let runtime = Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let _opens = OpensOnDrop(held);
    let task = backdoor_runtime::tasks::Builder::new().name("polled");
    let task = task.spawn_on(async { held.block() }, runtime.handle());
    held.wait_for_visitors(1);
    let backdoor = console().start().unwrap();
    let rows = Operator::new(&backdoor).asks("threads --for 1ms");
    assert_eq!(rows.matches(&format!("task {} `polled`", task.id())).count(), 1, "{rows}");
}
