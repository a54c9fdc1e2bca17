//! The address of a console: the text of an author or an operator, parsed into an endpoint, and the bound address. Parsing is separate from
//! accepting the text, so that a mistake is an error of `start()` and not an earlier panic.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::process;

use crate::base::causes::debug_as_display;
use crate::base::escape::escape_line;

/// The types that `.listen(..)` accepts: an address as text, as a port, or as a [`SocketAddr`].
///
/// | text | listens on |
/// |---|---|
/// | `3000` | port 3000 of 127.0.0.1 |
/// | `0` | any free port of 127.0.0.1 |
/// | `3000:3010` | the first free port of these, both ends included |
/// that port of that host; a range is accepted, too
/// | `localhost:3000` | the same of 127.0.0.1, or of ::1 on a host without IPv4 |
/// | `unix:/run/shop.sock` | a unix socket; `{pid}` in the path is replaced by the process id, `{host}` by the host's name |
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
    /// Never sends telnet bytes first, for a listener that only scripts and `nc` connect to. A peer that speaks telnet is still answered in
    /// telnet. Unix sockets always behave so.
    #[must_use]
    pub fn plain(mut self) -> Self {
        self.plain = true;
        self
    }

    /// Parses the text.
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
        // Loopback addresses need no scope and flow, and the text has no place for them.
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

/// Why a text is not an address that a console can listen on. `Debug` reads as `Display`.
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

/// A place to bind, and whether its peers get telnet bytes first.
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
        host: Host,
        /// The first port to try; 0 lets the system choose.
        first: u16,
        /// The last port to try, which may be the first.
        last: u16,
    },
    Unix {
        /// The path as written, `{pid}` and `{host}` included.
        path: String,
    },
}

/// A host of this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    Address(IpAddr),
    /// 127.0.0.1, or ::1 on a host without IPv4.
    Localhost,
}

impl Place {
    /// The path of a unix socket in this process.
    pub(crate) fn path_of(template: &str) -> PathBuf {
        let mut path = template.replace("{pid}", &process::id().to_string());
        if path.contains("{host}") {
            let host = crate::service::host().replace('/', "-");
            path = path.replace("{host}", &host);
        }
        PathBuf::from(path)
    }
}

impl Host {
    /// The addresses to try, in order: the next one only if the machine does not have the one before.
    pub(crate) fn candidates(self) -> Vec<IpAddr> {
        match self {
            Self::Address(address) => vec![address],
            Self::Localhost => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
        }
    }

    /// With a port, as it is written.
    pub(crate) fn with_port(self, port: u16) -> String {
        match self {
            Self::Address(address) => SocketAddr::new(address, port).to_string(),
            Self::Localhost => format!("localhost:{port}"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Tcp { host, first, last } => {
                f.write_str(&host.with_port(*first))?;
                if first == last { Ok(()) } else { write!(f, ":{last}") }
            }
            Place::Unix { path } => Address::Unix(Self::path_of(path)).fmt(f),
        }
    }
}

/// The endpoints of `BACKDOOR_LISTEN`: addresses between commas or white space; none where it is empty or `off`.
pub(crate) fn parse_list(text: &str) -> Result<Vec<Endpoint>, AddressError> {
    let words: Vec<_> =
        text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty()).collect();
    if matches!(words[..], [off] if off.eq_ignore_ascii_case("off")) {
        return Ok(Vec::new());
    }
    words.into_iter().map(parse_of_list).collect()
}

/// The list without duplicates: an address can be bound once, and its second entry would wait for the first for ever.
pub(crate) fn each_once(endpoints: Vec<Endpoint>) -> Vec<Endpoint> {
    let mut once: Vec<Endpoint> = Vec::with_capacity(endpoints.len());
    for endpoint in endpoints {
        let is_one_place = match &endpoint.place {
            Place::Tcp { first, last, .. } => first == last && *first != 0,
            Place::Unix { .. } => true,
        };
        if !is_one_place || once.iter().all(|other| other.place != endpoint.place) {
            once.push(endpoint);
        }
    }
    once
}

/// An address among others, where `off` and similar words are not accepted.
fn parse_of_list(word: &str) -> Result<Endpoint, AddressError> {
    let is_one_of = |words: &[&str]| words.iter().any(|other| word.eq_ignore_ascii_case(other));
    let reason = if is_one_of(&["off"]) {
        "`off` stands alone; remove it, or the addresses beside it"
    } else if is_one_of(&["false", "no", "none", "never", "null", "disable", "disabled"]) {
        "that is not an address; write `off` to switch the console off"
    } else {
        return parse(word);
    };
    Err(AddressError { text: word.to_owned(), reason: reason.to_owned() })
}

fn parse(text: &str) -> Result<Endpoint, AddressError> {
    let text = text.trim();
    endpoint(text).map_err(|reason| AddressError { text: text.to_owned(), reason })
}

fn endpoint(text: &str) -> Result<Endpoint, String> {
    let bare = text.trim_matches(QUOTES);
    if bare.len() < text.len() {
        let instead = match bare {
            _ if bare.eq_ignore_ascii_case("off") || endpoint(bare).is_ok() => {
                format!("write {}", escape_line(bare))
            }
            _ => "remove them".to_owned(),
        };
        return Err(format!(
            "the quotes are part of the value; {instead} (docker's `--env-file` keeps quotes)"
        ));
    }
    let (plain, address) = match text.strip_prefix("plain:") {
        Some(address) => (true, address),
        None => (false, text),
    };
    match address.strip_prefix("unix:") {
        Some(path) => Ok(Endpoint { place: unix(path)?, plain: true }),
        None => Ok(Endpoint { place: tcp(address)?, plain }),
    }
}

/// Quotes that a shell removes and other readers of a variable keep, and typographic variants of them.
const QUOTES: &[char] = &['"', '\'', '`', '\u{2018}', '\u{2019}', '\u{201c}', '\u{201d}'];

fn unix(path: &str) -> Result<Place, String> {
    let reason = match path {
        "" => "the path is missing; write `unix:/path/to.sock`",
        _ if path.ends_with('/') => "that is a directory; add a file name, such as `shop.sock`",
        _ if path.contains('\0') => "a path cannot contain NUL",
        _ if path.starts_with("~/") => "only a shell expands `~`; write the whole path",
        _ => {
            return match unknown_placeholder(path) {
                Some(unknown) => Err(format!(
                    "`{}` is not a placeholder; a path may contain `{{pid}}` and `{{host}}`",
                    escape_line(unknown)
                )),
                None => Ok(Place::Unix { path: path.to_owned() }),
            };
        }
    };
    Err(reason.to_owned())
}

/// The first pair of braces that is not a placeholder of [`Place::path_of`].
fn unknown_placeholder(path: &str) -> Option<&str> {
    let mut opened = path.match_indices('{').filter_map(|(at, _)| {
        let length = path[at..].find('}')? + 1;
        Some(&path[at..at + length])
    });
    opened.find(|found| !["{pid}", "{host}"].contains(found))
}

const FORMS: &str = "write a port such as `3000`, `0` for any free one, a range such as `3000:3010`, \
                     `127.0.0.1:3000`, `[::1]:3000` or `unix:/path/to.sock`";

/// A host and its ports, or the reason why the text is not one.
fn tcp(address: &str) -> Result<Place, String> {
    if address.is_empty() {
        return Err(format!("there is no address; {FORMS}"));
    }
    if let Some((scheme, rest)) = address.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) {
        let rest = rest.trim_matches('/');
        let instead = if tcp(rest).is_ok() { rest } else { "3000" };
        return Err(format!("`{scheme}:` does not belong to an address; write `{instead}`"));
    }
    if let Some(path) = bare_path(address) {
        return Err(format!("a path begins with `unix:`; write `unix:{}`", escape_line(path)));
    }
    if let Some(bracketed) = address.strip_prefix('[') {
        let Some((host, after)) = bracketed.split_once(']') else {
            return Err("the `]` is missing; write `[::1]:3000`".to_owned());
        };
        let host: Ipv6Addr = host
            .parse()
            .map_err(|_| "that is not an IPv6 address in brackets; write `[::1]:3000`".to_owned())?;
        let host = loopback(host.into())?;
        return match after.strip_prefix(':') {
            Some(ports_of) => ports(host, ports_of),
            None => Err("the port is missing; write `[::1]:3000`".to_owned()),
        };
    }
    if address.parse::<Ipv6Addr>().is_ok() {
        return Err("an IPv6 address stands in brackets, with a port after it; write `[::1]:3000`".to_owned());
    }
    if let Some(port) = address.strip_prefix(':').filter(|port| ports(Host::Localhost, port).is_ok()) {
        return Err(format!("the host in front of the `:` is missing; write `{port}` for 127.0.0.1"));
    }
    let begins_with_port = address.starts_with(|c: char| c.is_ascii_digit())
        && address.split("..").all(|part| !part.contains('.'));
    match address.split_once(':') {
        _ if begins_with_port => ports(Host::Address(Ipv4Addr::LOCALHOST.into()), address),
        Some((host, ports_of)) => ports(named(host)?, ports_of),
        // A host without a port is distinguished from text that is no address.
        None => match named(address) {
            Ok(host) => Err(format!("the port is missing; write `{}`", host.with_port(3000))),
            Err(_) if !address.contains('.') => Err(format!("that is not an address; {FORMS}")),
            Err(reason) => Err(reason),
        },
    }
}

/// The path of a unix socket, if one is written in place of a host.
fn bare_path(address: &str) -> Option<&str> {
    let begins = |text: &str| ["/", "./", "../", "~/"].iter().any(|begin| text.starts_with(begin));
    match address.split_once(':') {
        Some((_, path)) if begins(path) => Some(path),
        Some(_) if !begins(address) => None,
        _ => address.contains('/').then_some(address),
    }
}

/// Whether this is a scheme, as other programs write it before addresses.
fn is_scheme(word: &str) -> bool {
    ["tcp", "tcp4", "tcp6", "telnet", "http", "https"].iter().any(|scheme| word.eq_ignore_ascii_case(scheme))
}

/// The host of this machine that a host without brackets names.
fn named(host: &str) -> Result<Host, String> {
    if host.eq_ignore_ascii_case("localhost") {
        return Ok(Host::Localhost);
    }
    // Names are not resolved: the result may be unknown at this time, and may change.
    host.parse::<Ipv4Addr>().map_err(|_| NOT_LOOPBACK.to_owned()).and_then(|host| loopback(host.into()))
}

const NOT_LOOPBACK: &str = "the console has no authentication and listens on loopback only; \
                            use 127.0.0.1 or a unix socket, and `ssh -L` to reach it from another host";

fn loopback(host: IpAddr) -> Result<Host, String> {
    // `::ffff:127.0.0.1` is the IPv4 address that it spells.
    let host = host.to_canonical();
    if host.is_loopback() { Ok(Host::Address(host)) } else { Err(NOT_LOOPBACK.to_owned()) }
}

fn ports(host: Host, text: &str) -> Result<Place, String> {
    if let Some(range) = other_range(text) {
        return Err(format!("a range is written `{range}`"));
    }
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

/// A range in another notation, written in ours.
fn other_range(text: &str) -> Option<String> {
    let marks = ["..=", "..", "-", "\u{2013}"];
    let (first, last) = marks.iter().find_map(|mark| text.split_once(mark))?;
    let is_range = port(first).ok()? <= port(last).ok()?;
    is_range.then(|| format!("{first}:{last}"))
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
mod tests;
