//! `#[backdoor_var(..)]`: the meaning of its keys, and its expansion: the static unchanged, and a constant table beside it.

mod declaration;
mod table;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{Expr, LitStr, Path};

use crate::command::krate;
use crate::errors::Errors;
use crate::keys::{self, Key};
use crate::literal_range;
use crate::names;
use crate::var::declaration::Declaration;

const PLACE: &str = "#[backdoor_var(..)]";
const KNOWN: [&str; 10] =
    ["name", "unit", "settable", "range", "validate", "on_change", "trend", "hidden", "secret", "crate"];

/// The keys of a variable.
#[derive(Default)]
struct VarArgs {
    name: Option<LitStr>,
    unit: Option<LitStr>,
    settable: Option<Ident>,
    range: Option<(Ident, Expr)>,
    validate: Option<(Ident, Path)>,
    on_change: Option<(Ident, Path)>,
    trend: Option<Ident>,
    hidden: bool,
    secret: Option<Ident>,
    /// The path of the runtime crate.
    krate: Option<Path>,
}

/// Expands the attribute, or returns the item with its errors.
pub(crate) fn variable(attribute: TokenStream, tokens: TokenStream) -> TokenStream {
    let errors = Errors::default();
    let args = VarArgs::parse(attribute, &errors);
    let registration = match Declaration::parse(tokens.clone(), args.name.is_none(), &errors) {
        Ok(declaration) if errors.is_empty() => Some(table::registration(&args, &declaration)),
        Ok(_) => None,
        Err(error) => {
            errors.add_syntax(error);
            None
        }
    };
    let errors = errors.into_tokens(None);
    quote!(#tokens #registration #errors)
}

impl VarArgs {
    fn parse(tokens: TokenStream, errors: &Errors) -> Self {
        let mut args = Self::default();
        keys::read(tokens, PLACE, &KNOWN, errors, |key| args.set(key, errors));
        args.check(errors);
        args
    }

    fn set(&mut self, key: Key, errors: &Errors) {
        match key.name.to_string().as_str() {
            "name" => {
                self.name = key.string("name = \"pool-size\"", errors);
                self.name.iter().for_each(|name| names::check_word(name, "the name of a variable", errors));
            }
            "unit" => self.unit = key.string("unit = \"ms\"", errors),
            "settable" if key.bare(errors) => self.settable = Some(key.name),
            "range" => {
                let range = key.expression("range = 1..=100", errors);
                range.iter().for_each(|range| literal_range::check(range, None, errors));
                self.range = range.map(|range| (key.name, range));
            }
            "validate" => self.validate = path(key, "is_fit", errors),
            "on_change" => self.on_change = path(key, "resize", errors),
            "trend" if key.bare(errors) => self.trend = Some(key.name),
            "hidden" => self.hidden = key.bare(errors),
            "secret" if key.bare(errors) => self.secret = Some(key.name),
            "crate" => self.krate = krate(&key, errors),
            _ => {}
        }
    }

    fn check(&self, errors: &Errors) {
        let range = self.range.as_ref().map(|(key, _)| key);
        let validate = self.validate.as_ref().map(|(key, _)| key);
        let on_change = self.on_change.as_ref().map(|(key, _)| key);
        if self.settable.is_none() {
            for key in [range, validate, on_change].into_iter().flatten() {
                errors.add(
                    key,
                    format_args!("`{key}` belongs to a variable that can be set"),
                    format_args!("add `settable`, or remove `{key}`"),
                );
            }
        }
        if let (Some(trend), Some(_)) = (&self.trend, &self.secret) {
            errors.add(
                trend,
                "`trend` and `secret` exclude each other",
                "a drawing would show the numbers; keep one of them",
            );
        }
    }
}

fn path(key: Key, example: &str, errors: &Errors) -> Option<(Ident, Path)> {
    let name = key.name.clone();
    match key.expression(&format!("{name} = {example}"), errors)? {
        Expr::Path(path) if path.qself.is_none() => Some((name, path.path)),
        other => {
            errors.add(
                other,
                format_args!("`{name}` takes the path of a function"),
                format_args!("write `{name} = {example}`, and the function beside it"),
            );
            None
        }
    }
}

/// The place of an error without a token of its own.
fn here() -> Span {
    Span::call_site()
}
