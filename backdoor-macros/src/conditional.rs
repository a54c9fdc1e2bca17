//! `#[cfg_attr(..)]` on parameters and around doc comments. A macro cannot evaluate the predicate, so the function is written once for
//! each outcome of the predicates, and `#[cfg]` keeps one of them.

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;
use syn::{Attribute, FnArg, Meta};

use crate::errors::Errors;
use crate::function::Raw;

/// The most predicates of one function. Each doubles the expansion.
const MOST: usize = 4;

/// Whether each of the predicates is true.
#[derive(Clone, Default)]
pub(crate) struct Outcome(Vec<(TokenStream, bool)>);

/// All outcomes of the predicates of a function; one if it has no predicate.
pub(crate) fn outcomes(raw: &Raw, errors: &Errors) -> Vec<Outcome> {
    let mut predicates: Vec<TokenStream> = Vec::new();
    for attribute in conditional(raw) {
        for found in predicates_of(attribute) {
            if predicates.iter().all(|known| known.to_string() != found.to_string()) {
                predicates.push(found);
            }
        }
        if predicates.len() > MOST {
            errors.add(
                attribute,
                format_args!("a command's parameters and help depend on at most {MOST} conditions"),
                "write the function once for each case, with `#[cfg]` on each",
            );
            return vec![Outcome::default()];
        }
    }
    let mut outcomes = vec![Outcome::default()];
    for predicate in &predicates {
        let twice = outcomes
            .into_iter()
            .flat_map(|outcome| [true, false].map(|holds| outcome.with(predicate, holds)));
        outcomes = twice.collect();
    }
    outcomes
}

impl Outcome {
    fn with(&self, predicate: &TokenStream, holds: bool) -> Self {
        let mut outcome = self.clone();
        outcome.0.push((predicate.clone(), holds));
        outcome
    }

    /// The `#[cfg]` predicate of this outcome; nothing if it is the only one.
    pub(crate) fn condition(&self) -> Option<TokenStream> {
        let each = self
            .0
            .iter()
            .map(|(predicate, holds)| if *holds { predicate.clone() } else { quote!(not(#predicate)) });
        (!self.0.is_empty()).then(|| quote!(#[cfg(all(#(#each),*))]))
    }

    /// The function under this outcome.
    pub(crate) fn of(&self, raw: &Raw) -> Raw {
        let mut raw = raw.clone();
        raw.attributes = raw
            .attributes
            .into_iter()
            .flat_map(|attribute| match is_help(&attribute) {
                true => self.resolve(attribute),
                false => vec![attribute],
            })
            .collect();
        for input in &mut raw.signature.inputs {
            if let FnArg::Typed(typed) = input {
                typed.attrs =
                    std::mem::take(&mut typed.attrs).into_iter().flat_map(|one| self.resolve(one)).collect();
            }
        }
        raw
    }

    /// The attributes that replace this one. An attribute that cannot be parsed stays.
    fn resolve(&self, attribute: Attribute) -> Vec<Attribute> {
        let Some(ConditionalAttribute { predicate, negated, attributes }) =
            ConditionalAttribute::read(&attribute)
        else {
            return vec![attribute];
        };
        let known = self.0.iter().find(|(known, _)| known.to_string() == predicate.to_string());
        match known.is_some_and(|(_, holds)| *holds != negated) {
            true => attributes.into_iter().flat_map(|inner| self.resolve(inner)).collect(),
            false => Vec::new(),
        }
    }
}

/// The attributes that are resolved here, in source order.
fn conditional(raw: &Raw) -> impl Iterator<Item = &Attribute> {
    let inputs = raw.signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(&typed.attrs),
        FnArg::Receiver(_) => None,
    });
    raw.attributes.iter().filter(|attribute| is_help(attribute)).chain(inputs.flatten())
}

/// Whether it adds to the help of a function. The compiler handles the others.
fn is_help(attribute: &Attribute) -> bool {
    let inner = ConditionalAttribute::read(attribute).map(|read| read.attributes).unwrap_or_default();
    inner.iter().any(|inner| inner.path().is_ident("doc") || is_help(inner))
}

/// The predicates of a `cfg_attr` and of those inside it.
fn predicates_of(attribute: &Attribute) -> Vec<TokenStream> {
    let Some(read) = ConditionalAttribute::read(attribute) else { return Vec::new() };
    let inner = read.attributes.iter().flat_map(predicates_of);
    std::iter::once(read.predicate).chain(inner).collect()
}

/// The parts of a `cfg_attr`.
struct ConditionalAttribute {
    /// The predicate without `not`.
    predicate: TokenStream,
    negated: bool,
    attributes: Vec<Attribute>,
}

impl ConditionalAttribute {
    fn read(attribute: &Attribute) -> Option<Self> {
        let Meta::List(list) = &attribute.meta else { return None };
        if !list.path.is_ident("cfg_attr") {
            return None;
        }
        let mut parts = split(list.tokens.clone()).into_iter();
        let (predicate, negated) = without_not(parts.next()?);
        let inner = parts.map(|part| {
            let meta = syn::parse2(part).ok()?;
            Some(Attribute { meta, ..attribute.clone() })
        });
        Some(Self { predicate, negated, attributes: inner.collect::<Option<_>>()? })
    }
}

/// The tokens between commas.
fn split(tokens: TokenStream) -> Vec<TokenStream> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let parts = tokens.split(|token| matches!(token, TokenTree::Punct(sign) if sign.as_char() == ','));
    parts.map(|part| part.iter().cloned().collect::<TokenStream>()).filter(|part| !part.is_empty()).collect()
}

/// The predicate inside `not(..)`, and whether the number of `not`s was odd.
fn without_not(predicate: TokenStream) -> (TokenStream, bool) {
    let tokens: Vec<TokenTree> = predicate.clone().into_iter().collect();
    match &tokens[..] {
        [TokenTree::Ident(word), TokenTree::Group(group)] if word == "not" => {
            let (inner, negated) = without_not(group.stream());
            (inner, !negated)
        }
        _ => (predicate, false),
    }
}
