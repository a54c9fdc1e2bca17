//! What breaks a rule today and is known: a count a rule and a file, in a list that only shrinks.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use crate::tidy::Finding;

const FILE: &str = "xtask/src/tidy/known.txt";

/// What to type where counts have become less, or files have other names.
const ACCEPT: &str = "cargo xtask tidy --accept";

/// How many of one rule are shown for one key: which of them is new cannot be told.
const SHOWN: usize = 5;

/// A place that breaks a rule of which some places are known.
pub(super) struct Counted {
    /// The rule, in one word.
    pub(super) name: &'static str,
    /// What is counted for: a file, or whatever the rule is about.
    pub(super) key: String,
    pub(super) finding: Finding,
}

/// How many, by rule and key.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Known(BTreeMap<(String, String), usize>);

impl Known {
    /// # Errors
    /// The list cannot be read. One that is not there is none.
    pub(super) fn read(root: &Path) -> io::Result<Option<Self>> {
        let file = root.join(FILE);
        match file.exists() {
            true => Ok(Some(Self::parse(&fs::read_to_string(file)?))),
            false => Ok(None),
        }
    }

    /// `rule count key` a line.
    fn parse(text: &str) -> Self {
        let line = |line: &str| {
            let mut words = line.splitn(3, ' ');
            let (rule, count, key) = (words.next()?, words.next()?.parse().ok()?, words.next()?);
            Some(((rule.to_owned(), key.to_owned()), count))
        };
        Self(text.lines().filter(|line| !line.starts_with('#')).filter_map(line).collect())
    }

    pub(super) fn of(counted: &[Counted]) -> Self {
        let mut counts = BTreeMap::new();
        for one in counted {
            *counts.entry((one.name.to_owned(), one.key.clone())).or_default() += 1;
        }
        Self(counts)
    }

    fn render(&self) -> String {
        let mut text = format!(
            "# What breaks a rule of tidy and is known: rule, count, and what it is counted for. It only shrinks: {ACCEPT}\n"
        );
        for ((rule, key), count) in &self.0 {
            text += &format!("{rule} {count} {key}\n");
        }
        text
    }

    fn count(&self, rule: &str, key: &str) -> usize {
        self.0.get(&(rule.to_owned(), key.to_owned())).copied().unwrap_or_default()
    }

    fn total(&self, rule: &str) -> usize {
        self.0.iter().filter(|((of, _), _)| of == rule).map(|(_, count)| count).sum()
    }

    fn rules(&self) -> BTreeSet<&str> {
        self.0.keys().map(|(rule, _)| rule.as_str()).collect()
    }

    /// What is more than is known. What was known of a key that is gone, as of a file that has another name, makes up for as many.
    pub(super) fn more(&self, counted: Vec<Counted>, is_gone: impl Fn(&str) -> bool) -> Vec<Finding> {
        let now = Self::of(&counted);
        let mut grown: BTreeSet<String> = BTreeSet::new();
        for rule in now.rules() {
            let of_rule = || now.0.iter().filter(|((of, _), _)| of == rule);
            let more: usize =
                of_rule().map(|((_, key), count)| count.saturating_sub(self.count(rule, key))).sum();
            let gone = self.0.iter().filter(|((of, key), _)| of == rule && is_gone(key));
            if more > gone.map(|(_, count)| count).sum() {
                grown.insert(rule.to_owned());
            }
        }
        let has_grown = |one: &&Counted| {
            grown.contains(one.name) && now.count(one.name, &one.key) > self.count(one.name, &one.key)
        };
        let mut shown: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        let mut findings = Vec::new();
        for one in counted.iter().filter(has_grown) {
            let shown = shown.entry((one.name, &one.key)).or_default();
            *shown += 1;
            let rule = match (*shown, self.count(one.name, &one.key)) {
                (..=SHOWN, 0) => one.finding.rule.clone(),
                (..=SHOWN, known) => format!("{} ({known} such in {FILE})", one.finding.rule),
                _ => continue,
            };
            findings.push(Finding { file: one.finding.file.clone(), line: one.finding.line, rule });
        }
        findings
    }

    /// Whether the list could be shorter.
    pub(super) fn could_shrink(&self, now: &Self) -> bool {
        self.0.iter().any(|((rule, key), &count)| now.count(rule, key) < count)
    }

    /// Writes what is now, unless that is more of some rule.
    ///
    /// # Errors
    /// It is more, or the list cannot be written.
    pub(super) fn accept(root: &Path, before: Option<&Self>, now: &Self) -> io::Result<()> {
        for rule in now.rules() {
            let total = now.total(rule);
            if let Some(known) = before.map(|before| before.total(rule)).filter(|&known| total > known) {
                let text = format!("`{rule}`: {total} places, {known} are known; the list only shrinks");
                return Err(io::Error::other(text));
            }
        }
        fs::write(root.join(FILE), now.render())
    }
}

/// What is said where the list could be shorter.
pub(super) fn shrink() -> String {
    format!("{FILE} has more than there is: {ACCEPT}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(name: &'static str, key: &str) -> Counted {
        let finding = Finding { file: key.into(), line: 1, rule: "it is so".to_owned() };
        Counted { name, key: key.to_owned(), finding }
    }

    fn more(known: &str, found: &[(&'static str, &str)], gone: &[&str]) -> Vec<String> {
        let found = found.iter().map(|&(name, key)| counted(name, key)).collect();
        let findings = Known::parse(known).more(found, |key| gone.contains(&key));
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn as_many_as_known_are_let_through() {
        assert_eq!(more("line 2 a.md\n", &[("line", "a.md"), ("line", "a.md")], &[]), Vec::<String>::new());
        assert_eq!(more("line 2 a.md\n", &[("line", "a.md")], &[]), Vec::<String>::new());
    }

    #[test]
    fn one_more_than_known_is_found() {
        let found = [("line", "a.md"), ("line", "a.md"), ("line", "b.md")];
        assert_eq!(
            more("line 1 a.md\nline 1 b.md\n", &found, &[]),
            ["a.md:1: it is so (1 such in xtask/src/tidy/known.txt)"; 2]
        );
        assert_eq!(more("", &[("line", "c.md")], &[]), ["c.md:1: it is so"]);
    }

    #[test]
    fn moved_files_take_their_counts_along() {
        let found = [("line", "new.md"), ("line", "new.md")];
        assert_eq!(more("line 2 old.md\n", &found, &["old.md"]), Vec::<String>::new());
        assert_eq!(more("line 1 old.md\n", &found, &["old.md"]), ["new.md:1: it is so"; 2]);
        assert_eq!(more("word 2 old.md\n", &found, &["old.md"]), ["new.md:1: it is so"; 2]);
    }

    #[test]
    fn list_is_written_as_it_is_read() {
        let now = Known::of(&[counted("line", "a b.md"), counted("line", "a b.md"), counted("word", "c.md")]);
        assert_eq!(Known::parse(&now.render()), now);
        assert!(!now.could_shrink(&now));
        assert!(now.could_shrink(&Known::parse("line 1 a b.md\nword 1 c.md\n")));
    }
}
