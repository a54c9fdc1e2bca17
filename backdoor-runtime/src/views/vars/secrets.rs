//! Masks the typed value of a secret variable in the log, in `running` and in `who`. The words of the line decide what to mask, in any
//! spelling, and also if the line is wrong and sets nothing.

use crate::base::suggest;
use crate::command::secrecy::{Judge, TypedLine, TypedWord};
use crate::views::vars::registry;

/// For lines with names and values: `NAME VALUE`, or `a=1 b=2`.
pub(crate) static ASSIGNED: Judge = Judge { any, from: |line| judge(line, Secrets::assigned) };

/// For lines with names only.
pub(crate) static NAMED: Judge = Judge { any, from: |line| judge(line, Secrets::named) };

fn any() -> bool {
    !registry::secrets().is_empty()
}

fn judge(line: &TypedLine<'_>, own: fn(&Secrets, &[TypedWord<'_>], usize) -> Option<usize>) -> Option<usize> {
    let secrets = Secrets(registry::secrets());
    if secrets.0.is_empty() {
        return None;
    }
    let words = line.words;
    let own = line.name.and_then(|name| {
        let start = words.get(name.wrapping_sub(1)).map_or(0, |word| word.range.end);
        own(&secrets, &words[name.min(words.len())..], start)
    });
    own.into_iter().chain(secrets.mentioned(words, line.is_unknown)).min()
}

/// The names of the secret variables.
struct Secrets(Vec<String>);

/// How a word mentions a secret variable.
enum Mention {
    No,
    /// The name ends at this byte of the line.
    UpTo(usize),
    /// The word contains more than the name.
    Inside,
}

impl Secrets {
    /// For `NAME VALUE` or `a=1 b=2`: everything after a name that is secret or unknown.
    fn assigned(&self, words: &[TypedWord<'_>], start: usize) -> Option<usize> {
        let given: Vec<&TypedWord<'_>> = without_options(words).collect();
        let is_pair = matches!(&given[..], [name, _] if !name.text.contains('='));
        let mut seen = start;
        for word in &given[..if is_pair { 1 } else { given.len() }] {
            let name = word.text.split('=').next().unwrap_or_default();
            if let Mention::UpTo(end) = self.mention(word) {
                return behind(words, end);
            }
            let is_known = registry::find(name).is_some_and(|found| !found.is_secret());
            if !is_known || !(is_pair || word.text.contains('=')) {
                return Some(seen);
            }
            seen = word.range.end;
        }
        None
    }

    /// For names only: everything after the first name that is secret or unknown.
    fn named(&self, words: &[TypedWord<'_>], start: usize) -> Option<usize> {
        let mut seen = start;
        for word in without_options(words) {
            match self.mention(word) {
                Mention::UpTo(end) => return behind(words, end),
                Mention::Inside => return Some(seen),
                Mention::No if registry::find(word.text).is_none() => return behind(words, word.range.end),
                Mention::No => seen = word.range.end,
            }
        }
        None
    }

    /// Everything after a secret's name at any place of the line. In a line with an error, the name may be misspelled.
    fn mentioned(&self, words: &[TypedWord<'_>], is_wrong: bool) -> Option<usize> {
        let mut seen = 0;
        for word in words {
            match self.mention(word) {
                Mention::UpTo(end) => return behind(words, end),
                Mention::Inside => return Some(seen),
                Mention::No if is_wrong && self.is_near(trimmed(word.text)) => {
                    return behind(words, word.range.end);
                }
                Mention::No => seen = word.range.end,
            }
        }
        None
    }

    /// Whether a word is a secret's name, or begins with the name, followed by the value.
    fn mention(&self, word: &TypedWord<'_>) -> Mention {
        let text = folded(word.text);
        let ends = self.0.iter().filter_map(|name| end_of_name(&text, &folded(name)));
        match ends.min() {
            None => Mention::No,
            // Without quotes and escapes, the word's text equals its part of the line.
            Some(end) if word.range.len() == word.text.len() => Mention::UpTo(word.range.start + end),
            Some(end) if end == text.len() => Mention::UpTo(word.range.end),
            Some(_) => Mention::Inside,
        }
    }

    fn is_near(&self, word: &str) -> bool {
        let plain = |text: &str| folded(text).replace('-', "");
        let is_part = |name: &String| name.len() > 2 && plain(word).contains(&plain(name));
        suggest::nearest(word, self.0.iter().map(String::as_str)).is_some() || self.0.iter().any(is_part)
    }
}

/// The same byte, if anything in the line follows it.
fn behind(words: &[TypedWord<'_>], end: usize) -> Option<usize> {
    words.last().is_some_and(|last| last.range.end > end).then_some(end)
}

/// The words without options and their values.
fn without_options<'a, 'w>(words: &'a [TypedWord<'w>]) -> impl Iterator<Item = &'a TypedWord<'w>> {
    let mut is_value = false;
    words.iter().filter(move |word| {
        let is_option = !word.quoted && word.text.starts_with('-') && !is_value;
        let takes_value = matches!(word.text, "--for" | "--because");
        let is_given = !is_option && !is_value;
        is_value = is_option && takes_value;
        is_given
    })
}

/// The word without surrounding punctuation, such as unbalanced quotes.
fn trimmed(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric())
}

/// Names are compared without case, and `-` equals `_`.
fn folded(text: &str) -> String {
    text.to_ascii_lowercase().replace('_', "-")
}

/// The first place where this name ends as a word of its own.
fn end_of_name(text: &str, name: &str) -> Option<usize> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    text.match_indices(name).map(|(at, _)| (at, at + name.len())).find_map(|(start, end)| {
        let stands_alone = !text[..start].ends_with(is_part) && !text[end..].starts_with(is_part);
        stands_alone.then_some(end)
    })
}
