//! Dashes and quotes from word processors and chats: a command that was copied from there looks right and is wrong.

use crate::base::escape::escape_line;
use crate::call::failure::Failure;
use crate::command::Parameter;
use crate::line::words::Word;

/// The name of a dash that does not begin options.
fn dash(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{2010}' => "a typographic hyphen",
        '\u{2011}' => "a non-breaking hyphen",
        '\u{2012}' => "a figure dash",
        '\u{2013}' => "an en dash",
        '\u{2014}' => "an em dash",
        '\u{2015}' => "a horizontal bar",
        '\u{2212}' => "a minus sign",
        '\u{fe63}' | '\u{ff0d}' => "a wide hyphen",
        _ => return None,
    })
}

/// Whether a word begins with a typographic quote.
pub(super) fn begins_quoted(word: &str) -> bool {
    word.starts_with(|c| matches!(c, '\u{2018}'..='\u{201f}'))
}

/// Why a word is refused that has the name of an option after another dash.
#[inline]
pub(super) fn refuse_dash(word: &Word<'_>, parameters: &[Parameter]) -> Result<(), Failure> {
    // Nearly every word is ASCII, and has none of these dashes.
    if word.text.is_ascii() { Ok(()) } else { refuse_its_dash(word, parameters) }
}

#[cold]
fn refuse_its_dash(word: &Word<'_>, parameters: &[Parameter]) -> Result<(), Failure> {
    let is_dash = |c: char| c == '-' || dash(c).is_some();
    let rest = word.text.trim_start_matches(is_dash);
    let dashes = &word.text[..word.text.len() - rest.len()];
    let Some(name) = dashes.chars().find_map(dash) else { return Ok(()) };
    let option = rest.split('=').next().unwrap_or_default().replace('_', "-");
    let is_long = |name: &str| {
        matches!(name, "json" | "help" | "yes")
            || parameters.iter().any(|parameter| parameter.long() == Some(name))
    };
    let mut letters = rest.chars();
    let is_short = letters
        .next()
        .is_some_and(|letter| parameters.iter().any(|parameter| parameter.short() == Some(letter)))
        && letters.next().is_none_or(|next| next == '=' || next.is_ascii_digit());
    let right = if is_long(&option) || option.strip_prefix("no-").is_some_and(is_long) {
        "--"
    } else if is_short {
        "-"
    } else {
        return Ok(());
    };
    let (word_shown, rest) = (escape_line(&word.text), escape_line(rest));
    let message = format!("`{word_shown}` begins with {name}; write `{right}{rest}`");
    Err(Failure::usage(message, Some(word.range.clone())))
}

/// Why a word with typographic quotes is refused. If they are intended, the operator puts quotes around the word.
#[inline]
pub(super) fn refuse_quotes(word: &Word<'_>, value: &str) -> Result<(), Failure> {
    // Nearly every word is ASCII, and has none of these quotes.
    if word.text.is_ascii() { Ok(()) } else { refuse_its_quotes(word, value) }
}

#[cold]
fn refuse_its_quotes(word: &Word<'_>, value: &str) -> Result<(), Failure> {
    let assigned = value.split_once('=').map_or("", |(_, value)| value);
    if word.quoted
        || word.range.len() != word.text.len()
        || !(begins_quoted(value) || begins_quoted(assigned))
    {
        return Ok(());
    }
    let message = format!(
        "`{}`: these are typographic quotes; write \"..\", or '..' around a value that begins so",
        escape_line(&word.text)
    );
    Err(Failure::usage(message, Some(word.range.clone())))
}
