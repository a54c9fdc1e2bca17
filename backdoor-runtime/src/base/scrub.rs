//! Removes secrets from text before it is kept or shown: passwords in URLs, `password=`-like pairs, bearer tokens.
//!
//! It works on text, so it recognises secrets by their form alone. It reads the text once from left to right, and removes a word too many
//! rather than one too few.

/// The replacement of a secret.
const STARS: &[u8] = b"***";

/// The end of `Bearer `, which few words have.
const BEARER_END: &[u8; 4] = b"rer ";

/// The longest name before `=` or `:`.
const NAME: usize = 64;

/// The endings of names whose values are secret, without `_` and `-`.
const SECRET_NAMES: [&[u8]; 15] = [
    b"password",
    b"passwords",
    b"passwd",
    b"passphrase",
    b"pwd",
    b"secret",
    b"secrets",
    b"token",
    b"apikey",
    b"accesskey",
    b"secretkey",
    b"privatekey",
    b"authorization",
    b"credential",
    b"credentials",
];

/// Whether the value of a field of this name is secret.
pub(crate) fn is_secret(name: &str) -> bool {
    // Only the last part of the name: `db.password`, `r#token`.
    let name = name.rsplit(['.', '#']).next().unwrap_or(name);
    names_a_secret(name.as_bytes())
}

/// Whether the text may contain a secret: most text has none of the characters that precede one. Many bytes are checked at a time.
pub(crate) fn is_suspect(text: &[u8]) -> bool {
    let signs = text.iter().fold(false, |any, &byte| any | (byte == b':') | (byte == b'='));
    let mut bearers = false;
    for at in 0..text.len().saturating_sub(BEARER_END.len() - 1) {
        let end = [text[at] | 0x20, text[at + 1] | 0x20, text[at + 2] | 0x20, text[at + 3]];
        bearers |= end == *BEARER_END;
    }
    signs | bearers
}

/// Appends `text` to `out` without its secrets.
pub(crate) fn scrub(text: &[u8], out: &mut Vec<u8>) {
    let mut copied = 0;
    let mut at = 0;
    // Every `@` between a `://` and here was already examined.
    let mut searched = 0;
    while let Some(&byte) = text.get(at) {
        let secret = match byte {
            b' ' if at > 0 && text[at - 1] | 0x20 == b'r' => bearer(text, at),
            b':' if text[at..].starts_with(b"://") => user_info(text, at + 3, &mut searched),
            b':' | b'=' => value(text, at),
            _ => None,
        };
        at = match secret {
            Some((start, end)) => {
                out.extend_from_slice(&text[copied..start]);
                out.extend_from_slice(STARS);
                copied = end;
                end.max(at + 1)
            }
            None => at + 1,
        };
    }
    out.extend_from_slice(&text[copied..]);
}

/// The position of the token after `Bearer `.
fn bearer(text: &[u8], space: usize) -> Option<(usize, usize)> {
    const WORD: &[u8] = b"bearer";
    let word = text[..space].get(space.checked_sub(WORD.len())?..)?;
    let before = space - WORD.len();
    if !word.eq_ignore_ascii_case(WORD) || before > 0 && text[before - 1].is_ascii_alphanumeric() {
        return None;
    }
    let start = space + skip_blanks(&text[space..]);
    let end = start + word_length(&text[start..]);
    (end > start).then_some((start, end))
}

/// The position of the password in `user:password@`, or of the token in `token@`, after `://`.
fn user_info(text: &[u8], start: usize, searched: &mut usize) -> Option<(usize, usize)> {
    if start < *searched {
        return None;
    }
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'`');
    let end = start + text[start..].iter().position(is_end).unwrap_or(text.len() - start);
    *searched = end;
    let host = text[start..end].iter().position(|byte| matches!(byte, b'/' | b'?' | b'#'));
    let authority = &text[start..host.map_or(end, |host| start + host)];
    let colon = authority.iter().position(|&byte| byte == b':');
    let last_at = |text: &[u8]| text.iter().rposition(|&byte| byte == b'@');
    let at = last_at(authority).or_else(|| {
        // A password may contain an unescaped `/`; a port consists of digits.
        let behind = &authority[colon? + 1..];
        (behind.is_empty() || !behind.iter().all(u8::is_ascii_digit)).then(|| last_at(&text[start..end]))?
    })?;
    *searched = start + at;
    let secret = colon.filter(|&colon| colon < at).map_or(0, |colon| colon + 1);
    Some((start + secret, start + at))
}

/// The position of the value in a pair whose name says that it is a secret. The separator is `=` or `:`.
fn value(text: &[u8], sign: usize) -> Option<(usize, usize)> {
    let before = &text[sign.saturating_sub(NAME + 4)..sign];
    let spaced = before.len() - trailing(before, |byte| byte == b' ');
    let name_end = spaced - trailing(&before[..spaced], |byte| matches!(byte, b'"' | b'\'' | b'\\'));
    let name_start = name_end
        - trailing(&before[..name_end], |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    let name = &before[name_start..name_end];
    if !names_a_secret(name) {
        return None;
    }
    let blanks = skip_blanks(&text[sign + 1..]);
    // `password= user=bob` has no password.
    let blanks = if text[sign] == b':' || spaced < before.len() { blanks } else { 0 };
    let mut start = sign + 1 + blanks;
    if ends_with_word(name, b"authorization") {
        let scheme = word_length(&text[start..]);
        let behind = skip_blanks(&text[start + scheme..]);
        if behind > 0 && text[start..start + scheme].iter().all(u8::is_ascii_alphabetic) {
            start += scheme + behind;
        } else if let Some(quoted) = quoted_scheme(&text[start..]) {
            // `"Authorization": "Basic abc"` loses the scheme as well.
            return Some((start, start + quoted));
        }
    }
    let end = start + value_length(&text[start..]);
    (end > start).then_some((start, end))
}

fn quoted_scheme(text: &[u8]) -> Option<usize> {
    matches!(text.first(), Some(b'"' | b'\'' | b'\\')).then(|| value_length(text))
}

/// Up to a blank or a character that ends a value, with everything in quotes or brackets in between. An unclosed quote or bracket ends with
/// the text.
fn value_length(text: &[u8]) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'\\' if matches!(text.get(at + 1), Some(b'"' | b'\'')) => {
                at += 2 + quoted(&text[at + 2..], text[at + 1], true);
                continue;
            }
            b'"' | b'\'' => {
                at += 1 + quoted(&text[at + 1..], byte, false);
                continue;
            }
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' if depth == 0 => break,
            b')' | b']' | b'}' => depth -= 1,
            b',' | b';' | b'&' if depth == 0 => break,
            _ if byte.is_ascii_whitespace() && depth == 0 => break,
            _ => {}
        }
        at += 1;
    }
    at
}

/// Up to the position after the closing quote. Inside a string that is quoted itself, as in JSON within JSON, the quotes are `\"`.
fn quoted(text: &[u8], quote: u8, escaped: bool) -> usize {
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'\\' if escaped && text.get(at + 1) == Some(&quote) => return at + 2,
            b'\\' => at += 1,
            _ if byte == quote && !escaped => return at + 1,
            _ => {}
        }
        at += 1;
    }
    text.len()
}

fn word_length(text: &[u8]) -> usize {
    let is_end = |byte: &u8| {
        byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b',' | b';' | b')' | b'}' | b'\\')
    };
    text.iter().position(is_end).unwrap_or(text.len())
}

fn skip_blanks(text: &[u8]) -> usize {
    text.iter().position(|&byte| byte != b' ' && byte != b'\t').unwrap_or(text.len())
}

fn trailing(text: &[u8], is_part: impl Fn(u8) -> bool) -> usize {
    text.iter().rev().take_while(|&&byte| is_part(byte)).count()
}

fn names_a_secret(name: &[u8]) -> bool {
    let Some(last) = name.last().map(u8::to_ascii_lowercase) else { return false };
    let is_pass = |pass: &[u8]| pass.eq_ignore_ascii_case(b"pass");
    let last_word = || name.rsplit(|&byte| byte == b'_' || byte == b'-').next().unwrap_or(name);
    SECRET_NAMES.iter().any(|word| word.last() == Some(&last) && ends_with_word(name, word))
        || last == b's' && is_pass(last_word())
}

/// Whether a name ends with one of these, ignoring case, `_` and `-`.
fn ends_with_word(name: &[u8], word: &[u8]) -> bool {
    let mut letters = name.iter().rev().filter(|&&byte| byte != b'_' && byte != b'-');
    word.iter().rev().all(|letter| letters.next().is_some_and(|byte| byte.eq_ignore_ascii_case(letter)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scrubbed(text: &str) -> String {
        let mut out = Vec::new();
        scrub(text.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(scrubbed(text), expected, "{text}");
        assert_eq!(scrubbed(expected), expected, "again");
    }

    #[test]
    fn secrets_are_masked() {
        check("postgres://shop:hunter2@db/orders", "postgres://shop:***@db/orders");
        check("redis://:hunter2@cache:6379/0 is gone", "redis://:***@cache:6379/0 is gone");
        check("https://ghp_0123@github.com/a and more", "https://***@github.com/a and more");
        check("amqp://a:b/c@d@mq/x", "amqp://a:***@mq/x");
        check("a http://x http://u:p@y", "a http://x http://u:***@y");
        check("password=hunter2 user=bob", "password=*** user=bob");
        check("DB_PASSWORD = hunter2, port 5", "DB_PASSWORD = ***, port 5");
        check("pass: a, user-pass=b", "pass: ***, user-pass=***");
        check("api-key=abc&limit=3", "api-key=***&limit=3");
        check("{\"password\": \"hunter 2\", \"user\": \"bob\"}", "{\"password\": ***, \"user\": \"bob\"}");
        check(r#"{\"token\":\"a\\b c\",\"n\":1}"#, r#"{\"token\":***,\"n\":1}"#);
        check("Login { user: \"bob\", secret: Some(\"a b\") }", "Login { user: \"bob\", secret: *** }");
        check("client_secret: [1, 2, 3], n: 4", "client_secret: ***, n: 4");
        check("token: \"never closed, and more", "token: ***");
        check("Authorization: Bearer abc.def-ghi", "Authorization: Bearer ***");
        check("authorization: Basic dXNlcjpwYXNz==, host: a", "authorization: Basic ***, host: a");
        check("{\"Authorization\": \"Basic dXNl\"}", "{\"Authorization\": ***}");
        check("sent with bearer eyJhbGciOi", "sent with bearer ***");
        check("refresh_token=a access_token=b", "refresh_token=*** access_token=***");
    }

    #[test]
    fn other_text_is_unchanged() {
        for text in [
            "",
            "order 7 of 12: shipped",
            "tokens=512 compass: north",
            "http://[::1]:3000/orders?at=5",
            "http://host:80/a@b",
            "see std::sync::Mutex",
            "password= user=bob",
            "the forbearer came",
            "é: ü=ö",
            "a:b:c://",
        ] {
            check(text, text);
        }
    }

    #[test]
    fn names_of_fields() {
        for name in ["password", "db.password", "DbPassword", "api_key", "r#token", "smtp_pass"] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["user", "tokens", "key", "bypass", "secretary", ""] {
            assert!(!is_secret(name), "{name}");
        }
    }

    proptest! {
        /// With any text around it, and any characters in it.
        #[test]
        fn no_secret_survives(
            before in "[ -~]{0,30}[ ,;]",
            name in "(db_)?(password|PASSWD|api-key|token|Secret)",
            sign in "(=|: | = )",
            secret in "HUNTER[a-zA-Z0-9+/._~-]{2,20}",
            after in "( [ -~]{0,30})?",
        ) {
            let out = scrubbed(&format!("{before}{name}{sign}{secret}{after}"));
            prop_assert!(!out.contains("HUNTER"), "{out}");
        }

        #[test]
        fn no_quoted_secret_survives(name in "(password|token|secret)", secret in "[ -!#-\\[\\]-~]{0,12}HUNTER[ -!#-\\[\\]-~]{0,12}") {
            let out = scrubbed(&format!("{{\"{name}\": \"{secret}\", \"n\": 1}}"));
            prop_assert_eq!(out, format!("{{\"{name}\": ***, \"n\": 1}}"));
        }

        #[test]
        fn no_password_of_a_url_survives(user in "[a-z]{0,8}", secret in "HUNTER[!-!#-&(-.0-;=?-_a-~]{0,20}", rest in "[a-z/?=&]{0,20}") {
            let out = scrubbed(&format!("to postgres://{user}:{secret}@db{rest} now"));
            prop_assert!(!out.contains("HUNTER"), "{out}");
            prop_assert!(out.contains("@db"), "{out}");
        }

        /// Any text results in text, and a second pass changes nothing important.
        #[test]
        fn any_text(text in "([ -~]|é|\n|\"|:|=|://|password|token|@|bearer ){0,40}") {
            let out = scrubbed(&text);
            prop_assert!(out.len() <= text.len() + 3 * text.len());
            prop_assert!(out == text || is_suspect(text.as_bytes()), "{text}");
        }
    }

    /// The processor time of this thread, which does not grow on a busy machine.
    fn used() -> std::time::Duration {
        let used = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        std::time::Duration::new(used.tv_sec.unsigned_abs(), used.tv_nsec as u32)
    }

    /// Each byte is read a bounded number of times: twice the text takes at most twice the steps.
    #[test]
    fn long_hostile_text_is_read_once() {
        for part in [
            "://",
            "://a:b",
            "password:",
            "token=\"",
            "secret: (",
            "bearer ",
            "a:",
            "\\\"token\\\":\\\"",
            " = ",
        ] {
            let time = |count: usize| {
                let text = part.repeat(count);
                let best = (0..5).map(|_| {
                    let begin = used();
                    let _ = scrubbed(&text);
                    used() - begin
                });
                best.min().unwrap()
            };
            // A quadratic algorithm would take 256 times as long.
            let (short, long) = (time(2_000), time(32_000));
            assert!(
                long < 100 * short.max(std::time::Duration::from_micros(20)),
                "{part}: {short:?} {long:?}"
            );
        }
    }
}
