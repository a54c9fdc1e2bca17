//! The annotated `static`, as the macro needs it.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Expr, Ident, ItemStatic, StaticMutability, Type};

use crate::errors::Errors;
use crate::names;

/// A static.
pub(super) struct Declaration {
    pub(super) attributes: Vec<Attribute>,
    pub(super) ident: Ident,
    pub(super) r#type: Type,
    pub(super) value: Expr,
}

impl Declaration {
    /// Reads a static; its identifier is its name unless it has another. For an item that is no static, the error is on the word that shows
    /// its kind.
    pub(super) fn parse(tokens: TokenStream, is_named: bool, errors: &Errors) -> syn::Result<Self> {
        let Static(item) = syn::parse2(tokens)?;
        if let StaticMutability::Mut(token) = &item.mutability {
            errors.add(
                token,
                "a variable cannot be `static mut`",
                "put the value into an atomic, a `Mutex` or an `RwLock`, and leave `mut` out",
            );
        }
        if is_named {
            names::check_ident(
                &item.ident,
                "the name of a variable",
                "give it another name with `name = \"..\"`",
                errors,
            );
        }
        Ok(Self { attributes: item.attrs, ident: item.ident, r#type: *item.ty, value: *item.expr })
    }

    /// The name that the operator types.
    pub(super) fn name(&self) -> String {
        names::kebab(&self.ident)
    }
}

struct Static(ItemStatic);

impl Parse for Static {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let ahead = input.fork();
        ahead.call(Attribute::parse_outer)?;
        ahead.parse::<syn::Visibility>()?;
        let first = ahead.call(Ident::parse_any);
        if !first.as_ref().is_ok_and(|word| word == "static") {
            let rule = "`#[backdoor_var]` belongs on a `static`\n= help: put it on a `static` that holds an atomic, a `Mutex` or an `RwLock`";
            return Err(syn::Error::new(first.map_or_else(|error| error.span(), |word| word.span()), rule));
        }
        Ok(Self(input.parse()?))
    }
}
