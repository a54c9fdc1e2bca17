//! The begin and end of a part of the author's code, for errors that underline it completely.

use proc_macro2::{Span, TokenTree};
use quote::ToTokens;

/// The first and the last token of a part of the author's code. A span from the first to the last underlines all of it, even if the
/// compiler cannot join spans for us.
#[derive(Clone, Copy)]
pub(crate) struct Ends {
    pub(crate) first: Span,
    pub(crate) last: Span,
}

impl Ends {
    pub(crate) fn of(tokens: &impl ToTokens) -> Self {
        let mut spans = tokens.to_token_stream().into_iter().map(|token| match token {
            TokenTree::Group(group) => (group.span_open(), group.span_close()),
            token => (token.span(), token.span()),
        });
        let (first, end) = spans.next().unwrap_or((Span::call_site(), Span::call_site()));
        Self { first, last: spans.last().map_or(end, |(_, end)| end) }
    }
}
