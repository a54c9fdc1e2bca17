//! An example as a process, and the one line with its address that each prints.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;

use backdoor_runtime::Address;
use rustix::process::{Pid, Signal, kill_process};

use crate::client::script;
use crate::wait::{until, until_some};

/// A running example, which is killed on drop.
pub(crate) struct Example {
    pub(crate) process: Child,
    stdout: BufReader<ChildStdout>,
    /// The panics that it reported.
    panics: Arc<Mutex<Vec<String>>>,
    /// The first lines of its log.
    log: Arc<Mutex<Vec<String>>>,
}

/// How many lines of a log are kept.
const KEPT: usize = 100;

impl Example {
    /// Starts it at its own address.
    pub(crate) fn start(name: &str) -> Self {
        Self::start_with(name, &[])
    }

    /// Starts it with this environment.
    pub(crate) fn start_with(name: &str, environment: &[(&str, &str)]) -> Self {
        Self::start_program(program(name), environment)
    }

    /// Starts a modified copy of an example.
    pub(crate) fn start_program(program: &Path, environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(program);
        command.env_remove("BACKDOOR_LISTEN").envs(environment.iter().copied());
        Self::start_command(command)
    }

    /// Starts a command that becomes an example, under limits or a filter.
    pub(crate) fn start_command(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        let stderr = BufReader::new(process.stderr.take().unwrap());
        let panics = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::new(Mutex::new(Vec::new()));
        let (seen, begin) = (panics.clone(), log.clone());
        thread::spawn(move || {
            // Its log is read to the end; otherwise it would block.
            for line in stderr.split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line);
                if line.contains("panicked at") {
                    seen.lock().unwrap().push(line.into_owned());
                } else if begin.lock().unwrap().len() < KEPT {
                    begin.lock().unwrap().push(line.into_owned());
                }
            }
        });
        Self { process, stdout, panics, log }
    }

    /// The panics so far, with their places.
    pub(crate) fn panics(&self) -> Vec<String> {
        self.panics.lock().unwrap().clone()
    }

    /// Waits for a line of its log that contains this.
    #[track_caller]
    pub(crate) fn logs(&self, text: &str) {
        let lines = || self.log.lock().unwrap().clone();
        until(text, lines, |lines| lines.iter().any(|line| line.contains(text)));
    }

    /// The next line that it prints.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Sends the signal of a supervisor, and returns the exit code.
    #[track_caller]
    pub(crate) fn terminate(&mut self) -> Option<i32> {
        let pid = Pid::from_child(&self.process);
        kill_process(pid, Signal::TERM).unwrap();
        until_some("its end", || self.process.try_wait().unwrap()).code()
    }

    /// Kills it, and returns its output since then.
    pub(crate) fn rest(mut self) -> String {
        self.process.kill().unwrap();
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        rest
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The path of an example. All are built once, into the target directory and with the profile of this test.
pub(crate) fn program(name: &str) -> &'static Path {
    static PROGRAMS: OnceLock<HashMap<String, PathBuf>> = OnceLock::new();
    let programs = PROGRAMS.get_or_init(|| {
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--package", "examples", "--examples", "--message-format=json"])
            .args(if cfg!(debug_assertions) { &[][..] } else { &["--release"] })
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        assert!(built.status.success(), "the examples do not build");
        let messages = String::from_utf8(built.stdout).unwrap();
        let program = |line: &str| {
            let message: serde_json::Value = serde_json::from_str(line).ok()?;
            let name = message["target"]["name"].as_str()?.to_owned();
            Some((name, PathBuf::from(message["executable"].as_str()?)))
        };
        messages.lines().filter_map(program).collect()
    });
    programs.get(name).unwrap_or_else(|| panic!("there is no example {name}"))
}

/// Checks the line with which an example begins, with `PORT` for each port, and the further lines after its console has answered.
#[track_caller]
fn check(name: &str, environment: &[(&str, &str)], first: &str, is_expected: fn(&str) -> bool) {
    let mut example = Example::start_with(name, &[&[("BACKDOOR_LISTEN", "0")], environment].concat());
    let line = example.line();
    let mut masked = String::new();
    let mut port = "";
    for (at, part) in line.split("127.0.0.1:").enumerate() {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = part.split_at(if at == 0 { 0 } else { digits });
        port = number;
        masked += if at == 0 { "" } else { "127.0.0.1:PORT" };
        masked += rest;
    }
    assert_eq!(masked, first, "{line}");
    let console = Address::Tcp(format!("127.0.0.1:{port}").parse().unwrap());
    let version = script(&console, "version\n");
    assert!(version.contains(name), "the last address is the console's: {version:?}");
    let rest = example.rest();
    assert!(rest.lines().all(is_expected), "{name} prints more than a line: {rest:?}");
}

#[test]
fn each_example_prints_one_line_with_its_address() {
    let nothing = |_: &str| false;
    check("hello", &[], "the console listens on 127.0.0.1:PORT", nothing);
    check("funca", &[], "the console listens on 127.0.0.1:PORT", |line| line == "aaa");
    check("change_var", &[], "the console listens on 127.0.0.1:PORT", nothing);
    check("embed", &[], "embed: http://127.0.0.1:PORT, console 127.0.0.1:PORT", nothing);
    let http = [("SHOP_HTTP", "127.0.0.1:0")];
    check("shop", &http, "shop: http://127.0.0.1:PORT, console 127.0.0.1:PORT", nothing);
}
