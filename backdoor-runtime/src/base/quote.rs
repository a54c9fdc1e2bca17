//! Quotes a word for the command line.

use std::borrow::Cow;

use crate::base::escape::escape_line;

/// `word`, quoted so that the parser of lines gives it back as a value.
pub(crate) fn quote(word: &str) -> Cow<'_, str> {
    // Characters that the renderer would escape are escaped in a form that can be parsed.
    let hidden = |c: char| matches!(escape_line(c.encode_utf8(&mut [0; 4])), Cow::Owned(_));
    // More words are quoted than `split` requires: a later syntax (pipes, variables) must not change the meaning of a word that help
    // showed.
    let special = |c: char| c.is_whitespace() || hidden(c) || "'\"\\`|&;<>()$!#?".contains(c);
    let option = word.strip_prefix('-').is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()));
    if !word.is_empty() && !option && !word.contains(special) {
        return Cow::Borrowed(word);
    }
    if !word.contains(|c: char| c == '\'' || hidden(c)) {
        return Cow::Owned(format!("'{word}'"));
    }
    let mut quoted = String::with_capacity(word.len() + 2);
    quoted.push('"');
    for c in word.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            '\0' => quoted.push_str("\\0"),
            c if hidden(c) => quoted.extend(c.escape_unicode()),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    Cow::Owned(quoted)
}
