//! Completions of the last word of an unfinished line. Like parsing a line, this runs no code of the author: if a parameter has an author's
//! provider, the provider is returned.

use crate::base::quote::quote;
use crate::base::sort;
use crate::command::registry::{Entry, Found, Registry, spelled};
use crate::command::{Arity, Parameter, Style};
use crate::line::words::{self, Word};

/// One completion of a word.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Candidate {
    /// The word as it has to be typed.
    pub word: String,
    /// Its meaning, in one line; empty if none was given.
    pub help: String,
}

/// The completions that are known at once, and the provider for more.
#[derive(Default)]
pub(crate) struct Completion {
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) provider: Option<Provider>,
}

/// The author's function and its argument.
pub(crate) struct Provider {
    pub(crate) function: fn(&str) -> Vec<String>,
    /// The value so far.
    pub(crate) so_far: String,
    /// The text before the value in the same word: `--shard=`.
    pub(crate) before: String,
}

impl Candidate {
    pub(crate) fn new(word: impl Into<String>, help: impl Into<String>) -> Self {
        Self { word: word.into(), help: help.into() }
    }
}

/// The completions of the last word of the line. A line that ends in white space is completed with a new word.
pub(crate) fn complete(line: &str, registry: &Registry) -> Completion {
    let Ok(words) = words::words(line).collect::<Result<Vec<Word<'_>>, _>>() else {
        // In an open quote, the text is the operator's own.
        return Completion::default();
    };
    let mut before = &words[..];
    let mut last = "";
    if let Some((word, others)) = words.split_last()
        && word.range.end == line.len()
    {
        (before, last) = (others, &word.text);
    }
    let mut completion = after(before, last, registry);
    sort::sort(&mut completion.candidates);
    completion.candidates.dedup();
    completion
}

fn after(before: &[Word<'_>], last: &str, registry: &Registry) -> Completion {
    let plain = |word: &&Word<'_>| !word.quoted && !word.text.starts_with('-');
    let names = before.iter().take_while(plain).map(|word| &*word.text);
    let names_last = last.replace('_', "-");
    match registry.find(&spelled(names)) {
        _ if before.is_empty() => first_words(&names_last, registry),
        Found::Group { name, members, words } if words == before.len() => {
            members_of(name, members, &names_last, registry)
        }
        Found::Command { entry, words } if &*entry.name == "help" => after(&before[words..], last, registry),
        Found::Command { entry, words } => {
            let mut completion = argument(entry, &before[words..], last);
            if words == before.len()
                && let Some(members) = registry.members(&entry.name)
            {
                completion
                    .candidates
                    .extend(members_of(&entry.name, members, &names_last, registry).candidates);
            }
            completion
        }
        Found::Group { .. } | Found::Unknown => Completion::default(),
    }
}

fn first_words(last: &str, registry: &Registry) -> Completion {
    let visible = registry.entries().filter(|entry| !entry.command.hidden);
    let firsts = visible.filter_map(|entry| entry.name.split(' ').next());
    let candidates = firsts
        .filter(|first| first.starts_with(last))
        .map(|first| Candidate::new(first, summary(first, registry)));
    Completion { candidates: candidates.collect(), provider: None }
}

fn members_of(group: &str, members: &[&str], last: &str, registry: &Registry) -> Completion {
    let candidates = members.iter().filter(|member| member.starts_with(last));
    let candidates =
        candidates.map(|member| Candidate::new(*member, summary(&format!("{group} {member}"), registry)));
    Completion { candidates: candidates.collect(), provider: None }
}

fn summary(name: &str, registry: &Registry) -> String {
    match (registry.get(name), registry.members(name)) {
        (Some(entry), _) => entry.command.summary(),
        (None, Some(members)) => members.join(", "),
        (None, None) => String::new(),
    }
}

/// The completions after a command's name and these words.
fn argument(entry: &Entry, given: &[Word<'_>], last: &str) -> Completion {
    let parameters = entry.command.parameters;
    let mut position = 0;
    let mut waits_for_value = None;
    let mut options_end = false;
    for word in given {
        if waits_for_value.take().is_some() {
            continue;
        }
        if options_end || word.quoted || !word.text.starts_with('-') {
            position += 1;
        } else if word.text == "--" {
            options_end = true;
        } else {
            waits_for_value = open_option(parameters, &word.text);
        }
    }
    if let Some(parameter) = waits_for_value {
        return value(parameter, "", last);
    }
    if !options_end && last.starts_with('-') {
        return match last.split_once('=') {
            Some((option, so_far)) => match open_option(parameters, option) {
                Some(parameter) => value(parameter, &format!("{option}="), so_far),
                None => Completion::default(),
            },
            None => options(parameters, given, last),
        };
    }
    let mut places = parameters.iter().filter(|parameter| {
        parameter.is_positional() || (parameter.is_typed() && matches!(parameter.style, Style::Rest))
    });
    let place = places.clone().nth(position).or_else(|| {
        places.rfind(|parameter| matches!(parameter.shape.arity, Arity::Many)).filter(|_| position > 0)
    });
    place.map_or_else(Completion::default, |parameter| value(parameter, "", last))
}

/// The parameter of an option whose value has to follow.
fn open_option<'a>(parameters: &'a [Parameter], word: &str) -> Option<&'a Parameter> {
    let takes_value = |parameter: &&Parameter| !matches!(parameter.shape.arity, Arity::Flag);
    let found = match word.strip_prefix("--") {
        Some(long) => {
            let long = long.replace('_', "-");
            parameters.iter().find(|parameter| parameter.long() == Some(&*long))
        }
        None => {
            let letter = word.chars().last();
            parameters.iter().find(|parameter| letter.is_some() && parameter.short() == letter)
        }
    };
    found.filter(takes_value)
}

fn options(parameters: &[Parameter], given: &[Word<'_>], last: &str) -> Completion {
    let is_given = |option: &str| given.iter().any(|word| word.text.split('=').next() == Some(option));
    let mut candidates = Vec::new();
    for parameter in parameters {
        let Some(long) = parameter.long() else { continue };
        let on_by_default = parameter.default.is_some_and(|default| default.literal == Some("true"));
        let option = match parameter.shape.arity {
            Arity::Flag if on_by_default => format!("--no-{long}"),
            _ => format!("--{long}"),
        };
        if matches!(parameter.shape.arity, Arity::Many) || !is_given(&option) {
            candidates.push(Candidate::new(option, first_line(parameter.help)));
        }
    }
    for (option, help) in [("--json", "The answer as one line of JSON"), ("--help", "How to use the command")]
    {
        if !is_given(option) {
            candidates.push(Candidate::new(option, help));
        }
    }
    let last = last.replace('_', "-");
    candidates.retain(|candidate| candidate.word.starts_with(&last));
    Completion { candidates, provider: None }
}

fn value(parameter: &Parameter, before: &str, so_far: &str) -> Completion {
    let choices = parameter.shape.choices.iter().filter(|choice| choice.name.starts_with(so_far));
    let candidates =
        choices.map(|choice| Candidate::new(format!("{before}{}", quote(choice.name)), choice.help));
    let provider = parameter.complete.map(|function| Provider {
        function,
        so_far: so_far.to_owned(),
        before: before.to_owned(),
    });
    Completion { candidates: candidates.collect(), provider }
}

impl Provider {
    /// Calls the author's provider.
    pub(crate) fn ask(&self) -> Vec<Candidate> {
        let mut words = (self.function)(&self.so_far);
        words.retain(|word| word.starts_with(&self.so_far));
        words.truncate(MOST);
        words.into_iter().map(|word| Candidate::new(format!("{}{}", self.before, quote(&word)), "")).collect()
    }
}

/// The most candidates that are taken from one provider.
const MOST: usize = 1000;

fn first_line(help: &str) -> &str {
    help.trim().lines().next().unwrap_or_default()
}
