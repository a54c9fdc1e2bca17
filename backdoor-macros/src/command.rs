//! `#[backdoor_command(..)]`: the meaning of its keys.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{Expr, LitStr, Path};

use crate::errors::Errors;
use crate::keys::{self, Key};
use crate::names;

const PLACE: &str = "#[backdoor_command(..)]";
const KNOWN: [&str; 8] = ["name", "aliases", "hidden", "reads", "dangerous", "timeout", "on", "crate"];

/// Keys for the console's own commands only; no message names them.
const INTERNAL: [&str; 1] = ["builtin"];

/// The keys of a command.
pub(crate) struct CommandArgs {
    pub(crate) name: Option<LitStr>,
    pub(crate) aliases: Vec<LitStr>,
    pub(crate) hidden: bool,
    /// `Reads` or `Dangerous`, if one of them was given.
    pub(crate) effect: Option<Ident>,
    pub(crate) timeout: TokenStream,
    pub(crate) place: TokenStream,
    /// The topic of `help`, for a command of the console.
    pub(crate) builtin: Option<LitStr>,
    /// The path of the runtime crate.
    pub(crate) krate: Option<Path>,
}

impl CommandArgs {
    pub(crate) fn parse(tokens: TokenStream, errors: &Errors) -> Self {
        let mut args = Self {
            name: None,
            aliases: Vec::new(),
            hidden: false,
            effect: None,
            timeout: quote!(Default),
            place: quote!(Service),
            builtin: None,
            krate: None,
        };
        keys::read_with(tokens, PLACE, &KNOWN, &INTERNAL, errors, |key| args.set(key, errors));
        args
    }

    fn set(&mut self, key: Key, errors: &Errors) {
        match key.name.to_string().as_str() {
            "name" => {
                self.name = key.string("name = \"log level\"", errors);
                self.name.iter().for_each(|name| names::check_words(name, errors));
            }
            "aliases" => {
                for alias in key.strings("aliases(\"ll\")", errors) {
                    names::check_words(&alias, errors);
                    if self.aliases.iter().any(|earlier| earlier.value() == alias.value()) {
                        errors.add_bare(&alias, format_args!("alias `{}` is given twice", alias.value()));
                    }
                    self.aliases.push(alias);
                }
            }
            "hidden" => self.hidden = key.bare(errors),
            "reads" | "dangerous" if self.effect.is_some() => {
                errors.add(
                    &key.name,
                    "`reads` and `dangerous` exclude each other",
                    "a command that changes nothing needs no confirmation; keep one of them",
                );
            }
            "reads" if key.bare(errors) => self.effect = Some(Ident::new("Reads", Span::call_site())),
            "dangerous" if key.bare(errors) => {
                self.effect = Some(Ident::new("Dangerous", Span::call_site()));
            }
            "timeout" => self.timeout = timeout(&key, errors),
            "on" => self.place = place(&key, errors),
            "builtin" => self.builtin = key.string("builtin = \"threads\"", errors),
            "crate" => self.krate = krate(&key, errors),
            _ => {}
        }
    }
}

/// `crate = path`.
pub(crate) fn krate(key: &Key, errors: &Errors) -> Option<Path> {
    match key.expression("crate = my_framework::backdoor", errors)? {
        Expr::Path(path) if path.qself.is_none() => Some(path.path),
        other => {
            errors.add(other, "`crate` takes a path", "write `crate = my_framework::backdoor`");
            None
        }
    }
}

/// `on = console`.
fn place(key: &Key, errors: &Errors) -> TokenStream {
    let service = quote!(Service);
    let Some(value) = key.expression("on = helper", errors) else { return service };
    match &value {
        Expr::Path(path) if path.path.is_ident("console") => quote!(Console),
        Expr::Path(path) if path.path.is_ident("helper") => quote!(Helper),
        _ => {
            errors.add(
                value,
                "`on` takes `console` or `helper`",
                "without `on`, a command runs where the service's own code runs",
            );
            service
        }
    }
}

/// `timeout = "5s"`.
fn timeout(key: &Key, errors: &Errors) -> TokenStream {
    let default = quote!(Default);
    let Some(text) = key.string("timeout = \"30s\"", errors) else { return default };
    let value = text.value();
    if value == "none" {
        return quote!(Never);
    }
    match duration(&value) {
        Some(limit) if limit.as_millis() > 0 => {
            let milliseconds = limit.as_millis() as u64;
            quote!(after_millis(#milliseconds))
        }
        _ => {
            errors.add(
                text,
                format_args!("`{value}` is not a timeout"),
                "write a number with ms, s, m or h, such as \"5s\", or \"none\"",
            );
            default
        }
    }
}

/// The duration as the runtime crate reads one that an operator types, whose parser a macro cannot use: amounts with their units, the large
/// before the small, each unit once.
fn duration(text: &str) -> Option<Duration> {
    let mut nanos = 0_u64;
    let mut rest = text;
    let mut larger = u64::MAX;
    while !rest.is_empty() {
        let amount_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (amount, after) = rest.split_at(amount_end);
        let unit_end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (name, after) = after.split_at(unit_end);
        let unit = unit(name).filter(|&unit| unit < larger)?;
        nanos = nanos.checked_add(times(amount, unit)?)?;
        (rest, larger) = (after, unit);
    }
    Some(Duration::from_nanos(nanos))
}

/// The amount of a unit in nanoseconds, if it is a whole number.
fn times(amount: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, "0"));
    let parts = 10_u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let part = fraction.parse::<u64>().ok()?.checked_mul(unit)?;
    let whole = whole.parse::<u64>().ok()?.checked_mul(unit)?;
    if part % parts == 0 { whole.checked_add(part / parts) } else { None }
}

fn unit(name: &str) -> Option<u64> {
    const SECOND: u64 = 1_000_000_000;
    Some(match name {
        "ns" => 1,
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => SECOND,
        "m" => 60 * SECOND,
        "h" => 3_600 * SECOND,
        "d" => 24 * 3_600 * SECOND,
        "w" => 7 * 24 * 3_600 * SECOND,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_written_as_operators_write_durations() {
        let check = |text: &str, millis: Option<u64>| {
            assert_eq!(duration(text), millis.map(Duration::from_millis), "{text}");
        };
        check("250ms", Some(250));
        check("5s", Some(5_000));
        check("1.5s", Some(1_500));
        check("1h30m", Some(90 * 60_000));
        check("1d2h3m4s5ms", Some(93_784_005));
        check("1w", Some(7 * 86_400_000));
        for text in ["5", "5 minutes", "30m1h", "1s1s", "s", ".s", "1.s", "1..5s", "-1s", "soon", "999999w"] {
            check(text, None);
        }
    }
}
