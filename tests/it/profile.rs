//! `profile cpu` and `profile tasks`, as an operator sees them: hot functions are found, and sleeping threads are not interrupted.

mod xml;

use std::fs;
use std::hint::black_box;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use backdoor_runtime::profile::{self, Profile};
use backdoor_runtime::{Address, Backdoor, spawn_named};

use crate::client::script;
use crate::example::{Example, program};
use crate::gate::{OpensOnDrop, gate};
use crate::operator::{Operator, console};
use crate::threads::deaf;
use crate::wait::{PATIENCE, Waited, until, until_some};

/// A process can have one profile at a time, and all tests here are in one process.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Work that ends with its test.
struct Busy(&'static AtomicBool);

impl Busy {
    fn start() -> Self {
        Self(Box::leak(Box::new(AtomicBool::new(true))))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) {
    thread::Builder::new().name(name.to_owned()).spawn(work).unwrap();
}

#[inline(never)]
fn multiply_for_ever(goes_on: &AtomicBool) {
    let mut number = 1_u64;
    while goes_on.load(Ordering::Relaxed) {
        number = black_box(number.wrapping_mul(3));
    }
}

/// Takes profiles until one satisfies the condition: on a busy machine a thread may get no processor for long.
#[track_caller]
fn profile_with(rate: u32, is_there: impl Fn(&Profile) -> bool) -> Profile {
    let waited = Waited::begin("a profile that has it");
    loop {
        let recording = profile::begin(rate, Duration::from_millis(700), "a test").unwrap();
        assert!(recording.wait(PATIENCE));
        let profile = recording.end().unwrap();
        if is_there(&profile) {
            return profile;
        }
        waited.goes_on(&(&profile.threads, profile.functions(false)));
    }
}

fn samples_of(profile: &Profile, thread: &str) -> u64 {
    profile.threads.iter().filter(|share| share.thread == thread).map(|share| share.samples).sum()
}

#[test]
fn a_hot_function_is_found() {
    let _turn = turn();
    let busy = Busy::start();
    let goes_on = busy.0;
    spawn("hot", move || multiply_for_ever(goes_on));
    let profile = profile_with(200, |profile| samples_of(profile, "hot") >= 20);
    let functions = profile.functions(false);
    let hot = functions.iter().find(|share| share.function == "it::profile::multiply_for_ever").unwrap();
    // The thread did nothing else. Its helper functions are not inlined in a test build, but they belong to std.
    let thread = samples_of(&profile, "hot");
    assert!(hot.total_samples * 10 >= thread * 8, "{hot:?} of {thread}");
    assert!(hot.self_samples > 0 && hot.self_percent <= hot.total_percent, "{hot:?}");
    assert!(hot.file.as_ref().unwrap().ends_with("tests/it/profile.rs") && hot.line.is_some(), "{hot:?}");
    // A sample stands for 5 ms of processor time, and no thread uses more of that than time passes.
    assert!(thread * 5 <= profile.took.as_millis() as u64 * 2, "{thread} in {:?}", profile.took);
    assert!(profile.used >= Duration::from_millis(thread * 5 / 2), "{thread} of {:?}", profile.used);
    // A waiting thread has no samples.
    assert_eq!(functions.iter().filter(|share| share.function.contains("Gate::block")).count(), 0);
}

#[test]
fn sleeping_threads_are_never_interrupted() {
    let _turn = turn();
    let gate = gate("profile idle");
    let _opens = OpensOnDrop(gate);
    for number in 0..50 {
        spawn(&format!("sleeper-{number}"), || gate.block());
    }
    gate.wait_for_visitors(50);
    let sleepers = || {
        let threads = backdoor_runtime::threads::list(Duration::ZERO).unwrap();
        let sleepers = threads.into_iter().filter(|thread| thread.name.starts_with("sleeper-"));
        let mut switches: Vec<(i32, u64)> = sleepers.map(|thread| (thread.tid, thread.voluntary)).collect();
        switches.sort_unstable();
        switches
    };
    let slept = || {
        let before = sleepers();
        let profile = profile_with(1000, |_| true);
        assert!(profile.threads.iter().all(|share| !share.thread.starts_with("sleeper-")));
        (before, sleepers())
    };
    // A thread may have been on its way to its sleep, once.
    until("a sleep of all", slept, |(before, after)| before.len() == 50 && before == after);
}

#[test]
fn tasks_are_told_apart_by_name() {
    let _turn = turn();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let _entered = runtime.enter();
    // It ends before the runtime, which waits for it.
    let busy = Busy::start();
    let goes_on = busy.0;
    spawn_named("burner", async move { multiply_for_ever(goes_on) });
    spawn_named("waiter", std::future::pending::<()>());
    let console = Backdoor::testing();
    let burner = until_some("a task that burns", || {
        let value = console.run("profile tasks --for 500ms --json").value;
        let tasks = value["tasks"].as_list().unwrap();
        assert!(tasks.iter().all(|task| task["task"].as_str() != Some("waiter")), "{value}");
        tasks.iter().find(|task| task["task"].as_str() == Some("burner")).cloned()
    });
    assert_eq!(burner["hottest"], "it::profile::multiply_for_ever", "{burner}");
    assert!(burner["percent"].as_f64().unwrap() > 0.0, "{burner}");
}

#[test]
fn an_interrupted_profile_is_shown_and_blocks_a_second() {
    let _turn = turn();
    let backdoor = console().start().unwrap();
    let (mut first, mut second) = (Operator::new(&backdoor), Operator::new(&backdoor));
    let busy = Busy::start();
    let goes_on = busy.0;
    spawn("hot", move || multiply_for_ever(goes_on));
    let waited = Waited::begin("an end in time");
    let end = loop {
        // New functions are looked up in the debug information, which takes longer on a busy machine than an interrupt allows; the next
        // profile has them cached.
        let whole = || second.asks("profile cpu --for 500ms");
        until("the end of the one before", whole, |profile| profile.contains(" at 99 Hz"));
        first.types("profile cpu --for 4m");
        until("timers", timers, |timers| *timers > 0);
        let refused = second.asks("profile tasks --for 10ms");
        assert!(refused.contains("only one profile can run"), "{refused}");
        assert!(refused.contains(" (127.0.0.1:"), "{refused}");
        assert!(refused.contains(") is taking a profile, which ends within 240 s;"), "{refused}");
        thread::sleep(Duration::from_millis(300));
        first.interrupts();
        let end = first.reads_end();
        // In such a short time it may have used no processor time.
        if !end.contains(" is marked stuck") && end.contains("it::profile::multiply_for_ever") {
            break end;
        }
        waited.goes_on(&end);
    };
    assert!(end.contains("\npartial: it ended after ") && end.contains(" instead of 4m\n"), "{end}");
    assert!(end.contains("it::profile::multiply_for_ever"), "{end}");
    assert!(end.ends_with("interrupted\n"), "{end}");
    assert!(second.asks("profile cpu --for 10ms").contains(" at 99 Hz"));
}

/// The timers of this process (proc_pid_timers(5)).
fn timers() -> usize {
    fs::read_to_string("/proc/self/timers").unwrap().matches("ID:").count()
}

#[test]
fn a_disconnect_ends_the_profile() {
    let _turn = turn();
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    operator.types("profile cpu --for 4m");
    until("timers", timers, |timers| *timers > 0);
    operator.vanishes();
    until("no timers", timers, |timers| *timers == 0);
    let mut operator = Operator::new(&backdoor);
    let next = || operator.asks("profile cpu --for 10ms");
    until("its end", next, |answer| !answer.contains("there is one at a time"));
}

#[test]
fn threads_may_start_end_and_allocate_meanwhile() {
    let _turn = turn();
    fn allocate(rounds: usize) -> usize {
        (0..rounds).map(|round| black_box(vec![1_u8; 7 + 997 * (round % 50)]).len()).sum()
    }
    let busy = Busy::start();
    for number in 0..4 {
        let goes_on = busy.0;
        spawn(&format!("parent-{number}"), move || {
            while goes_on.load(Ordering::Relaxed) {
                let child = thread::Builder::new().name("child".to_owned());
                let child = child.spawn(|| allocate(200_000)).unwrap();
                black_box(allocate(100));
                child.join().unwrap();
            }
        });
    }
    let (end, waited) = (Instant::now() + Duration::from_secs(3), Waited::begin("samples of children"));
    let (mut of_children, mut is_met) = (0, false);
    while Instant::now() < end || of_children == 0 || !is_met {
        let profile = profile_with(1000, |profile| profile.samples > 0);
        of_children += samples_of(&profile, "child");
        is_met |= profile.functions(false).iter().any(|share| share.function.ends_with("::allocate"));
        assert_eq!(timers(), 0);
        waited.goes_on(&(of_children, is_met));
    }
}

#[test]
fn a_thread_that_blocks_all_signals_is_not_watched() {
    let _turn = turn();
    let gate = gate("profile deaf");
    let busy = Busy::start();
    let goes_on = busy.0;
    spawn("deaf-busy", move || {
        deaf::block_all_signals();
        gate.visit();
        multiply_for_ever(goes_on);
    });
    gate.wait_for_visitors(1);
    let profile = profile_with(1000, |profile| profile.used > Duration::from_millis(100));
    assert!(profile.unwatched >= 1);
    assert_eq!(samples_of(&profile, "deaf-busy"), 0);
    let deaf = backdoor_runtime::threads::list(Duration::ZERO).unwrap();
    let deaf = deaf.iter().find(|thread| thread.name == "deaf-busy").unwrap().tid;
    let status = fs::read_to_string(format!("/proc/self/task/{deaf}/status")).unwrap();
    assert!(status.contains("SigPnd:\t0000000000000000\n"), "{status}");
}

#[test]
fn a_flame_graph_and_its_stacks_are_saved_in_private() {
    let _turn = turn();
    let busy = Busy::start();
    let goes_on = busy.0;
    spawn("hot", move || multiply_for_ever(goes_on));
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    let waited = Waited::begin("a graph of the hot function");
    loop {
        let answer = operator.asks("profile cpu --for 300ms --save");
        waited.goes_on(&answer);
        let path = |what: &str| answer.lines().find_map(|line| line.strip_prefix(what));
        let (Some(graph), Some(folded)) = (path("flame graph: "), path("folded stacks: ")) else { continue };
        let directory = Path::new(graph).parent().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!([mode(directory), mode(Path::new(graph)), mode(Path::new(folded))], [0o700, 0o600, 0o600]);
        let (graph, folded) = (fs::read_to_string(graph).unwrap(), fs::read_to_string(folded).unwrap());
        fs::remove_dir_all(directory).unwrap();
        xml::check(&graph);
        assert!(graph.starts_with("<svg xmlns="), "{graph}");
        assert!(
            folded.lines().all(|line| line.rsplit(' ').next().unwrap().parse::<u64>().is_ok()),
            "{folded}"
        );
        if folded.contains(";it::profile::multiply_for_ever") {
            assert!(graph.contains("<title>it::profile::multiply_for_ever ("), "{graph}");
            return;
        }
    }
}

fn address_of(example: &mut Example) -> Address {
    example.line().rsplit(' ').next().unwrap().parse().map(Address::Tcp).unwrap()
}

#[test]
fn a_sleeping_process_has_no_samples() {
    let mut example = Example::start_with("hello", &[("BACKDOOR_LISTEN", "127.0.0.1:0")]);
    let address = address_of(&mut example);
    let answer = || script(&address, "profile cpu --for 100ms --save\nprofile tasks --for 100ms\n");
    // A thread that was just started blocks all signals, which has a line of its own.
    let answer = until("two lines", answer, |answer| answer.lines().count() == 2);
    let start = "no samples at ";
    assert_eq!(answer.lines().filter(|line| line.starts_with(start)).count(), 2, "{answer}");
}

/// The figure of a process in kB.
fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn many_profiles_leave_nothing_behind() {
    let mut example = Example::start_with("hello", &[("BACKDOOR_LISTEN", "127.0.0.1:0")]);
    let address = address_of(&mut example);
    let profiles = |count: usize| {
        let goes_on = AtomicBool::new(true);
        thread::scope(|scope| {
            // Another thread keeps the process busy meanwhile.
            let flood = scope.spawn(|| {
                while goes_on.load(Ordering::Relaxed) {
                    script(&address, "help\n".repeat(100));
                }
            });
            // One command at a time, because of the time limit.
            let one = || script(&address, "profile cpu --for 20ms --rate 1000\n");
            let answers: String = (0..count).map(|_| one()).collect();
            goes_on.store(false, Ordering::Relaxed);
            flood.join().unwrap();
            assert_eq!(answers.matches(" at 1000 Hz").count(), count, "{answers}");
            assert!(answers.contains(" samples at 1000 Hz: "), "{answers}");
        });
        resident(example.process.id())
    };
    let before = profiles(20);
    let after = profiles(30);
    // Each profile reads a MiB of tables or more. Found functions are cached, and there are ever fewer new ones.
    assert!(after < before + 40 * 1024, "{before} kB, then {after} kB");
}

#[test]
fn a_stripped_program_says_that_it_has_no_line_tables() {
    let stripped = std::env::temp_dir().join(format!("backdoor-stripped-profile-{}", std::process::id()));
    let strip = std::process::Command::new("strip").arg("-o").arg(&stripped).arg(program("hello")).status();
    assert!(strip.unwrap().success());
    let mut example = Example::start_program(&stripped, &[("BACKDOOR_LISTEN", "127.0.0.1:0")]);
    fs::remove_file(&stripped).unwrap();
    let address = address_of(&mut example);
    let profile = || {
        thread::scope(|scope| {
            scope.spawn(|| script(&address, "help\n".repeat(300)));
            script(&address, "profile cpu --for 300ms --rate 1000\n")
        })
    };
    let why =
        "\nthis program has no line tables: build it with `debug = \"line-tables-only\"` in its profile";
    until(why, profile, |answer| answer.contains(why));
}

/// Both use the same signal.
#[test]
fn stacks_can_be_read_during_a_profile() {
    let _turn = turn();
    let busy = Busy::start();
    let goes_on = busy.0;
    spawn("hot-both", move || multiply_for_ever(goes_on));
    let waited = Waited::begin("stacks and samples of the hot thread");
    loop {
        let recording = profile::begin(1000, Duration::from_secs(240), "a test").unwrap();
        let mut seen = 0;
        while seen < 20 {
            let stacks = backdoor_runtime::threads::stacks().unwrap();
            let hot = stacks.threads.iter().find(|thread| thread.name == "hot-both");
            seen += u32::from(hot.is_some_and(|hot| hot.held.is_some()));
            waited.goes_on(&hot);
        }
        let profile = recording.end().unwrap();
        assert!(profile.took < profile.asked);
        // On a busy machine it may have used no processor time in such a short time.
        if samples_of(&profile, "hot-both") > 0 {
            return;
        }
        waited.goes_on(&profile.threads);
    }
}
