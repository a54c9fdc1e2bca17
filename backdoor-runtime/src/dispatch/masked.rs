//! What was typed to set a secret variable must not be read by others: not in the log, nor by `running` and `who`. What is left out is
//! decided from the words of the line, however they are spelled, and also where the line is wrong and sets nothing.
//!
//! A service without a secret variable has its lines as they were typed.

use std::sync::Arc;

use crate::base::suggest;
use crate::command::registry::{Found, Registry, spelled};
use crate::line::Asked;
use crate::line::words::{Word, words};
use crate::views::vars::registry;

/// The line as others may see it.
pub(super) fn shown(line: &Arc<str>, asked: &Asked<'_>, commands: &Registry) -> Arc<str> {
    match asked {
        Asked::Nothing => return line.clone(),
        // Most lines have no words behind their name, or are an author's.
        Asked::Command { arguments, .. } if arguments.slots.is_empty() => return line.clone(),
        Asked::Command { entry, .. }
            if !entry.command.is_builtin() && Verb::of_name(entry.command.name) == Verb::Other =>
        {
            return line.clone();
        }
        _ => {}
    }
    let secrets = registry::secrets();
    if secrets.is_empty() {
        return line.clone();
    }
    let is_wrong = matches!(asked, Asked::Wrong { entry: None, .. });
    match (Masking { line, commands, secrets: &secrets }).end(is_wrong) {
        Some(end) => format!("{} ••••", line[..end].trim_end()).into(),
        None => line.clone(),
    }
}

/// What the words behind a command's name are.
#[derive(Clone, Copy, PartialEq)]
enum Verb {
    /// Names of variables, with values.
    Set,
    /// Names of variables.
    Name,
    /// A line of its own.
    Quote,
    Other,
}

const VERBS: [(&str, Verb); 5] = [
    ("set", Verb::Set),
    ("get", Verb::Name),
    ("reset", Verb::Name),
    ("help", Verb::Quote),
    ("complete", Verb::Quote),
];

impl Verb {
    /// By the last word of a command's name: an author's `token set` is typed with secrets as well.
    fn of_name(name: &str) -> Self {
        let last = name.rsplit(' ').next().unwrap_or(name);
        VERBS.iter().find(|(verb, _)| *verb == last).map_or(Self::Other, |(_, verb)| *verb)
    }

    /// By a word that is the name of no command.
    fn meant_by(word: &str) -> Self {
        suggest::nearest(word, VERBS.iter().map(|(verb, _)| *verb)).map_or(Self::Other, Self::of_name)
    }
}

struct Masking<'a> {
    line: &'a str,
    commands: &'a Registry,
    secrets: &'a [String],
}

/// How a word has to do with a secret variable.
enum Mention {
    No,
    /// Its name ends at this byte of the line.
    UpTo(usize),
    /// The word has more in it than the name.
    Inside,
}

impl Masking<'_> {
    /// Up to which byte the line may be seen, where not all of it may.
    fn end(&self, is_wrong: bool) -> Option<usize> {
        let mut all = Vec::new();
        let mut split = words(self.line);
        for word in &mut split {
            match word {
                Ok(word) => all.push(word),
                // A quote that is never closed has the rest of the line in it.
                Err(_) => {
                    let start = all.last().map_or(0, |word: &Word<'_>| word.range.end);
                    let start = start + (self.line.len() - start - self.line[start..].trim_start().len());
                    let text = self.line[start..].into();
                    all.push(Word { text, range: start..self.line.len(), quoted: true });
                    break;
                }
            }
        }
        self.judge(&all, is_wrong)
    }

    fn judge(&self, words: &[Word<'_>], is_wrong: bool) -> Option<usize> {
        let (verb, name, is_wrong) = self.verb(words, is_wrong);
        let behind = &words[name.min(words.len())..];
        let start = words.get(name.wrapping_sub(1)).map_or(0, |word| word.range.end);
        let end = match verb {
            Verb::Set => self.assigned(behind, start),
            Verb::Name => self.named(behind, start),
            Verb::Quote if !behind.is_empty() => return self.judge(behind, true),
            Verb::Quote | Verb::Other => None,
        };
        let mentioned = self.mentioned(words, is_wrong);
        match (end, mentioned) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    /// The verb, how many words its name has, and whether it is the name of no command.
    fn verb(&self, words: &[Word<'_>], is_wrong: bool) -> (Verb, usize, bool) {
        let name = spelled(words.iter().take(self.commands.longest()).map(|word| &*word.text));
        let meant = |at: usize| words.get(at).map_or(Verb::Other, |word| Verb::meant_by(trimmed(&word.text)));
        match self.commands.find(&name) {
            Found::Command { entry, words } => (Verb::of_name(entry.command.name), words, is_wrong),
            Found::Group { words, .. } => (meant(words), words + 1, true),
            // `SYS SET` is no name either.
            Found::Unknown => match meant(0) {
                Verb::Other if words.first().is_some_and(|word| word.text.eq_ignore_ascii_case("sys")) => {
                    (meant(1), 2, true)
                }
                verb => (verb, 1, true),
            },
        }
    }

    /// Of `NAME VALUE` or `a=1 b=2`: all behind a name that is a secret's, or that no variable has.
    fn assigned(&self, words: &[Word<'_>], start: usize) -> Option<usize> {
        let given: Vec<&Word<'_>> = without_options(words).collect();
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

    /// Of names alone: all behind the first that is a secret's or that no variable has.
    fn named(&self, words: &[Word<'_>], start: usize) -> Option<usize> {
        let mut seen = start;
        for word in without_options(words) {
            match self.mention(word) {
                Mention::UpTo(end) => return behind(words, end),
                Mention::Inside => return Some(seen),
                Mention::No if registry::find(&word.text).is_none() => return behind(words, word.range.end),
                Mention::No => seen = word.range.end,
            }
        }
        None
    }

    /// What follows a secret's name wherever it stands. In a line of which nobody knows what it was meant to be, that name may be
    /// misspelled.
    fn mentioned(&self, words: &[Word<'_>], is_wrong: bool) -> Option<usize> {
        let mut seen = 0;
        for word in words {
            match self.mention(word) {
                Mention::UpTo(end) => return behind(words, end),
                Mention::Inside => return Some(seen),
                Mention::No if is_wrong && self.is_near(trimmed(&word.text)) => {
                    return behind(words, word.range.end);
                }
                Mention::No => seen = word.range.end,
            }
        }
        None
    }

    /// Whether a word is a secret's name, or begins with it and has the value behind.
    fn mention(&self, word: &Word<'_>) -> Mention {
        let text = folded(&word.text);
        let ends = self.secrets.iter().filter_map(|name| end_of_name(&text, &folded(name)));
        match ends.min() {
            None => Mention::No,
            // Without quotes and escapes the word stands in the line as it is.
            Some(end) if word.range.len() == word.text.len() => Mention::UpTo(word.range.start + end),
            Some(end) if end == text.len() => Mention::UpTo(word.range.end),
            Some(_) => Mention::Inside,
        }
    }

    fn is_near(&self, word: &str) -> bool {
        let plain = |text: &str| folded(text).replace('-', "");
        let is_part = |name: &String| name.len() > 2 && plain(word).contains(&plain(name));
        suggest::nearest(word, self.secrets.iter().map(String::as_str)).is_some()
            || self.secrets.iter().any(is_part)
    }
}

/// The same byte, where anything of the line follows it.
fn behind(words: &[Word<'_>], end: usize) -> Option<usize> {
    words.last().is_some_and(|last| last.range.end > end).then_some(end)
}

/// The words that are neither an option nor its value.
fn without_options<'a, 'w>(words: &'a [Word<'w>]) -> impl Iterator<Item = &'a Word<'w>> {
    let mut is_value = false;
    words.iter().filter(move |word| {
        let is_option = !word.quoted && word.text.starts_with('-') && !is_value;
        let takes_value = matches!(&*word.text, "--for" | "--because");
        let is_given = !is_option && !is_value;
        is_value = is_option && takes_value;
        is_given
    })
}

/// Without the signs around it, such as quotes that are none.
fn trimmed(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric())
}

/// Names are alike in any case, and with `-` and `_`.
fn folded(text: &str) -> String {
    text.to_ascii_lowercase().replace('_', "-")
}

/// Where this name first ends as a word of its own.
fn end_of_name(text: &str, name: &str) -> Option<usize> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    text.match_indices(name).map(|(at, _)| (at, at + name.len())).find_map(|(start, end)| {
        let stands_alone = !text[..start].ends_with(is_part) && !text[end..].starts_with(is_part);
        stands_alone.then_some(end)
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::{backdoor_command, backdoor_var, line};

    #[backdoor_var(settable, secret, crate = crate)]
    static MASKED_TOKEN: Mutex<String> = Mutex::new(String::new());

    #[backdoor_var(settable, crate = crate)]
    static MASKED_SIZE: Mutex<u32> = Mutex::new(1);

    /// A command whose words are its own
    #[backdoor_command(name = "masked words", crate = crate)]
    fn words_of(words: Vec<String>) {
        drop(words);
    }

    #[track_caller]
    fn check(typed: &str, expected: &str) {
        let registry = Registry::linked();
        let typed: Arc<str> = typed.into();
        let asked = line::read(&typed, &registry, 64).asked;
        assert_eq!(&*shown(&typed, &asked, &registry), expected);
    }

    #[test]
    fn a_value_is_left_out_however_its_name_is_spelled() {
        for name in [
            "masked-token",
            "masked_token",
            "MASKED_TOKEN",
            "Masked-Token",
            r"masked\-token",
            r"m\asked_token",
            r#"masked""-token"#,
            "'masked-token'",
            r#""masked\x2dtoken""#,
        ] {
            for verb in
                ["set", "sys set", r"s\et", r#"s""et"#, "'set'", "SET", "Set", "sett", "SYS SET", "sys  sett"]
            {
                for line in [
                    format!("{verb} {name} hunter2"),
                    format!("{verb} {name}=hunter2"),
                    format!("{verb} masked-size=1 {name}=hunter2 --for 5m"),
                ] {
                    let registry = Registry::linked();
                    let typed: Arc<str> = line.as_str().into();
                    let asked = line::read(&typed, &registry, 64).asked;
                    let shown = shown(&typed, &asked, &registry);
                    assert!(!shown.contains("hunter2") && shown.ends_with(" ••••"), "{line}: {shown}");
                }
            }
        }
    }

    #[test]
    fn lines_that_fail_show_no_word_behind_the_name() {
        check("set masked-tokne hunter2", "set ••••");
        check("set hunter2 masked-token", "set ••••");
        check("set masked-size=1 hunter2", "set masked-size=1 ••••");
        check("set masked-size hunter2 masked-token", "set ••••");
        check("set masked-token \"hunter2", "set masked-token ••••");
        check("set masked-token=\"hunter2", "set masked-token ••••");
        check("set \"masked-token hunter2", "set \"masked-token ••••");
        check("set “masked-token” hunter2", "set “masked-token ••••");
        check("set --because why masked-token hunter2", "set --because why masked-token ••••");
        check("set --because masked-token=hunter2 masked-size 1", "set --because masked-token ••••");
        check("get masked-token hunter2", "get masked-token ••••");
        check("get masked-tokne hunter2", "get masked-tokne ••••");
        check("reset masked-size masked-token hunter2", "reset masked-size masked-token ••••");
        check("help set masked-token hunter2", "help set masked-token ••••");
        check("help set masked-tokne hunter2", "help set ••••");
        check("complete set masked-token hun", "complete set masked-token ••••");
        check("set masked-token hunter2 ?", "set masked-token ••••");
        check("masked-token hunter2", "masked-token ••••");
        check("masked-token=hunter2", "masked-token ••••");
        check("please make masked_token hunter2", "please make masked_token ••••");
        check("vars masked-token hunter2", "vars masked-token ••••");
        check(&format!("set masked-token hunter2{}", " x".repeat(70)), "set masked-token ••••");
    }

    #[test]
    fn other_lines_are_as_they_were() {
        for line in [
            "",
            "get masked-size",
            "get masked-token",
            "reset masked-token",
            "set masked-size 1",
            "sys set masked_size=1 --because 'a b'",
            "help set",
            "masked words masked-token 5",
            "no such thing",
        ] {
            check(line, line);
        }
    }
}
