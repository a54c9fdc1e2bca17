//! A filter on system calls, as container runtimes and systemd units set it: a classic BPF program that compares the call's number.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::left_out::left_out;

/// The kernel's action for a filtered call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    /// The call fails with this error.
    Fail(i32),
    /// SIGSYS ends the whole process.
    Kill,
}

/// Lets the command's program run under a filter on these calls (`libc::SYS_..`).
pub(crate) fn filtered(command: &mut Command, action: Action, calls: &[i64]) {
    let program = program(action, calls);
    let install = move || {
        // SAFETY: the call changes an attribute of the calling thread.
        check(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })?;
        let filter = libc::sock_fprog { len: program.len() as u16, filter: program.as_ptr().cast_mut() };
        // SAFETY: the kernel reads the program, which lives as long as the closure.
        check(unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const filter) })
    };
    // SAFETY: between fork and exec it makes two system calls and neither allocates nor locks.
    unsafe { command.pre_exec(install) };
}

/// Whether filters can be set here. If not, it reports that, and the test ends.
pub(crate) fn is_available() -> bool {
    let mut command = Command::new("true");
    filtered(&mut command, Action::Fail(libc::EPERM), &[libc::SYS_setpriority]);
    let begun = command.status();
    if let Err(error) = &begun {
        left_out(&format!("a filter of system calls: none can be set here: {error}"));
    }
    begun.is_ok()
}

fn check(result: i32) -> io::Result<()> {
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Loads the number, compares it with each, and allows all others.
fn program(action: Action, calls: &[i64]) -> Vec<libc::sock_filter> {
    const LOAD: u32 = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
    const IF_EQUAL: u32 = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
    const RETURN: u32 = libc::BPF_RET | libc::BPF_K;
    let step = |code: u32, jt: usize, k: u32| libc::sock_filter { code: code as u16, jt: jt as u8, jf: 0, k };
    let verdict = match action {
        Action::Fail(errno) => libc::SECCOMP_RET_ERRNO | errno.unsigned_abs(),
        Action::Kill => libc::SECCOMP_RET_KILL_PROCESS,
    };
    // The number is the first field of `seccomp_data`.
    let mut program = vec![step(LOAD, 0, 0)];
    program.extend(calls.iter().enumerate().map(|(at, call)| step(IF_EQUAL, calls.len() - at, *call as u32)));
    program.extend([step(RETURN, 0, libc::SECCOMP_RET_ALLOW), step(RETURN, 0, verdict)]);
    program
}

#[test]
fn a_filter_refuses_or_kills() {
    use std::os::unix::process::ExitStatusExt;
    if !is_available() {
        return;
    }
    let nice = |action| {
        let mut command = Command::new("nice");
        filtered(command.args(["-n", "1", "true"]), action, &[libc::SYS_getuid, libc::SYS_setpriority]);
        command.output().unwrap()
    };
    // `nice` reports the refusal, and continues.
    let refused = String::from_utf8(nice(Action::Fail(libc::EPERM)).stderr).unwrap();
    assert!(refused.contains("Operation not permitted"), "{refused}");
    assert_eq!(nice(Action::Kill).status.signal(), Some(libc::SIGSYS));
}
