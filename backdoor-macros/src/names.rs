//! Names that operators type: their form, and suggestions for a misspelt one.

use syn::ext::IdentExt;
use syn::{Ident, LitStr};

use crate::errors::Errors;

/// The identifier in kebab-case: `for_time` and `ForTime` are `for-time`.
pub(crate) fn kebab(ident: &Ident) -> String {
    let ident = ident.unraw().to_string();
    let mut name = String::new();
    let mut last_lower = false;
    let mut characters = ident.trim_matches('_').chars().peekable();
    while let Some(c) = characters.next() {
        if c == '_' {
            name.push('-');
        } else {
            // `HTTPStatus` is `http-status`: a capital starts a word after a small letter, or before one.
            let starts_word = last_lower || characters.peek().is_some_and(|next| next.is_lowercase());
            if c.is_uppercase() && starts_word && !name.is_empty() && !name.ends_with('-') {
                name.push('-');
            }
            name.extend(c.to_lowercase());
        }
        last_lower = c.is_lowercase() || c.is_numeric();
    }
    name
}

/// Checks a name that may have several words.
pub(crate) fn check_words(name: &LitStr, errors: &Errors) {
    check(name, "a command name", "; a space starts a subcommand, as in \"log level\"", true, errors);
}

/// Checks a name of one word.
pub(crate) fn check_word(name: &LitStr, what: &str, errors: &Errors) {
    check(name, what, "", false, errors);
}

/// Checks a name made from an identifier, in which Rust allows more characters.
pub(crate) fn check_ident(ident: &Ident, what: &str, help: &str, errors: &Errors) {
    if let Some(rule) = broken_rule(&kebab(ident), what, false) {
        errors.add(ident, rule, help);
    }
}

fn check(name: &LitStr, what: &str, more: &str, spaces: bool, errors: &Errors) {
    if let Some(rule) = broken_rule(&name.value(), what, spaces) {
        let words = if spaces { "lower-case words" } else { "one word" };
        errors.add(name, rule, format_args!("use {words} of a-z, 0-9 and `-`{more}"));
    }
}

fn broken_rule(name: &str, what: &str, spaces: bool) -> Option<String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || (spaces && c == ' ');
    if let Some(wrong) = name.chars().find(|&c| !allowed(c)) {
        let shown = if wrong == ' ' { "a space".to_owned() } else { format!("`{}`", wrong.escape_debug()) };
        Some(format!("{shown} is not allowed in {what}"))
    } else if name.split(' ').any(str::is_empty) {
        Some(format!("{what} cannot have an empty word"))
    } else if name.split(' ').any(|word| word.starts_with('-') || word.ends_with('-')) {
        Some(format!("a word of {what} cannot begin or end with `-`"))
    } else {
        None
    }
}

/// The most similar candidate: one that begins with `word`, or one that is a typing error away.
pub(crate) fn nearest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    const LONG_ENOUGH: usize = 3;
    let length = word.chars().count();
    if let Some(whole) = candidates.iter().find(|whole| length >= LONG_ENOUGH && whole.starts_with(word)) {
        return Some(whole);
    }
    let limit = (length / 3).max(1);
    let near = candidates.iter().map(|candidate| (distance(word, candidate), *candidate));
    near.filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, near)| near)
}

/// Edit distance in which two swapped neighbours count as one edit (optimal string alignment).
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut before = vec![0; other.len() + 1];
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for i in 1..=one.len() {
        let mut next = vec![i];
        for j in 1..=other.len() {
            let change = usize::from(one[i - 1] != other[j - 1]);
            let mut best = (row[j] + 1).min(next[j - 1] + 1).min(row[j - 1] + change);
            if i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use proc_macro2::Span;

    use super::*;

    #[test]
    fn identifiers_become_kebab_case() {
        let check = |ident: &str, name: &str| assert_eq!(kebab(&Ident::new(ident, Span::call_site())), name);
        check("flush", "flush");
        check("set_level", "set-level");
        check("_proof", "proof");
        check("ReadOnly", "read-only");
        check("HTTPStatus", "http-status");
        check("V2", "v2");
        check("Utf8Text", "utf8-text");
        assert_eq!(kebab(&Ident::new_raw("type", Span::call_site())), "type");
    }

    #[test]
    fn misspelt_keys_are_recognised() {
        let known = ["name", "aliases", "default", "range"];
        let check = |word, near: Option<&str>| assert_eq!(nearest(word, &known), near, "{word}");
        check("nmae", Some("name"));
        check("defualt", Some("default"));
        check("alias", Some("aliases"));
        check("de", None);
        check("alaises", Some("aliases"));
        check("zzz", None);
    }
}
