//! The one parser for lists of `key`, `key = value` and `key(..)`: every key has to be known, and may be given once.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Expr, ExprLit, Ident, Lit, LitStr, Token, parenthesized};

use crate::errors::Errors;
use crate::names;

/// One entry of a list.
pub(crate) struct Key {
    pub(crate) name: Ident,
    pub(crate) value: Value,
}

/// The part after a key.
pub(crate) enum Value {
    Nothing,
    Is(Box<Expr>),
    List(Vec<Expr>),
}

/// Reads a list, and passes its entries on in their order. `place` is the form in messages, such as `#[arg(..)]`. An invalid entry is
/// skipped, and parsing continues after the next comma.
pub(crate) fn read(tokens: TokenStream, place: &str, known: &[&str], errors: &Errors, each: impl FnMut(Key)) {
    read_with(tokens, place, known, &[], errors, each);
}

/// The same as [`read`], with `hidden` keys that no message names.
pub(crate) fn read_with(
    tokens: TokenStream,
    place: &str,
    known: &[&str],
    internal: &[&str],
    errors: &Errors,
    mut each: impl FnMut(Key),
) {
    let mut seen: Vec<Ident> = Vec::new();
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            match entry(input, known) {
                Ok(key) if !known.iter().chain(internal).any(|known| key.name == known) => {
                    let name = key.name.to_string();
                    let help = match names::nearest(&name, known) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("known keys: `{}`", known.join("`, `")),
                    };
                    errors.add(&key.name, format_args!("unknown key `{name}` in `{place}`"), help);
                }
                Ok(key) if seen.contains(&key.name) => {
                    errors.add_bare(&key.name, format_args!("`{}` is given twice", key.name));
                }
                Ok(key) => {
                    seen.push(key.name.clone());
                    each(key);
                }
                Err(error) => {
                    errors.add_syntax(error);
                    while !input.is_empty() && !input.peek(Token![,]) {
                        input.parse::<TokenTree>()?;
                    }
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    };
    if let Err(error) = parser.parse2(tokens) {
        errors.add_syntax(error);
    }
}

fn entry(input: ParseStream<'_>, known: &[&str]) -> syn::Result<Key> {
    if known.contains(&"name") && input.peek(LitStr) {
        let name: LitStr = input.parse()?;
        let message = format!("a name needs its key\n= help: write `name = {}`", name.token());
        return Err(syn::Error::new_spanned(&name, message));
    }
    let name = input.call(Ident::parse_any)?;
    let value = if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        Value::Is(input.parse()?)
    } else if input.peek(syn::token::Paren) {
        let list;
        parenthesized!(list in input);
        Value::List(Punctuated::<Expr, Token![,]>::parse_terminated(&list)?.into_iter().collect())
    } else {
        Value::Nothing
    };
    match input.is_empty() || input.peek(Token![,]) {
        true => Ok(Key { name, value }),
        false => Err(input.error("expected `,`")),
    }
}

impl Key {
    /// The value as a string literal.
    pub(crate) fn string(&self, example: &str, errors: &Errors) -> Option<LitStr> {
        let found = match &self.value {
            Value::Is(value) => string_of(value),
            Value::Nothing | Value::List(_) => None,
        };
        if found.is_none() {
            errors.add(
                self.blame(),
                format_args!("`{}` takes a string literal", self.name),
                format_args!("write `{example}`"),
            );
        }
        found
    }

    /// The value as string literals in parentheses, or one after `=`.
    pub(crate) fn strings(&self, example: &str, errors: &Errors) -> Vec<LitStr> {
        let values: Vec<&Expr> = match &self.value {
            Value::Nothing => Vec::new(),
            Value::Is(value) => vec![value],
            Value::List(values) => values.iter().collect(),
        };
        if values.is_empty() {
            errors.add(
                &self.name,
                format_args!("`{}` takes string literals", self.name),
                format_args!("write `{example}`"),
            );
        }
        let mut strings = Vec::new();
        for value in values {
            match string_of(value) {
                Some(string) => strings.push(string),
                None => errors.add(
                    value,
                    format_args!("`{}` takes string literals", self.name),
                    format_args!("write `{example}`"),
                ),
            }
        }
        strings
    }

    /// The value as an expression.
    pub(crate) fn expression(&self, example: &str, errors: &Errors) -> Option<Expr> {
        match &self.value {
            Value::Is(value) => Some((**value).clone()),
            Value::Nothing | Value::List(_) => {
                errors.add(
                    &self.name,
                    format_args!("`{}` needs a value", self.name),
                    format_args!("write `{example}`"),
                );
                None
            }
        }
    }

    /// Whether the key has no value, as required.
    pub(crate) fn bare(&self, errors: &Errors) -> bool {
        let bare = matches!(self.value, Value::Nothing);
        if !bare {
            let name = &self.name;
            errors.add(
                self.blame(),
                format_args!("`{name}` takes no value"),
                format_args!("write `{name}` alone"),
            );
        }
        bare
    }

    /// The tokens that an error in the value underlines.
    pub(crate) fn blame(&self) -> TokenStream {
        match &self.value {
            Value::Is(value) => value.to_token_stream(),
            Value::List(values) if !values.is_empty() => {
                values.iter().map(ToTokens::to_token_stream).collect()
            }
            Value::Nothing | Value::List(_) => self.name.to_token_stream(),
        }
    }
}

fn string_of(value: &Expr) -> Option<LitStr> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(string), attrs }) if attrs.is_empty() => Some(string.clone()),
        Expr::Group(group) => string_of(&group.expr),
        _ => None,
    }
}
