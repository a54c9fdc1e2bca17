//! Arguments from random words: they are bound, parsed and passed, or refused with a readable message. (The telnet filter, the line
//! discipline, words, requests and addresses are fuzzed in their own files, because they cannot be reached from outside.)

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use backdoor_runtime::{Backdoor, ByteSize, Choice, Status, Testing, backdoor_command};
use proptest::prelude::*;
use proptest::sample::select;

/// A word of three
#[derive(Choice, Debug)]
enum Colour {
    Red,
    #[choice(alias = "viridian")]
    Green,
    Blue,
}

/// One of every type that is parsed
#[backdoor_command(name = "fuzz types", reads)]
#[allow(clippy::too_many_arguments, reason = "one of every type")]
fn types(
    #[arg(range = -5..=500)] number: i32,
    big: u128,
    colour: Colour,
    #[arg(default = Duration::from_secs(300))] time: Duration,
    #[arg(long, short)] size: Option<ByteSize>,
    #[arg(long, short = 'p')] part: Option<f64>,
    #[arg(long)] letter: Option<char>,
    #[arg(long)] address: Vec<IpAddr>,
    #[arg(short)] verbose: bool,
    #[arg(default = true)] quick: bool,
    path: Option<PathBuf>,
) -> String {
    assert!((-5..=500).contains(&number), "{number} was let through");
    format!(
        "{number} {big} {colour:?} {time:?} {size:?} {part:?} {letter:?} {address:?} {verbose} {quick} {path:?}"
    )
}

/// Many, and what is left
#[backdoor_command(name = "fuzz many", reads)]
async fn many(#[arg(long, short)] tag: Vec<String>, first: u8, rest: Vec<i64>) -> usize {
    tag.len() + usize::from(first) + rest.len()
}

/// The tail as it is
#[backdoor_command(name = "fuzz tail", reads)]
fn tail(first: Option<u8>, #[arg(rest)] tail: Option<String>) -> String {
    format!("{first:?} {tail:?}")
}

/// Words as operators type them, misspelt words, and random ones.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => select(vec![
            "1", "0", "-5", "500", "501", "0x1f", "0b2", "1_000", "255", "256", "9999999999999999999999999999999999999999",
            "340282366920938463463374607431768211455", "red", "GREEN", "viridian", "blu", "5m", "1h30m", "3", "1.5d", "5x", "inf", "nan",
            "1e308", "64KiB", "64kb", "::1", "127.0.0.1", "1.2.3", "true", "/tmp/a", "é", "''", "\"a b\"", "x",
        ]).prop_map(str::to_owned),
        4 => select(vec![
            "--size", "--size=64KiB", "-s", "-s4", "-s=", "--part", "-p=0.5", "--letter", "--letter=é", "--letter=ab", "--address",
            "--address=::1", "-v", "-vv", "-vs1", "--no-quick", "--no-verbose", "--quick=no", "--tag", "-tx", "--json", "--yes", "--",
            "-", "--nothing", "-z",
        ]).prop_map(str::to_owned),
        2 => "[-=0-9a-z.:]{0,8}",
        1 => "['\"\\\\ \\PC]{0,6}",
    ]
}

/// For any line, the command is called with valid values, or the operator gets the reason.
fn check(console: &Testing, line: &str) -> Result<(), TestCaseError> {
    let answer = console.run(line);
    let is_shown = |text: &str| !text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t'));
    prop_assert!(is_shown(&answer.text), "{:?}", answer.text);
    match answer.status {
        Status::Done => prop_assert!(answer.error.is_none()),
        Status::Usage => {
            let error = answer.error.unwrap_or_default();
            prop_assert!(!error.is_empty() && is_shown(&error), "{error:?}");
            let path = ["std::", "core::", "alloc::", "fuzz::"].into_iter().find(|path| error.contains(path));
            prop_assert!(path.is_none(), "a type's path: {error:?}");
        }
        status => prop_assert!(false, "{status}: {:?}", answer.error),
    }
    Ok(())
}

#[test]
fn any_words_are_arguments_or_a_readable_error() {
    let console = Backdoor::testing();
    let lines = (
        select(vec!["fuzz types 1 2 red", "fuzz types", "fuzz many", "fuzz tail"]),
        prop::collection::vec(word(), 0..7),
    );
    let config = ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |((start, words) in lines)| {
        check(&console, &format!("{start} {}", words.join(" ")))?;
    });
}
