//! The name of the runtime's private module in an expansion. It contains the version of this crate, so that an expansion of one version and
//! a runtime of another give an error that names both.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::Path;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Imports the private module under the name that [`private`] returns. If the path of the runtime crate is wrong, the compiler reports it
/// only here.
pub(crate) fn import(krate: Option<&Path>) -> TokenStream {
    let private = private(Span::call_site());
    let module = versioned();
    let root = local("crate", Span::call_site());
    let krate = krate.map_or_else(|| quote!(::backdoor_runtime), |krate| quote!(#krate));
    quote! {
        use #krate as #root;
        #root::__backdoor_check_version!(#VERSION);
        use #root::#module as #private;
    }
}

/// The private module as the rest of the expansion names it, with the span of the author's token that an error is about.
pub(crate) fn private(span: Span) -> Ident {
    Ident::new("__backdoor", span)
}

/// The private module as the runtime names it.
pub(crate) fn versioned() -> Ident {
    let version: String = VERSION.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    format_ident!("private_{version}")
}

/// A name for a binding. Hygiene does not separate a pattern from the author's constants and statics, so the binding needs a name of its
/// own.
pub(crate) fn local(name: &str, span: Span) -> Ident {
    format_ident!("__backdoor_{name}", span = span)
}
