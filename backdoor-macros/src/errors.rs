//! The errors of one item, gathered so that all of them are reported at once.

use std::cell::RefCell;
use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::ToTokens;

/// Errors in the order they were found, which the stages keep to source order.
#[derive(Default)]
pub(crate) struct Errors(RefCell<Vec<syn::Error>>);

impl Errors {
    /// A broken rule, and one way out that compiles, underlined at the author's tokens.
    pub(crate) fn add(&self, at: impl ToTokens, rule: impl Display, help: impl Display) {
        self.0.borrow_mut().push(syn::Error::new_spanned(at, format!("{rule}\n= help: {help}")));
    }

    /// A broken rule that says everything by itself.
    pub(crate) fn add_bare(&self, at: impl ToTokens, rule: impl Display) {
        self.0.borrow_mut().push(syn::Error::new_spanned(at, rule));
    }

    /// What the parser of Rust's own grammar says.
    pub(crate) fn add_syntax(&self, error: syn::Error) {
        self.0.borrow_mut().push(error);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// One `compile_error!` each.
    pub(crate) fn into_tokens(self) -> TokenStream {
        self.0.into_inner().iter().map(syn::Error::to_compile_error).collect()
    }
}
