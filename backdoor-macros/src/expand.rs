//! The expansion of `#[backdoor_command]`: the function unchanged, a constant table, and one small call.
//!
//! All names in it belong to the runtime's `private` module, under the one name `__backdoor`. It grows linearly with the number of
//! parameters, has no modules and no glob imports (ten thousand of those cost rustc 24 GB), and keeps each check inside the table or beside
//! it, so that one mistake is one error.

mod call;
mod checks;
mod table;

use proc_macro2::{Span, TokenStream};
use quote::quote;

use crate::command::CommandArgs;
use crate::conditional;
use crate::conditions;
use crate::errors::Errors;
use crate::function::{Function, Raw};
use crate::private::{import, private};

/// Expands the attribute, or returns the item with its errors.
pub(crate) fn command(attribute: TokenStream, tokens: TokenStream) -> TokenStream {
    let errors = Errors::default();
    let args = CommandArgs::parse(attribute, &errors);
    let raw: Raw = match syn::parse2(tokens.clone()) {
        Ok(raw) => raw,
        Err(error) => {
            errors.add_syntax(error);
            let errors = errors.into_tokens(None);
            return quote!(#tokens #errors);
        }
    };
    let mut functions = TokenStream::new();
    let mut in_functions = TokenStream::new();
    for outcome in conditional::outcomes(&raw, &errors) {
        let found = Errors::default();
        let condition = outcome.condition();
        let item = Function::read(outcome.of(&raw), condition.as_ref(), &args, &found);
        let registration = (errors.is_empty() && found.is_empty()).then(|| registration(&args, &item));
        functions.extend(quote!(#item #registration));
        in_functions.extend(found.into_tokens(condition.as_ref()));
    }
    let errors = errors.into_tokens(None);
    quote!(#functions #errors #in_functions)
}

/// The command may stay registered when the function is deprecated for other callers, hence `deprecated`.
fn registration(args: &CommandArgs, item: &Function) -> TokenStream {
    let condition = &item.condition;
    let conditions = conditions::conditions(&item.attributes);
    let import = import(args.krate.as_ref());
    let private = private(Span::call_site());
    let table = table::command(args, item);
    let checks = checks::command(args, item);
    quote! {
        #condition
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
