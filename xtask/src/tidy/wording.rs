//! Wordings that no source, document or test name may have: pronouns for a person, and riddles of earlier texts.

use std::fs;
use std::io;
use std::path::Path;

use crate::tidy::{self, Finding};

/// Each wording, and what to write instead. Words are compared whole and in any case; `#` is a number, and `_` in names is a space.
const WORDINGS: &[(&str, &str)] = &[
    ("he", "they"),
    ("him", "them"),
    ("his", "their"),
    ("whoever", "the subject: `a peer that ..`"),
    ("since # s", "`for # s`"),
    ("not seen", "`not instrumented`"),
    ("which nobody holds", "`free`"),
    ("who is to", "the subject's name"),
    ("somebody who is to", "`an operator`"),
    ("its end did not come", "`incomplete`"),
    ("come round", "`return to its scheduler`"),
    ("what leaks and from which line", "`live objects by type, growth, and the line that allocates them`"),
    ("the two programs of the article", "`Coming from eventlet's backdoor`"),
    ("what every console knows", "`Built-in views`"),
    ("who comes", "the subject: `peer_..`"),
    ("is told so", "`is told that ..`"),
    ("says later is seen", "the subject and the outcome"),
    ("with a prompt behind it", "`redraws the prompt`"),
];

/// This file contains the table.
const NOT_LOOKED_AT: &[&str] = &["xtask/src/tidy/wording.rs"];

/// # Errors
/// A file cannot be read.
pub(super) fn look(root: &Path) -> io::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let mut files = tidy::files(root, "rs")?;
    files.extend(tidy::files(root, "md")?);
    for file in files {
        if NOT_LOOKED_AT.iter().any(|known| file.ends_with(known)) {
            continue;
        }
        let text = fs::read_to_string(&file)?;
        for (at, line) in text.lines().enumerate() {
            for (wording, instead) in found(line) {
                let rule = format!("`{wording}`: write {instead}");
                findings.push(Finding { file: file.clone(), line: at + 1, rule });
            }
        }
    }
    Ok(findings)
}

/// The wordings that a line contains.
fn found(line: &str) -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    let words: Vec<String> = words(line);
    WORDINGS.iter().filter(move |(wording, _)| {
        let wanted: Vec<&str> = wording.split(' ').collect();
        words
            .windows(wanted.len())
            .any(|here| here.iter().zip(&wanted).all(|(word, wanted)| is(word, wanted)))
    })
}

fn words(line: &str) -> Vec<String> {
    let parts = line.split(|c: char| !c.is_alphanumeric() && c != '\'');
    parts.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

fn is(word: &str, wanted: &str) -> bool {
    match wanted {
        "#" => word.bytes().all(|byte| byte.is_ascii_digit()),
        _ => word == wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, wordings: &[&str]) {
        let found: Vec<&str> = found(line).map(|(wording, _)| *wording).collect();
        assert_eq!(found, wordings, "{line}");
    }

    #[test]
    fn words_are_compared_whole_and_in_any_case() {
        check("He types; the other one is hers, she says the theory", &["he"]);
        check("fn who_comes_late_is_told_so() {", &["who comes", "is told so"]);
        check("thread 7 holds `accounts` since 12 s", &["since # s"]);
        check("since the start", &[]);
        check("its `end` did\tnot come.", &["its end did not come"]);
    }
}
