//! `strace` lets a system call of a service fail as if the whole system had no descriptor or no memory.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use super::process::Service;
use crate::left_out::left_out;
use crate::pty::require;

/// Lets connections of a service fail until it is dropped.
pub(super) struct Refusing {
    strace: Child,
    stderr: BufReader<ChildStderr>,
}

impl Refusing {
    /// Lets `accept` fail with this error; `when` selects the calls: `:when=1+2` is every other one, beginning with the first. Returns
    /// nothing in a container that forbids tracing (ptrace(2), "Ptrace access mode checking").
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

    /// Waits for one of these texts, and returns it.
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
        // It detaches between two calls, which SIGKILL would not do.
        let _ = kill_process(Pid::from_child(&self.strace), Signal::TERM);
        let _ = self.strace.wait();
    }
}
