//! A kernel that refuses: `strace` has a system call of a service fail as if there were no descriptor or no memory in the whole system.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use super::process::Service;
use crate::left_out::left_out;
use crate::pty::require;

/// Holds on to a service whose connections cannot be taken. It lets go when it is dropped.
pub(super) struct Refusing {
    strace: Child,
    stderr: BufReader<ChildStderr>,
}

impl Refusing {
    /// Lets `accept` fail with this error, and `when` says which calls: `:when=1+2` is every other one, beginning with the first. Gives
    /// nothing in a container whose processes may not be traced (ptrace(2), "Ptrace access mode checking"): there nobody can tell.
    #[track_caller]
    pub(super) fn begin(service: &Service, error: &str, when: &str) -> Option<Self> {
        require("strace", "strace");
        let mut strace = Command::new("strace")
            .args(["-f", "-e", "trace=accept4", "-e", "signal=none"])
            .args(["-e", &format!("inject=accept4:error={error}{when}")])
            .args(["-p", &service.pid().to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(strace.stderr.take().unwrap());
        let mut refusing = Self { strace, stderr };
        if refusing.hear(&[" attached", "Operation not permitted"]) == 0 {
            return Some(refusing);
        }
        left_out(&format!("a kernel that says {error}: no process may be traced here"));
        None
    }

    /// Waits until a call has failed.
    #[track_caller]
    pub(super) fn has_refused(&mut self) {
        self.hear(&["(INJECTED)"]);
    }

    /// Waits for one of these, and says which it was.
    #[track_caller]
    fn hear(&mut self, wanted: &[&str]) -> usize {
        let mut said = String::new();
        loop {
            if let Some(heard) = wanted.iter().position(|wanted| said.contains(wanted)) {
                return heard;
            }
            let before = said.len();
            self.stderr.read_line(&mut said).unwrap();
            assert!(said.len() > before, "{wanted:?} was not said, only {said}");
        }
    }
}

impl Drop for Refusing {
    fn drop(&mut self) {
        // It lets go between two calls, which to be killed would not.
        let _ = kill_process(Pid::from_child(&self.strace), Signal::TERM);
        let _ = self.strace.wait();
    }
}
