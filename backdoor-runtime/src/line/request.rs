//! From a typed line to what it asks for: a command with its arguments, or help.

use std::sync::Arc;

use crate::command::arguments::Arguments;
use crate::command::registry::{Entry, Found, Registry};
use crate::command::suggest;
use crate::console::escape::escape_line;
use crate::dispatch::failure::Failure;
use crate::line::bind::{self, Bound, Broken};
use crate::line::words::{self, Word};

/// What a line asks for.
pub(crate) struct Request<'a> {
    pub(crate) asked: Asked<'a>,
    /// The answer is wanted as one line of JSON.
    pub(crate) json: bool,
}

/// The thing that is asked for.
pub(crate) enum Asked<'a> {
    /// Nothing: the line is empty.
    Nothing,
    /// To run a command.
    Command {
        entry: &'a Entry,
        arguments: Arguments,
        /// `--yes` was given.
        confirmed: bool,
    },
    /// The help of a command or group.
    Help(String),
    /// The line is wrong.
    Wrong {
        failure: Failure,
        /// The command it was about, for its usage line.
        entry: Option<&'a Entry>,
    },
}

/// Reads a line. This never runs code of the author's.
pub(crate) fn read<'a>(line: &Arc<str>, registry: &'a Registry) -> Request<'a> {
    let mut words = Vec::new();
    let mut broken = None;
    for word in words::words(line) {
        match word {
            Ok(word) => words.push(word),
            Err(error) => broken = Some(error),
        }
    }
    // An error is wanted as JSON wherever in the line the word stands.
    let json = words.iter().any(|word| !word.quoted && word.text == "--json");
    let wrong = |failure, entry| Request { asked: Asked::Wrong { failure, entry }, json };
    let broken = broken.map(|error| {
        let after = words.last().map_or(0, |word| word.range.end);
        let start = line.len() - line[after..].trim_start().len();
        Broken { start, failure: Failure::usage(error.message, Some(error.range)) }
    });
    if words.is_empty() {
        return match broken {
            Some(broken) => wrong(broken.failure, None),
            None => Request { asked: Asked::Nothing, json: false },
        };
    }
    let names =
        words.iter().take_while(|word| !word.quoted && !word.text.starts_with('-')).map(|word| &*word.text);
    match registry.find(names) {
        Found::Command { entry, words: used } => match bind::bind(line, &words[used..], broken, entry) {
            Ok(Bound { arguments, json, confirmed, help: false }) => {
                Request { asked: Asked::Command { entry, arguments, confirmed }, json }
            }
            Ok(Bound { help: true, json, .. }) => {
                Request { asked: Asked::Help(entry.name.to_string()), json }
            }
            Err(failure) => wrong(failure, Some(entry)),
        },
        Found::Group { name, members, words: used } => {
            let rest: Vec<&Word<'_>> = words[used..].iter().filter(|word| word.text != "--json").collect();
            match rest.first() {
                Some(word) if bind::asks_for_help(word) => {
                    Request { asked: Asked::Help(name.to_owned()), json }
                }
                Some(word) => wrong(unknown_member(name, members, word), None),
                None => wrong(group_alone(name, members, line.len()), None),
            }
        }
        Found::Unknown if bind::asks_for_help(&words[0]) => {
            Request { asked: Asked::Help(String::new()), json }
        }
        Found::Unknown => wrong(unknown(registry, &words[0]), None),
    }
}

fn unknown(registry: &Registry, word: &Word<'_>) -> Failure {
    let way_out = match registry.nearest(&word.text) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "type `help` for the commands".to_owned(),
    };
    let message = format!("unknown command `{}`; {way_out}", escape_line(&word.text));
    Failure::usage(message, Some(word.range.clone()))
}

fn unknown_member(group: &str, members: &[Box<str>], word: &Word<'_>) -> Failure {
    let way_out = match suggest::nearest(&word.text, members.iter().map(|member| &**member)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it has {}", members.join(", ")),
    };
    let message = format!("`{group}` has no command `{}`; {way_out}", escape_line(&word.text));
    Failure::usage(message, Some(word.range.clone()))
}

fn group_alone(group: &str, members: &[Box<str>], end: usize) -> Failure {
    let message = format!("`{group}` is a group; it has {}", members.join(", "));
    let usage = format!("{group} <{}>", members.join("|"));
    Failure { usage: Some(usage), ..Failure::usage(message, Some(end..end)) }
}
