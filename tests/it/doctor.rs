//! `doctor` finds problems and names the command that shows more, such as for a deadlock and a stuck command.

use std::fs::File;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use backdoor_runtime::sync::Mutex;
use backdoor_runtime::{Backdoor, Tracked, backdoor_command, backdoor_var, spawn_named};

use crate::gate::gate;
use crate::operator::{Operator, console};
use crate::wait::until;

#[backdoor_command(name = "stuck-for-doctor", timeout = "50ms")]
fn hangs() {
    gate("stuck-for-doctor").block();
}

/// A window beyond the time limit of commands is refused before the command begins.
#[test]
fn a_window_longer_than_the_command_may_run_is_refused() {
    let console = console().start().unwrap();
    let mut operator = Operator::new(&console);
    let shown = operator.asks("doctor --for 99h");
    assert!(shown.contains("--for: 99h is out of range 10ms..=10m"), "{shown}");
    let shown = operator.asks("objects --growing --for 99h");
    assert!(shown.contains("--for: 99h is out of range 10ms..=50m"), "{shown}");
}

#[test]
fn a_deadlock_is_named_with_the_command_to_use() {
    let console = console().start().unwrap();
    let locks = [Arc::new(Mutex::named("doctor-one", ())), Arc::new(Mutex::named("doctor-two", ()))];
    let both_hold = Arc::new(Barrier::new(2));
    for (first, second) in [(0, 1), (1, 0)] {
        let (first, second, both_hold) = (locks[first].clone(), locks[second].clone(), both_hold.clone());
        // These threads never end.
        thread::spawn(move || {
            let held = first.lock();
            both_hold.wait();
            drop((second.lock(), held));
        });
    }
    let mut operator = Operator::new(&console);
    let shown = || operator.asks("doctor --for 100ms");
    let shown = until("the deadlock", shown, |shown| shown.contains("doctor-one"));
    let lines: Vec<&str> = shown.lines().collect();
    let at = lines.iter().position(|line| line.contains("doctor-one")).unwrap();
    let line = lines[at];
    assert!(line.starts_with("a deadlock: ") && lines[at + 1] == "  waits", "{shown}");
    assert_eq!(lines[0], line, "the worst comes first: {shown}");
    assert!(line.contains("`doctor-two`"), "{shown}");
    let json = operator.asks("doctor --for 10ms --json");
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    let deadlock = &value["findings"][0];
    assert_eq!((&deadlock["kind"], &deadlock["severity"]), (&"waits".into(), &"critical".into()));
    assert_eq!((&deadlock["see"], &deadlock["numbers"]["members"]), (&"waits".into(), &2.into()));
    let checks = value["checks"].as_array().unwrap();
    let waits = checks.iter().find(|check| check["kind"] == "waits").unwrap();
    assert_eq!((&waits["state"], checks.len()), (&"finding".into(), 16), "{json}");
}

#[test]
fn a_stuck_command_is_named() {
    let console = console().start().unwrap();
    let mut stuck = Operator::new(&console);
    stuck.types("stuck-for-doctor");
    let mut operator = Operator::new(&console);
    let stuck = "the command `stuck-for-doctor` is stuck\n  running\n";
    until(stuck, || operator.asks("doctor --for 10ms"), |shown| shown.contains(stuck));
    gate("stuck-for-doctor").open();
}

/// Asks until a line of the answer begins with this, and returns the line with the command below it.
#[track_caller]
fn finds(operator: &mut Operator, begin: &str) -> String {
    let line = |shown: &str| {
        let lines: Vec<&str> = shown.lines().collect();
        let at = lines.iter().position(|line| line.starts_with(begin))?;
        Some(lines[at..].iter().take(2).copied().collect::<Vec<_>>().join("\n"))
    };
    line(&until(begin, || operator.asks("doctor --for 100ms"), |shown| line(shown).is_some())).unwrap()
}

#[derive(Debug)]
struct Leaked;

#[test]
fn a_growing_type_is_named_with_its_place() {
    let console = console().start().unwrap();
    let enough = Arc::new(AtomicBool::new(false));
    let leak = thread::spawn({
        let enough = enough.clone();
        move || {
            let mut leaked = Vec::new();
            while !enough.load(Ordering::Relaxed) {
                leaked.extend((0..1000).map(|_| Tracked::new(Leaked)));
                thread::sleep(Duration::from_millis(2));
            }
        }
    });
    let line = finds(&mut Operator::new(&console), "objects of type Leaked grew by ");
    enough.store(true, Ordering::Relaxed);
    leak.join().unwrap();
    assert!(line.contains(", none was dropped; most are from ") && line.contains("doctor.rs:"), "{line}");
    assert!(line.ends_with("\n  objects --growing --for 10s"), "{line}");
}

#[test]
fn a_poisoned_lock_is_named() {
    let console = console().start().unwrap();
    let lock = Arc::new(Mutex::named("doctor-poisoned", ()));
    let poisons = lock.clone();
    let panicked = thread::spawn(move || {
        let _held = poisons.lock();
        panic!("with the lock");
    });
    panicked.join().unwrap_err();
    let line = finds(&mut Operator::new(&console), "`doctor-poisoned`, a mutex made at ");
    assert!(line.ends_with(" is poisoned: a holder panicked\n  locks"), "{line}");
}

#[backdoor_var(settable, hidden)]
static DOCTOR_BATCH: AtomicU32 = AtomicU32::new(10);

#[test]
fn a_temporary_change_is_named_with_its_old_value() {
    let _journal = crate::vars::journal();
    let console = console().start().unwrap();
    let mut operator = Operator::new(&console);
    operator.asks("set doctor-batch 15 --for 2h");
    operator.asks("set doctor-batch 20 --for 1h");
    let line = finds(&mut operator, "`doctor-batch` is 20 until ");
    assert!(line.contains(" by session 1 ("), "{line}");
    assert!(line.ends_with(" and then returns to 10\n  changes"), "{line}");
    operator.asks("reset doctor-batch");
    assert!(!operator.asks("doctor --for 10ms").contains("doctor-batch"));
    assert_eq!(DOCTOR_BATCH.load(Ordering::Relaxed), 10);
}

#[test]
fn a_status_of_findings_counts_as_done() {
    let console = console().start().unwrap();
    let lock = Arc::new(Mutex::named("doctor-found", ()));
    let poisons = lock.clone();
    let panicked = thread::spawn(move || {
        let _held = poisons.lock();
        panic!("with the lock");
    });
    panicked.join().unwrap_err();
    let mut operator = Operator::new(&console);
    assert!(operator.asks("doctor locks --for 10ms").contains("`doctor-found`, a mutex"));
    assert!(operator.asks("self").contains("findings"), "counted by its status");
    let failed = operator.asks("doctor locks --for 10ms --check");
    assert!(failed.starts_with("error: `") && failed.contains(" is poisoned: a holder panicked"), "{failed}");
    lock.clear_poison();
}

#[test]
fn one_check_is_made_alone() {
    let answer = Backdoor::testing().run("doctor log --for 10ms --json").value;
    let checks = answer["checks"].as_list().unwrap();
    assert_eq!((checks.len(), &checks[0]["kind"]), (1, &"log".into()));
    let wrong = Backdoor::testing().run("doctor everything").error.unwrap();
    assert!(wrong.contains("everything"), "{wrong}");
}

#[test]
fn a_thread_that_burns_a_core_is_named_with_its_function() {
    let console = console().start().unwrap();
    let enough = Arc::new(AtomicBool::new(false));
    let burns = enough.clone();
    let burning = thread::Builder::new().name("doctor-burns".to_owned());
    let burning = burning.spawn(move || while !burns.load(Ordering::Relaxed) {}).unwrap();
    let mut operator = Operator::new(&console);
    // On a busy machine it gets a part of a core: then it waits for a processor, which is told as well.
    let told =
        |shown: &str| shown.contains("`doctor-burns` used ") || shown.contains("`doctor-burns` waited ");
    let shown = until("the thread", || operator.asks("doctor cpu --for 100ms"), |shown| told(shown));
    enough.store(true, Ordering::Relaxed);
    burning.join().unwrap();
    assert!(shown.contains("% of a core for the whole ") || shown.contains(" for a processor"), "{shown}");
}

#[test]
fn descriptors_that_grow_are_named_with_their_target() {
    let console = console().start().unwrap();
    let enough = Arc::new(AtomicBool::new(false));
    let leaks = enough.clone();
    let leak = thread::spawn(move || {
        let mut open = Vec::new();
        while !leaks.load(Ordering::Relaxed) {
            open.extend(File::open("/etc/hostname"));
            open.truncate(if open.len() < 400 { open.len() } else { 0 });
            thread::sleep(Duration::from_millis(2));
        }
    });
    let mut operator = Operator::new(&console);
    let told = |shown: &str| shown.contains("/etc/hostname");
    let shown = until("the descriptors", || operator.asks("doctor fds --for 100ms"), |shown| told(shown));
    enough.store(true, Ordering::Relaxed);
    leak.join().unwrap();
    assert!(shown.contains("descriptors gr"), "{shown}");
}

/// Spawns tasks with this as long as it lives.
fn spawning(each: impl Fn() + Send + 'static) -> (Arc<AtomicBool>, thread::JoinHandle<()>) {
    let enough = Arc::new(AtomicBool::new(false));
    let ends = enough.clone();
    let spawning = thread::spawn(move || {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let _entered = runtime.enter();
        while !ends.load(Ordering::Relaxed) {
            each();
            thread::sleep(Duration::from_millis(2));
        }
    });
    (enough, spawning)
}

#[test]
fn tasks_that_panic_are_named_with_their_last_message() {
    let console = console().start().unwrap();
    let (enough, spawning) =
        spawning(|| drop(spawn_named("doctor-panics", async { panic!("no such order") })));
    let shown = finds_within(&console, "doctor tasks --for 100ms", "no such order");
    enough.store(true, Ordering::Relaxed);
    spawning.join().unwrap();
    assert!(shown.contains(" panicked; last: no such order") && shown.contains("doctor.rs:"), "{shown}");
}

#[test]
fn tasks_that_grow_are_named_with_their_place() {
    let console = console().start().unwrap();
    let (enough, spawning) = spawning(|| drop(spawn_named("doctor-grows", std::future::pending::<()>())));
    let shown = finds_within(&console, "doctor tasks --for 100ms", " and none ended");
    enough.store(true, Ordering::Relaxed);
    spawning.join().unwrap();
    assert!(shown.contains("tasks spawned at ") && shown.contains("\n  tasks --by site\n"), "{shown}");
}

#[test]
fn a_child_that_nobody_waits_for_is_found() {
    let console = console().start().unwrap();
    let mut child = Command::new("true").spawn().unwrap();
    let shown = finds_within(&console, "doctor children --for 10ms", "nobody has waited for");
    child.wait().unwrap();
    assert!(shown.contains("\n  children\n"), "{shown}");
}

/// Asks until the answer has this text.
#[track_caller]
fn finds_within(console: &Backdoor, line: &str, text: &str) -> String {
    let mut operator = Operator::new(console);
    until(text, || operator.asks(line), |shown| shown.contains(text))
}
