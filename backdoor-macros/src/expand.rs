//! The expansion of `#[backdoor_command]`: the function unchanged, a constant table, and one small call.
//!
//! Everything it names lies in the runtime's `private` module, under the one name `__backdoor`. It grows linearly with the number
//! of parameters, has no modules and no glob imports (ten thousand of those cost rustc 24 GB), and keeps each check inside the table
//! or beside it, so that one mistake is one error.

mod call;
mod checks;
mod table;

use proc_macro2::{Span, TokenStream};
use quote::quote;

use crate::command::CommandArgs;
use crate::conditions;
use crate::errors::Errors;
use crate::function::Function;
use crate::private::{import, private};

/// Expands the attribute, or gives the item back with what is wrong with it.
pub(crate) fn command(attribute: TokenStream, tokens: TokenStream) -> TokenStream {
    let errors = Errors::default();
    let args = CommandArgs::parse(attribute, &errors);
    let item = match Function::parse(tokens.clone(), &args, &errors) {
        Ok(item) => item,
        Err(error) => {
            errors.add_syntax(error);
            let errors = errors.into_tokens();
            return quote!(#tokens #errors);
        }
    };
    if errors.is_empty() {
        let registration = registration(&args, &item);
        quote!(#item #registration)
    } else {
        let errors = errors.into_tokens();
        quote!(#item #errors)
    }
}

/// A command may stay registered while its callers are told to look elsewhere, hence `deprecated`.
fn registration(args: &CommandArgs, item: &Function) -> TokenStream {
    let conditions = conditions::conditions(&item.attributes);
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
