//! A service that forks after its console has started: the copy in the child keeps no listener, no session and no file.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use backdoor_runtime::{Address, Backdoor};

use crate::client::{Client, script};
use crate::listen::Directory;
use crate::wait::until;
use crate::wire::builder;

/// Set in the service's process, with the way it forks.
const HOW: &str = "BACKDOOR_TEST_FORKS";

/// The path of its unix socket.
const PATH: &str = "BACKDOOR_TEST_FORKS_PATH";

/// The parent exits at once, as with daemon(3).
const DAEMON: &str = "daemon";

/// The parent continues beside its child, as a server with workers does.
const WORKER: &str = "worker";

/// No test: the service that the tests below start. Its child reads its tasks from standard input, one a line.
#[test]
fn service() {
    let Ok(how) = std::env::var(HOW) else { return };
    let path = std::env::var(PATH).unwrap();
    let console = builder().listen("0").listen(format!("unix:{path}")).start().unwrap();
    say(&format!("\nat {}", console.addresses()[0]));
    let mut go = String::new();
    std::io::stdin().read_line(&mut go).unwrap();
    // SAFETY: the child has this thread alone; the C library keeps its own locks usable in it, and no other is held here.
    let child = unsafe { libc::fork() };
    if child == 0 {
        work(console);
        // SAFETY: it ends the child without the exit handlers of the parent's harness.
        unsafe { libc::_exit(0) };
    }
    say(&format!("child {child}"));
    if how == DAEMON {
        // SAFETY: as above; nothing is dropped, as when a parent exits after daemon(3).
        unsafe { libc::_exit(0) };
    }
    loop {
        std::thread::park();
    }
}

/// Runs the child.
fn work(console: Backdoor) {
    let mut console = Some(console);
    for line in std::io::stdin().lines() {
        match line.unwrap().as_str() {
            "addresses" => say(&format!("{:?}", console.as_ref().unwrap().addresses())),
            "debug" => say(&format!("{:?}", console.as_ref().unwrap())),
            "drop" => {
                drop(console.take());
                say("dropped");
            }
            "start" => {
                console = Some(builder().listen("0").start().unwrap());
                say(&console.as_ref().unwrap().addresses()[0].to_string());
            }
            other => panic!("{other}?"),
        }
    }
}

fn say(text: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "{text}").unwrap();
    out.flush().unwrap();
}

/// A service and its child, which both end on drop.
struct Forking {
    parent: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    tcp: Address,
    path: PathBuf,
    child: u32,
}

impl Forking {
    fn start(how: &str, directory: &Directory) -> Self {
        let path = directory.socket().0;
        let mut parent = Command::new(std::env::current_exe().unwrap())
            .args(["listen::forked::service", "--exact", "--nocapture"])
            .env(HOW, how)
            .env(PATH, &path)
            .env_remove("BACKDOOR_LISTEN")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = parent.stdin.take();
        let mut stdout = BufReader::new(parent.stdout.take().unwrap());
        let address = said(&mut stdout, "at ");
        Self { parent, stdin, stdout, tcp: Address::Tcp(address.parse().unwrap()), path, child: 0 }
    }

    fn unix(&self) -> Address {
        Address::Unix(self.path.clone())
    }

    fn tell(&mut self, line: &str) {
        writeln!(self.stdin.as_ref().unwrap(), "{line}").unwrap();
    }

    fn fork(&mut self) {
        self.tell("fork");
        self.child = said(&mut self.stdout, "child ").parse().unwrap();
    }

    /// The child's answer.
    fn ask(&mut self, line: &str) -> String {
        self.tell(line);
        said(&mut self.stdout, "")
    }

    fn is_child_alive(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child)).unwrap_or_default();
        !stat.is_empty() && !stat.contains(") Z ")
    }

    fn end_of_parent(&mut self) {
        self.parent.kill().unwrap();
        self.parent.wait().unwrap();
        assert!(self.is_child_alive());
    }
}

impl Drop for Forking {
    fn drop(&mut self) {
        let _ = self.parent.kill();
        let _ = self.parent.wait();
        // The child ends with its input, and its output with it.
        self.stdin = None;
        self.stdout.by_ref().lines().for_each(drop);
    }
}

/// The rest of the next line that begins with this.
#[track_caller]
fn said(stdout: &mut impl BufRead, begin: &str) -> String {
    loop {
        let mut line = String::new();
        assert!(stdout.read_line(&mut line).unwrap() > 0, "it ended");
        if let Some(rest) = line.trim_end().strip_prefix(begin) {
            return rest.to_owned();
        }
    }
}

/// Waits until connections to this address are refused at once.
#[track_caller]
fn is_refused(tcp: &Address, path: &Path) {
    let Address::Tcp(tcp) = tcp else { panic!("{tcp} is no port") };
    let is_let_in = || (TcpStream::connect(tcp).is_ok(), UnixStream::connect(path).is_ok());
    until("that nobody listens", is_let_in, |is_let_in| *is_let_in == (false, false));
}

#[test]
fn c15_a_fork_into_the_background_leaves_no_dead_listener() {
    let directory = Directory::new("daemon");
    let mut service = Forking::start(DAEMON, &directory);
    let mut session = Client::prompted(&service.tcp);
    service.fork();
    service.parent.wait().unwrap();
    assert!(service.is_child_alive());
    is_refused(&service.tcp, &service.path);
    // The session ended with the parent.
    session.read_to_end();
    // The next start has the port and the path.
    let again = builder().listen(service.tcp.to_string()).listen(service.unix().to_string()).start().unwrap();
    assert_eq!(script(&again.addresses()[1], "wire echo a\n"), "a\n");
}

#[test]
fn c15_a_forked_worker_holds_neither_port_nor_session() {
    let directory = Directory::new("worker");
    let mut service = Forking::start(WORKER, &directory);
    let mut sessions = [Client::prompted(&service.tcp), Client::prompted(&service.unix())];
    service.fork();
    // The answer shows that the child has begun.
    assert_eq!(service.ask("addresses"), "[]");
    // The parent's console continues, also for existing sessions.
    for session in &mut sessions {
        let said = session.ask("wire echo a");
        assert!(said.lines().last() == Some("a"), "{said:?}");
    }
    assert_eq!(script(&service.tcp, "wire echo a\n"), "a\n");
    service.end_of_parent();
    sessions.iter_mut().for_each(|session| drop(session.read_to_end()));
    is_refused(&service.tcp, &service.path);
    let again = builder().listen(service.tcp.to_string()).listen(service.unix().to_string()).start().unwrap();
    assert_eq!(script(&again.addresses()[0], "wire echo a\n"), "a\n");
    assert!(service.is_child_alive());
}

#[test]
fn m6_a8_dropping_a_forked_copy_has_no_effect() {
    let directory = Directory::new("copy");
    let mut service = Forking::start(WORKER, &directory);
    let mut session = Client::prompted(&service.tcp);
    let parent = service.parent.id();
    service.fork();
    let shown = service.ask("debug");
    assert_eq!(shown, format!("Backdoor {{ addresses: [], of_process: {parent}, .. }}"));
    assert_eq!(service.ask("drop"), "dropped");
    assert!(service.path.exists(), "the socket's file is the parent's");
    assert_eq!(script(&service.unix(), "wire echo a\n"), "a\n");
    assert!(session.ask("wire echo a").ends_with("a\r\n"));
    // A console that the child starts is independent.
    let own = Address::Tcp(service.ask("start").parse().unwrap());
    let child = service.child;
    assert!(Client::connect(&own).expect("test> ").contains(&format!("pid {child} on")));
    assert_eq!(script(&own, "wire echo b\n"), "b\n");
    assert_eq!(service.ask("drop"), "dropped");
    assert_eq!(script(&service.unix(), "wire echo a\n"), "a\n");
}
