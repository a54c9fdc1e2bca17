//! The README's sessions are what a newcomer sees: each is run with the real client against the real example, and compared.

use std::process::Command;
use std::sync::{Mutex, PoisonError};

use crate::example::Example;
use crate::pty::require;
use crate::shop::Shop;
use crate::transcript::{self, Block, placeholders, printed, replay, session_of};

const README: &str = include_str!("../../README.md");

/// The examples of the README share a port.
static PORT: Mutex<()> = Mutex::new(());

fn blocks() -> Vec<Block> {
    transcript::blocks(README)
}

/// Without lines that are a prompt alone: whether one is shown between an answer and the end of the service is a matter of luck.
fn without_bare_prompts(text: &str, prompt: &str) -> String {
    text.lines().filter(|line| line.trim_end() != prompt.trim_end()).map(|line| format!("{line}\n")).collect()
}

/// Runs the session of an example as it is written.
#[track_caller]
fn check(name: &str) {
    let prompt = format!("{name}> ");
    let blocks = blocks();
    let (command, expected) = session_of(&blocks, "$ telnet", &prompt);
    let ["telnet", host, port] = command.split(' ').collect::<Vec<_>>()[..] else {
        panic!("no telnet session: {command}")
    };
    let shown = replay([host, port], &prompt, expected, |_| {});
    let comparable = |text: &str| without_bare_prompts(&placeholders(text), &prompt);
    assert_eq!(comparable(&shown), comparable(expected), "{expected}");
}

#[test]
fn shop_as_the_readme_shows_it() {
    let blocks = blocks();
    let shop = Shop::start();
    let (http, console) = (shop.http.to_string(), shop.console.to_string());
    let line = shop.line.replace(&http, "127.0.0.1:8080").replace(&console, "127.0.0.1:3000");
    assert_eq!([&*line], printed(&blocks, "shop")[..]);

    let (_, port) = console.split_once(':').unwrap();
    let (command, expected) = session_of(&blocks, "$ telnet", "shop> ");
    assert_eq!(command, "telnet 127.0.0.1 3000");
    let shown = replay(["127.0.0.1", port], "shop> ", expected, |_| {});
    assert_eq!(placeholders(&shown), placeholders(expected));

    require("nc", "netcat-openbsd");
    let (command, expected) = session_of(&blocks, "$ printf", "nc");
    let command = command.replace("127.0.0.1 3000", &format!("127.0.0.1 {port}"));
    let output = Command::new("sh").args(["-c", &command]).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}

#[test]
fn hello_as_the_readme_shows_it() {
    let _port = PORT.lock().unwrap_or_else(PoisonError::into_inner);
    let mut example = Example::start("hello");
    for line in printed(&blocks(), "hello") {
        assert_eq!(example.line(), line);
    }
    check("hello");
}

#[test]
fn funca_as_the_readme_shows_it() {
    let _port = PORT.lock().unwrap_or_else(PoisonError::into_inner);
    let blocks = blocks();
    let mut example = Example::start("funca");
    for line in printed(&blocks, "funca") {
        assert_eq!(example.line(), line);
    }
    check("funca");
    assert_eq!(example.line(), "aaa", "the service goes on");
    // What the command printed went to its operator alone.
    let rest = example.rest();
    assert!(rest.lines().all(|line| line == "aaa"), "the process's own output was touched: {rest:?}");
}

#[test]
fn change_var_as_the_readme_shows_it() {
    let blocks = blocks();
    let mut example = Example::start("change_var");
    for line in printed(&blocks, "change_var") {
        assert_eq!(example.line(), line);
    }
    check("change_var");
    assert!(example.process.wait().unwrap().success(), "the process ends with 0");
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
            "sh" => match text.lines().collect::<Vec<_>>()[..] {
                ["cargo run --example shop", tests] => {
                    let ci = include_str!("../../.ci/run");
                    assert_eq!(tests, "cargo xtask check");
                    assert_eq!(ci.lines().last(), Some(tests), "CI runs the README's test command");
                }
                _ => panic!("who runs this? {text}"),
            },
            "toml" => {
                let manifest = include_str!("../../backdoor-runtime/Cargo.toml");
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
