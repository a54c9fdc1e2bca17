//! The call of one command: what takes the values, the function that is given them, and the ladder of its reply.

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
    let ladder = ladder(item);
    // The compiler finds a reply that cannot be shown in the ladder, and again in the table. The place is the same, so that it says
    // so once.
    let reply = item.reply();
    let runner_private = private::private(reply.first);
    let runner = format_ident!("{runner}_{}", item.parameters.len(), span = reply.first);
    let arguments = closed(Delimiter::Parenthesis, reply.last, quote!(#(#taking,)* #function, #ladder));
    let runner = quote_spanned!(reply.first=> &#runner_private::#runner #arguments);
    match item.parameters.iter().any(|parameter| parameter.args.from_str) {
        true => {
            let via_one = via_one(&private);
            quote!({ #via_one #private::Run::#run(#runner) })
        }
        false => quote!(#private::Run::#run(#runner)),
    }
}

/// What becomes a pointer: the author's function itself, unless that is not what is to be called.
fn function(item: &Function) -> TokenStream {
    let own = Span::call_site();
    let name = &item.signature.ident;
    let values = || (0..item.parameters.len()).map(|at| local(&format!("value_{at}"), own));
    if item.is_async() {
        // What the compiler says of the future is about the author's function.
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

/// Climbs the ladder of the reply. It is a closure for the sake of the types: nobody calls it. It is in the place of the function's
/// return type, since that is what a mistake is about.
fn ladder(item: &Function) -> TokenStream {
    let private = private(Span::call_site());
    let Ends { first, last } = item.reply();
    // The `&` is there for its place, from which what is asked of the probe is underlined to the end of the type.
    let probe = local("probe", last);
    let empty = closed(Delimiter::Parenthesis, last, TokenStream::new());
    let [peel, rung, piece] =
        ["backdoor_peel", "backdoor_rung", "backdoor_piece"].map(|step| Ident::new(step, first));
    let body = quote_spanned! {first=>
        (&#probe).#peel #empty.#rung #empty.#peel #empty.#piece #empty
    };
    let body = quote!(use #private::{Peel as _, Piece as _, Rung as _}; #body);
    let body = closed(Delimiter::Brace, last, body);
    quote_spanned!(first=> |#probe| #body)
}

/// Tokens between delimiters of this place.
fn closed(delimiter: Delimiter, at: Span, tokens: TokenStream) -> Group {
    let mut group = Group::new(delimiter, tokens);
    group.set_span(at);
    group
}

/// `Option` and `Vec` have what the trait gives to others, so that it may stay unused.
pub(super) fn via_one(private: &Ident) -> TokenStream {
    quote!(#[allow(unused_imports)] use #private::ViaOne as _;)
}

fn take(parameter: &Parameter) -> TokenStream {
    match parameter.args.from_str {
        true => via_from_str(parameter, "take"),
        false => typed(parameter, "take"),
    }
}

/// A function of the private module for the parameter's type. It takes up just the type's place: one mistake in the type is one
/// error then, however often it is found.
pub(super) fn typed(parameter: &Parameter, function: &str) -> TokenStream {
    let r#type = &parameter.r#type;
    let at = Ends::of(r#type);
    let private = private(at.first);
    let function = Ident::new(function, at.first);
    let path = quote_spanned!(at.first=> #private::#function::<#r#type);
    let end = quote_spanned!(at.last=> >);
    quote!(#path #end)
}

/// An item of what stands for the parameter's type under `from_str`.
pub(super) fn via_from_str(parameter: &Parameter, item: &str) -> TokenStream {
    let r#type = &parameter.r#type;
    let at = Ends::of(r#type);
    let private = private(at.first);
    let item = Ident::new(item, at.last);
    quote_spanned!(at.first=> <#private::ViaFromStr::<#r#type>>::#item)
}

impl Function {
    /// The tokens a mistake in the reply is underlined at.
    fn reply(&self) -> Ends {
        match &self.signature.output {
            ReturnType::Type(_, reply) => Ends::of(reply),
            ReturnType::Default => Ends::of(&self.signature.ident),
        }
    }
}
