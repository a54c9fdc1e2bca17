//! How one typed word becomes a value: the trait of every parsed parameter type, and its implementations for the standard library. A
//! message here never names the parameter: the code that binds the word adds the name.

use std::error::Error;
use std::ffi::OsString;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::path::PathBuf;
use std::sync::Arc;

use crate::base::causes::debug_as_display;
use crate::base::escape::escape_line;
use crate::base::suggest;
use crate::command::range::Range;

/// A type that is parsed from one word of the command line.
///
/// Integers (also `NonZero`), floats, `bool`, `char`, text, paths, addresses, [`Duration`](std::time::Duration),
/// [`ByteSize`](crate::ByteSize) and enums with `#[derive(Choice)]` implement it. For a type with [`FromStr`](std::str::FromStr),
/// `#[arg(from_str)]` on the parameter is enough; a type whose help should name its values implements this trait:
///
/// ```
/// use backdoor_runtime::{ArgError, FromArg};
///
/// struct Shard(u8);
///
/// impl FromArg for Shard {
///     const NAME: &'static str = "shard";
///
///     fn from_arg(word: &str) -> Result<Self, ArgError> {
///         match u8::from_arg(word)? {
///             number @ 0..64 => Ok(Shard(number)),
///             number => Err(ArgError::new(format!("there is no shard {number}; the last is 63"))),
///         }
///     }
/// }
/// assert!(Shard::from_arg("0x3f").is_ok());
/// assert_eq!(Shard::from_arg("64").err().unwrap().to_string(), "there is no shard 64; the last is 63");
/// ```
pub trait FromArg: Sized + Send + 'static {
    /// The name of a value in help and errors, such as `number` or `duration`.
    const NAME: &'static str;

    /// The accepted words, if they are a fixed set; empty otherwise.
    const CHOICES: &'static [ChoiceWord] = &[];

    /// Whether a parameter of the type is a flag. A flag takes no word: it is `from_arg("true")` if its name is given, and
    /// `from_arg("false")` if the name is absent or is given with `no-` in front.
    const IS_FLAG: bool = false;

    /// Parses `word`, from which quotes and escapes were removed.
    ///
    /// # Errors
    ///
    /// An [`ArgError`] for the operator, if the word is not a value of the type.
    fn from_arg(word: &str) -> Result<Self, ArgError>;

    /// The value as the operator would type it, without quotes, for defaults and ranges in help. `None` if it cannot be typed.
    fn to_arg(&self) -> Option<String> {
        None
    }
}

/// Why a word is not a value of a type, for the operator: the word, the expected values, and what to type.
///
/// Lower case, no full stop, the typed word in backticks, and without the parameter's name, which the console adds: "`12abc` is not a whole
/// number".
#[derive(Clone, PartialEq, Eq)]
pub struct ArgError {
    message: String,
    /// The word is a number that the type cannot hold.
    is_beyond: bool,
}

impl ArgError {
    /// An error with this message.
    pub fn new(message: impl Into<String>) -> Self {
        ArgError { message: message.into(), is_beyond: false }
    }

    /// A number that the type cannot hold, with the limits of the type.
    pub(crate) fn beyond(word: &str, limits: impl fmt::Display) -> Self {
        ArgError { message: format!("{} is out of range {limits}", shown(word)), is_beyond: true }
    }

    /// The message for a parameter with a range: the range replaces the limits of the type, unless the range is open.
    pub(crate) fn told(&self, word: &str, range: Option<&Range>) -> String {
        let narrower = range.filter(|range| self.is_beyond && range.is_closed());
        narrower.map_or_else(|| self.message.clone(), |range| range.refusal(word, "what is accepted"))
    }

    /// "`word` is not a thing", or the form for an empty word.
    pub(crate) fn not(word: &str, expected: &str) -> Self {
        match word {
            "" => ArgError::new(format!("an empty word is not {expected}")),
            _ => ArgError::new(format!("{} is not {expected}", ticked(word))),
        }
    }
}

impl fmt::Display for ArgError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

debug_as_display!(ArgError);

impl Error for ArgError {}

/// One of the words of a type with a fixed set of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChoiceWord {
    /// The word itself, which help and errors show.
    pub name: &'static str,
    /// Other words for the same.
    pub aliases: &'static [&'static str],
    /// Its meaning, in one line; empty if none was given.
    pub help: &'static str,
}

/// The index of the choice whose name or alias is `word`; `-` and `_` are the same.
///
/// # Errors
///
/// An [`ArgError`] that lists the names, and suggests the nearest name or alias.
pub fn choose(word: &str, choices: &[ChoiceWord]) -> Result<usize, ArgError> {
    let words = |choice: &ChoiceWord| std::iter::once(choice.name).chain(choice.aliases.iter().copied());
    if let Some(at) = choices.iter().position(|choice| words(choice).any(|name| alike(name, word))) {
        return Ok(at);
    }
    let near = suggest::nearest(word, choices.iter().flat_map(words));
    let mut error = ArgError::not(word, &format!("one of {}", listed(choices, near.is_some())));
    if let Some(near) = near {
        error.message.push_str(&format!("; did you mean `{near}`?"));
    }
    Err(error)
}

/// The list of accepted words. With a suggestion, a long list is only counted; without one, its beginning shows the form of the words.
fn listed(choices: &[ChoiceWord], has_near: bool) -> String {
    let mut listed = String::new();
    for (at, choice) in choices.iter().enumerate() {
        if listed.len() + choice.name.len() > LISTED {
            return match has_near {
                true => format!("its {} accepted words", choices.len()),
                false => {
                    format!("{listed} and {} more; type `?` in its place to list them", choices.len() - at)
                }
            };
        }
        listed.push_str(if at > 0 { ", " } else { "" });
        listed.push_str(choice.name);
    }
    listed
}

/// The longest list of words in an error, in bytes.
const LISTED: usize = 70;

/// The value that a word names, for generated code: `values` has one value for each choice, in the same order.
pub fn choice<T, const N: usize>(word: &str, choices: &[ChoiceWord], values: [T; N]) -> Result<T, ArgError> {
    let at = choose(word, choices)?;
    Ok(values.into_iter().nth(at).expect("the macro writes a value for each choice"))
}

/// The word in backticks, ready for a message.
pub(crate) fn ticked(word: &str) -> String {
    format!("`{}`", shown(word))
}

/// The word as a message shows it: escaped, and cut if it is long.
pub(crate) fn shown(word: &str) -> String {
    const LONGEST: usize = 60;
    match word.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", escape_line(&word[..end])),
        None => escape_line(word).into_owned(),
    }
}

fn alike(a: &str, b: &str) -> bool {
    let same = |b: u8| if b == b'_' { b'-' } else { b };
    a.len() == b.len() && a.bytes().zip(b.bytes()).all(|(a, b)| same(a) == same(b))
}

impl FromArg for bool {
    const NAME: &'static str = "true|false";
    const CHOICES: &'static [ChoiceWord] = &[
        ChoiceWord { name: "true", aliases: &["yes", "on"], help: "" },
        ChoiceWord { name: "false", aliases: &["no", "off"], help: "" },
    ];
    const IS_FLAG: bool = true;

    fn from_arg(word: &str) -> Result<Self, ArgError> {
        Ok(choose(word, Self::CHOICES)? == 0)
    }

    fn to_arg(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl FromArg for char {
    const NAME: &'static str = "character";

    fn from_arg(word: &str) -> Result<Self, ArgError> {
        let mut chars = word.chars();
        match (chars.next(), chars.next()) {
            (Some(c), None) => Ok(c),
            _ => Err(ArgError::not(word, "a single character")),
        }
    }

    fn to_arg(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl FromArg for PathBuf {
    const NAME: &'static str = "path";

    fn from_arg(word: &str) -> Result<Self, ArgError> {
        match word {
            // No system call takes an empty path, and joining it to another path changes nothing.
            "" => Err(ArgError::not(word, "a path")),
            _ => Ok(PathBuf::from(word)),
        }
    }

    fn to_arg(&self) -> Option<String> {
        self.to_str().map(str::to_owned)
    }
}

impl FromArg for OsString {
    const NAME: &'static str = "text";

    fn from_arg(word: &str) -> Result<Self, ArgError> {
        Ok(OsString::from(word))
    }

    fn to_arg(&self) -> Option<String> {
        self.to_str().map(str::to_owned)
    }
}

macro_rules! texts {
    ($($ty:ty),*) => {$(
        impl FromArg for $ty {
            const NAME: &'static str = "text";

            fn from_arg(word: &str) -> Result<Self, ArgError> {
                Ok(word.into())
            }

            fn to_arg(&self) -> Option<String> {
                Some(self.to_string())
            }
        }
    )*};
}

texts!(String, Box<str>, Arc<str>);

macro_rules! addresses {
    ($($ty:ty, $name:literal, $expected:literal;)*) => {$(
        impl FromArg for $ty {
            const NAME: &'static str = $name;

            fn from_arg(word: &str) -> Result<Self, ArgError> {
                word.parse().map_err(|_| ArgError::not(word, $expected))
            }

            fn to_arg(&self) -> Option<String> {
                Some(self.to_string())
            }
        }
    )*};
}

addresses! {
    IpAddr, "ip", "an IP address, such as 192.0.2.1 or 2001:db8::1";
    Ipv4Addr, "ipv4", "an IPv4 address, such as 192.0.2.1";
    Ipv6Addr, "ipv6", "an IPv6 address, such as 2001:db8::1";
    SocketAddr, "ip:port", "an IP address with a port, such as 192.0.2.1:80 or [2001:db8::1]:80";
    SocketAddrV4, "ipv4:port", "an IPv4 address with a port, such as 192.0.2.1:80";
    SocketAddrV6, "ipv6:port", "an IPv6 address with a port, such as [2001:db8::1]:80";
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const LEVELS: &[ChoiceWord] = &[
        ChoiceWord { name: "error", aliases: &["err"], help: "" },
        ChoiceWord { name: "warn-all", aliases: &["warning"], help: "" },
        ChoiceWord { name: "info", aliases: &[], help: "" },
    ];

    /// The value in its debug form, or the error's text.
    #[track_caller]
    fn check<T: FromArg + fmt::Debug + PartialEq>(word: &str, expected: &str) {
        let found = match T::from_arg(word) {
            Ok(value) => {
                if let Some(arg) = value.to_arg() {
                    assert_eq!(T::from_arg(&arg).as_ref(), Ok(&value), "{word:?} is shown as {arg:?}");
                }
                format!("{value:?}")
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected, "{word:?}");
    }

    #[track_caller]
    fn check_choice(word: &str, expected: Result<usize, &str>) {
        assert_eq!(choose(word, LEVELS), expected.map_err(ArgError::new), "{word:?}");
    }

    #[test]
    fn truth() {
        for word in ["true", "yes", "on"] {
            check::<bool>(word, "true");
        }
        for word in ["false", "no", "off"] {
            check::<bool>(word, "false");
        }
        check::<bool>("maybe", "`maybe` is not one of true, false");
        check::<bool>("True", "`True` is not one of true, false; did you mean `true`?");
        const { assert!(bool::IS_FLAG && !String::IS_FLAG) };
    }

    #[test]
    fn text() {
        check::<char>("ß", "'ß'");
        check::<char>("", "an empty word is not a single character");
        check::<char>("ab", "`ab` is not a single character");
        check::<String>("", "\"\"");
        check::<String>("a b", "\"a b\"");
        check::<Box<str>>("a", "\"a\"");
        check::<Arc<str>>("a", "\"a\"");
        check::<OsString>("a", "\"a\"");
        check::<PathBuf>("/var/log", "\"/var/log\"");
        check::<PathBuf>("", "an empty word is not a path");
    }

    #[test]
    fn addresses() {
        check::<IpAddr>("127.0.0.1", "127.0.0.1");
        check::<IpAddr>("::1", "::1");
        check::<IpAddr>("here", "`here` is not an IP address, such as 192.0.2.1 or 2001:db8::1");
        check::<Ipv4Addr>("1.2.3", "`1.2.3` is not an IPv4 address, such as 192.0.2.1");
        check::<Ipv6Addr>("1.2.3.4", "`1.2.3.4` is not an IPv6 address, such as 2001:db8::1");
        check::<SocketAddr>("[::1]:80", "[::1]:80");
        check::<SocketAddr>(
            "127.0.0.1",
            "`127.0.0.1` is not an IP address with a port, such as 192.0.2.1:80 or [2001:db8::1]:80",
        );
        check::<SocketAddrV4>("1.2.3.4:5", "1.2.3.4:5");
        check::<SocketAddrV6>(
            "",
            "an empty word is not an IPv6 address with a port, such as [2001:db8::1]:80",
        );
    }

    #[test]
    fn durations() {
        check::<Duration>("1h30m", "5400s");
        check::<Duration>("5", "`5` has no unit; write `5s`, or another of ns, us, ms, s, m, h, d, w");
        assert_eq!(Duration::from_secs(300).to_arg().as_deref(), Some("5m"));
    }

    #[test]
    fn choices() {
        check_choice("error", Ok(0));
        check_choice("err", Ok(0));
        check_choice("warn_all", Ok(1));
        check_choice("warning", Ok(1));
        check_choice("inf", Err("`inf` is not one of error, warn-all, info; did you mean `info`?"));
        check_choice("warnin", Err("`warnin` is not one of error, warn-all, info; did you mean `warning`?"));
        check_choice("verbos", Err("`verbos` is not one of error, warn-all, info"));
        check_choice("", Err("an empty word is not one of error, warn-all, info"));
    }

    #[test]
    fn a_word_in_a_message_is_escaped_and_cut() {
        check::<char>("\u{1b}[2J", "`\\x1b[2J` is not a single character");
        let cut = format!("`{}…` is not a single character", "é".repeat(60));
        check::<char>(&"é".repeat(61), &cut);
        check::<char>(&"é".repeat(60), &cut.replace('…', ""));
    }
}
