//! The call of one command: takes the values as nested pairs, hands them to the function, and climbs the ladder of the reply.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::{ReturnType, Type};

use crate::expand::{Ends, local, private};
use crate::item::{Item, Parameter};

pub(super) fn run(item: &Item) -> TokenStream {
    let own = Span::call_site();
    let private = private(own);
    let name = &item.signature.ident;
    let values: Vec<Ident> =
        (0..item.parameters.len()).map(|at| local(&format!("value_{at}"), own)).collect();
    let pattern = values.iter().rev().fold(quote!(()), |rest, value| quote!((#value, #rest)));
    let taking = item.parameters.iter().rev().fold(quote!(()), |rest, parameter| {
        let take = take(parameter);
        quote!((#private::Taker(#take), #rest))
    });
    let taking = match item.parameters.iter().any(|parameter| parameter.args.from_str) {
        true => {
            let via_one = via_one(&private);
            quote!({ #via_one #taking })
        }
        false => taking,
    };
    let (run, runner) = match item.is_async() {
        true => ("Async", "runner_async"),
        false => ("Sync", "runner"),
    };
    let run = Ident::new(run, own);
    let arguments = quote!(#(#values),*);
    let call = match item.is_async() {
        // What the compiler says of the future is about the author's function.
        true => {
            let private = crate::expand::private(name.span());
            let boxed = Ident::new("boxed", name.span());
            let arguments = closed(Delimiter::Parenthesis, name.span(), arguments);
            quote!(#private::#boxed(#name #arguments))
        }
        false => quote!(#name(#arguments)),
    };
    // The compiler would look for a type to put in the place of one that cannot be.
    let function = match &item.signature.output {
        ReturnType::Type(_, reply) if matches!(**reply, Type::Never(_)) && !item.is_async() => {
            quote!(|#pattern| -> ! { #call })
        }
        _ => quote!(|#pattern| #call),
    };
    let ladder = ladder(item);
    // The compiler finds a reply that cannot be shown in the ladder, and again in the table. The place is the same, so that it says
    // so once.
    let reply = item.reply();
    let runner_private = crate::expand::private(reply.first);
    let runner = Ident::new(runner, reply.first);
    let arguments = closed(Delimiter::Parenthesis, reply.last, quote!(#taking, #function, #ladder));
    let runner = quote_spanned!(reply.first=> &#runner_private::#runner #arguments);
    quote!(#private::Run::#run(#runner))
}

/// Climbs the ladder of the reply. It is a closure for the sake of the types: nobody calls it.
fn ladder(item: &Item) -> TokenStream {
    let own = Span::call_site();
    let private = private(own);
    let [one, two, three, four, five] = ["one", "two", "three", "four", "five"].map(|step| local(step, own));
    let person = local("person", own);
    let reply = item.reply();
    let (probe, items) = (Probe::new("probe", reply), Probe::new("items", reply));
    let (reply_probe, item_probe) = (&probe.ident, &items.ident);
    let (peel, peel_item) = (probe.ask(1, "backdoor_peel"), items.ask(1, "backdoor_peel"));
    let (within, within_item) = (probe.ask(1, "backdoor_within"), items.ask(1, "backdoor_within"));
    let (ask_person, ask_piece) = (probe.ask(7, "backdoor_person"), items.ask(5, "backdoor_piece"));
    let (ask_machine, ask_item_machine) =
        (probe.ask(3, "backdoor_machine"), items.ask(3, "backdoor_machine"));
    let body = quote! {
        use #private::{ForMachine as _, Peel as _, Person as _, Piece as _};
        let (#one, #reply_probe) = #peel;
        let (#two, #reply_probe) = #peel;
        let (#three, #reply_probe) = #peel;
        let #reply_probe = #within;
        let #person = #ask_person;
        let #item_probe = #person.backdoor_items();
        let (#four, #item_probe) = #peel_item;
        let (#five, #item_probe) = #peel_item;
        let #item_probe = #within_item;
        #private::steps(
            (#one, #two, #three),
            (#person, #ask_machine),
            (#four, #five),
            (#ask_piece, #ask_item_machine),
        )
    };
    let body = closed(Delimiter::Brace, reply.last, body);
    quote_spanned!(reply.first=> |#reply_probe| #body)
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

/// A probe for a type, in the place of the function's return type, since that is what a mistake is about.
struct Probe {
    ident: Ident,
    at: Ends,
}

impl Probe {
    fn new(name: &str, at: Ends) -> Self {
        Self { ident: local(name, at.last), at }
    }

    /// `(&&probe).method()`, with as many `&` as the ladder has rungs above the last.
    fn ask(&self, depth: usize, method: &str) -> TokenStream {
        let Self { ident, at: Ends { first, .. } } = self;
        let method = Ident::new(method, *first);
        let ands: TokenStream = (0..depth)
            .map(|_| {
                let mut and = proc_macro2::Punct::new('&', proc_macro2::Spacing::Joint);
                and.set_span(*first);
                TokenTree::from(and)
            })
            .collect();
        quote_spanned!(*first=> (#ands #ident).#method())
    }
}

impl Item {
    /// The tokens a mistake in the reply is underlined at.
    fn reply(&self) -> Ends {
        match &self.signature.output {
            ReturnType::Type(_, reply) => Ends::of(reply),
            ReturnType::Default => Ends::of(&self.signature.ident),
        }
    }
}
