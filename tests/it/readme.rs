//! The sessions in the README, as a newcomer sees them: each runs with the real client against the real example, and is compared.

use std::process::Command;

use crate::example::Example;
use crate::pty::require;
use crate::shop::Shop;
use crate::transcript::{self, Block, placeholders, printed, replay, session_of};

const README: &str = include_str!("../../README.md");

fn blocks() -> Vec<Block> {
    transcript::blocks(README)
}

/// Removes lines that contain only a prompt: whether one appears between an answer and the end of the service depends on timing.
fn without_bare_prompts(text: &str, prompt: &str) -> String {
    text.lines().filter(|line| line.trim_end() != prompt.trim_end()).map(|line| format!("{line}\n")).collect()
}

/// Starts an example, and returns its console's address: the README's, or the next free port, because a reader's example may still be
/// running.
#[track_caller]
fn start(name: &str) -> (Example, String) {
    let mut example = Example::start(name);
    let line = example.line();
    let (text, address) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line:?}"));
    let blocks = blocks();
    let printed = printed(&blocks, name);
    assert_eq!(printed[0].rsplit_once(' ').map(|(text, _)| text), Some(text));
    assert!(printed[1..].iter().all(|more| *more == example.line()));
    (example, address.to_owned())
}

/// Runs the session of an example as written, at its console's address.
#[track_caller]
fn check(name: &str, address: &str) {
    let prompt = format!("{name}> ");
    let blocks = blocks();
    let (command, expected) = session_of(&blocks, "$ telnet", &prompt);
    let (_, written) = printed(&blocks, name)[0].rsplit_once(' ').unwrap();
    assert_eq!(command, format!("telnet {}", written.replace(':', " ")));
    let (host, port) = address.split_once(':').unwrap();
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
    let (last, log) = printed(&blocks, "shop").split_last().map(|(last, log)| (*last, log.to_vec())).unwrap();
    assert_eq!(line, last);
    for logged in log {
        let (_, behind_the_time) = logged.split_once("  INFO ").unwrap();
        shop.logs(&behind_the_time.replace("127.0.0.1:3000", &console));
    }

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
    let (_example, address) = start("hello");
    check("hello", &address);
}

#[test]
fn funca_as_the_readme_shows_it() {
    let (mut example, address) = start("funca");
    check("funca", &address);
    assert_eq!(example.line(), "aaa", "the service goes on");
    // The output of the command went only to its operator.
    let rest = example.rest();
    assert!(rest.lines().all(|line| line == "aaa"), "the process's own output was touched: {rest:?}");
}

#[test]
fn change_var_as_the_readme_shows_it() {
    let (mut example, address) = start("change_var");
    check("change_var", &address);
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
