//! The openings of other protocols. A browser, a mail client or a scanner that reaches the console by mistake or by malice must not
//! have its lines run.

/// The protocol whose first bytes these are, seen before any line is complete.
pub(crate) fn opening(bytes: &[u8]) -> Option<&'static str> {
    // A TLS record of type handshake, version 3.x (RFC 8446, 5.1).
    bytes.starts_with(&[0x16, 0x03]).then_some("TLS")
}

/// The protocol that a line belongs to. To be asked only until a line was accepted: afterwards an argument may look like anything.
pub(crate) fn line(line: &str) -> Option<&'static str> {
    let mut words = line.split(' ');
    let (first, last) = (words.next().unwrap_or_default(), words.next_back().unwrap_or_default());
    let version =
        last.strip_prefix("HTTP/").is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit()));
    if version && (is_method(first) || is_request(line)) {
        return Some("HTTP");
    }
    if line.starts_with("SSH-") {
        return Some("SSH");
    }
    // Clients in use send them in capitals; `helo` is what a person types who means `hello`.
    matches!(first, "EHLO" | "HELO").then_some("SMTP")
}

/// The same where nobody sits: a line that may as well be a header. A person who mistypes is told so instead.
pub(crate) fn line_of_script(text: &str) -> Option<&'static str> {
    // RFC 5321, 2.4: verbs are not case sensitive.
    let verb = text.split(' ').next().unwrap_or_default();
    let greets = ["EHLO", "HELO"].iter().any(|greeting| verb.eq_ignore_ascii_case(greeting));
    line(text).or_else(|| greets.then_some("SMTP")).or_else(|| is_header(text).then_some("HTTP"))
}

/// RFC 9110, 9.1: a method is a token, and all that are in use are in capitals.
fn is_method(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-' || byte == b'_')
}

/// RFC 9112, 3: a page may choose its own method in small letters, but no other place than a path on this host.
fn is_request(line: &str) -> bool {
    let target = line.split(' ').nth(1).unwrap_or_default();
    line.split(' ').count() == 3 && (target.starts_with('/') || target == "*")
}

/// RFC 9112, 5: `Host: example.org`. No command's name ends in a colon.
fn is_header(line: &str) -> bool {
    line.split_once(':').is_some_and(|(name, value)| {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        !name.is_empty() && name.bytes().all(token) && (value.is_empty() || value.starts_with([' ', '\t']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openings_are_recognised() {
        let check = |text: &str, expected: Option<&str>| assert_eq!(line_of_script(text), expected, "{text}");
        check("GET / HTTP/1.1", Some("HTTP"));
        check("POST /run HTTP/1.0", Some("HTTP"));
        check("PRI * HTTP/2.0", Some("HTTP"));
        check("M-SEARCH * HTTP/1.1", Some("HTTP"));
        check("Host: 127.0.0.1:3000", Some("HTTP"));
        check("x-header: 1", Some("HTTP"));
        check("Accept:", Some("HTTP"));
        check("SSH-2.0-OpenSSH_9.2", Some("SSH"));
        check("EHLO me", Some("SMTP"));
        check("helo me", Some("SMTP"));
        check("log /level HTTP/1.1", Some("HTTP"));
        check("echo a / HTTP/1.1", None);
        check("get /path", None);
        check("get http://x/ HTTP/1.1", None);
        check("log level net::tcp debug", None);
        check("", None);
        assert_eq!(line("log: x"), None, "a person who mistypes");
        assert_eq!(line("helo world"), None, "and one who means hello");
        assert_eq!(line("EHLO mail.example.org"), Some("SMTP"));
        assert_eq!(line("GET / HTTP/1.1"), Some("HTTP"));
        assert_eq!(opening(&[0x16, 0x03, 0x01, 0x02]), Some("TLS"));
        assert_eq!(opening(b"help\n"), None);
    }
}
