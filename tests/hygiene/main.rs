//! Commands in surroundings in which a careless expansion would not compile, each called through the console and as the plain function.

mod declarations;
mod lints;
mod names;
mod no_prelude;
mod replies;
mod shadowed;
mod surroundings;
mod variables;

use backdoor_runtime::{Backdoor, Status};

// Nothing else here names that crate: without this its commands would be missing (author A16).
backdoor_runtime::commands_of!(linked);

/// Runs a line, and compares the output for a script.
#[track_caller]
fn check(line: &str, text: &str) {
    let answer = Backdoor::testing().run(line);
    assert_eq!(answer.error, None, "{line}");
    assert_eq!(answer.status, Status::Done, "{line}");
    assert_eq!(answer.text, text, "{line}");
}

/// Runs a line with `--json`, and compares the output for a program.
#[track_caller]
fn check_json(line: &str, json: &str) {
    check(&format!("{line} --json"), &format!("{json}\n"));
}

#[track_caller]
fn check_error(line: &str, status: Status, error: &str) {
    let answer = Backdoor::testing().run(line);
    assert_eq!((answer.status, answer.error.as_deref()), (status, Some(error)), "{line}");
}

#[test]
fn all_declarations_pass_the_check_together() {
    backdoor_runtime::check_commands().unwrap();
}

#[test]
fn regression_commands_of_an_expected_crate_are_linked() {
    check("linked say low", "linked\n");
}
