//! Under valgrind, which removes the vDSO only from the C library's auxiliary vector: code that asks the kernel for that vector reads
//! memory that does not exist.

use std::process::Command;

use super::process::{Process, SERVICE};
use crate::client::script;
use crate::left_out::left_out;

#[test]
fn a_view_answers_under_valgrind() {
    if Command::new("valgrind").arg("--version").output().is_err() {
        left_out("a service under valgrind: `valgrind` is not on this machine");
        return;
    }
    let mut command = Command::new("valgrind");
    command.args(["--tool=none", "-q", SERVICE, "multi"]).env_remove("BACKDOOR_LISTEN").current_dir("/");
    let service = Process::start(&mut command);
    // The first view starts the thread that reads the clock.
    let answer = script(&service.address(), "threads\n");
    assert!(answer.contains("tokio-rt-worker"), "{answer:?}");
    let (status, log) = service.end();
    assert!(status.success(), "{status}: {log}");
}
