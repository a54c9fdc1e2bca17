//! `#[arg(..)]`: the meaning of its keys on one parameter.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, Expr, ExprLit, Ident, Lit, LitChar, LitStr, Meta, Path};

use crate::errors::Errors;
use crate::keys::{self, Key, Value};
use crate::literal_range;
use crate::names;

const PLACE: &str = "#[arg(..)]";
const KNOWN: [&str; 8] = ["long", "short", "default", "range", "rest", "from_str", "complete", "secret"];

/// Keys for the console's own commands only; no message names them.
const INTERNAL: [&str; 2] = ["secret_if", "line"];

/// The attributes of a parameter.
#[derive(Default)]
pub(crate) struct ArgumentArgs {
    /// The first `#[arg(..)]`.
    pub(crate) attribute: Option<Attribute>,
    pub(crate) long: Option<Named<LitStr>>,
    pub(crate) short: Option<Named<LitChar>>,
    pub(crate) default: Option<(Ident, Expr)>,
    pub(crate) range: Option<(Ident, Expr)>,
    pub(crate) rest: Option<Ident>,
    pub(crate) from_str: bool,
    pub(crate) complete: Option<Path>,
    pub(crate) secrecy: Option<Secrecy>,
}

/// Who may see the values of the parameter.
pub(crate) enum Secrecy {
    /// They are secret.
    Secret(Ident),
    /// The function at this path decides.
    Judged(Path),
    /// The value is a line; the parameters of its command decide.
    Line,
}

/// The name of an option, or the key alone.
pub(crate) struct Named<T> {
    pub(crate) key: Ident,
    pub(crate) name: Option<T>,
}

/// The tokens that an error in the name underlines.
impl<T: ToTokens> ToTokens for Named<T> {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match &self.name {
            Some(name) => name.to_tokens(tokens),
            None => self.key.to_tokens(tokens),
        }
    }
}

impl ArgumentArgs {
    /// Takes the helper attributes of a parameter, and returns the attributes that stay on the function.
    pub(crate) fn take(attributes: &mut Vec<Attribute>, errors: &Errors) -> (Self, Vec<Attribute>) {
        let mut args = Self::default();
        let mut docs = Vec::new();
        let mut kept = Vec::new();
        for attribute in attributes.drain(..) {
            if attribute.path().is_ident("arg") {
                args.read(&attribute, errors);
                args.attribute.get_or_insert(attribute);
            } else if attribute.path().is_ident("doc") {
                docs.push(attribute);
            } else if is_lint(&attribute) {
                kept.push(attribute);
            } else if attribute.path().is_ident("cfg_attr") {
                errors.add(
                    &attribute,
                    "`cfg_attr` takes a condition and attributes",
                    "write `#[cfg_attr(unix, arg(long))]`",
                );
            } else if attribute.path().is_ident("cfg") {
                errors.add(
                    &attribute,
                    "a command's parameters cannot depend on `cfg`",
                    "put `#[cfg]` on the function",
                );
            } else {
                let path = attribute.path();
                errors.add(
                    &attribute,
                    format_args!("unknown parameter attribute `{}`", quote::quote!(#path)),
                    "help text is a `///` comment; everything else goes in `#[arg(..)]`",
                );
            }
        }
        if let Some((_, range)) = &args.range {
            literal_range::check(range, args.default.as_ref().map(|(_, value)| value), errors);
        }
        *attributes = kept;
        (args, docs)
    }

    fn read(&mut self, attribute: &Attribute, errors: &Errors) {
        let tokens = match &attribute.meta {
            Meta::List(list) => list.tokens.clone(),
            other => {
                return errors.add(other, "`#[arg]` needs keys in parentheses", "write `#[arg(long)]`");
            }
        };
        keys::read_with(tokens, PLACE, &KNOWN, &INTERNAL, errors, |key| self.set(key, errors));
    }

    fn set(&mut self, key: Key, errors: &Errors) {
        let name = key.name.to_string();
        if self.has(&name) {
            return errors.add_bare(&key.name, format_args!("`{name}` is given twice"));
        }
        if let Some(other) = self.excluded_by(&name) {
            return errors.add(
                &key.name,
                format_args!("`{other}` and `{name}` exclude each other"),
                match (other.as_str(), name.as_str()) {
                    ("rest", "default") | ("default", "rest") => {
                        "make the type `Option<String>` and choose the fallback in the body"
                    }
                    ("secret", "default") | ("default", "secret") => {
                        "`help` shows a default; make the type an `Option` and choose the fallback in the body"
                    }
                    ("secret", "complete") | ("complete", "secret") => {
                        "Tab would show the values; keep one of them"
                    }
                    _ => {
                        "`rest` is what remains of the line behind the options and has no name of its own; keep one of them"
                    }
                },
            );
        }
        match name.as_str() {
            "long" => self.long = Some(Named { name: long(&key, errors), key: key.name }),
            "short" => self.short = Some(Named { name: short(&key, errors), key: key.name }),
            "default" => {
                let value = key.expression("default = 10", errors);
                self.default = value.map(|value| (key.name, value));
            }
            "range" => {
                let value = key.expression("range = 1..=100", errors);
                self.range = value.map(|value| (key.name, value));
            }
            "rest" if key.bare(errors) => self.rest = Some(key.name),
            "from_str" => self.from_str = key.bare(errors),
            "complete" => self.complete = complete(&key, errors),
            "secret" if key.bare(errors) => self.secrecy = Some(Secrecy::Secret(key.name)),
            "secret_if" => {
                if let Some(Expr::Path(path)) = key.expression("secret_if = JUDGE", errors) {
                    self.secrecy = Some(Secrecy::Judged(path.path));
                }
            }
            "line" if key.bare(errors) => self.secrecy = Some(Secrecy::Line),
            _ => {}
        }
    }

    fn has(&self, name: &str) -> bool {
        match name {
            "long" => self.long.is_some(),
            "short" => self.short.is_some(),
            "default" => self.default.is_some(),
            "range" => self.range.is_some(),
            "rest" => self.rest.is_some(),
            "from_str" => self.from_str,
            "complete" => self.complete.is_some(),
            "secret" => self.secret().is_some(),
            _ => false,
        }
    }

    /// The key `secret`.
    pub(crate) fn secret(&self) -> Option<&Ident> {
        match &self.secrecy {
            Some(Secrecy::Secret(key)) => Some(key),
            _ => None,
        }
    }

    /// The earlier key that excludes this one.
    fn excluded_by(&self, name: &str) -> Option<String> {
        let with_rest = ["default", "long", "short"];
        let with_secret = ["default", "complete"];
        match name {
            "secret" => with_secret.into_iter().find(|other| self.has(other)).map(str::to_owned),
            "default" | "complete" if self.has("secret") => Some("secret".to_owned()),
            "rest" => with_rest.into_iter().find(|other| self.has(other)).map(str::to_owned),
            other if with_rest.contains(&other) => self.rest.as_ref().map(Ident::to_string),
            _ => None,
        }
    }
}

fn is_lint(attribute: &Attribute) -> bool {
    ["allow", "warn", "deny", "forbid", "expect"].iter().any(|level| attribute.path().is_ident(level))
}

fn long(key: &Key, errors: &Errors) -> Option<LitStr> {
    if matches!(key.value, Value::Nothing) {
        return None;
    }
    let name = key.string("long = \"for-time\"", errors)?;
    names::check_word(&name, "an option name", errors);
    Some(name)
}

fn short(key: &Key, errors: &Errors) -> Option<LitChar> {
    let value = match &key.value {
        Value::Nothing => return None,
        Value::Is(value) => value,
        Value::List(_) => {
            errors.add(key.blame(), "`short` takes a character", "write `short = 'n'`");
            return None;
        }
    };
    match &**value {
        Expr::Lit(ExprLit { lit: Lit::Char(letter), .. }) if letter.value().is_ascii_alphabetic() => {
            Some(letter.clone())
        }
        Expr::Lit(ExprLit { lit: Lit::Char(letter), .. }) => {
            errors.add(
                letter,
                "a short option is one letter",
                "use a letter of a-z or A-Z, as in `short = 'n'`",
            );
            None
        }
        other => {
            errors.add(other, "`short` takes a character", "write `short = 'n'`");
            None
        }
    }
}

fn complete(key: &Key, errors: &Errors) -> Option<Path> {
    match key.expression("complete = shard_names", errors)? {
        Expr::Path(path) if path.qself.is_none() => Some(path.path),
        other => {
            errors.add(
                other,
                "`complete` takes the path of a function",
                "write `complete = shard_names`, with `fn shard_names(so_far: &str) -> Vec<String>`",
            );
            None
        }
    }
}
