//! Doc comments as the text that `help` shows.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Attribute, Expr, ExprLit, Lit, Meta};

use crate::expand;

/// The doc comments among the attributes, as an expression of type `&'static str`.
pub(crate) fn help(attributes: &[Attribute]) -> TokenStream {
    let mut lines: Vec<Line> = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("doc")) {
        let Meta::NameValue(doc) = &attribute.meta else { continue };
        match &doc.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
                lines.extend(text.value().split('\n').map(|line| Line::Text(line.trim_end().to_owned())));
            }
            // `#[doc = include_str!("..")]` and its like.
            other => lines.push(Line::Expression(quote!(#other))),
        }
    }
    let indent = lines.iter().filter_map(Line::indent).min().unwrap_or(0);
    let mut parts = Vec::new();
    let mut text = String::new();
    for (at, line) in lines.iter().enumerate() {
        if at > 0 {
            text.push('\n');
        }
        match line {
            Line::Text(line) => text.push_str(line.get(indent..).unwrap_or_default()),
            Line::Expression(expression) => {
                let before = std::mem::take(&mut text);
                parts.push(quote!(#before));
                parts.push(expression.clone());
            }
        }
    }
    if parts.is_empty() {
        let text = text.trim_matches('\n');
        quote!(#text)
    } else {
        parts.push(quote!(#text));
        let private = expand::private(Span::call_site());
        quote!(#private::concat!(#(#parts),*))
    }
}

enum Line {
    Text(String),
    Expression(TokenStream),
}

impl Line {
    /// Bytes of white space in front of the text, where there is any.
    fn indent(&self) -> Option<usize> {
        match self {
            Self::Text(line) if !line.is_empty() => Some(line.len() - line.trim_start_matches(' ').len()),
            _ => None,
        }
    }
}
