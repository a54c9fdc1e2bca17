//! From a typed line to a request: a command with its arguments, or help.

use std::borrow::Cow;
use std::sync::Arc;

use crate::base::escape::escape_line;
use crate::base::suggest;
use crate::call::failure::Failure;
use crate::command::arguments::Arguments;
use crate::command::registry::{Entry, Found, Registry, spelled};
use crate::line::bind::{self, Bound, Broken};
use crate::line::typographic::{begins_quoted, refuse_dash};
use crate::line::words::{self, Word, WordError};

/// The request of a line.
pub(crate) struct Request<'a> {
    pub(crate) asked: Asked<'a>,
    /// Whether the answer has to be one line of JSON.
    pub(crate) json: bool,
}

/// The kind of the request.
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
        /// Boxed, because every line keeps room for a request.
        failure: Box<Failure>,
        /// The command that the error is about, for its usage line.
        entry: Option<&'a Entry>,
    },
}

/// Reads a line with at most `limit` words after the command's name. This never runs code of the author.
pub(crate) fn read<'a>(line: &Arc<str>, registry: &'a Registry, limit: usize) -> Request<'a> {
    let (mut few, mut many) = (Few::default(), Vec::new());
    let mut further = words::words(line);
    // A name, its words, one more, and the value of that one: a line needs no more words to be refused.
    let most = limit.saturating_add(registry.longest()).saturating_add(2);
    let (words, broken) = gather(further.by_ref().take(most), &mut few, &mut many);
    // `--json` applies to errors at any place of the line.
    let json = match words.iter().find(|word| decides_form(word)) {
        Some(word) => word.text == "--json",
        None => further.map_while(Result::ok).find(decides_form).is_some_and(|word| word.text == "--json"),
    };
    let wrong = |failure: Failure, entry| {
        let failure = Box::new(failure);
        Request { asked: Asked::Wrong { failure, entry }, json }
    };
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
    match registry.find(&head(line, words, registry.longest())) {
        Found::Command { entry, words: used } => match bind::bind(line, &words[used..], broken, entry, limit)
        {
            // If help is requested, other errors in the line are ignored.
            Err(_) if words.last().is_some_and(bind::asks_for_help) => {
                Request { asked: Asked::Help(entry.name.to_string()), json }
            }
            Err(_) if let Some((members, word)) = named_no_member(registry, entry, words.get(used)) => {
                wrong(unknown_member(&entry.name, members, word), Some(entry))
            }
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
                Some(word) if let Err(named) = refuse_dash(word, &[]) => wrong(named, None),
                Some(word) => wrong(unknown_member(name, members, word), None),
                None => match broken {
                    Some(broken) => wrong(broken.failure, None),
                    None => wrong(group_alone(name, members, line.trim_end().len()), None),
                },
            }
        }
        Found::Unknown if bind::asks_for_help(&words[0]) => {
            Request { asked: Asked::Help(String::new()), json }
        }
        Found::Unknown if let Err(named) = refuse_dash(&words[0], &[]) => wrong(named, None),
        Found::Unknown => wrong(unknown(registry, words), None),
    }
}

/// Whether it is the word that asks for JSON, or a word after which none does.
fn decides_form(word: &Word<'_>) -> bool {
    !word.quoted && matches!(&*word.text, "--json" | "--")
}

/// The number of words in most lines.
type Few<'a> = [Word<'a>; 8];

/// The words of a line, allocated only if there are many, and why there are no more.
fn gather<'a, 'w>(
    line: impl Iterator<Item = Result<Word<'a>, WordError>>,
    few: &'w mut Few<'a>,
    many: &'w mut Vec<Word<'a>>,
) -> (&'w [Word<'a>], Option<WordError>) {
    let mut count = 0;
    let mut broken = None;
    for word in line {
        let word = match word {
            Ok(word) => word,
            Err(error) => {
                broken = Some(error);
                break;
            }
        };
        if count < few.len() {
            few[count] = word;
        } else {
            if many.is_empty() {
                many.extend(few.each_mut().map(std::mem::take));
            }
            many.push(word);
        }
        count += 1;
    }
    (if many.is_empty() { &few[..count] } else { many }, broken)
}

/// The words that a name may consist of, in the spelling of names. Usually the line has the same spelling.
fn head<'a>(line: &'a str, words: &[Word<'a>], longest: usize) -> Cow<'a, str> {
    let named = words.iter().take(longest).take_while(|word| !word.quoted && !word.text.starts_with('-'));
    let start = words.first().map_or(0, |word| word.range.start);
    let mut end = start;
    for (at, word) in named.clone().enumerate() {
        let begins = if at == 0 { end } else { end + 1 };
        let is_spelled =
            word.range.len() == word.text.len() && !word.text.bytes().any(|byte| matches!(byte, b'_' | b' '));
        if word.range.start != begins || !is_spelled || (at > 0 && line.as_bytes()[end] != b' ') {
            return Cow::Owned(spelled(named.map(|word| &*word.text)));
        }
        end = word.range.end;
    }
    Cow::Borrowed(&line[start..end])
}

/// The first argument of a command without positional parameters that is also a group: the operator meant a member.
fn named_no_member<'a, 'w>(
    registry: &'a Registry,
    entry: &Entry,
    first: Option<&'w Word<'w>>,
) -> Option<(&'a [&'static str], &'w Word<'w>)> {
    let word = first.filter(|word| !word.quoted && !word.text.starts_with('-'))?;
    Some((registry.members(&entry.name)?, word))
}

/// The ends of prompts of consoles and shells.
const ENDS_OF_PROMPTS: [char; 4] = ['>', '$', '#', '%'];

fn unknown(registry: &Registry, words: &[Word<'_>]) -> Failure {
    let (word, is_alone) = (&words[0], words.len() == 1);
    let is_prompt = !word.quoted && word.text.ends_with(ENDS_OF_PROMPTS);
    let way_out = match registry.nearest(&word.text) {
        _ if word.quoted && registry.get(&word.text).is_some() => "write it without quotes".to_owned(),
        _ if begins_quoted(&word.text) => "write it without these typographic quotes".to_owned(),
        Some(near) if !is_prompt || is_alone => format!("did you mean `{near}`?"),
        _ if is_prompt => {
            "it looks like the prompt of another program; remove it to run the line here".to_owned()
        }
        _ => "type `help` for the commands".to_owned(),
    };
    let message = format!("unknown command `{}`; {way_out}", escape_line(&word.text));
    Failure::usage(message, Some(word.range.clone()))
}

fn unknown_member(group: &str, members: &[&str], word: &Word<'_>) -> Failure {
    let way_out = match suggest::nearest(&word.text, members.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it has {}", members.join(", ")),
    };
    let message = format!("`{group}` has no command `{}`; {way_out}", escape_line(&word.text));
    Failure::usage(message, Some(word.range.clone()))
}

fn group_alone(group: &str, members: &[&str], end: usize) -> Failure {
    let message = format!("`{group}` is a group; it has {}", members.join(", "));
    let usage = format!("{group} <{}>", members.join("|"));
    Failure { usage: Some(usage), ..Failure::usage(message, Some(end..end)) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::backdoor_command;
    use crate::command::arguments::Given;

    /// One parameter of every kind
    #[backdoor_command(name = "request kinds", crate = crate)]
    #[allow(clippy::too_many_arguments, reason = "one of every kind")]
    fn kinds(
        #[arg(long, short = 'n')] by: Option<u8>,
        #[arg(long)] tag: Vec<String>,
        #[arg(short = 'v')] verbose: bool,
        one: String,
        other: Option<u8>,
        #[arg(rest)] tail: Option<String>,
    ) {
        drop((by, tag, verbose, one, other, tail));
    }

    /// A command that takes all words
    #[backdoor_command(name = "request words", crate = crate)]
    fn words(words: Vec<String>) {
        drop(words);
    }

    /// The error of a line, if any, and whether the answer has to be JSON.
    fn mistake(line: String) -> (Option<String>, bool) {
        let registry = Registry::linked();
        let line: Arc<str> = line.into();
        let Request { asked, json } = read(&line, &registry, 64);
        match asked {
            Asked::Wrong { failure, .. } => (Some(failure.message), json),
            _ => (None, json),
        }
    }

    /// All words were collected first, and an open quote far behind them was reported as the error.
    #[test]
    fn regression_a_line_is_read_no_further_than_its_64_words() {
        let too_many = Some("a command takes at most 64 words".to_owned());
        let words = |count, end: &str| mistake(format!("request words{}{end}", " a".repeat(count)));
        assert_eq!(words(64, ""), (None, false));
        assert_eq!(words(65, ""), (too_many.clone(), false));
        assert_eq!(words(200, " 'open"), (too_many.clone(), false));
        assert_eq!(words(200, " --json"), (too_many.clone(), true));
        assert_eq!(words(200, " -- --json"), (too_many.clone(), false));
        let kinds = |tags, end: &str| mistake(format!("request kinds{} one 2{end}", " --tag x".repeat(tags)));
        assert_eq!(kinds(31, &" tail".repeat(200)).0, None, "a raw tail counts as none");
        assert_eq!(kinds(32, " tail").0, too_many, "what stands before it counts");
        assert_eq!(kinds(200, "").0, too_many);
        let last = mistake(format!("request kinds -v{} one --tag x", " --tag x".repeat(31)));
        assert_eq!(last.0, too_many, "not that its last option has no value");
    }

    #[test]
    fn typographic_dashes_and_quotes_are_named() {
        let check = |line: &str, expected: Option<&str>| {
            assert_eq!(mistake(line.to_owned()).0.as_deref(), expected, "{line}");
        };
        check("request kinds –by 4 one", Some("`–by` begins with an en dash; write `--by`"));
        check("request kinds —by=4 one", Some("`—by=4` begins with an em dash; write `--by=4`"));
        check(
            "request kinds one -\u{2010}verbose",
            Some("`-\u{2010}verbose` begins with a typographic hyphen; write `--verbose`"),
        );
        check("request kinds one −n4", Some("`−n4` begins with a minus sign; write `-n4`"));
        check("request kinds one –json", Some("`–json` begins with an en dash; write `--json`"));
        check(
            "request kinds one –no_verbose",
            Some("`–no_verbose` begins with an en dash; write `--no_verbose`"),
        );
        check("request words a ―help", Some("`―help` begins with a horizontal bar; write `--help`"));
        check(
            "request kinds --by –verbose one",
            Some("`–verbose` begins with an en dash; write `--verbose`"),
        );
        check("request kinds one 2 –json", Some("`–json` begins with an en dash; write `--json`"));
        for line in [
            "request words –full –",
            "request words '–json' -- –json",
            "request kinds one 2 tail –json",
            "request words −5 a–json",
        ] {
            check(line, None);
        }
        let quotes = |word: &str| {
            Some(format!(
                "`{word}`: these are typographic quotes; write \"..\", or '..' around a value that begins so"
            ))
        };
        let check_quotes =
            |line: &str, word: &str| assert_eq!(mistake(line.to_owned()).0, quotes(word), "{line}");
        check_quotes("request words “a b”", "“a");
        check_quotes("request words ‘a’", "‘a’");
        check_quotes("request words a=„b“", "a=„b“");
        check_quotes("request kinds one --tag=“x", "--tag=“x");
        check_quotes("request kinds one --tag ”x", "”x");
        for line in
            ["request words '“a' \\“b don’t", "request kinds one 2 “tail”", "request kinds one 2 x “tail”"]
        {
            check(line, None);
        }
        check("“request”", Some("unknown command `“request”`; write it without these typographic quotes"));
        let prompt = |word: &str| {
            Some(format!(
                "unknown command `{word}`; it looks like the prompt of another program; remove it to run the line here"
            ))
        };
        for line in ["billing> status", "uptime> status", "billing>", "> status", "root@db:~# status"] {
            let word = line.split(' ').next().unwrap_or_default();
            assert_eq!(mistake(line.to_owned()).0, prompt(word), "{line}");
        }
        check("uptime>", Some("unknown command `uptime>`; did you mean `uptime`?"));
        check("'billing>' status", Some("unknown command `billing>`; type `help` for the commands"));
        check("–help", Some("`–help` begins with an en dash; write `--help`"));
        check("request —help", Some("`—help` begins with an em dash; write `--help`"));
        check("request\u{a0}words\u{202f}a", None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..<_>::default() })]

        #[test]
        fn any_line_is_read_and_ranges_lie_between_characters(
            start in prop::sample::select(vec!["", "request kinds ", "request words ", "request ", "help ", "sys "]),
            parts in prop::collection::vec(
                prop_oneof![
                    "[ \\PC]{0,6}",
                    "[-=nvx ]{1,4}",
                    "['\"\\\\ aé漢]{1,5}",
                    prop::sample::select(vec![
                        " --", " --by", " --by=", " --tag x", " --json", " --help", " ?", " -h", " -vn4", " -n",
                        " --no-verbose", "\t", "\u{3000}", " \"\\u{e9}\"",
                    ]).prop_map(str::to_owned),
                ],
                0..8,
            ),
        ) {
            let line: Arc<str> = format!("{start}{}", parts.concat()).into();
            let registry = Registry::linked();
            match read(&line, &registry, 64).asked {
                Asked::Command { arguments, .. } => {
                    for slot in arguments.slots {
                        prop_assert!(line.get(slot.range).is_some());
                        if let Given::Piece(range) = slot.given {
                            prop_assert!(line.get(range).is_some());
                        }
                    }
                }
                Asked::Wrong { failure, .. } => {
                    let range = failure.range.expect("a mistake stands somewhere");
                    prop_assert!(line.get(range).is_some());
                    prop_assert!(!failure.message.is_empty());
                }
                Asked::Nothing => prop_assert!(line.trim().is_empty()),
                Asked::Help(_) => {}
            }
        }
    }
}
