//! Variables of a service: shown, set for a while or for good, and taken back, as an operator sees it.

mod declared;
mod races;

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::client::PATIENCE;
use crate::operator::{Operator, console};
use crate::vars::declared::*;

/// Puts one word for each time and each session, the numbers of changes from 1 on, and folds padding.
fn masked(text: &str, first: u64) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        let words = line.split(' ').filter(|word| !word.is_empty()).map(|word| {
            let (core, end) = word.split_at(word.trim_end_matches([',', ')', ':']).len());
            let core = core.trim_start_matches('(');
            let is_time = core.len() == 20 && core.ends_with('Z') && core.as_bytes()[10] == b'T';
            if is_time {
                format!("TIME{end}")
            } else if word.starts_with("(127.0.0.1:") {
                format!("(PEER){}", end.trim_start_matches(')'))
            } else if let Ok(number) = core.parse::<u64>()
                && (first..first + 100).contains(&number)
                && first > 1000
            {
                format!("#{}{end}", number - first + 1)
            } else {
                word.to_owned()
            }
        });
        lines.push(words.collect::<Vec<_>>().join(" "));
    }
    lines.join("\n") + "\n"
}

#[test]
fn scratch() {
    let backdoor = console().start().unwrap();
    let mut operator = Operator::new(&backdoor);
    for line in [
        "vars vt-",
        "vars vt- --changed",
        "get vt-limit",
        "set vt-limit 7",
        "set vt-limit 700",
        "set vt_limit=8 vt-name='a b' --because 'for the night'",
        "set vt-limit 9 --for 15m",
        "set vt-limit 10 --for 15m --because why",
        "vars vt- --changed",
        "changes vt-",
        "undo",
        "reset vt-limit vt-name",
        "changes vt-",
        "set vt-lmit 7",
        "set vt-ro 7",
        "set vt-level wran",
        "set vt-level debug",
        "set vt-odd 7",
        "set vt-odd 8",
        "set vt-password hunter2",
        "get vt-password",
        "set vt-late 3",
        "set",
        "set a",
        "set vt-limit 7 --json",
        "get vt-limit --json",
        "reset vt-limit",
        "vars vt-zzz",
        "help set",
        "set vt-limit 4 --for 50ms",
    ] {
        println!("t> {line}\n{}", operator.asks(line));
    }
    let until = Instant::now() + PATIENCE;
    while VT_LIMIT.load(Ordering::Relaxed) != 3 {
        assert!(Instant::now() < until);
        std::thread::sleep(Duration::from_millis(5));
    }
    println!("{}", masked(&operator.asks("changes vt-"), 1));
}
