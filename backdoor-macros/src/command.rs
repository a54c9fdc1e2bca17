//! `#[backdoor_command(..)]`: what its keys mean.

use std::time::Duration;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Expr, LitStr, Path};

use crate::keys::{self, Key};
use crate::mistakes::Mistakes;
use crate::names;

const PLACE: &str = "#[backdoor_command(..)]";
const KNOWN: [&str; 8] = ["name", "aliases", "hidden", "reads", "dangerous", "timeout", "on", "crate"];

/// What the author declared of a command.
pub(crate) struct CommandArgs {
    pub(crate) name: Option<LitStr>,
    pub(crate) aliases: Vec<LitStr>,
    pub(crate) hidden: bool,
    pub(crate) effect: TokenStream,
    pub(crate) timeout: TokenStream,
    pub(crate) place: TokenStream,
    /// The path of the runtime crate.
    pub(crate) krate: Option<Path>,
}

impl CommandArgs {
    pub(crate) fn parse(tokens: TokenStream, mistakes: &Mistakes) -> Self {
        let mut args = Self {
            name: None,
            aliases: Vec::new(),
            hidden: false,
            effect: quote!(Changes),
            timeout: quote!(Default),
            place: quote!(Service),
            krate: None,
        };
        let mut reads = false;
        for key in keys::parse(tokens, PLACE, &KNOWN, mistakes) {
            match key.name.to_string().as_str() {
                "name" => {
                    args.name = key.string("name = \"log level\"", mistakes);
                    args.name.iter().for_each(|name| names::check_words(name, mistakes));
                }
                "aliases" => {
                    args.aliases = key.strings("aliases(\"ll\")", mistakes);
                    args.aliases.iter().for_each(|alias| names::check_words(alias, mistakes));
                }
                "hidden" => args.hidden = key.bare(mistakes),
                "reads" | "dangerous" if reads || args.effect.to_string() == "Dangerous" => {
                    mistakes.add(
                        &key.name,
                        "`reads` and `dangerous` exclude each other",
                        "a command that changes nothing needs no confirmation; keep one of them",
                    );
                }
                "reads" if key.bare(mistakes) => {
                    reads = true;
                    args.effect = quote!(Reads);
                }
                "dangerous" if key.bare(mistakes) => args.effect = quote!(Dangerous),
                "timeout" => args.timeout = timeout(&key, mistakes),
                "on" => args.place = place(&key, mistakes),
                "crate" => args.krate = krate(&key, mistakes),
                _ => {}
            }
        }
        args
    }
}

/// `crate = path`.
pub(crate) fn krate(key: &Key, mistakes: &Mistakes) -> Option<Path> {
    match key.expression("crate = my_framework::backdoor", mistakes)? {
        Expr::Path(path) if path.qself.is_none() => Some(path.path),
        other => {
            mistakes.add(other, "`crate` takes a path", "write `crate = my_framework::backdoor`");
            None
        }
    }
}

/// `on = console`.
fn place(key: &Key, mistakes: &Mistakes) -> TokenStream {
    let service = quote!(Service);
    let Some(value) = key.expression("on = helper", mistakes) else { return service };
    match &value {
        Expr::Path(path) if path.path.is_ident("console") => quote!(Console),
        Expr::Path(path) if path.path.is_ident("helper") => quote!(Helper),
        _ => {
            mistakes.add(
                value,
                "`on` takes `console` or `helper`",
                "without `on`, a command runs where the service's own code runs",
            );
            service
        }
    }
}

/// `timeout = "5s"`.
fn timeout(key: &Key, mistakes: &Mistakes) -> TokenStream {
    let default = quote!(Default);
    let Some(text) = key.string("timeout = \"30s\"", mistakes) else { return default };
    let value = text.value();
    if value == "none" {
        return quote!(Never);
    }
    match duration(&value) {
        Some(limit) if !limit.is_zero() => {
            let milliseconds = limit.as_millis() as u64;
            quote!(after_millis(#milliseconds))
        }
        _ => {
            mistakes.add(
                text,
                format_args!("`{value}` is not a timeout"),
                "write a number with ms, s, m or h, such as \"5s\", or \"none\"",
            );
            default
        }
    }
}

fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let amount: u64 = text[..digits].parse().ok()?;
    let unit = match &text[digits..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    Some(Duration::from_millis(amount.checked_mul(unit)?))
}
