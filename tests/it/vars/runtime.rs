//! The author's functions for variables have a runtime to spawn on, like commands: they panicked with "there is no reactor running".

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use backdoor_runtime::{backdoor_var, spawn_named, vars};

use crate::operator::{Operator, console};
use crate::vars::alone;
use crate::wait::until_some;

#[backdoor_var(settable, validate = accepts, on_change = is_told)]
static RUNTIME_USER: AtomicU32 = AtomicU32::new(1);

/// The spawned tasks that have run since this was last taken: the function that spawned each, and the name of its thread.
static RAN: Mutex<Vec<(&str, String)>> = Mutex::new(Vec::new());

fn spawn(who: &'static str) {
    spawn_named(who, async move {
        let thread = thread::current().name().unwrap_or_default().to_owned();
        RAN.lock().unwrap_or_else(PoisonError::into_inner).push((who, thread));
    });
}

fn accepts(_: &u32) -> Result<(), String> {
    spawn("validate");
    Ok(())
}

fn is_told(_: &u32) {
    spawn("on_change");
}

/// Waits until the tasks of this function have run on such a thread, once for each call.
#[track_caller]
fn ran(who: &str, on: &str) {
    until_some(&format!("{who} on {on}"), || {
        let mut ran = RAN.lock().unwrap_or_else(PoisonError::into_inner);
        let found = ran.iter().position(|(ran, thread)| (*ran, thread.as_str()) == (who, on));
        found.map(|at| ran.swap_remove(at))
    });
}

/// The same if another test's console may have called it, because one console samples for all of a process.
#[track_caller]
fn ran_anywhere(who: &str) {
    until_some(who, || {
        let mut ran = RAN.lock().unwrap_or_else(PoisonError::into_inner);
        let found = ran.iter().position(|(ran, _)| *ran == who);
        found.map(|at| ran.swap_remove(at))
    });
}

/// Calls all of the functions, each of which spawns, and expects their tasks to run on threads of this name.
fn spawns_on(expected: &str) {
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    assert!(operator.asks("set runtime-user 2").starts_with("runtime-user: 1 -> 2"));
    ran("validate", expected);
    ran("on_change", expected);
    operator.asks("undo");
    ran("on_change", expected);
    operator.asks("set runtime-user 3 --for 1ms");
    ran("on_change", expected);
    ran("on_change", expected);

    vars::Computed::new("runtime-computed", || spawn("computed")).register().unwrap();
    operator.asks("sys get runtime-computed");
    ran("computed", expected);
    let sampled = || {
        spawn("sampled");
        1
    };
    vars::Computed::new("runtime-computed", sampled).trend().register().unwrap();
    ran_anywhere("sampled");
    vars::unregister("runtime-computed");

    operator.asks("set runtime-user 4 --for 1h");
    ran("on_change", expected);
    // On a busy machine the time of an ordinary drop may be too short for it.
    backdoor.drop_within(Duration::from_secs(60));
    ran("on_change", expected);
    assert_eq!(RUNTIME_USER.load(Ordering::Relaxed), 1, "its lease ended with the console");
}

#[test]
fn in_a_service_without_tokio_functions_of_variables_may_spawn() {
    let (_alone, _) = alone();
    spawns_on("backdoor-async");
}

#[test]
fn in_a_service_with_tokio_they_spawn_on_its_runtime() {
    let (_alone, _) = alone();
    let mut service = tokio::runtime::Builder::new_multi_thread();
    let service = service.worker_threads(1).thread_name("variables-of").build().unwrap();
    let _entered = service.enter();
    spawns_on("variables-of");
}
