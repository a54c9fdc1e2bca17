//! Doc comments as the text that `help` shows.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Attribute, Expr, ExprLit, Lit, Meta};

use crate::private::private;

/// The doc comments among the attributes, as an expression of type `&'static str`.
///
/// The indentation that all lines share is removed, so that code stays indented.
pub(crate) fn help(attributes: &[Attribute]) -> TokenStream {
    let mut lines: Vec<Line> = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("doc")) {
        match &attribute.meta {
            Meta::NameValue(doc) => match &doc.value {
                Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
                    lines.extend(comment(&text.value()).into_iter().map(Line::Text));
                }
                // `#[doc = include_str!("..")]` and similar.
                other => lines.push(Line::Expression(quote!(#other))),
            },
            // `#[doc(hidden)]` and similar.
            Meta::Path(_) | Meta::List(_) => {}
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
                parts.extend((!before.is_empty()).then(|| quote!(#before)));
                parts.push(expression.clone());
            }
        }
    }
    if parts.is_empty() {
        let text = text.trim_matches('\n');
        quote!(#text)
    } else {
        let private = private(Span::call_site());
        let parts = parts.into_iter().chain((!text.is_empty()).then(|| quote!(#text)));
        quote!(#private::concat!(#(#parts),*))
    }
}

/// The lines of one comment. `/// text` begins with a blank. The first line of `/** text */` has no indentation to compare, and the lines
/// below may have a column of asterisks.
fn comment(text: &str) -> Vec<String> {
    let mut lines: Vec<&str> = text.split('\n').map(str::trim_end).collect();
    let [first, below @ ..] = &mut lines[..] else { return Vec::new() };
    if below.is_empty() {
        return vec![first.strip_prefix(' ').unwrap_or(first).to_owned()];
    }
    *first = first.trim_start();
    let column = |line: &&str| line.find('*').filter(|&at| at > 0 && line[..at].trim().is_empty());
    // The last line is the part before `*/`.
    let (last, middle) = below.split_last().expect("there are lines below");
    let starred = last.is_empty() && !middle.is_empty() && middle.iter().all(|line| column(line).is_some());
    if starred {
        below.iter_mut().for_each(|line| *line = line.trim_start().strip_prefix('*').unwrap_or(line));
    }
    let indent = below.iter().filter_map(|line| indent(line)).min().unwrap_or(0);
    below.iter_mut().for_each(|line| *line = line.get(indent..).unwrap_or_default());
    lines.into_iter().map(str::to_owned).collect()
}

enum Line {
    Text(String),
    Expression(TokenStream),
}

impl Line {
    fn indent(&self) -> Option<usize> {
        match self {
            Self::Text(line) => indent(line),
            Self::Expression(_) => None,
        }
    }
}

/// The number of blanks before the text, if the line has text.
fn indent(line: &str) -> Option<usize> {
    (!line.is_empty()).then(|| line.len() - line.trim_start_matches(' ').len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(item: &str, help_text: &str) {
        let item: syn::ItemFn = syn::parse_str(item).expect("an item");
        let text: syn::LitStr = syn::parse2(help(&item.attrs)).expect("a string");
        assert_eq!(text.value(), help_text);
    }

    #[test]
    fn comments_lose_their_indentation() {
        check("fn f() {}", "");
        check("/// One\nfn f() {}", "One");
        check("///One\n/// two\nfn f() {}", "One\ntwo");
        check("///  One\n///\n///   two\nfn f() {}", "One\n\n two");
        check("///\n/// One\n///\nfn f() {}", "One");
        check("#[doc = \"One\"]\n/// two\n#[doc(hidden)]\nfn f() {}", "One\ntwo");
    }

    #[test]
    fn code_stays_indented() {
        check("/// One\n///\n///     code\n///         more\nfn f() {}", "One\n\n    code\n        more");
        check("/// ```\n/// if a {\n///     b\n/// }\n/// ```\nfn f() {}", "```\nif a {\n    b\n}\n```");
    }

    #[test]
    fn block_comments_are_read_like_lines() {
        check("/** One */ fn f() {}", "One");
        check("/** One\n\n    two\n        code\n */ fn f() {}", "One\n\ntwo\n    code");
        check("/**\n * One\n *\n *     code\n * * item\n */ fn f() {}", "One\n\n    code\n* item");
        check("/**\nOne\n\n    code\n*/ fn f() {}", "One\n\n    code");
        check("#[doc = \"One\\n* two\\n* three\"] fn f() {}", "One\n* two\n* three");
    }
}
