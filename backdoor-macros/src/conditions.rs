//! The conditions under which the item exists; its registration has the same.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Token};

/// The `cfg` attributes. Of a `cfg_attr`, only its `cfg` parts.
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
