//! Rules that only the compiler can check, each as a constant on the author's token. They read the table instead of the author's types, so
//! that a type that does not fit is one error and not several.

use proc_macro2::{Delimiter, Group, Ident, Literal, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use crate::command::CommandArgs;
use crate::ends::Ends;
use crate::function::Function;
use crate::parameter::Parameter;
use crate::private::private;

pub(super) fn command(args: &CommandArgs, item: &Function) -> TokenStream {
    let name = match &args.name {
        Some(name) => Ends::of(name),
        None => Ends::of(&item.signature.ident),
    };
    let literal = item.command_name(args);
    // The console's own commands use the reserved names.
    let names = args.builtin.is_none().then(|| {
        let aliases = args.aliases.iter().map(|alias| check_name(Ends::of(alias), &alias.value()));
        std::iter::once(check_name(name, &literal)).chain(aliases).collect::<TokenStream>()
    });
    let plain = plain_parameters(item);
    let parameters = item.parameters.iter().enumerate().map(|(at, one)| parameter(one, at));
    quote!(#names #plain #(#parameters)*)
}

/// One check for all parameters without keys of an option: most are such, and a constant for each would cost the compiler as much as all
/// others together. It reports the first error.
fn plain_parameters(item: &Function) -> Option<TokenStream> {
    let checks: Vec<TokenStream> = (item.parameters.iter().enumerate())
        .filter(|(_, parameter)| parameter.args.long.is_none() && parameter.args.short.is_none())
        .map(|(at, parameter)| call("check_parameter", Ends::of(&parameter.pattern), table(at)))
        .collect();
    (!checks.is_empty()).then(|| quote!(const _: () = { #(#checks;)* };))
}

fn check_name(at: Ends, name: &str) -> TokenStream {
    check("check_name", at, quote!(#name))
}

fn parameter(parameter: &Parameter, at: usize) -> TokenStream {
    let args = &parameter.args;
    let table = table(at);
    let on =
        |tokens: &dyn ToTokens, name: &str| check(name, Ends::of(&tokens.to_token_stream()), table.clone());
    let pattern = &parameter.pattern;
    let mut checks = TokenStream::new();
    if args.long.is_some() || args.short.is_some() {
        let name = args.long.as_ref().and_then(|long| long.name.as_ref());
        checks.extend(match name {
            Some(name) => on(name, "check_long"),
            None => on(pattern, "check_long"),
        });
        checks.extend(args.short.as_ref().map(|short| on(short, "check_short")));
    }
    if parameter.name.is_none() {
        checks.extend(on(pattern, "check_plain_name"));
    }
    checks.extend(args.attribute.as_ref().map(|attribute| on(attribute, "check_supplied")));
    checks.extend(args.default.as_ref().map(|(key, _)| on(key, "check_default")));
    checks.extend(args.range.as_ref().map(|(key, _)| on(key, "check_range")));
    checks.extend(args.secret().map(|key| on(key, "check_secret")));
    checks.extend(args.rest.as_ref().map(|key| on(key, "check_rest")));
    checks
}

/// A parameter in the table.
fn table(at: usize) -> TokenStream {
    let at = Literal::usize_unsuffixed(at);
    quote!(__BACKDOOR_COMMAND.parameters, #at)
}

fn check(name: &str, at: Ends, arguments: TokenStream) -> TokenStream {
    let call = call(name, at, arguments);
    quote_spanned!(at.first=> const _: () = #call;)
}

fn call(name: &str, at: Ends, arguments: TokenStream) -> TokenStream {
    let private = private(at.first);
    let name = Ident::new(name, at.first);
    let mut arguments = Group::new(Delimiter::Parenthesis, arguments);
    arguments.set_span(at.last);
    quote_spanned!(at.first=> #private::#name #arguments)
}
