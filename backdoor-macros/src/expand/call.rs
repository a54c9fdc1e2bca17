//! The call of one command: the extraction of its values, the function, and the kind of its reply.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ReturnType;

use crate::ends::Ends;
use crate::function::Function;
use crate::parameter::Parameter;
use crate::private::{self, local, private};

pub(super) fn run(item: &Function) -> TokenStream {
    let own = Span::call_site();
    let private = private(own);
    let taking: Vec<TokenStream> = item.parameters.iter().map(take).collect();
    let (run, runner) = match item.is_async() {
        true => ("Async", "runner_async"),
        false => ("Sync", "runner"),
    };
    let run = Ident::new(run, own);
    let function = function(item);
    let reply_kind = reply_kind(item);
    // The compiler reports a reply that cannot be shown here and again in the table. Both errors have the same place, so it reports one.
    let reply = item.reply();
    let runner_private = private::private(reply.first);
    let runner = format_ident!("{runner}_{}", item.parameters.len(), span = reply.first);
    let arguments = closed(Delimiter::Parenthesis, reply.last, quote!(#(#taking,)* #function, #reply_kind));
    let runner = quote_spanned!(reply.first=> &#runner_private::#runner #arguments);
    match item.parameters.iter().any(|parameter| parameter.args.from_str) {
        true => {
            let via_one = via_one(&private);
            quote!({ #via_one #private::Run::#run(#runner) })
        }
        false => quote!(#private::Run::#run(#runner)),
    }
}

/// The expression that becomes a function pointer: the author's function itself, or a closure that calls it.
fn function(item: &Function) -> TokenStream {
    let own = Span::call_site();
    let name = &item.signature.ident;
    let values = || (0..item.parameters.len()).map(|at| local(&format!("value_{at}"), own));
    if item.is_async() {
        // Errors about the future have the place of the author's function.
        let private = private(name.span());
        let boxed = Ident::new("boxed", name.span());
        let (values, given) = (values(), values());
        let arguments = closed(Delimiter::Parenthesis, name.span(), quote!(#(#given),*));
        quote!(|#(#values),*| #private::#boxed(#name #arguments))
    } else if item.signature.abi.is_some() {
        let (values, given) = (values(), values());
        quote!(|#(#values),*| #name(#(#given),*))
    } else {
        name.to_token_stream()
    }
}

/// Selects the kind of the reply. The result is a closure that only supplies types: it is never called. It has the place of the function's
/// return type, because errors are about that type.
fn reply_kind(item: &Function) -> TokenStream {
    let private = private(Span::call_site());
    let Ends { first, last } = item.reply();
    // The `&` has a place of its own: from there, errors about the probe's methods are underlined to the end of the type.
    let probe = local("probe", last);
    let empty = closed(Delimiter::Parenthesis, last, TokenStream::new());
    let [peel, kind, piece] =
        ["backdoor_peel", "backdoor_kind", "backdoor_piece"].map(|step| Ident::new(step, first));
    let body = quote_spanned! {first=>
        (&#probe).#peel #empty.#kind #empty.#peel #empty.#piece #empty
    };
    let body = quote!(use #private::{Peel as _, Piece as _, ReplyKind as _}; #body);
    let body = closed(Delimiter::Brace, last, body);
    quote_spanned!(first=> |#probe| #body)
}

/// A delimited group with this span.
fn closed(delimiter: Delimiter, at: Span, tokens: TokenStream) -> Group {
    let mut group = Group::new(delimiter, tokens);
    group.set_span(at);
    group
}

/// Inherent functions of `Option` and `Vec` may take precedence over the trait's, so the import may stay unused.
pub(super) fn via_one(private: &Ident) -> TokenStream {
    quote!(#[allow(unused_imports)] use #private::ViaOne as _;)
}

fn take(parameter: &Parameter) -> TokenStream {
    match parameter.args.from_str {
        true => via_from_str(parameter, "take"),
        false => typed(parameter, "take"),
    }
}

/// A function of the private module for the parameter's type. Its span is exactly the type's, so that one mistake in the type is one error,
/// however often the compiler finds it.
pub(super) fn typed(parameter: &Parameter, function: &str) -> TokenStream {
    let r#type = &parameter.r#type;
    let at = Ends::of(r#type);
    let private = private(at.first);
    let function = Ident::new(function, at.first);
    let path = quote_spanned!(at.first=> #private::#function::<#r#type);
    let end = quote_spanned!(at.last=> >);
    quote!(#path #end)
}

/// An item of the type that replaces the parameter's type under `from_str`.
pub(super) fn via_from_str(parameter: &Parameter, item: &str) -> TokenStream {
    let r#type = &parameter.r#type;
    let at = Ends::of(r#type);
    let private = private(at.first);
    let item = Ident::new(item, at.last);
    quote_spanned!(at.first=> <#private::ViaFromStr::<#r#type>>::#item)
}

impl Function {
    /// The tokens that an error in the reply underlines.
    fn reply(&self) -> Ends {
        match &self.signature.output {
            ReturnType::Type(_, reply) => Ends::of(reply),
            ReturnType::Default => Ends::of(&self.signature.ident),
        }
    }
}
