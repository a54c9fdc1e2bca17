//! The errors of one item, collected so that all of them are reported at once.

use std::cell::RefCell;
use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

/// Errors in the order they were found, which the stages keep to source order.
#[derive(Default)]
pub(crate) struct Errors(RefCell<Vec<syn::Error>>);

impl Errors {
    /// Adds a broken rule with a correction that compiles, underlined at the author's tokens.
    pub(crate) fn add(&self, at: impl ToTokens, rule: impl Display, help: impl Display) {
        self.0.borrow_mut().push(syn::Error::new_spanned(at, format!("{rule}\n= help: {help}")));
    }

    /// Adds a broken rule that needs no correction.
    pub(crate) fn add_bare(&self, at: impl ToTokens, rule: impl Display) {
        self.0.borrow_mut().push(syn::Error::new_spanned(at, rule));
    }

    /// Adds an error of the parser for Rust's own grammar.
    pub(crate) fn add_syntax(&self, error: syn::Error) {
        self.0.borrow_mut().push(error);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// One `compile_error!` for each error, under a `#[cfg]` if they belong to one form of the item.
    pub(crate) fn into_tokens(self, condition: Option<&TokenStream>) -> TokenStream {
        let each = self.0.into_inner().into_iter().flatten().map(|error| error.to_compile_error());
        each.map(|error| quote!(#condition #error)).collect()
    }
}
