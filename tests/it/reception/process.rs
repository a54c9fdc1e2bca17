//! A service in a separate process, with its own descriptors, signals and limits.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use backdoor_runtime::{Address, Backdoor, backdoor_command};
use rustix::process::{PTracer, Resource, Rlimit, getrlimit, set_ptracer, setrlimit};

use crate::client::script;
use crate::log::Log;
use crate::wait::until;

/// Set in the service's process, with its options, separated by commas.
const SPECIAL: &str = "BACKDOOR_TEST_SERVICE";

/// The service has room for 20 descriptors of sessions.
pub(super) const FEW_DESCRIPTORS: &str = "few descriptors";

/// Its console keeps no descriptor in reserve.
pub(super) const NO_SPARE: &str = "no spare descriptor";

/// Its console does not pause where no connection can be taken.
pub(super) const NO_PAUSE: &str = "no pause";

/// Its console logs every warning. The service reports when a connection could not be accepted once, and [`OFTEN`] times.
pub(super) const LOGS_ALL: &str = "logs all";

/// More attempts than a console with pauses makes in a few seconds.
const OFTEN: usize = 51;

pub(super) const NOT_TAKEN: &str = "could not be accepted";

/// Gives the descriptors of a program that this process starts
#[backdoor_command(name = "reception inherited")]
fn inherited() -> std::io::Result<String> {
    let listed = Command::new("ls").args(["/proc/self/fd"]).output()?;
    Ok(String::from_utf8_lossy(&listed.stdout).into_owned())
}

/// No test: the service that the tests start. It ends with its standard input, and then prints its log.
#[test]
fn service() {
    let Ok(special) = std::env::var(SPECIAL) else { return };
    let is = |what| special.split(',').any(|special| special == what);
    let inherited_before = inherited().unwrap();
    let (log, _guard) = Log::record();
    let mut builder = Backdoor::builder("test").listen("0").reserve_fd(!is(NO_SPARE));
    if is(FEW_DESCRIPTORS) {
        builder = builder.max_sessions(usize::MAX);
    }
    if is(NO_PAUSE) {
        builder = builder.max_accept_backoff(Duration::ZERO);
    }
    if is(LOGS_ALL) {
        builder = builder.warning_interval(Duration::ZERO);
    }
    let console = builder.start().unwrap();
    // Threads and descriptors of the first use exist before they are counted.
    script(&console.addresses()[0], "version\nhelp\nwire echo a\n");
    if is(FEW_DESCRIPTORS) {
        let open = fs::read_dir("/proc/self/fd").unwrap().count() as u64;
        let maximum = getrlimit(Resource::Nofile).maximum;
        setrlimit(Resource::Nofile, Rlimit { current: Some(open + 20), maximum }).unwrap();
    }
    // `strace` is not its parent.
    let _ = set_ptracer(PTracer::Any);
    let mut out = std::io::stdout();
    writeln!(out, "\nready {}", console.addresses()[0]).unwrap();
    if is(LOGS_ALL) {
        let log = log.clone();
        std::thread::spawn(move || {
            for (count, word) in [(1, "once"), (OFTEN, "often")] {
                let tries = || log.lines().iter().filter(|line| line.contains(NOT_TAKEN)).count();
                until(word, tries, |tries| *tries >= count);
                println!("tried {word}");
            }
        });
    }
    let _ = std::io::stdin().read_line(&mut String::new());
    drop(console);
    writeln!(out, "log inherited before: {inherited_before:?}").unwrap();
    log.lines().iter().for_each(|line| writeln!(out, "log {line}").unwrap());
}

/// A running service, which is killed on drop.
pub(super) struct Service {
    child: Child,
    stdout: BufReader<ChildStdout>,
    pub(super) address: Address,
}

impl Service {
    /// Starts a service with these options.
    pub(super) fn start(special: &[&str]) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["reception::process::service", "--exact", "--nocapture"])
            .env(SPECIAL, special.join(","))
            .env_remove("BACKDOOR_LISTEN")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        let address = loop {
            line.clear();
            assert!(stdout.read_line(&mut line).unwrap() > 0, "the service did not start");
            if let Some(address) = line.trim().strip_prefix("ready ") {
                break Address::Tcp(address.parse().unwrap());
            }
        };
        Self { child, stdout, address }
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The number of its open descriptors.
    pub(super) fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    /// Waits until it has no more descriptors open than this.
    #[track_caller]
    pub(super) fn comes_back_to(&self, descriptors: usize) {
        let what = format!("{descriptors} open descriptors");
        until(&what, || self.descriptors(), |open| *open <= descriptors);
    }

    /// Waits until it prints this.
    #[track_caller]
    pub(super) fn says(&mut self, text: &str) {
        let mut lines = self.stdout.by_ref().lines().map(Result::unwrap);
        assert!(lines.any(|line| line == text), "it ended before it said {text}");
    }

    /// Ends it, and returns its log.
    pub(super) fn log(mut self) -> Vec<String> {
        drop(self.child.stdin.take());
        let lines = self.stdout.by_ref().lines().map(Result::unwrap);
        let log = lines.filter_map(|line| Some(line.strip_prefix("log ")?.to_owned())).collect();
        assert!(self.child.wait().unwrap().success());
        log
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
