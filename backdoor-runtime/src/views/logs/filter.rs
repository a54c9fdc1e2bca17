//! A filter of the log: levels by target, `info,net::tcp=trace`.

use std::fmt;
use std::str::FromStr;

use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};

use crate::base::causes::debug_as_display;
use crate::base::sort;
use crate::{ArgError, FromArg};

/// The most targets in one filter.
const MOST: usize = 64;

/// One part of a filter: a level for a target and the modules below it, or for all others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Directive {
    /// Empty for all other targets.
    pub(super) target: String,
    pub(super) level: LevelFilter,
}

impl Directive {
    /// The target; empty for all other targets.
    pub(crate) fn target(&self) -> &str {
        &self.target
    }
}

/// Why a text is no filter.
#[derive(Clone, PartialEq, Eq)]
pub struct FilterError(String);

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

debug_as_display!(FilterError);

impl std::error::Error for FilterError {}

/// Levels by target. The longest target wins that equals the event's target or is a module above it: `net` covers `net::tcp` and not
/// `network`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filter {
    /// The longest target first; the empty one, for all others, last.
    directives: Vec<Directive>,
    /// The most verbose level of any target.
    max: LevelFilter,
}

impl Filter {
    /// A later directive for the same target replaces an earlier one.
    pub(super) fn new(directives: impl IntoIterator<Item = Directive>) -> Self {
        let mut all = vec![Directive { target: String::new(), level: LevelFilter::OFF }];
        for directive in directives {
            match all.iter_mut().find(|known| known.target == directive.target) {
                Some(known) => known.level = directive.level,
                None => all.push(directive),
            }
        }
        sort::sort_by(&mut all, |left, right| {
            right.target.len().cmp(&left.target.len()).then_with(|| right.target.cmp(&left.target))
        });
        let max = all.iter().map(|directive| directive.level).max().unwrap_or(LevelFilter::OFF);
        Self { directives: all, max }
    }

    /// This filter with further directives, which win.
    pub(super) fn with(&self, directives: impl IntoIterator<Item = Directive>) -> Self {
        Self::new(self.directives.iter().cloned().chain(directives))
    }

    pub(super) fn level(&self, target: &str) -> LevelFilter {
        let named = self.directives.iter().find(|directive| is_within(target, &directive.target));
        named.map_or(LevelFilter::OFF, |directive| directive.level)
    }

    pub(super) fn enables(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.max && *metadata.level() <= self.level(metadata.target())
    }

    /// Each target with its level, the longest target first.
    pub(super) fn directives(&self) -> &[Directive] {
        &self.directives
    }

    pub(super) fn max(&self) -> LevelFilter {
        self.max
    }
}

/// Whether a target is this one or a module below it.
pub(super) fn is_within(target: &str, outer: &str) -> bool {
    target
        .strip_prefix(outer)
        .is_some_and(|rest| outer.is_empty() || rest.is_empty() || rest.starts_with("::"))
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        let parts: Vec<&str> = text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
        if parts.len() > MOST {
            return Err(FilterError(format!("a filter has {MOST} targets at most")));
        }
        let directives = parts
            .into_iter()
            .map(|part| Directive::from_arg(part).map_err(|error| FilterError(error.to_string())));
        Ok(Self::new(directives.collect::<Result<Vec<_>, _>>()?))
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, directive) in self.directives.iter().rev().enumerate() {
            write!(f, "{}{directive}", if at > 0 { "," } else { "" })?;
        }
        Ok(())
    }
}

impl fmt::Display for Directive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.target.as_str() {
            "" => write!(f, "{}", self.level),
            target => write!(f, "{target}={}", self.level),
        }
    }
}

impl FromArg for Directive {
    const NAME: &'static str = "target=level";

    fn from_arg(word: &str) -> Result<Self, ArgError> {
        let (target, level) = word.rsplit_once('=').unwrap_or(("", word));
        if word.contains('=') && !is_target(target) {
            return Err(ArgError::not(target, "the path of a module, such as net::tcp"));
        }
        match parse_level(level) {
            Some(level) => Ok(Self { target: target.to_owned(), level }),
            None if !word.contains('=') && is_target(word) => Err(ArgError::new(format!(
                "`{word}` has no level; write {word}=debug, or one of off, error, warn, info, debug, trace for all others"
            ))),
            None => Err(ArgError::not(level, "one of off, error, warn, info, debug, trace")),
        }
    }

    fn to_arg(&self) -> Option<String> {
        Some(self.to_string())
    }
}

/// Whether the text has no blanks, commas or control characters, and is no longer than a target may be.
fn is_target(text: &str) -> bool {
    let is_part = |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, ',' | '=' | '[' | '{');
    !text.is_empty() && text.len() <= 128 && text.chars().all(is_part)
}

fn parse_level(word: &str) -> Option<LevelFilter> {
    let levels = [
        ("off", LevelFilter::OFF),
        ("error", LevelFilter::ERROR),
        ("warn", LevelFilter::WARN),
        ("info", LevelFilter::INFO),
        ("debug", LevelFilter::DEBUG),
        ("trace", LevelFilter::TRACE),
    ];
    levels.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, level)| level)
}

/// The level's name, as it is typed and shown.
pub(super) fn level_name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        _ => "trace",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_target_wins() {
        let filter: Filter = "warn,net=debug, net::tcp=off,shop=INFO,shop=trace".parse().unwrap();
        for (target, level) in [
            ("other", LevelFilter::WARN),
            ("net", LevelFilter::DEBUG),
            ("net::udp::deep", LevelFilter::DEBUG),
            ("network", LevelFilter::WARN),
            ("net::tcp", LevelFilter::OFF),
            ("net::tcp::accept", LevelFilter::OFF),
            ("net::tcpip", LevelFilter::DEBUG),
            ("shop", LevelFilter::TRACE),
            ("", LevelFilter::WARN),
        ] {
            assert_eq!(filter.level(target), level, "{target}");
        }
        assert_eq!(filter.to_string(), "warn,net=debug,shop=trace,net::tcp=off");
        assert_eq!(filter.to_string().parse::<Filter>().unwrap(), filter);
        assert_eq!("".parse::<Filter>().unwrap().max(), LevelFilter::OFF);
    }

    #[test]
    fn invalid_filter_names_the_reason() {
        let error = |text: &str| text.parse::<Filter>().unwrap_err().to_string();
        assert_eq!(error("net=verbose"), "`verbose` is not one of off, error, warn, info, debug, trace");
        assert_eq!(error("=info"), "an empty word is not the path of a module, such as net::tcp");
        assert!(error("net").starts_with("`net` has no level; write net=debug, or one of off, "));
        assert!(error(&"a=info,".repeat(65)).contains("64 targets"));
    }
}
