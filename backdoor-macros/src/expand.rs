//! The expansion of `#[backdoor_command]`: the function unchanged, a constant table, and one small call.
//!
//! Everything it names lies in the runtime's `private` module. It grows linearly with the number of parameters, has no modules and
//! no glob imports (ten thousand of those cost rustc 24 GB), and keeps each check inside the table or beside it, so that one mistake
//! is one error.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, ExprRange, ExprUnary, Lit, RangeLimits, UnOp};

use crate::command::CommandArgs;
use crate::item::{self, Item, Parameter};
use crate::mistakes::Mistakes;
use crate::{names, text};

/// Expands the attribute, or gives the item back with what is wrong with it.
pub(crate) fn command(attribute: TokenStream, tokens: TokenStream) -> TokenStream {
    let mistakes = Mistakes::default();
    let args = CommandArgs::parse(attribute, &mistakes);
    let item = match Item::parse(tokens.clone(), &mistakes) {
        Ok(item) => item,
        Err(error) => {
            mistakes.add_syntax(error);
            let mistakes = mistakes.into_tokens();
            return quote!(#tokens #mistakes);
        }
    };
    check_options(&item, &mistakes);
    if mistakes.is_empty() {
        let registration = registration(&args, &item);
        quote!(#item #registration)
    } else {
        let mistakes = mistakes.into_tokens();
        quote!(#item #mistakes)
    }
}

/// Options whose names are in the tokens; the check at start sees the others.
fn check_options(item: &Item, mistakes: &Mistakes) {
    let mut seen: Vec<String> = Vec::new();
    let mut check = |option: String, at: TokenStream| {
        if seen.contains(&option) {
            mistakes.add(
                at,
                format_args!("`{option}` is taken twice"),
                "give one of the parameters another name",
            );
        } else {
            seen.push(option);
        }
    };
    for parameter in &item.parameters {
        if let Some(long) = &parameter.args.long {
            let key = &long.key;
            let at = long.name.as_ref().map_or(quote!(#key), |name| quote!(#name));
            check(format!("--{}", parameter.long_name()), at);
        }
        if let Some(short) = &parameter.args.short
            && let Some(letter) = parameter.short_name()
        {
            let key = &short.key;
            let at = short.name.as_ref().map_or(quote!(#key), |name| quote!(#name));
            check(format!("-{letter}"), at);
        }
    }
}

fn registration(args: &CommandArgs, item: &Item) -> TokenStream {
    let krate = &args.krate;
    let private = quote!(#krate::private);
    let conditions = item::conditions(&item.attributes);
    let name = match &args.name {
        Some(name) => name.value(),
        None => names::kebab(&item.signature.ident),
    };
    let name_span = args.name.as_ref().map_or(item.signature.ident.span(), syn::LitStr::span);
    let aliases = &args.aliases;
    let help = text::help(&item.attributes, &private);
    let CommandArgs { hidden, effect, timeout, place, .. } = args;
    let parameters = item.parameters.iter().map(|parameter| table(parameter, &private));
    let run = run(item, &private);
    let check_name = quote_spanned!(name_span=> #private::check_name(#name, #private::module_path!()));
    let checks = item.parameters.iter().enumerate().map(|(at, parameter)| checks(parameter, at, &private));
    let traits = traits(item, &private);
    quote! {
        #(#conditions)*
        const _: () = {
            #traits
            static __BACKDOOR_COMMAND: #private::Command = #private::Command {
                name: #name,
                aliases: &[#(#aliases),*],
                help: #help,
                hidden: #hidden,
                effect: #private::Effect::#effect,
                place: #private::Place::#place,
                timeout: #private::Timeout::#timeout,
                parameters: &[#(#parameters),*],
                declared: #private::Declared {
                    file: #private::file!(),
                    line: #private::line!(),
                    module: #private::module_path!(),
                },
                run: #run,
            };
            const _: () = #check_name;
            #(#checks)*
            #private::inventory::submit! { #private::Registered(&__BACKDOOR_COMMAND) }
        };
    }
}

/// The traits whose methods the table and the call use.
fn traits(item: &Item, private: &TokenStream) -> TokenStream {
    let from_str = item
        .parameters
        .iter()
        .any(|parameter| parameter.args.from_str)
        .then(|| quote!(use #private::ViaOne as _;));
    quote! {
        use #private::{ForMachine as _, Peel as _, Person as _};
        #from_str
    }
}

/// One row of the table.
fn table(parameter: &Parameter, private: &TokenStream) -> TokenStream {
    let r#type = &parameter.r#type;
    let args = &parameter.args;
    let span = item::whole(r#type);
    let name = parameter.shown_name();
    let help = text::help(&parameter.docs, private);
    let shape = match args.from_str {
        true => quote_spanned!(span=> <#private::ViaFromStr::<#r#type>>::SHAPE),
        false => quote_spanned!(span=> <#r#type as #private::Param>::SHAPE),
    };
    let style = style(parameter, private).map(|style| quote!(style: #style,));
    let default = args.default.as_ref().map(|(_, value)| {
        let local = Ident::new("value", Span::mixed_site());
        let show = match args.from_str {
            true => quote!(|_| #private::None),
            false => quote_spanned!(span=> #private::show::<#r#type>),
        };
        let literal = literal(value, private);
        quote! {
            default: #private::Some(#private::Default {
                make: || {
                    let #local: #r#type = #value;
                    #private::Box::new(#local)
                },
                show: #show,
                literal: #literal,
            }),
        }
    });
    let range = args.range.as_ref().map(|(_, value)| {
        let span = value.span();
        let bounds = match args.from_str {
            true => quote_spanned!(span=> <#private::ViaFromStr::<#r#type>>::bounds(#value)),
            false => quote_spanned!(span=> #private::bounds::<#r#type, _>(#value)),
        };
        let literal = literal(value, private);
        quote!(range: #private::Some(#private::Range { bounds: || #bounds, literal: #literal }),)
    });
    let complete = args.complete.as_ref().map(|path| quote!(complete: #private::Some(#path),));
    quote! {
        #private::Parameter {
            name: #name,
            help: #help,
            shape: #shape,
            #style
            #default
            #range
            #complete
            ..#private::Parameter::BARE
        }
    }
}

fn style(parameter: &Parameter, private: &TokenStream) -> Option<TokenStream> {
    let args = &parameter.args;
    if args.rest.is_some() {
        return Some(quote!(#private::Style::Rest));
    }
    if args.long.is_none() && args.short.is_none() {
        return None;
    }
    let long = match &args.long {
        Some(_) => {
            let name = parameter.long_name();
            quote!(#private::Some(#name))
        }
        None => quote!(#private::None),
    };
    let short = match parameter.short_name().filter(|_| args.short.is_some()) {
        Some(letter) => quote!(#private::Some(#letter)),
        None => quote!(#private::None),
    };
    Some(quote!(#private::Style::Option { long: #long, short: #short }))
}

/// The author's expression as the operator would type it, where that needs no evaluation.
fn literal(value: &Expr, private: &TokenStream) -> TokenStream {
    match literal_text(value) {
        Some(text) => quote!(#private::Some(#text)),
        None => quote!(#private::None),
    }
}

fn literal_text(value: &Expr) -> Option<String> {
    match value {
        Expr::Lit(ExprLit { lit, .. }) => match lit {
            Lit::Int(number) => Some(number.base10_digits().to_owned()),
            Lit::Float(number) => Some(number.base10_digits().to_owned()),
            Lit::Bool(flag) => Some(flag.value.to_string()),
            _ => None,
        },
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => Some(format!("-{}", literal_text(expr)?)),
        Expr::Range(ExprRange { start, limits, end, .. }) => {
            let text =
                |end: &Option<Box<Expr>>| end.as_ref().map_or(Some(String::new()), |end| literal_text(end));
            let dots = match limits {
                RangeLimits::HalfOpen(_) => "..",
                RangeLimits::Closed(_) => "..=",
            };
            Some(format!("{}{dots}{}", text(start)?, text(end)?))
        }
        Expr::Group(group) => literal_text(&group.expr),
        Expr::Paren(group) => literal_text(&group.expr),
        _ => None,
    }
}

/// The rules on one parameter that only its type can decide, each on the author's token.
fn checks(parameter: &Parameter, at: usize, private: &TokenStream) -> TokenStream {
    let args = &parameter.args;
    let row = quote!(__BACKDOOR_COMMAND.parameters);
    let on = |span: Span, check: &str| {
        let check = Ident::new(check, span);
        quote_spanned!(span=> const _: () = #private::#check(&#row[#at].shape);)
    };
    let span = item::whole(&parameter.pattern);
    let whole = quote_spanned!(span=> const _: () = #private::check_parameter(#row, #at););
    let name = parameter.name.is_none().then(|| on(span, "check_plain_name"));
    let supplied = args.attribute.as_ref().map(|attribute| on(item::whole(attribute), "check_supplied"));
    let default = args.default.as_ref().map(|(key, _)| on(key.span(), "check_default"));
    let range = args.range.as_ref().map(|(key, _)| on(key.span(), "check_range"));
    let rest = args.rest.as_ref().map(|key| on(key.span(), "check_rest"));
    quote!(#whole #name #supplied #default #range #rest)
}

/// The call: takes the values as nested pairs, hands them to the function, and climbs the ladder of the reply.
fn run(item: &Item, private: &TokenStream) -> TokenStream {
    let local = |name: &str| Ident::new(name, Span::mixed_site());
    let (call, takers, function) = (local("call"), local("takers"), local("function"));
    let (probe, step, more, last) = (local("probe"), local("step"), local("more"), local("last"));
    let (person, machine) = (local("person"), local("machine"));
    let (item_probe, item_step, item_more) = (local("item_probe"), local("item_step"), local("item_more"));
    let values: Vec<Ident> = (0..item.parameters.len())
        .map(|at| format_ident!("value_{}", at, span = Span::mixed_site()))
        .collect();
    let pattern = values.iter().rev().fold(quote!(()), |rest, value| quote!((#value, #rest)));
    let taking = item.parameters.iter().rev().fold(quote!(()), |rest, parameter| {
        let r#type = &parameter.r#type;
        let span = item::whole(r#type);
        let take = match parameter.args.from_str {
            true => quote_spanned!(span=> <#private::ViaFromStr::<#r#type>>::take),
            false => quote_spanned!(span=> #private::take::<#r#type>),
        };
        quote!((#private::Taker(#take), #rest))
    });
    let name = &item.signature.ident;
    let (run, probing) = match item.is_async() {
        true => (quote!(Async), quote!(awaited)),
        false => (quote!(Sync), quote!(returned)),
    };
    let dispatch = match item.is_async() {
        true => quote_spanned!(name.span()=> #private::call_async),
        false => quote!(#private::call),
    };
    let reply = item.reply_span();
    let peel = |from: &Ident| quote_spanned!(reply=> (&&#from).peel());
    let person_of = |probe: &Ident| quote_spanned!(reply=> (&&&&&&&#probe).person());
    let (peel_reply, peel_more) = (peel(&probe), peel(&probe));
    let (peel_item, peel_item_more) = (peel(&item_probe), peel(&item_probe));
    let (reply_person, item_person) = (person_of(&probe), person_of(&item_probe));
    quote! {
        #private::Run::#run(|#call| {
            let #takers = #taking;
            let #function: fn(_) -> _ = |#pattern| #name(#(#values),*);
            let #probe = #private::#probing(&#function);
            let (#step, #probe) = #peel_reply;
            let (#more, #probe) = #peel_more;
            let #person = #reply_person;
            let #machine = (&&&#probe).machine();
            let #item_probe = #person.items();
            let (#item_step, #item_probe) = #peel_item;
            let (#item_more, #item_probe) = #peel_item_more;
            let #last = #private::Whole(#item_person, (&&&#item_probe).machine());
            let #last = #private::Ladder(#person, #machine, (#item_step, (#item_more, #last)));
            #dispatch(#call, #takers, #function, (#step, (#more, #last)))
        })
    }
}

impl Parameter {
    /// The name that help shows.
    fn shown_name(&self) -> String {
        self.name.as_ref().map(names::kebab).unwrap_or_default()
    }

    fn long_name(&self) -> String {
        match self.args.long.as_ref().and_then(|long| long.name.as_ref()) {
            Some(name) => name.value(),
            None => self.shown_name(),
        }
    }

    /// The letter of the short form: the one given, or the first of the name.
    fn short_name(&self) -> Option<char> {
        match self.args.short.as_ref().and_then(|short| short.name.as_ref()) {
            Some(letter) => Some(letter.value()),
            None => self.shown_name().chars().next(),
        }
    }
}
