//! The first bytes of other protocols. Lines of a browser, a mail client or a scanner that reaches the console must not be run.
//!
//! Command names are in lower case, so a verb in capitals is never a command: `get /path` may be a command, `GET /path` is not.

/// The first bytes of binary protocols: their offset, the bytes, and the protocol.
const SIGNATURES: &[(usize, &[u8], &str)] = &[
    // RFC 8446, 5.1: a record of type handshake, version 3.x.
    (0, b"\x16\x03", "TLS"),
    // MQTT 5, 3.1: CONNECT. No command begins with this control character.
    (0, b"\x10", "MQTT"),
    // RFC 8489, 5: the magic cookie.
    (4, b"\x21\x12\xa4\x42", "STUN"),
    (0, b"\r\n\r\n\0\r\nQUIT\n", PROXY),
    // RFC 1928, 3: the offered methods.
    (0, b"\x05\x01", "SOCKS"),
    (0, b"\x05\x02", "SOCKS"),
    (0, b"\x05\x03", "SOCKS"),
    // RFC 2126, 4.3, with its length in two bytes.
    (0, b"\x03\0\0", "RDP"),
    // The request for TLS, and version 3.0 of the protocol.
    (4, b"\x04\xd2\x16\x2f", "PostgreSQL"),
    (4, b"\0\x03\0\0", "PostgreSQL"),
    (0, b"AMQP\0", "AMQP"),
    (0, b"\0AUTH ", "D-Bus"),
    (0, b"\x13BitTorrent", "BitTorrent"),
    // SOCKS 4: CONNECT.
    (0, b"\x04\x01", "SOCKS"),
    // The magic byte of a request; no character begins with it.
    (0, b"\x80", "memcached"),
    (0, b"\x1b%-12345X", "PJL"),
];

/// A first line that contains a NUL: most protocols that send lengths as numbers.
pub(crate) const BINARY: &str = "a binary protocol";

const PROXY: &str = "the PROXY protocol, by which a proxy in front of the console hides who its peers are,";

/// The verbs that begin the first line of a protocol, alone or with words after them.
const VERBS: &[(&str, &str)] = &[
    ("EHLO", "SMTP"),
    ("HELO", "SMTP"),
    ("MAIL FROM:", "SMTP"),
    ("LHLO", "LMTP"),
    ("PROXY TCP4", PROXY),
    ("PROXY TCP6", PROXY),
    ("PROXY UNKNOWN", PROXY),
    ("NICK", "IRC"),
    ("CAP LS", "IRC"),
    ("USER", "FTP, POP3 or IRC"),
    ("PASS", "FTP, POP3 or IRC"),
    ("AUTH TLS", "FTP"),
    ("AUTH SSL", "FTP"),
    ("FEAT", "FTP"),
    ("SYST", "FTP"),
    ("CAPA", "POP3"),
    ("APOP", "POP3"),
    ("STLS", "POP3"),
    ("<?xml", "XMPP"),
    ("<stream:stream", "XMPP"),
    ("CONNECT", "STOMP or NATS"),
    ("STOMP", "STOMP"),
    ("PUB", "NATS"),
    ("SUB", "NATS"),
    ("MODE READER", "NNTP"),
    ("CAPABILITIES", "NNTP"),
    ("AUTHINFO", "NNTP"),
    ("GROUP", "NNTP"),
    ("IHAVE", "NNTP"),
    ("CAPABILITY", "ManageSieve"),
    ("AUTHENTICATE", "ManageSieve"),
    ("STARTTLS", "ManageSieve"),
    ("MSRP", "MSRP"),
    // RFC 6143, 7.1.1.
    ("RFB", "VNC"),
    ("@RSYNCD:", "rsync"),
    // Its version, and the client's capabilities.
    ("( 2 (", "Subversion"),
];

/// Beginnings of lines that are never commands.
const BEGINS: &[(&str, &str)] = &[
    ("SSH-", "SSH"),
    ("gemini://", "Gemini"),
    ("%!PS-Adobe", "PostScript"),
    ("!/1 ", "Megaco"),
    ("MEGACO/1 ", "Megaco"),
];

/// Verbs of IMAP, which follow a tag.
const TAGGED: &[&str] = &["LOGIN", "CAPABILITY", "AUTHENTICATE", "STARTTLS", "NOOP", "ID"];

/// Protocols with a request line in the form of HTTP's.
const VERSIONED: &[&str] = &["HTTP", "RTSP", "SIP", "ICAP", "ICE"];

/// The protocol that begins with these bytes, before any line is complete.
pub(crate) fn opening(bytes: &[u8]) -> Option<&'static str> {
    let found = SIGNATURES
        .iter()
        .find(|(at, signature, _)| bytes.get(*at..).is_some_and(|bytes| bytes.starts_with(signature)));
    found.map(|(_, _, protocol)| *protocol)
}

/// The protocol of a line. Only valid until a line was accepted: later arguments may have any form.
pub(crate) fn line(line: &str) -> Option<&'static str> {
    let mut words = line.split([' ', '\t']);
    let (first, last) = (words.next().unwrap_or_default(), words.next_back().unwrap_or_default());
    if let Some(protocol) = version(last)
        && (is_method(first) || is_request(line))
    {
        return Some(protocol);
    }
    // HTTP/0.9 has no version, and a response of every later version begins with one.
    if first == "GET" && (last.starts_with('/') || last.contains("://")) {
        return Some("HTTP");
    }
    if let Some((_, protocol)) = BEGINS.iter().find(|(begin, _)| line.starts_with(begin)) {
        return Some(protocol);
    }
    let begins = |verb: &str| {
        line.strip_prefix(verb).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
    };
    version(first)
        .or_else(|| VERBS.iter().find(|(verb, _)| begins(verb)).map(|(_, protocol)| *protocol))
        .or_else(|| is_array(line).then_some("RESP"))
        .or_else(|| is_tagged(line).then_some("IMAP"))
        .or_else(|| is_priority(line).then_some("syslog"))
        .or_else(|| is_metric(line).then_some("statsd"))
        .or_else(|| is_sample(line).then_some("Graphite"))
        .or_else(|| is_point(first).then_some("InfluxDB"))
        .or_else(|| is_gateway_command(line).then_some("MGCP"))
        .or_else(|| is_storage(line).then_some("memcached"))
}

/// The same for a line that was too long or not text, by its first bytes.
pub(crate) fn request(bytes: &[u8]) -> Option<&'static str> {
    let verb = bytes.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    (verb > 0 && bytes[verb..].starts_with(b" /")).then_some("HTTP")
}

/// The same for a peer without a prompt: a line that may also be a header. A person who mistypes gets an error instead.
pub(crate) fn line_of_script(text: &str) -> Option<&'static str> {
    // RFC 5321, 2.4: verbs are not case sensitive.
    let verb = text.split(' ').next().unwrap_or_default();
    let greets = ["EHLO", "HELO"].iter().any(|greeting| verb.eq_ignore_ascii_case(greeting));
    line(text)
        .or_else(|| greets.then_some("SMTP"))
        .or_else(|| (text == "PING").then_some("RESP"))
        .or_else(|| text.starts_with('{').then_some("JSON"))
        .or_else(|| is_header(text).then_some("HTTP"))
}

/// The protocol of a version such as `HTTP/1.1`.
fn version(word: &str) -> Option<&'static str> {
    let (name, version) = word.split_once('/')?;
    let is_version = version.starts_with(|c: char| c.is_ascii_digit());
    VERSIONED.iter().find(|protocol| **protocol == name && is_version).copied()
}

/// RFC 9110, 9.1: a method is a token, and all that are in use are in capitals.
fn is_method(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-' || byte == b'_')
}

/// RFC 9112, 3: a page may choose a method in small letters, but its target is always a path on this host.
fn is_request(line: &str) -> bool {
    let target = line.split([' ', '\t']).nth(1).unwrap_or_default();
    line.split([' ', '\t']).count() == 3 && (target.starts_with('/') || target == "*")
}

/// RFC 9112, 5: `Host: example.org`. No command's name ends in a colon.
fn is_header(line: &str) -> bool {
    line.split_once(':').is_some_and(|(name, value)| {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        !name.is_empty() && name.bytes().all(token) && (value.is_empty() || value.starts_with([' ', '\t']))
    })
}

/// The number of strings in a command of Redis: `*1`.
fn is_array(line: &str) -> bool {
    line.strip_prefix('*')
        .is_some_and(|count| !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit()))
}

/// RFC 9051, 2.2.1: `a001 LOGIN ..`.
fn is_tagged(line: &str) -> bool {
    let mut words = line.split(' ');
    let (tag, verb) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    tag.bytes().any(|byte| byte.is_ascii_digit()) && TAGGED.contains(&verb)
}

/// RFC 5424, 6.2.1: `<13>`, and with octet counting (RFC 6587) `47 <13>`.
fn is_priority(line: &str) -> bool {
    let message = line.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches(' ');
    let priority = message.strip_prefix('<').and_then(|rest| rest.split_once('>'));
    priority.is_some_and(|(priority, _)| (1..=3).contains(&priority.len()) && is_number(priority))
}

/// `shop.orders:1|c`, possibly with more after it.
fn is_metric(line: &str) -> bool {
    let Some((name, rest)) = line.split_once(':') else { return false };
    let Some((value, kind)) = rest.split_once('|') else { return false };
    let kind = kind.split(['|', ' ']).next().unwrap_or_default();
    !name.contains(' ') && value.parse::<f64>().is_ok() && ["c", "g", "ms", "s", "h", "d"].contains(&kind)
}

/// `shop.orders 42 1700000000`: no name of a command contains a dot.
fn is_sample(line: &str) -> bool {
    let words: Vec<&str> = line.split(' ').collect();
    matches!(words[..], [path, value, time] if path.contains('.') && value.parse::<f64>().is_ok() && is_number(time))
}

/// `orders,host=a` before its values: no name of a command contains a comma.
fn is_point(first: &str) -> bool {
    first
        .split_once(',')
        .is_some_and(|(name, tags)| !name.is_empty() && !name.contains('=') && tags.contains('='))
}

/// RFC 3435, 3.2.1: `AUEP 1200 aaln/1@gateway.example.net MGCP 1.0`.
fn is_gateway_command(line: &str) -> bool {
    let words: Vec<&str> = line.split(' ').collect();
    matches!(words[..], [verb, _, _, "MGCP", ..] if is_method(verb))
}

/// `set key 0 900 5`: flags, age and length. The console's own `set` takes one value.
fn is_storage(line: &str) -> bool {
    let words: Vec<&str> = line.split(' ').collect();
    matches!(words[..], ["set", _, flags, age, length] | ["set", _, flags, age, length, "noreply"]
        if [flags, age, length].into_iter().all(is_number))
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
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
        check("HTTP/1.1 200 OK", Some("HTTP"));
        check("GET /", Some("HTTP"));
        check("GET http://x/", Some("HTTP"));
        check("Host: 127.0.0.1:3000", Some("HTTP"));
        check("GET\t/\tHTTP/1.1", Some("HTTP"));
        check("x-header: 1", Some("HTTP"));
        check("Accept:", Some("HTTP"));
        check("OPTIONS rtsp://camera/1 RTSP/1.0", Some("RTSP"));
        check("REGISTER sip:example.org SIP/2.0", Some("SIP"));
        check("SIP/2.0 200 OK", Some("SIP"));
        check("SSH-2.0-OpenSSH_9.2", Some("SSH"));
        check("EHLO me", Some("SMTP"));
        check("helo me", Some("SMTP"));
        check("*1", Some("RESP"));
        check("PING", Some("RESP"));
        check("USER anonymous", Some("FTP, POP3 or IRC"));
        check("NICK me", Some("IRC"));
        check("AUTH TLS", Some("FTP"));
        check("a001 LOGIN me secret", Some("IMAP"));
        check("PROXY TCP4 192.0.2.1 127.0.0.1 1 3000", Some(PROXY));
        check("log /level HTTP/1.1", Some("HTTP"));
        check("MAIL FROM: <a@b>", Some("SMTP"));
        check("CONNECT", Some("STOMP or NATS"));
        check("CONNECT example.org:443 HTTP/1.1", Some("HTTP"));
        check("STOMP", Some("STOMP"));
        check("MODE READER", Some("NNTP"));
        check("GROUP comp.lang.rust", Some("NNTP"));
        check("AUTHENTICATE \"PLAIN\"", Some("ManageSieve"));
        check("AUEP 1200 aaln/1@rgw.example.net MGCP 1.0", Some("MGCP"));
        check("!/1 [192.0.2.1]:2944", Some("Megaco"));
        check("RFB 003.008", Some("VNC"));
        check("@RSYNCD: 31.0 sha512 md5", Some("rsync"));
        check("( 2 ( edit-pipeline svndiff1 ) 24:svn://127.0.0.1:3000/x )", Some("Subversion"));
        check("<13>Oct 11 22:14:15 host su: failed", Some("syslog"));
        check("47 <165>1 2003-10-11T22:14:15Z host app - - - x", Some("syslog"));
        check("shop.orders:1|c", Some("statsd"));
        check("shop.orders:-2.5|ms|@0.1", Some("statsd"));
        check("shop.orders 42.5 1700000000", Some("Graphite"));
        check("orders,host=a value=1", Some("InfluxDB"));
        check("set key 0 900 5", Some("memcached"));
        check("set key 0 900 5 noreply", Some("memcached"));
        check("gemini://127.0.0.1/", Some("Gemini"));
        check("SOURCE /live ICE/1.0", Some("ICE"));
        check("%!PS-Adobe-3.0", Some("PostScript"));
        check("{\"id\":1,\"method\":\"mining.subscribe\"}", Some("JSON"));
        check("echo a / HTTP/1.1", None);
        check("get /path", None);
        check("get http://x/ HTTP/1.1", None);
        check("log level net::tcp debug", None);
        check("", None);
        assert_eq!(line("{a}"), None, "a person is told what is wrong");
        assert_eq!(line("log: x"), None, "a person who mistypes");
        assert_eq!(line("helo world"), None, "and one who means hello");
        assert_eq!(line("PING"), None);
        assert_eq!(line("EHLO mail.example.org"), Some("SMTP"));
        assert_eq!(line("GET / HTTP/1.1"), Some("HTTP"));
    }

    #[test]
    fn commands_named_like_verbs_are_no_openings() {
        for text in [
            "get",
            "get key",
            "user bob",
            "user",
            "pass",
            "info",
            "INFO",
            "options",
            "options --all",
            "OPTIONS",
            "ping",
            "auth tls",
            "nick me",
            "cap ls",
            "quit",
            "proxy tcp4 x",
            "set a*1",
            "* all",
            "*",
            "1 LOGINS",
            "login 1 LOGIN",
            "userx",
            "USERS 1",
            "GET",
            "GET key",
            "HELP",
            "connect a",
            "set batch 8",
            "set a=1 b=2",
            "set a 1 2",
            "get a b c",
            "stats",
            "version",
            "group x",
            "mode reader",
            "( 2",
            "<13",
            "<a>",
            "wire echo a:1|c",
            "trend a.b 1 2",
            "x 1 2",
            "2 3 4",
        ] {
            assert_eq!(line_of_script(text), None, "{text}");
        }
    }

    #[test]
    fn signatures_are_recognised() {
        let check = |bytes: &[u8], expected: Option<&str>| assert_eq!(opening(bytes), expected, "{bytes:?}");
        check(&[0x16, 0x03, 0x01, 0x02], Some("TLS"));
        check(b"\x10\x0c\0\x04MQTT", Some("MQTT"));
        check(b"\0\x01\0\0\x21\x12\xa4\x42", Some("STUN"));
        check(b"\r\n\r\n\0\r\nQUIT\n", Some(PROXY));
        check(b"\x04\x01\x0b\xb8", Some("SOCKS"));
        check(b"\x80\x01", Some("memcached"));
        check(b"\x1b%-12345X@PJL", Some("PJL"));
        check(b"\x04\n", None);
        check(b"\0\0\0\x08\x04\xd2\x16\x2f", Some("PostgreSQL"));
        check(b"help\n", None);
        assert_eq!(request(b"GET /xxxxxxx"), Some("HTTP"));
        assert_eq!(request(b"wire echo /x"), None);
        check(b"\xff\xfb\x1f\xff\xfb\x20\xff\xfb\x18\xff\xfb\x27", None);
        check(b"\r\n\r\nhelp\r\n", None);
    }
}
