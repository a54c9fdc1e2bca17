//! `docs/what-is-it-doing.md` is a walk through what goes wrong: each section is walked with a service of its own, which has the fault, and
//! its answers are compared as they stand there; numbers, times, addresses and the padding of columns are those of one day.
//!
//! With `BLESS=1` the answers are written into the document instead.

mod churn;
mod joined;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use backdoor_runtime::Address;

use crate::client::{PATIENCE, script};
use crate::example::Example;
use crate::transcript::without_numbers;

const PROMPT: &str = "faults> ";

/// A service with faults, and where its console is.
struct Faults {
    /// Killed in the end.
    example: Example,
    console: Address,
}

impl Faults {
    fn start(environment: &[(&str, &str)]) -> Self {
        let environment = [&[("BACKDOOR_LISTEN", "127.0.0.1:0")], environment].concat();
        let mut example = Example::start_with("faults", &environment);
        let line = example.line();
        let console = line.strip_prefix("faults: console ").unwrap_or_else(|| panic!("{line}"));
        let console = console.parse().map(Address::Tcp).unwrap();
        Self { example, console }
    }

    fn asks(&self, line: &str) -> String {
        script(&self.console, format!("{line}\n"))
    }
}

fn document() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/what-is-it-doing.md")
}

/// What differs from run to run and from machine to machine is masked.
fn comparable(line: &str, answer: &str) -> String {
    let mut words = Vec::new();
    for word in answer.split_inclusive([' ', '\n']) {
        let (text, end) = word.split_at(word.trim_end_matches([' ', '\n', ',']).len());
        words.push(match text {
            "futex_do_wait" | "futex_wait_queue" | "kernel_clone" => format!("CHANNEL{end}"),
            _ if text.starts_with("0x") => format!("ADDRESS{end}"),
            _ => word.to_owned(),
        });
    }
    let mut masked = without_numbers(&words.concat());
    for channel in ["(futex_do_wait)", "(futex_wait_queue)", "(kernel_clone)"] {
        masked = masked.replace(channel, "(CHANNEL)");
    }
    masked = masked.replace("Nns", "TIME");
    for time in ["N ms", "N s"] {
        masked = masked.replace(&format!("since {time}"), "since TIME");
    }
    // Who came first is a matter of luck.
    if ["waits", "locks"].contains(&line) {
        let mut lines: Vec<&str> = masked.lines().collect();
        lines.sort_unstable();
        masked = lines.join("\n");
    }
    masked
}

/// The lines that are typed in a section, each with the answer that stands there.
fn typed(section: &str) -> Vec<(String, String)> {
    let mut typed: Vec<(String, String)> = Vec::new();
    let mut is_session = false;
    for line in section.lines() {
        if line.starts_with("```") {
            is_session = line == "```console" && !is_session;
        } else if let Some(line) = line.strip_prefix(PROMPT).filter(|_| is_session) {
            typed.push((line.to_owned(), String::new()));
        } else if let Some((_, answer)) = typed.last_mut().filter(|_| is_session) {
            answer.push_str(line);
            answer.push('\n');
        }
    }
    typed
}

/// The section of this title, without it.
fn section<'a>(document: &'a str, title: &str) -> &'a str {
    let heading = format!("\n## {title}\n");
    let (_, rest) = document.split_once(&heading).unwrap_or_else(|| panic!("no section {title}"));
    rest.split("\n## ").next().unwrap()
}

/// Walks through a section.
#[track_caller]
fn walk(title: &str) {
    let text = fs::read_to_string(document()).unwrap();
    let section = section(&text, title);
    let alone = "$ FAULTS_RUNTIME=current-thread cargo run --example faults\n";
    let environment = section.contains(alone).then_some(("FAULTS_RUNTIME", "current-thread"));
    let faults = Faults::start(environment.as_slice());
    if std::env::var_os("BLESS").is_some() {
        return bless(title, &faults);
    }
    for (line, expected) in typed(section) {
        let expected = comparable(&line, &expected);
        // A fault takes a moment to come about; it is switched on once.
        let until = Instant::now() + if line.starts_with("fault ") { Duration::ZERO } else { PATIENCE };
        loop {
            let answer = faults.asks(&line);
            let shown = comparable(&line, &answer);
            if shown == expected {
                break;
            }
            assert!(Instant::now() < until, "{line}\n{answer}\n{shown}\nis not\n{expected}");
            thread::sleep(Duration::from_millis(100));
        }
    }
    assert_eq!(faults.example.panics(), [""; 0]);
}

/// Writes the answers into the document.
fn bless(title: &str, faults: &Faults) {
    static DOCUMENT: Mutex<()> = Mutex::new(());
    // So that times look as they do to an operator.
    let pause = Duration::from_secs(2);
    let _document = DOCUMENT.lock().unwrap_or_else(PoisonError::into_inner);
    let text = fs::read_to_string(document()).unwrap();
    let old = section(&text, title);
    let mut new = String::new();
    let mut is_answer = false;
    for line in old.lines() {
        let command = line.strip_prefix(PROMPT);
        is_answer &= command.is_none() && !line.starts_with("```");
        if is_answer {
            continue;
        }
        new.push_str(line);
        new.push('\n');
        if let Some(command) = command {
            new.push_str(&faults.asks(command));
            is_answer = true;
            if command.starts_with("fault ") {
                thread::sleep(pause);
            }
        }
    }
    let old = if old.ends_with('\n') { old.to_owned() } else { format!("{old}\n") };
    fs::write(document(), format!("{text}\n").replacen(&old, &new, 1).trim_end().to_owned() + "\n").unwrap();
}

/// A test for each section, and a test that there are no others.
macro_rules! sections {
    ($($test:ident $title:literal,)*) => {
        $(
            #[test]
            fn $test() {
                walk($title);
            }
        )*

        #[test]
        fn every_section_with_a_session_is_walked() {
            let text = fs::read_to_string(document()).unwrap();
            let titles = text.lines().filter_map(|line| line.strip_prefix("## "));
            let with_session: BTreeSet<&str> =
                titles.filter(|title| !typed(section(&text, title)).is_empty()).collect();
            assert_eq!(with_session, BTreeSet::from([$($title),*]));
        }
    };
}

sections! {
    two_threads "Two threads, and each has what the other needs",
    two_threads_on_std_mutexes "The same with locks that say nothing of themselves",
    a_task_and_a_thread "A task and a thread",
    a_sleeping_holder "Somebody sleeps on a lock",
    a_dry_pool "A pool that has run dry",
    an_endless_loop "A worker in an endless loop",
    all_workers_blocked "Nothing is answered any more",
    a_long_poll_now_and_then "Late now and then",
    threads_that_no_signal_reaches "Threads that do not answer",
    five_hundred_threads "Five hundred threads",
    a_hundred_thousand_tasks "A hundred thousand tasks",
    a_current_thread_runtime "A runtime of one thread",
}
