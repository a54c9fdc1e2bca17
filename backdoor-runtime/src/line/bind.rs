//! Binds words to the parameters of a command: options by name, positional parameters by place, the raw tail unchanged. Values are not
//! parsed here, because that runs code of the author.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use crate::base::escape::escape_line;
use crate::base::suggest;
use crate::call::failure::Failure;
use crate::command::arguments::{Arguments, Given, Slot};
use crate::command::registry::Entry;
use crate::command::secrecy::DOTS;
use crate::command::{Arity, Parameter, Style};
use crate::line::typographic::{refuse_dash, refuse_quotes};
use crate::line::words::Word;

/// The meaning of the words after a command's name.
pub(crate) struct Bound {
    pub(crate) arguments: Arguments,
    pub(crate) json: bool,
    /// `--yes` was given.
    pub(crate) confirmed: bool,
    pub(crate) help: bool,
}

/// Whether the word asks for help at any place.
pub(crate) fn asks_for_help(word: &Word<'_>) -> bool {
    !word.quoted && matches!(&*word.text, "?" | "--help" | "-h")
}

/// Why the line has no more words, if that is an error.
pub(crate) struct Broken {
    /// The byte where the broken word begins.
    pub(crate) start: usize,
    pub(crate) failure: Failure,
}

/// Binds at most `limit` words after a command's name.
pub(crate) fn bind(
    line: &Arc<str>,
    words: &[Word<'_>],
    broken: Option<Broken>,
    entry: &Entry,
    limit: usize,
) -> Result<Bound, Failure> {
    bind_words(line, words, broken, entry, limit).map_err(|mut failure| {
        if entry.command.parameters.iter().any(|parameter| parameter.secrecy.is_secret()) {
            words.iter().for_each(|word| leave_out(&word.text, &mut failure.message));
        }
        failure
    })
}

/// Replaces a word that may be a secret with dots in a message. The name of an option is no secret.
fn leave_out(word: &str, message: &mut String) {
    let word = escape_line(word);
    let value = word.split_once('=').map(|(_, value)| value).filter(|value| !value.is_empty());
    if word.is_empty() || (word.starts_with("--") && value.is_none()) {
        return;
    }
    for (before, secret) in [("`", &*word), ("`-- ", &*word), ("=", value.unwrap_or(&*word))] {
        *message = message.replace(&format!("{before}{secret}`"), &format!("{before}{DOTS}`"));
    }
}

fn bind_words(
    line: &Arc<str>,
    words: &[Word<'_>],
    broken: Option<Broken>,
    entry: &Entry,
    limit: usize,
) -> Result<Bound, Failure> {
    let mut binder = Binder {
        line,
        parameters: entry.command.parameters,
        slots: Vec::with_capacity(words.len()),
        position: 0,
        options_end: false,
        bound: Bound {
            arguments: Arguments { line: line.clone(), slots: Vec::new() },
            json: false,
            confirmed: false,
            help: false,
        },
    };
    let tail_taken = binder.words(words, limit)?;
    if binder.bound.help {
        return Ok(binder.bound);
    }
    if let Some(broken) = broken
        && !tail_taken
        && !binder.broken_tail(broken.start)
    {
        return Err(broken.failure);
    }
    if !tail_taken && words.len() > limit {
        let range = words[limit].range.start..line.len();
        return Err(Failure::usage(format!("a command takes at most {limit} words"), Some(range)));
    }
    binder.check_missing()?;
    // A stable sort: the words of one parameter stay in the order of the line.
    binder.slots.sort_by_key(|slot| slot.parameter);
    binder.bound.arguments.slots = binder.slots;
    Ok(binder.bound)
}

struct Binder<'a> {
    line: &'a str,
    parameters: &'static [Parameter],
    slots: Vec<Slot>,
    /// The parameter that takes the next positional word.
    position: usize,
    /// `--` was given: only values follow.
    options_end: bool,
    bound: Bound,
}

impl Binder<'_> {
    /// Takes the words in turn, and one more than the limit, which may begin a raw tail. Returns true if that took the rest of the line.
    fn words(&mut self, words: &[Word<'_>], limit: usize) -> Result<bool, Failure> {
        let mut at = 0;
        while at <= limit
            && let Some(word) = words.get(at)
        {
            at += 1;
            if self.options_end || word.quoted || !looks_like_option(&word.text) {
                if asks_for_help(word) && !self.options_end {
                    self.bound.help = true;
                    return Ok(false);
                }
                if self.positional(word)? {
                    return Ok(true);
                }
                continue;
            }
            match &*word.text {
                "--" => self.options_end = true,
                "--json" => self.bound.json = true,
                "--yes" => self.bound.confirmed = true,
                "--help" | "-h" => {
                    self.bound.help = true;
                    return Ok(false);
                }
                option => {
                    let next = words.get(at);
                    let took = match option.starts_with("--") {
                        true => self.long(word, next)?,
                        false => self.shorts(word, next)?,
                    };
                    match took {
                        Took::One => {}
                        Took::Two => at += 1,
                        Took::Help => {
                            self.bound.help = true;
                            return Ok(false);
                        }
                    }
                }
            }
        }
        Ok(false)
    }

    fn long(&mut self, word: &Word<'_>, next: Option<&Word<'_>>) -> Result<Took, Failure> {
        let text = &word.text["--".len()..];
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        let name = match name.contains('_') {
            true => Cow::Owned(name.replace('_', "-")),
            false => Cow::Borrowed(name),
        };
        let named = |parameter: &Parameter| parameter.long() == Some(&*name);
        if let Some(index) = self.parameters.iter().position(named) {
            let parameter = &self.parameters[index];
            return match (parameter.shape.arity, value) {
                (Arity::Flag, None) => self.flag(index, word, Given::On),
                (Arity::Flag, Some(_)) => Err(takes_no_value(&format!("--{name}"), word)),
                (_, Some(value)) => self.option(index, word, Some(value)),
                (_, None) => self.option_and_next(index, word, next),
            };
        }
        let off = name.strip_prefix("no-").and_then(|name| {
            let flag = |parameter: &Parameter| {
                matches!(parameter.shape.arity, Arity::Flag) && parameter.long() == Some(name)
            };
            self.parameters.iter().position(flag)
        });
        match (off, value) {
            (Some(index), None) => self.flag(index, word, Given::Off),
            (Some(_), Some(_)) => Err(takes_no_value(&format!("--{name}"), word)),
            (None, _) => Err(self.unknown(word, &format!("--{name}"))),
        }
    }

    /// `-n 4`, `-n4`, `-n=4`, and flags in a bundle: `-vf`.
    fn shorts(&mut self, word: &Word<'_>, next: Option<&Word<'_>>) -> Result<Took, Failure> {
        let letters = &word.text["-".len()..];
        for (at, letter) in letters.char_indices() {
            let named = |parameter: &Parameter| parameter.short() == Some(letter);
            let Some(index) = self.parameters.iter().position(named) else {
                if letter == 'h' {
                    return Ok(Took::Help);
                }
                return Err(self.unknown(word, &format!("-{letter}")));
            };
            if matches!(self.parameters[index].shape.arity, Arity::Flag) {
                if letters[at + letter.len_utf8()..].starts_with('=') {
                    return Err(takes_no_value(&self.parameters[index].label(), word));
                }
                self.flag(index, word, Given::On)?;
                continue;
            }
            let value = &letters[at + letter.len_utf8()..];
            return match value.strip_prefix('=').unwrap_or(value) {
                "" if value.is_empty() => self.option_and_next(index, word, next),
                value => self.option(index, word, Some(value)),
            };
        }
        Ok(Took::One)
    }

    fn option_and_next(
        &mut self,
        index: usize,
        word: &Word<'_>,
        next: Option<&Word<'_>>,
    ) -> Result<Took, Failure> {
        match next {
            Some(value) if asks_for_help(value) => Ok(Took::Help),
            Some(value) if value.quoted || !looks_like_option(&value.text) => {
                self.refuse_second(index, word)?;
                if !value.quoted {
                    refuse_dash(value, self.parameters)?;
                }
                refuse_quotes(value, &value.text)?;
                let slot = Slot { parameter: index, range: value.range.clone(), given: self.given(value) };
                self.slots.push(slot);
                Ok(Took::Two)
            }
            _ => self.option(index, word, None),
        }
    }

    /// An option with its value in the same word.
    fn option(&mut self, index: usize, word: &Word<'_>, value: Option<&str>) -> Result<Took, Failure> {
        self.refuse_second(index, word)?;
        let parameter = &self.parameters[index];
        let Some(value) = value else {
            let message = format!("{} needs a value: {}", parameter.label(), parameter.placeholder());
            return Err(Failure::usage(message, Some(word.range.clone())));
        };
        refuse_quotes(word, value)?;
        // Without quotes the word is unchanged in the line, so its end is the value's.
        let plain = word.range.len() == word.text.len();
        let range = match plain {
            true => word.range.end - value.len()..word.range.end,
            false => word.range.clone(),
        };
        let given = match plain {
            true => Given::Piece(range.clone()),
            false => Given::Unquoted(value.into()),
        };
        self.slots.push(Slot { parameter: index, range, given });
        Ok(Took::One)
    }

    fn flag(&mut self, index: usize, word: &Word<'_>, given: Given) -> Result<Took, Failure> {
        self.slots.push(Slot { parameter: index, range: word.range.clone(), given });
        Ok(Took::One)
    }

    fn refuse_second(&self, index: usize, word: &Word<'_>) -> Result<(), Failure> {
        let parameter = &self.parameters[index];
        let many = matches!(parameter.shape.arity, Arity::Many);
        if many || !self.slots.iter().any(|slot| slot.parameter == index) {
            return Ok(());
        }
        Err(Failure::usage(format!("{} is given twice", parameter.label()), Some(word.range.clone())))
    }

    /// A word without a dash at its beginning. Returns true if it begins the raw tail.
    fn positional(&mut self, word: &Word<'_>) -> Result<bool, Failure> {
        if !self.options_end && !word.quoted {
            refuse_dash(word, self.parameters)?;
        }
        while let Some(parameter) = self.parameters.get(self.position) {
            if parameter.is_positional() {
                refuse_quotes(word, &word.text)?;
                let slot =
                    Slot { parameter: self.position, range: word.range.clone(), given: self.given(word) };
                self.slots.push(slot);
                if !matches!(parameter.shape.arity, Arity::Many) {
                    self.position += 1;
                }
                return Ok(false);
            }
            self.position += 1;
        }
        if self.tail(word.range.start) {
            return Ok(true);
        }
        let most = match self.parameters.iter().filter(|parameter| parameter.is_positional()).count() {
            0 => "none".to_owned(),
            1 => "at most one".to_owned(),
            count => format!("at most {count}"),
        };
        let message = format!("unexpected argument {}; the command takes {most}", shown(&word.text));
        Err(Failure::usage(message, Some(word.range.clone())))
    }

    /// Assigns the line from this byte on to the raw tail, if the command has one.
    fn tail(&mut self, start: usize) -> bool {
        let rest = |parameter: &Parameter| parameter.is_typed() && matches!(parameter.style, Style::Rest);
        let Some(parameter) = self.parameters.iter().position(rest) else { return false };
        let range = start..self.line.len();
        self.slots.push(Slot { parameter, range: range.clone(), given: Given::Piece(range) });
        true
    }

    /// The same for a tail whose first word cannot be parsed: an apostrophe in plain text.
    fn broken_tail(&mut self, start: usize) -> bool {
        let waiting = self.parameters.iter().skip(self.position).any(Parameter::is_positional);
        !waiting && self.tail(start)
    }

    /// An option that the command does not have. It does not begin a raw tail either: a misspelt option would be taken as text without a
    /// message.
    fn unknown(&self, word: &Word<'_>, option: &str) -> Failure {
        if let Err(named) = refuse_dash(word, self.parameters) {
            return named;
        }
        let own = self.parameters.iter().filter_map(Parameter::long);
        let mut known: Vec<String> =
            own.chain(["json", "help", "yes"]).map(|name| format!("--{name}")).collect();
        if option.starts_with("--no-") {
            let flags = self.parameters.iter().filter(|flag| matches!(flag.shape.arity, Arity::Flag));
            known.extend(flags.filter_map(Parameter::long).map(|name| format!("--no-{name}")));
        }
        let near =
            suggest::nearest(option, known.iter().map(String::as_str)).filter(|_| option.starts_with("--"));
        let message = match near {
            Some(near) => format!("unknown option {}; did you mean `{near}`?", shown(option)),
            None => format!(
                "unknown option {}; write `-- {}` if it is a value",
                shown(option),
                escape_line(&word.text)
            ),
        };
        Failure::usage(message, Some(word.range.clone()))
    }

    fn check_missing(&self) -> Result<(), Failure> {
        let given = |index: usize| self.slots.iter().any(|slot| slot.parameter == index);
        let missing: Vec<String> = self
            .parameters
            .iter()
            .enumerate()
            .filter(|(index, parameter)| parameter.is_typed() && !parameter.may_be_absent() && !given(*index))
            .map(|(_, parameter)| parameter.placeholder())
            .collect();
        let what = match missing.len() {
            0 => return Ok(()),
            1 => "missing argument",
            _ => "missing arguments",
        };
        let end = self.line.trim_end().len();
        Err(Failure::usage(format!("{what} {}", missing.join(" ")), Some(end..end)))
    }

    fn given(&self, word: &Word<'_>) -> Given {
        let range: Range<usize> = word.range.clone();
        match self.line.get(range.clone()) {
            Some(piece) if piece == word.text => Given::Piece(range),
            _ => Given::Unquoted(Box::from(&*word.text)),
        }
    }
}

/// The number of words that an option took.
enum Took {
    One,
    Two,
    /// The option, or the word in place of its value, asks for help.
    Help,
}

fn takes_no_value(option: &str, word: &Word<'_>) -> Failure {
    Failure::usage(format!("{option} is a flag and takes no value"), Some(word.range.clone()))
}

/// A dash and something other than a digit; a dash alone is a value.
fn looks_like_option(word: &str) -> bool {
    let mut characters = word.chars();
    characters.next() == Some('-')
        && characters.next().is_some_and(|second| !second.is_ascii_digit() && second != '.')
}

fn shown(word: &str) -> String {
    format!("`{}`", escape_line(word))
}
