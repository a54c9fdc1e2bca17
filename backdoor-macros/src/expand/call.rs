//! The call of one command: takes the values as nested pairs, hands them to the function, and climbs the ladder of the reply.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::{ReturnType, Type};

use crate::expand::{Ends, local, private};
use crate::item::{Item, Parameter};

pub(super) fn run(item: &Item) -> TokenStream {
    let own = Span::call_site();
    let private = private(own);
    let name = &item.signature.ident;
    let call = local("call", own);
    let takers = local("takers", own);
    // What the compiler says of the future is about the author's function.
    let function = local("function", name.span());
    let (step, more, person, machine) =
        (local("step", own), local("more", own), local("person", own), local("machine", own));
    let most = local("most", own);
    let (item_step, item_more) = (local("item_step", own), local("item_more", own));
    let values: Vec<Ident> =
        (0..item.parameters.len()).map(|at| local(&format!("value_{at}"), own)).collect();
    let pattern = values.iter().rev().fold(quote!(()), |rest, value| quote!((#value, #rest)));
    let taking = item.parameters.iter().rev().fold(quote!(()), |rest, parameter| {
        let take = take(parameter);
        quote!((#private::Taker(#take), #rest))
    });
    let (run, probing, dispatch) = match item.is_async() {
        true => ("Async", "awaited", "call_async"),
        false => ("Sync", "returned", "call"),
    };
    let from_str = item.parameters.iter().any(|parameter| parameter.args.from_str).then(|| via_one(&private));
    let [run, probing] = [run, probing].map(|name| Ident::new(name, own));
    let dispatch = {
        let private = crate::expand::private(name.span());
        let dispatch = Ident::new(dispatch, name.span());
        quote!(#private::#dispatch)
    };
    // The compiler would look for a type to put in the place of one that cannot be.
    let result = match &item.signature.output {
        ReturnType::Type(_, reply) if matches!(**reply, Type::Never(_)) && !item.is_async() => quote!(!),
        _ => quote!(_),
    };
    let reply = item.reply();
    let shown = local("shown", reply.first);
    let (probe, items) = (Probe::new("probe", reply), Probe::new("items", reply));
    let (reply_probe, item_probe) = (&probe.ident, &items.ident);
    let (peel, peel_item) = (probe.ask(2, "backdoor_peel"), items.ask(2, "backdoor_peel"));
    let (ask_person, ask_piece) = (probe.ask(7, "backdoor_person"), items.ask(5, "backdoor_piece"));
    let (ask_machine, ask_item_machine) =
        (probe.ask(3, "backdoor_machine"), items.ask(3, "backdoor_machine"));
    quote! {
        #private::Run::#run(|#call| {
            use #private::{ForMachine as _, Peel as _, Person as _, Piece as _};
            #from_str
            let #takers = #taking;
            let #function: fn(_) -> #result = |#pattern| #name(#(#values),*);
            let #reply_probe = #private::#probing(&#function);
            let (#step, #reply_probe) = #peel;
            let (#more, #reply_probe) = #peel;
            let (#most, #reply_probe) = #peel;
            let #person = #ask_person;
            let #machine = #ask_machine;
            let #item_probe = #person.items();
            let (#item_step, #item_probe) = #peel_item;
            let (#item_more, #item_probe) = #peel_item;
            let #shown = #private::Whole(#ask_piece, #ask_item_machine);
            let #shown = #private::Ladder(#person, #machine, (#item_step, (#item_more, #shown)));
            let #shown = (#step, (#more, (#most, #shown)));
            #dispatch(#call, #takers, #function, #shown)
        })
    }
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
