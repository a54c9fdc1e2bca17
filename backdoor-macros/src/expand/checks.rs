//! The rules that only the compiler can judge, each a constant of its own on the author's token. They read the table instead of the
//! author's types, so that a type that does not fit is one error and not several.

use proc_macro2::{Delimiter, Group, Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use crate::command::CommandArgs;
use crate::expand::{Ends, private};
use crate::item::{Item, Parameter};

pub(super) fn command(args: &CommandArgs, item: &Item) -> TokenStream {
    let name = match &args.name {
        Some(name) => Ends::of(name),
        None => Ends::of(&item.signature.ident),
    };
    let literal = item.command_name(args);
    let name = check_name(name, &literal);
    let aliases = args.aliases.iter().map(|alias| check_name(Ends::of(alias), &alias.value()));
    let parameters = item.parameters.iter().enumerate().map(|(at, one)| parameter(one, at));
    quote!(#name #(#aliases)* #(#parameters)*)
}

fn check_name(at: Ends, name: &str) -> TokenStream {
    let private = private(Span::call_site());
    check("check_name", at, quote!(#name, #private::module_path!()))
}

fn parameter(parameter: &Parameter, at: usize) -> TokenStream {
    let args = &parameter.args;
    let at = Literal::usize_unsuffixed(at);
    let table = quote!(__BACKDOOR_COMMAND.parameters, #at);
    let on =
        |tokens: &dyn ToTokens, name: &str| check(name, Ends::of(&tokens.to_token_stream()), table.clone());
    let pattern = &parameter.pattern;
    let mut checks = TokenStream::new();
    match (&args.long, &args.short) {
        (None, None) => checks.extend(on(pattern, "check_parameter")),
        (long, short) => {
            let name = long.as_ref().and_then(|long| long.name.as_ref());
            checks.extend(match name {
                Some(name) => on(name, "check_long"),
                None => on(pattern, "check_long"),
            });
            checks.extend(short.as_ref().map(|short| on(short, "check_short")));
        }
    }
    if parameter.name.is_none() {
        checks.extend(on(pattern, "check_plain_name"));
    }
    checks.extend(args.attribute.as_ref().map(|attribute| on(attribute, "check_supplied")));
    checks.extend(args.default.as_ref().map(|(key, _)| on(key, "check_default")));
    checks.extend(args.range.as_ref().map(|(key, _)| on(key, "check_range")));
    checks.extend(args.rest.as_ref().map(|key| on(key, "check_rest")));
    checks
}

fn check(name: &str, at: Ends, arguments: TokenStream) -> TokenStream {
    let private = private(at.first);
    let name = Ident::new(name, at.first);
    let mut arguments = Group::new(Delimiter::Parenthesis, arguments);
    arguments.set_span(at.last);
    quote_spanned!(at.first=> const _: () = #private::#name #arguments;)
}
