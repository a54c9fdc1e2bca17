//! Where a console listens: what an author or an operator writes, read into a place to bind, and the address that was
//! really bound. Reading it is separate from writing it, so that a mistake is an error of `start()` and no panic before.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::process;

use crate::causes::debug_as_display;
use crate::console::escape::escape_line;

/// What `.listen(..)` takes: an address as text, as a port, or as a [`SocketAddr`].
///
/// | text | listens on |
/// |---|---|
/// | `3000` | port 3000 of 127.0.0.1 |
/// | `0` | any free port of 127.0.0.1 |
/// | `3000:3010` | the first free port of these, both ends included |
/// | `127.0.0.1:3000`, `[::1]:3000`, `localhost:3000` | that port of that host; a range may stand there, too |
/// | `unix:/run/shop.sock` | a unix socket; `{pid}` in the path is replaced by the process id |
/// | `plain:` before any of these | the same, and no telnet byte is sent before the peer sends one |
///
/// The host must be a loopback address: the console has no authentication of its own. A mistake is reported by
/// `start()`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    text: String,
    plain: bool,
}

impl Listen {
    /// Never sends telnet bytes first, for a listener that only scripts and `nc` connect to. A peer that speaks telnet
    /// is still answered in telnet. Unix sockets are always so.
    #[must_use]
    pub fn plain(mut self) -> Self {
        self.plain = true;
        self
    }

    /// Reads the text.
    pub(crate) fn endpoint(&self) -> Result<Endpoint, AddressError> {
        let mut endpoint = parse(&self.text)?;
        endpoint.plain |= self.plain;
        Ok(endpoint)
    }
}

impl From<&str> for Listen {
    fn from(text: &str) -> Self {
        Listen { text: text.to_owned(), plain: false }
    }
}

impl From<&String> for Listen {
    fn from(text: &String) -> Self {
        Listen::from(text.as_str())
    }
}

impl From<Cow<'_, str>> for Listen {
    fn from(text: Cow<'_, str>) -> Self {
        Listen::from(text.into_owned())
    }
}

impl From<Box<str>> for Listen {
    fn from(text: Box<str>) -> Self {
        Listen::from(String::from(text))
    }
}

impl From<String> for Listen {
    fn from(text: String) -> Self {
        Listen { text, plain: false }
    }
}

impl From<u16> for Listen {
    fn from(port: u16) -> Self {
        Listen::from(port.to_string())
    }
}

impl From<&Address> for Listen {
    fn from(address: &Address) -> Self {
        match address {
            Address::Tcp(address) => Listen::from(*address),
            Address::Unix(path) => Listen::from(format!("unix:{}", path.to_string_lossy())),
        }
    }
}

impl From<SocketAddr> for Listen {
    fn from(address: SocketAddr) -> Self {
        // Loopback has no use for the scope and flow of an IPv6 address, and the text has no room for them.
        Listen::from(SocketAddr::new(address.ip(), address.port()).to_string())
    }
}

/// An address that a console listens on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A TCP port, shown as `127.0.0.1:3000`.
    Tcp(SocketAddr),
    /// A unix socket, shown as `unix:/run/shop.sock`.
    Unix(PathBuf),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(address) => address.fmt(f),
            Address::Unix(path) => write!(f, "unix:{}", escape_line(&path.to_string_lossy())),
        }
    }
}

/// Why a text is no address that a console can listen on. `Debug` reads as `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct AddressError {
    text: String,
    reason: String,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot listen on `{}`: {}", escape_line(&self.text), self.reason)
    }
}

debug_as_display!(AddressError);

impl Error for AddressError {}

/// A place to bind, and how to greet who comes there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) place: Place,
    /// Never send telnet bytes first. Always true for a unix socket.
    pub(crate) plain: bool,
}

/// A place to bind: a loopback host with a range of ports, or a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Tcp {
        host: IpAddr,
        /// The first port to try; 0 lets the system choose.
        first: u16,
        /// The last port to try, which may be the first.
        last: u16,
    },
    Unix {
        /// The path as written, `{pid}` included.
        path: String,
    },
}

impl Place {
    /// The path of a unix socket in this process.
    pub(crate) fn path_of(template: &str) -> PathBuf {
        PathBuf::from(template.replace("{pid}", &process::id().to_string()))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Tcp { host, first, last } => {
                write!(f, "{}", SocketAddr::new(*host, *first))?;
                if first == last { Ok(()) } else { write!(f, ":{last}") }
            }
            Place::Unix { path } => Address::Unix(Self::path_of(path)).fmt(f),
        }
    }
}

/// The endpoints of `BACKDOOR_LISTEN`: addresses between commas or white space; none where it is empty or `off`.
pub(crate) fn parse_list(text: &str) -> Result<Vec<Endpoint>, AddressError> {
    let is_off = |word: &&str| word.eq_ignore_ascii_case("off");
    let words: Vec<_> =
        text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty()).collect();
    match words.iter().find(|word| is_off(word)) {
        Some(_) if words.len() == 1 => Ok(Vec::new()),
        Some(off) => Err(AddressError {
            text: (*off).to_owned(),
            reason: "`off` stands alone; remove it, or the addresses beside it".to_owned(),
        }),
        None => words.into_iter().map(parse).collect(),
    }
}

fn parse(text: &str) -> Result<Endpoint, AddressError> {
    let text = text.trim();
    let (plain, address) = match text.strip_prefix("plain:") {
        Some(address) => (true, address),
        None => (false, text),
    };
    let found = match address.strip_prefix("unix:") {
        Some(path) => unix(path).map(|place| Endpoint { place, plain: true }),
        None => tcp(address).map(|place| Endpoint { place, plain }),
    };
    found.map_err(|reason| AddressError { text: text.to_owned(), reason })
}

fn unix(path: &str) -> Result<Place, String> {
    let reason = match path {
        "" => "the path is missing; write `unix:/path/to.sock`",
        _ if path.ends_with('/') => "that is a directory; add a file name, such as `shop.sock`",
        _ if path.contains('\0') => "a path cannot contain NUL",
        _ => return Ok(Place::Unix { path: path.to_owned() }),
    };
    Err(reason.to_owned())
}

const FORMS: &str = "write a port such as `3000`, `0` for any free one, a range such as `3000:3010`, \
                     `127.0.0.1:3000`, `[::1]:3000` or `unix:/path/to.sock`";

/// A host and its ports, or the reason why it is none.
fn tcp(address: &str) -> Result<Place, String> {
    if address.is_empty() {
        return Err(format!("there is no address; {FORMS}"));
    }
    if let Some((scheme, rest)) = address.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) {
        let rest = rest.trim_matches('/');
        let instead = if tcp(rest).is_ok() { rest } else { "3000" };
        return Err(format!("`{scheme}:` does not belong to an address; write `{instead}`"));
    }
    if let Some(bracketed) = address.strip_prefix('[') {
        let Some((host, after)) = bracketed.split_once(']') else {
            return Err("the `]` is missing; write `[::1]:3000`".to_owned());
        };
        let host: Ipv6Addr =
            host.parse().map_err(|_| "that is no IPv6 address in brackets; write `[::1]:3000`".to_owned())?;
        let host = loopback(host.into())?;
        return match after.strip_prefix(':') {
            Some(ports_of) => ports(host, ports_of),
            None => Err("the port is missing; write `[::1]:3000`".to_owned()),
        };
    }
    if address.parse::<Ipv6Addr>().is_ok() {
        return Err("an IPv6 address stands in brackets, with a port after it; write `[::1]:3000`".to_owned());
    }
    let begins_with_port = address.starts_with(|c: char| c.is_ascii_digit()) && !address.contains('.');
    match address.split_once(':') {
        _ if begins_with_port => ports(Ipv4Addr::LOCALHOST.into(), address),
        Some((host, ports_of)) => ports(named(host)?, ports_of),
        // A host without a port is told from something that is no address at all.
        None => match named(address) {
            Ok(host) => Err(format!("the port is missing; write `{}`", SocketAddr::new(host, 3000))),
            Err(_) if !address.contains('.') => Err(format!("that is no address; {FORMS}")),
            Err(reason) => Err(reason),
        },
    }
}

/// Whether this is written in front of addresses elsewhere.
fn is_scheme(word: &str) -> bool {
    ["tcp", "tcp4", "tcp6", "telnet", "http", "https"].iter().any(|scheme| word.eq_ignore_ascii_case(scheme))
}

/// The loopback address that a host without brackets names.
fn named(host: &str) -> Result<IpAddr, String> {
    if host.eq_ignore_ascii_case("localhost") {
        return Ok(Ipv4Addr::LOCALHOST.into());
    }
    // Names are not looked up: what they resolve to is not known when the file is read, nor does it stay.
    host.parse::<Ipv4Addr>().map_err(|_| NOT_LOOPBACK.to_owned()).and_then(|host| loopback(host.into()))
}

const NOT_LOOPBACK: &str = "the console has no authentication and listens on loopback only; \
                            use 127.0.0.1 or a unix socket, and `ssh -L` to reach it from afar";

fn loopback(host: IpAddr) -> Result<IpAddr, String> {
    // `::ffff:127.0.0.1` is the IPv4 address that it spells.
    let host = host.to_canonical();
    if host.is_loopback() { Ok(host) } else { Err(NOT_LOOPBACK.to_owned()) }
}

fn ports(host: IpAddr, text: &str) -> Result<Place, String> {
    let (first, last) = match text.split_once(':') {
        Some((first, last)) => (port(first)?, port(last)?),
        None => (port(text)?, port(text)?),
    };
    if first > last {
        return Err(format!("the range is backwards; write `{last}:{first}`"));
    }
    if first == 0 && last > 0 {
        return Err("a range of ports begins at 1 or above; `0` alone is any free port".to_owned());
    }
    Ok(Place::Tcp { host, first, last })
}

fn port(text: &str) -> Result<u16, String> {
    if text.is_empty() {
        return Err(format!("the port is missing; {FORMS}"));
    }
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("`{}` is not a port; {FORMS}", escape_line(text)));
    }
    text.parse().map_err(|_| format!("port {text} is out of range 0..=65535"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, shown: &str, plain: bool) {
        let endpoint = Listen::from(text).endpoint().unwrap();
        assert_eq!((endpoint.place.to_string().as_str(), endpoint.plain), (shown, plain), "{text:?}");
    }

    #[track_caller]
    fn check_error(text: &str, reason: &str) {
        let error = Listen::from(text).endpoint().unwrap_err().to_string();
        assert_eq!(error, format!("cannot listen on `{text}`: {reason}"));
    }

    #[test]
    fn every_form_is_read() {
        check("3000", "127.0.0.1:3000", false);
        check(" 0 ", "127.0.0.1:0", false);
        check("3000:3010", "127.0.0.1:3000:3010", false);
        check("3000:3000", "127.0.0.1:3000", false);
        check("127.0.0.1:3000", "127.0.0.1:3000", false);
        check("127.1.2.3:65535", "127.1.2.3:65535", false);
        check("127.0.0.1:3000:3010", "127.0.0.1:3000:3010", false);
        check("localhost:3000", "127.0.0.1:3000", false);
        check("LocalHost:3000:3010", "127.0.0.1:3000:3010", false);
        check("[::1]:3000", "[::1]:3000", false);
        check("[::1]:3000:3010", "[::1]:3000:3010", false);
        check("[::ffff:127.0.0.1]:3000", "127.0.0.1:3000", false);
        check("plain:3000", "127.0.0.1:3000", true);
        check("plain:[::1]:0", "[::1]:0", true);
        check("unix:/run/shop.sock", "unix:/run/shop.sock", true);
        let pid = process::id();
        check("plain:unix:/run/{pid}/a-{pid}.sock", &format!("unix:/run/{pid}/a-{pid}.sock"), true);
        assert!(Listen::from("3000").plain().endpoint().unwrap().plain);
    }

    #[test]
    fn ports_and_socket_addresses_are_taken() {
        assert_eq!(Listen::from(3000), Listen::from("3000"));
        assert_eq!(Listen::from("3000".to_owned()), Listen::from("3000"));
        let v6: SocketAddr = "[::1%3]:80".parse().unwrap();
        assert_eq!(Listen::from(v6), Listen::from("[::1]:80"));
    }

    #[test]
    fn other_hosts_are_refused_with_the_reason() {
        for text in [
            "0.0.0.0:3000",
            "10.0.0.1:3000",
            "[::]:3000",
            "[::ffff:0.0.0.0]:3000",
            "example.com:3000",
            "example.com",
            "*:3000",
            ":3000",
            "256.0.0.1:3000",
            "plain:192.168.0.1:3000:3010",
        ] {
            check_error(text, NOT_LOOPBACK);
        }
    }

    #[test]
    fn mistakes_are_named() {
        check_error("", &format!("there is no address; {FORMS}"));
        check_error("plain:", &format!("there is no address; {FORMS}"));
        check_error("tcp:3000", "`tcp:` does not belong to an address; write `3000`");
        check_error("tcp://[::1]:3000", "`tcp:` does not belong to an address; write `[::1]:3000`");
        let http = "`http:` does not belong to an address; write `127.0.0.1:3000`";
        check_error("http://127.0.0.1:3000/", http);
        check_error("HTTP://example.org/", "`HTTP:` does not belong to an address; write `3000`");
        check_error("shop", &format!("that is no address; {FORMS}"));
        check_error("127.0.0.1", "the port is missing; write `127.0.0.1:3000`");
        check_error("localhost", "the port is missing; write `127.0.0.1:3000`");
        check_error("localhost:", &format!("the port is missing; {FORMS}"));
        check_error("3000:", &format!("the port is missing; {FORMS}"));
        check_error("[::1]", "the port is missing; write `[::1]:3000`");
        check_error("[::1", "the `]` is missing; write `[::1]:3000`");
        check_error("[127.0.0.1]:80", "that is no IPv6 address in brackets; write `[::1]:3000`");
        for text in ["::1", "::1:3000", "::1:3000:3010"] {
            check_error(text, "an IPv6 address stands in brackets, with a port after it; write `[::1]:3000`");
        }
        check_error("70000", "port 70000 is out of range 0..=65535");
        check_error("3000:70000", "port 70000 is out of range 0..=65535");
        check_error("3000-3010", &format!("`3000-3010` is not a port; {FORMS}"));
        check_error("localhost:+80", &format!("`+80` is not a port; {FORMS}"));
        check_error("1:2:3", &format!("`2:3` is not a port; {FORMS}"));
        check_error("3010:3000", "the range is backwards; write `3000:3010`");
        check_error("0:10", "a range of ports begins at 1 or above; `0` alone is any free port");
        check_error("unix:", "the path is missing; write `unix:/path/to.sock`");
        check_error("unix:/run/", "that is a directory; add a file name, such as `shop.sock`");
        let nul = Listen::from("unix:/a\0b").endpoint().unwrap_err().to_string();
        assert!(nul.ends_with("a path cannot contain NUL") && !nul.contains('\0'), "{nul}");
    }

    #[test]
    fn a_list_may_be_empty_or_off() {
        let check = |text: &str, expected: &[&str]| {
            let places: Vec<_> = parse_list(text).unwrap().iter().map(|at| at.place.to_string()).collect();
            assert_eq!(places, expected, "{text:?}");
        };
        check("", &[]);
        check(" ,\n", &[]);
        check(" off ", &[]);
        check("OFF", &[]);
        check("3000", &["127.0.0.1:3000"]);
        check("3000, unix:/run/a.sock\t[::1]:0,", &["127.0.0.1:3000", "unix:/run/a.sock", "[::1]:0"]);
        let error = |text| parse_list(text).unwrap_err().to_string();
        assert_eq!(
            error("3000,off"),
            "cannot listen on `off`: `off` stands alone; remove it, or the addresses beside it"
        );
        assert_eq!(error("3000 0.0.0.0:1"), format!("cannot listen on `0.0.0.0:1`: {NOT_LOOPBACK}"));
    }

    #[test]
    fn the_bound_address_is_shown_as_it_may_be_written() {
        assert_eq!(Address::Tcp("[::1]:80".parse().unwrap()).to_string(), "[::1]:80");
        assert_eq!(Address::Unix("/run/a.sock".into()).to_string(), "unix:/run/a.sock");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..<_>::default() })]

        #[test]
        fn any_text_is_a_place_on_this_machine_or_a_reason(
            parts in prop::collection::vec(
                prop_oneof![
                    "[0-9.:\\[\\], -]{0,6}",
                    "\\PC{0,3}",
                    prop::sample::select(vec![
                        "plain:", "unix:", "unix:/run/{pid}.sock", "127.0.0.1", "localhost", "[::1]", "::1", ":", "3000",
                        "3000:3010", "65536", "[::ffff:10.0.0.1]", "off", "/", "\0", "\u{1b}[2J",
                    ]).prop_map(str::to_owned),
                ],
                0..5,
            ),
        ) {
            let text = parts.concat();
            match Listen::from(text.as_str()).endpoint() {
                Ok(endpoint) => {
                    if let Place::Tcp { host, first, last } = endpoint.place {
                        prop_assert!(host.is_loopback() && first <= last);
                        // It is read back as it is shown.
                        let shown = Listen::from(endpoint.place.to_string()).endpoint();
                        prop_assert_eq!(shown.map(|shown| shown.place), Ok(endpoint.place));
                    } else {
                        prop_assert!(endpoint.plain);
                    }
                }
                Err(error) => prop_assert!(!error.to_string().contains(char::is_control)),
            }
            if let Err(error) = parse_list(&text) {
                prop_assert!(!error.to_string().contains(char::is_control));
            }
        }
    }
}
