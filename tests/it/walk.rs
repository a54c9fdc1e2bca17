//! Documents that walk through a service: each section runs against a service of its own, and its answers are compared; numbers, times and
//! the padding of columns differ between runs.
//!
//! With `BLESS=1`, the answers are written into the document instead.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use backdoor_runtime::Address;

use crate::client::script;
use crate::example::Example;
use crate::wait::until;

/// A document, and how to walk through it.
pub(crate) struct Walk {
    /// Its name in `docs`.
    pub(crate) document: &'static str,
    pub(crate) prompt: &'static str,
    /// Starts the service for a section.
    pub(crate) start: fn(&str) -> Service,
    /// Whether a line changes something, so that it is typed once; other lines are repeated until the answer is as expected.
    pub(crate) is_once: fn(&str) -> bool,
    /// Masks the parts of an answer that differ between runs.
    pub(crate) comparable: fn(&str, &str) -> String,
}

/// The service of a section.
pub(crate) struct Service {
    /// Killed on drop.
    pub(crate) example: Example,
    pub(crate) console: Address,
    /// Its customers during the walk.
    pub(crate) _customers: Option<Customers>,
}

/// A process that is killed on drop.
pub(crate) struct Customers(pub(crate) Child);

impl Drop for Customers {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Service {
    pub(crate) fn asks(&self, line: &str) -> String {
        script(&self.console, format!("{line}\n"))
    }
}

/// The section of this title, without the title.
fn section<'a>(document: &'a str, title: &str) -> &'a str {
    let heading = format!("\n## {title}\n");
    let (_, rest) = document.split_once(&heading).unwrap_or_else(|| panic!("no section {title}"));
    rest.split("\n## ").next().unwrap()
}

impl Walk {
    fn path(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(self.document)
    }

    /// The typed lines of a section, each with its answer.
    fn typed(&self, section: &str) -> Vec<(String, String)> {
        let mut typed: Vec<(String, String)> = Vec::new();
        let mut is_session = false;
        for line in section.lines() {
            if line.starts_with("```") {
                is_session = line == "```console" && !is_session;
            } else if let Some(line) = line.strip_prefix(self.prompt).filter(|_| is_session) {
                typed.push((line.to_owned(), String::new()));
            } else if let Some((_, answer)) = typed.last_mut().filter(|_| is_session) {
                answer.push_str(line);
                answer.push('\n');
            }
        }
        typed
    }

    /// Walks through a section.
    #[track_caller]
    pub(crate) fn section(&self, title: &str) {
        let text = fs::read_to_string(self.path()).unwrap();
        let section = section(&text, title);
        let service = (self.start)(section);
        if std::env::var_os("BLESS").is_some() {
            return self.bless(title, &service);
        }
        for (line, expected) in self.typed(section) {
            let expected = (self.comparable)(&line, &expected);
            // A fault needs a moment to appear.
            let shown = || {
                let answer = service.asks(&line);
                ((self.comparable)(&line, &answer), answer)
            };
            if (self.is_once)(&line) {
                let (shown, answer) = shown();
                assert_eq!(shown, expected, "{line}\n{answer}");
            } else {
                until(&format!("{line}\n{expected}"), shown, |(shown, _)| *shown == expected);
            }
        }
        assert_eq!(service.example.panics(), [""; 0]);
    }

    /// Writes the answers into the document.
    fn bless(&self, title: &str, service: &Service) {
        static DOCUMENT: Mutex<()> = Mutex::new(());
        // So that times have realistic lengths.
        let pause = Duration::from_secs(2);
        let _document = DOCUMENT.lock().unwrap_or_else(PoisonError::into_inner);
        let text = fs::read_to_string(self.path()).unwrap();
        let old = section(&text, title);
        let mut new = String::new();
        let mut is_answer = false;
        for line in old.lines() {
            let command = line.strip_prefix(self.prompt);
            is_answer &= command.is_none() && !line.starts_with("```");
            if is_answer {
                continue;
            }
            new.push_str(line);
            new.push('\n');
            if let Some(command) = command {
                new.push_str(&service.asks(command));
                is_answer = true;
                if (self.is_once)(command) {
                    thread::sleep(pause);
                }
            }
        }
        let old = if old.ends_with('\n') { old.to_owned() } else { format!("{old}\n") };
        let text = format!("{text}\n").replacen(&old, &new, 1);
        fs::write(self.path(), text.trim_end().to_owned() + "\n").unwrap();
    }

    /// Checks that there are tests for exactly these sections.
    #[track_caller]
    pub(crate) fn check_that_all_are_walked(&self, walked: &[&str]) {
        let text = fs::read_to_string(self.path()).unwrap();
        let titles = text.lines().filter_map(|line| line.strip_prefix("## "));
        let with_session: BTreeSet<&str> =
            titles.filter(|title| !self.typed(section(&text, title)).is_empty()).collect();
        assert_eq!(with_session, walked.iter().copied().collect());
        // A session above the first section would not be tested.
        let above = text.split("\n## ").next().unwrap_or_default();
        assert!(self.typed(above).is_empty(), "{above}");
    }
}

/// A test for each section of a walk, and a test that there are no others.
macro_rules! sections {
    ($walk:expr; $($test:ident $title:literal,)*) => {
        $(
            #[test]
            fn $test() {
                $walk.section($title);
            }
        )*

        #[test]
        fn every_section_with_a_session_is_walked() {
            $walk.check_that_all_are_walked(&[$($title),*]);
        }
    };
}

pub(crate) use sections;
