//! The effect of reading stacks on system calls, stacks and signals. Each case is a separate process, because signals, limits and rights
//! belong to a process: this program runs itself with `--run CASE`.

#![allow(
    clippy::unwrap_used,
    reason = "a test without the usual harness, which clippy does not know for one"
)]

#[allow(
    unsafe_code,
    clippy::undocumented_unsafe_blocks,
    clippy::redundant_closure_call,
    reason = "system calls that nothing safe makes, all of one kind, each in a closure of a table"
)]
mod calls;
#[path = "../it/left_out.rs"]
mod left_out;
#[allow(unsafe_code, reason = "a library that is loaded")]
mod loaded;
mod replaced;
#[allow(unsafe_code, reason = "threads and rights that nothing safe gives")]
mod room;
#[allow(unsafe_code, reason = "a handler of the service's own")]
mod urgent;

use std::env;
use std::process::{Command, ExitCode};
use std::thread;
use std::time::{Duration, Instant};

use backdoor_runtime::threads::{ThreadStack, stacks};

/// How long the tests wait.
const PATIENCE: Duration = Duration::from_secs(120);

const CASES: [(&str, fn()); 9] = [
    ("no_system_call_fails_of_a_look", calls::no_system_call_fails_of_a_look),
    ("sweeps_over_threads_that_go_in_and_out_of_poll", calls::in_and_out_of_poll),
    ("who_burns_processor_time_alone_is_interrupted_by_a_profile", calls::a_profile),
    ("a_handler_for_urgent_data_is_never_ours_to_take", urgent::a_handler_before_the_first_look),
    ("a_handler_for_urgent_data_that_comes_later_is_left_alone", urgent::a_handler_after_the_first_look),
    ("a_library_that_was_loaded_takes_a_profile_of_threads_that_allocate", loaded::a_profile),
    ("a_program_that_replaces_itself_meanwhile", replaced::by_itself),
    ("a_thread_with_little_stack_left_is_never_signalled", room::a_small_stack),
    ("a_process_that_gave_up_its_rights", room::given_up_rights),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [run, name] = arguments.as_slice()
        && run == "--run"
    {
        CASES.iter().find(|(case, _)| case == name).unwrap().1();
        return ExitCode::SUCCESS;
    }
    let filter = arguments.iter().find(|argument| !argument.starts_with('-'));
    let mut failed = 0;
    for (name, _) in CASES.iter().filter(|(name, _)| filter.is_none_or(|filter| name.contains(filter))) {
        let status = Command::new(env::current_exe().unwrap()).args(["--run", name]).status().unwrap();
        println!("test signals::{name} ... {}", if status.success() { "ok" } else { "FAILED" });
        failed += usize::from(!status.success());
    }
    ExitCode::from(u8::from(failed > 0))
}

/// A thread of this name.
fn spawn(name: &str, work: impl FnOnce() + Send + 'static) {
    thread::Builder::new().name(name.to_owned()).spawn(work).unwrap();
}

/// Reads until the stack of the thread of this name is as expected.
#[track_caller]
fn look_until(name: &str, is_there: impl Fn(&ThreadStack) -> bool) -> ThreadStack {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found = stacks().unwrap().threads.into_iter().find(|thread| thread.name == name);
        assert!(Instant::now() < deadline, "{found:#?}");
        if let Some(thread) = found.filter(&is_there) {
            return thread;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Whether the stack has a function whose name contains this.
fn is_on(thread: &ThreadStack, function: &str) -> bool {
    thread.frames.iter().any(|frame| frame.function.as_deref().is_some_and(|name| name.contains(function)))
}
