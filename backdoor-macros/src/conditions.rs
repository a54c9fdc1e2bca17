//! Whether the item exists in this build, which decides the same of its registration.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Token};

/// The attributes that decide it. Of a `cfg_attr` this is what it says of `cfg`.
pub(crate) fn conditions(attributes: &[Attribute]) -> Vec<TokenStream> {
    let mut conditions = Vec::new();
    for attribute in attributes {
        if attribute.path().is_ident("cfg") {
            conditions.push(attribute.to_token_stream());
        } else if attribute.path().is_ident("cfg_attr")
            && let Ok(metas) = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
        {
            let mut metas = metas.iter();
            let predicate = metas.next();
            let inner: Vec<&Meta> = metas.filter(|meta| meta.path().is_ident("cfg")).collect();
            if !inner.is_empty() {
                conditions.push(quote!(#[cfg_attr(#predicate, #(#inner),*)]));
            }
        }
    }
    conditions
}
