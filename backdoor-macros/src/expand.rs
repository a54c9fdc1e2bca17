//! The expansion of `#[backdoor_command]`: the function unchanged, a constant table, and one small call.
//!
//! Everything it names lies in the runtime's `private` module, under the one name [`PRIVATE`]. It grows linearly with the number
//! of parameters, has no modules and no glob imports (ten thousand of those cost rustc 24 GB), and keeps each check inside the table
//! or beside it, so that one mistake is one error.

mod call;
mod checks;
mod table;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};

use crate::command::CommandArgs;
use crate::errors::Mistakes;
use crate::function::{self, Item};

pub(crate) use self::table::literal_text;

/// Expands the attribute, or gives the item back with what is wrong with it.
pub(crate) fn command(attribute: TokenStream, tokens: TokenStream) -> TokenStream {
    let mistakes = Mistakes::default();
    let args = CommandArgs::parse(attribute, &mistakes);
    let item = match Item::parse(tokens.clone(), &args, &mistakes) {
        Ok(item) => item,
        Err(error) => {
            mistakes.add_syntax(error);
            let mistakes = mistakes.into_tokens();
            return quote!(#tokens #mistakes);
        }
    };
    if mistakes.is_empty() {
        let registration = registration(&args, &item);
        quote!(#item #registration)
    } else {
        let mistakes = mistakes.into_tokens();
        quote!(#item #mistakes)
    }
}

/// A command may stay registered while its callers are told to look elsewhere, hence `deprecated`.
fn registration(args: &CommandArgs, item: &Item) -> TokenStream {
    let conditions = function::conditions(&item.attributes);
    let import = import(args.krate.as_ref());
    let private = private(Span::call_site());
    let table = table::command(args, item);
    let checks = checks::command(args, item);
    quote! {
        #(#conditions)*
        #[allow(deprecated)]
        const _: () = {
            #import
            static __BACKDOOR_COMMAND: #private::Command = #table;
            #checks
            #private::inventory::submit! { #private::Registered(&__BACKDOOR_COMMAND) }
        };
    }
}

/// Gives the private module its name. Where the path is wrong, this is the only place that says so.
pub(crate) fn import(krate: Option<&syn::Path>) -> TokenStream {
    let private = private(Span::call_site());
    match krate {
        Some(krate) => quote!(use #krate::private as #private;),
        None => quote!(use ::backdoor_runtime::private as #private;),
    }
}

/// The private module as the rest of the expansion names it, in the place of the author's token that a mistake belongs to.
pub(crate) fn private(span: Span) -> Ident {
    Ident::new("__backdoor", span)
}

/// A name for a binding. Hygiene does not keep a pattern apart from the author's constants and statics, so it needs a name of its
/// own.
fn local(name: &str, span: Span) -> Ident {
    format_ident!("__backdoor_{name}", span = span)
}

/// The first and the last token of a piece of the author's: what is spanned from the one to the other is underlined in full, where
/// the compiler cannot join spans for us.
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
