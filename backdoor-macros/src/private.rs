//! The runtime's private module as an expansion names it: by the version of this crate, so that code of one version meets a runtime of
//! another with an error that names both.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::Path;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Imports the private module under the name that [`private`] gives. Where the path of the runtime crate is wrong, this is the only
/// place that says so.
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

/// The private module as the rest of the expansion names it, at the author's token that an error is about.
pub(crate) fn private(span: Span) -> Ident {
    Ident::new("__backdoor", span)
}

/// The private module as the runtime names it.
pub(crate) fn versioned() -> Ident {
    let version: String = VERSION.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    format_ident!("private_{version}")
}

/// A name for a binding. Hygiene does not keep a pattern apart from the author's constants and statics, so it needs a name of its
/// own.
pub(crate) fn local(name: &str, span: Span) -> Ident {
    format_ident!("__backdoor_{name}", span = span)
}
