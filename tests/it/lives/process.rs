//! The service of `tests/service` as a process, in an environment that a test prepares.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::{fs, thread};

use backdoor_runtime::Address;
use rustix::process::{Resource, Rlimit};

use crate::client::Client;
use crate::left_out::left_out;
use crate::wait::{PATIENCE, until};

/// The commands that read something. `profile` needs a thread of its own.
pub(super) const VIEWS: &[&str] = &[
    "args",
    "build",
    "cgroup",
    "changes",
    "commands",
    "counters",
    "doctor --for 100ms",
    "env",
    "fds",
    "help",
    "limits",
    "locks",
    "log",
    "maps",
    "mem",
    "objects",
    "pgt",
    "pnt",
    "runtime",
    "running",
    "self",
    "sockets",
    "status",
    "tasks",
    "threads",
    "trend",
    "uptime",
    "vars",
    "version",
    "waits",
    "who",
];

/// The program.
pub(super) const SERVICE: &str = env!("CARGO_BIN_EXE_service");

/// A running service, which is killed on drop.
pub(super) struct Process {
    child: Child,
    lines: Receiver<String>,
    log: Option<thread::JoinHandle<String>>,
}

/// How far the start of a service came.
#[derive(Debug, PartialEq)]
pub(super) enum Begun {
    /// It did not reach its console.
    NotAtAll,
    WithConsole(Address),
    WithoutConsole,
    /// It died while starting its console.
    Died,
}

impl Process {
    /// The service on this runtime.
    pub(super) fn command(flavour: &str) -> Command {
        Self::of(Path::new(SERVICE), flavour)
    }

    /// The same as another program.
    pub(super) fn of(program: &Path, flavour: &str) -> Command {
        let mut command = Command::new(program);
        command.arg(flavour).env_remove("BACKDOOR_LISTEN").current_dir("/");
        command
    }

    pub(super) fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (line, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut stderr = child.stderr.take().unwrap();
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|said| line.send(said)));
        let log = thread::spawn(move || {
            let mut log = Vec::new();
            let _ = stderr.read_to_end(&mut log);
            String::from_utf8_lossy(&log).into_owned()
        });
        Self { child, lines, log: Some(log) }
    }

    /// The result of starting its console.
    pub(super) fn begun(&self) -> Begun {
        match self.line().as_deref() {
            None => return Begun::NotAtAll,
            Some("begun") => {}
            Some(line) => panic!("{line:?}"),
        }
        match self.line().as_deref() {
            None => Begun::Died,
            Some("no console") => Begun::WithoutConsole,
            Some(line) => match (line.strip_prefix("console "), line.strip_prefix("console unix:")) {
                (_, Some(path)) => Begun::WithConsole(Address::Unix(path.into())),
                (Some(address), None) => Begun::WithConsole(Address::Tcp(address.parse().unwrap())),
                (None, None) => panic!("{line:?}"),
            },
        }
    }

    /// The address of its console.
    #[track_caller]
    pub(super) fn address(&self) -> Address {
        match self.begun() {
            Begun::WithConsole(address) => address,
            begun => panic!("{begun:?}"),
        }
    }

    /// The next line of its output; nothing after its end.
    fn line(&self) -> Option<String> {
        use std::sync::mpsc::RecvTimeoutError::{Disconnected, Timeout};
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => Some(line),
            Err(Disconnected) => None,
            Err(Timeout) => panic!("it says nothing"),
        }
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The number of its threads.
    pub(super) fn threads(&self) -> u64 {
        fs::read_dir(format!("/proc/{}/task", self.id())).unwrap().count() as u64
    }

    /// The nice value of its thread of this name, if there is one.
    pub(super) fn nice_of(&self, name: &str) -> Option<i32> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.id())).unwrap();
        let stats = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("stat")).ok());
        let stat = stats.into_iter().find(|stat| stat.contains(&format!("({name}) ")))?;
        // proc_pid_stat(5): `nice` is the 19th field, and the first after the name is the third.
        stat.rsplit(") ").next()?.split(' ').nth(16)?.parse().ok()
    }

    /// Waits until its thread of this name has this value.
    #[track_caller]
    pub(super) fn expect_nice(&self, name: &str, value: i32) {
        let what = format!("{name} at {value}");
        until(&what, || self.nice_of(name), |nice| *nice == Some(value));
    }

    /// Ends it, and returns its exit status and its log.
    pub(super) fn end(mut self) -> (ExitStatus, String) {
        drop(self.child.stdin.take());
        let status = self.child.wait().unwrap();
        (status, self.log.take().unwrap().join().unwrap())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A user id without other processes, if this process may switch to it.
pub(super) fn lonely_user() -> Option<u32> {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    if !rustix::process::geteuid().is_root() {
        left_out("a service of another user: only root can start one");
        return None;
    }
    // Other runs of this binary use other ids.
    let uid = 1_000_000 + std::process::id() % 100_000 * 100 + NEXT.fetch_add(1, Ordering::Relaxed);
    let can = Command::new(SERVICE).arg("none").uid(uid).stdin(Stdio::null()).output();
    match can {
        Ok(_) => Some(uid),
        Err(error) => {
            left_out(&format!("a service of another user: {error}"));
            None
        }
    }
}

/// Lets the command's program begin with this limit.
pub(super) fn limited(command: &mut Command, resource: Resource, limit: u64) {
    let set = move || {
        rustix::process::setrlimit(resource, Rlimit { current: Some(limit), maximum: Some(limit) })?;
        Ok(())
    };
    // SAFETY: between fork and exec it makes one system call and neither allocates nor locks.
    unsafe { command.pre_exec(set) };
}

/// Enters each line in one session, and returns each with its answer. The session still works at the end.
#[track_caller]
pub(super) fn answers(address: &Address, lines: &[&'static str]) -> Vec<(&'static str, String)> {
    let mut client = Client::prompted(address);
    let answers = lines.iter().map(|line| (*line, client.ask(line))).collect();
    assert!(client.ask("version").contains("pid "), "the session goes on");
    answers
}

/// Checks that no answer reports a bug in the console, or a panic.
#[track_caller]
pub(super) fn check_answers(answers: &[(&str, String)]) {
    for (line, answer) in answers {
        let failed = ["bug in the console", "panicked", "reading the threads failed"];
        assert!(!failed.iter().any(|failed| answer.contains(failed)), "{line}: {answer}");
    }
}
