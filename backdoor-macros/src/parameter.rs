//! One parameter of the annotated function, as the macro needs it.

use quote::quote;
use syn::{Attribute, Ident, Pat, PatType, Type};

use crate::argument::ArgumentArgs;
use crate::errors::Errors;
use crate::names;

/// One parameter of the function.
pub(crate) struct Parameter {
    /// Its name, if its pattern is a name.
    pub(crate) name: Option<Ident>,
    pub(crate) pattern: Pat,
    pub(crate) r#type: Type,
    pub(crate) docs: Vec<Attribute>,
    pub(crate) args: ArgumentArgs,
}

impl Parameter {
    /// Takes a parameter, and removes its helper attributes.
    pub(crate) fn take(typed: &mut PatType, errors: &Errors) -> Self {
        let (args, docs) = ArgumentArgs::take(&mut typed.attrs, errors);
        let name = match &*typed.pat {
            Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none() => Some(name.ident.clone()),
            _ => None,
        };
        Self { name, pattern: (*typed.pat).clone(), r#type: (*typed.ty).clone(), docs, args }
    }

    /// Checks the rules that need only the tokens.
    pub(crate) fn check(&self, errors: &Errors) {
        if let Some(name) = &self.name
            && self.args.long.as_ref().is_some_and(|long| long.name.is_none())
        {
            names::check_ident(name, "an option name", "give it another name with `long = \"..\"`", errors);
        }
        check_type(&self.r#type, self.name.as_ref(), errors);
    }

    /// The name that help shows.
    pub(crate) fn shown_name(&self) -> String {
        self.name.as_ref().map(names::kebab).unwrap_or_default()
    }

    pub(crate) fn long_name(&self) -> String {
        match self.args.long.as_ref().and_then(|long| long.name.as_ref()) {
            Some(name) => name.value(),
            None => self.shown_name(),
        }
    }

    /// The letter of the short form: the given one, or the first letter of the name.
    pub(crate) fn short_name(&self) -> Option<char> {
        match self.args.short.as_ref().and_then(|short| short.name.as_ref()) {
            Some(letter) => Some(letter.value()),
            None => self.shown_name().chars().next(),
        }
    }
}

fn check_type(r#type: &Type, name: Option<&Ident>, errors: &Errors) {
    match r#type {
        Type::ImplTrait(_) => errors.add(
            r#type,
            "a command parameter needs a concrete type",
            "the argument is parsed from text into exactly this type",
        ),
        Type::Reference(reference) => {
            let name = name.map_or_else(|| "value".to_owned(), Ident::to_string);
            let owned = match &*reference.elem {
                Type::Slice(slice) => {
                    let element = &slice.elem;
                    format!("Vec<{}>", quote!(#element))
                }
                other => match quote!(#other).to_string().as_str() {
                    "str" => "String".to_owned(),
                    "Path" => "PathBuf".to_owned(),
                    other => other.replace(' ', ""),
                },
            };
            errors.add(
                r#type,
                "a command parameter cannot be a reference",
                format_args!("take it by value: `{name}: {owned}`"),
            );
        }
        Type::Paren(inner) => check_type(&inner.elem, name, errors),
        Type::Group(inner) => check_type(&inner.elem, name, errors),
        _ => {}
    }
}
