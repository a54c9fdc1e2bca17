//! The README's sessions are what a newcomer sees: each is run with the real client against the real example, and compared.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use crate::pty::{Terminal, require};

const README: &str = include_str!("../../README.md");

/// The examples of the README share a port.
static PORT: Mutex<()> = Mutex::new(());

/// One fenced block.
struct Block<'a> {
    language: &'a str,
    text: String,
}

fn blocks() -> Vec<Block<'static>> {
    let mut blocks = Vec::new();
    let mut open: Option<Block<'_>> = None;
    for line in README.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(language), None) => open = Some(Block { language, text: String::new() }),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    blocks
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// An example that runs, and what it prints.
struct Example {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Example {
    fn start(name: &str) -> Self {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = Command::new(cargo)
            .args(["build", "--quiet", "--package", "examples", "--example", name])
            .current_dir(workspace())
            .status()
            .unwrap();
        assert!(built.success());
        // Beside this test's own program: target/debug/deps/it-0123.
        let program = std::env::current_exe().unwrap();
        let program = program.ancestors().nth(2).unwrap().join("examples").join(name);
        let mut child =
            Command::new(program).env_remove("BACKDOOR_LISTEN").stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Puts one name for each thing that differs from run to run: process, host and uptime, all of them in the banner.
fn placeholders(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        let banner = line.split_once(", pid ").and_then(|(name, rest)| {
            let (pid, rest) = rest.split_once(" on ")?;
            let (host, uptime) = rest.split_once(", up ")?;
            let is_pid = !pid.is_empty() && pid.bytes().all(|byte| byte.is_ascii_digit());
            let is_host = !host.is_empty() && !host.contains(' ');
            let is_uptime = uptime.ends_with('s') && uptime.starts_with(|c: char| c.is_ascii_digit());
            (is_pid && is_host && is_uptime).then(|| format!("{name}, pid PID on HOST, up UPTIME"))
        });
        lines.push(banner.unwrap_or_else(|| line.to_owned()));
    }
    lines.join("\n") + "\n"
}

/// Without lines that are a prompt alone: whether one is shown between an answer and the end of the service is a matter of luck.
fn without_bare_prompts(text: &str, prompt: &str) -> String {
    text.lines().filter(|line| line.trim_end() != prompt.trim_end()).map(|line| format!("{line}\n")).collect()
}

/// Runs a session as it is written: what stands behind a prompt is typed.
#[track_caller]
fn replay(session: &str, name: &str) {
    let (command, expected) = session.split_once('\n').unwrap();
    let words: Vec<&str> = command.split(' ').collect();
    let ["$", "telnet", host, port] = words[..] else { panic!("no telnet session: {command}") };
    let mut terminal = Terminal::start("telnet", "inetutils-telnet", &[host, port]);
    let prompt = format!("{name}> ");
    let mut shown = String::new();
    for line in expected.lines() {
        if let Some(typed) = line.strip_prefix(&prompt).filter(|typed| !typed.is_empty()) {
            shown.push_str(&terminal.expect(&prompt));
            terminal.press(&format!("{typed}\r"));
        }
    }
    shown.push_str(&terminal.expect_end());
    let shown = shown.replace('\r', "");
    let comparable = |text: &str| without_bare_prompts(&placeholders(text), &prompt);
    assert_eq!(comparable(&shown), comparable(expected), "{session}");
}

fn session_of<'a>(blocks: &'a [Block<'_>], start: &str, mark: &str) -> &'a str {
    let mut found = blocks.iter().filter(|block| block.language == "console");
    let found = found.find(|block| block.text.starts_with(start) && block.text.contains(mark));
    &found.unwrap_or_else(|| panic!("the README has no session with {mark}")).text
}

/// What the block of `cargo run --example NAME` says that it prints.
fn printed<'a>(blocks: &'a [Block<'_>], name: &str) -> Vec<&'a str> {
    let command = format!("$ cargo run --example {name}\n");
    session_of(blocks, &command, name).lines().skip(1).collect()
}

#[test]
fn hello_as_the_readme_shows_it() {
    let _port = PORT.lock().unwrap_or_else(PoisonError::into_inner);
    let blocks = blocks();
    let mut example = Example::start("hello");
    assert_eq!(example.line(), "the console listens on 127.0.0.1:3000");
    replay(session_of(&blocks, "$ telnet", "hello> "), "hello");

    require("nc", "netcat-openbsd");
    let piped = session_of(&blocks, "$ printf", "nc");
    let (command, expected) = piped.split_once('\n').unwrap();
    let output = Command::new("sh").args(["-c", command.trim_start_matches("$ ")]).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}

#[test]
fn funca_as_the_readme_shows_it() {
    let _port = PORT.lock().unwrap_or_else(PoisonError::into_inner);
    let blocks = blocks();
    let mut example = Example::start("funca");
    for line in printed(&blocks, "funca") {
        assert_eq!(example.line(), line);
    }
    replay(session_of(&blocks, "$ telnet", "funca> "), "funca");
    assert_eq!(example.line(), "aaa", "the service goes on");
    // What the command printed went to its operator alone.
    let _ = example.child.kill();
    for line in example.lines.by_ref().lines() {
        assert_eq!(line.unwrap(), "aaa", "the process's own output was touched");
    }
}

#[test]
fn change_var_as_the_readme_shows_it() {
    let blocks = blocks();
    let mut example = Example::start("change_var");
    for line in printed(&blocks, "change_var") {
        assert_eq!(example.line(), line);
    }
    replay(session_of(&blocks, "$ telnet", "change_var> "), "change_var");
    assert!(example.child.wait().unwrap().success(), "the process ends with 0");
}

#[test]
fn every_block_of_the_readme_is_tested() {
    for Block { language, text } in blocks() {
        match language {
            // Doctests of the runtime crate.
            "rust" | "rust,no_run" => {}
            "console" => {
                let known = ["$ telnet ", "$ cargo run --example ", "$ printf "];
                assert!(known.iter().any(|start| text.starts_with(start)), "who runs this? {text}");
            }
            "sh" => {
                let ci = include_str!("../../.ci/run");
                let commands: Vec<&str> = text.lines().collect();
                assert_eq!(commands, ["cargo run --example hello", "cargo xtask check"]);
                assert_eq!(ci.lines().last(), commands.last().copied(), "CI runs the README's test command");
            }
            "toml" => {
                let manifest =
                    std::fs::read_to_string(workspace().join("backdoor-runtime/Cargo.toml")).unwrap();
                assert!(
                    text.contains("backdoor-runtime = ") && manifest.contains("name = \"backdoor-runtime\"")
                );
            }
            other => panic!("no test for a block of {other:?}: {text}"),
        }
    }
}

#[test]
fn hello_in_the_readme_is_the_example() {
    let example = include_str!("../../examples/hello.rs");
    let code = example.split_once("\n\n").unwrap().1;
    assert!(blocks().iter().any(|block| block.language == "rust,no_run" && block.text == code));
}
