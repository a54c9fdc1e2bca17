//! `build_info!()`: facts of the build that only the author's own crate has.
//!
//! The package and its features come from cargo. The commit is read at compile time, and the expansion names the files that it was read
//! from, so that the crate is recompiled when they change: an outdated commit would be worse than none.

use std::path::PathBuf;
use std::{env, fs};

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::LitStr;

use crate::private::versioned;
use crate::repository::Commit;

/// Expands to the known facts of the build. `krate` is the path of the runtime crate.
pub(crate) fn build_info(krate: TokenStream) -> TokenStream {
    let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    let manifest = fs::read_to_string(package.join("Cargo.toml")).unwrap_or_default();
    let features = feature_names(&manifest);
    let features = features.iter().map(|name| literal(name));
    let commit = Commit::of_package(&package);
    let hash = match &commit {
        Some(commit) => {
            let hash = literal(&commit.hash);
            quote!(::core::option::Option::Some(#hash))
        }
        None => quote!(::core::option::Option::None),
    };
    let read_from =
        commit.iter().flat_map(|commit| &commit.read_from).filter_map(|path| path.to_str()).map(literal);
    let private = versioned();
    quote! {{
        #(const _: &[::core::primitive::u8] = ::core::include_bytes!(#read_from);)*
        #krate::#private::build_info(
            ::core::env!("CARGO_PKG_NAME"),
            ::core::env!("CARGO_PKG_VERSION"),
            #hash,
            &[#((#features, ::core::cfg!(feature = #features))),*],
        )
    }}
}

fn literal(text: &str) -> LitStr {
    LitStr::new(text, Span::call_site())
}

/// The names under `[features]` without `default`, which has no effect by itself.
fn feature_names(manifest: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut inside = false;
    // A value may continue over several lines, which begin with a quote or a bracket.
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') && line.ends_with(']') && !line.contains(['"', ',']) {
            inside = line == "[features]";
        } else if inside && let Some((name, value)) = line.split_once('=') {
            let name = name.trim().trim_matches('"');
            let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '.');
            if !name.is_empty()
                && name != "default"
                && name.chars().all(is_name)
                && value.trim().starts_with('[')
            {
                names.push(name.to_owned());
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_the_names_of_their_table() {
        let manifest = "\
[package]
name = \"shop\"

[features]
default = [\"tls\"]
tls = []
\"fast-hash\" = [
    \"dep:ahash\",
]
# off = []

[dependencies]
serde = [\"1\"]
";
        assert_eq!(feature_names(manifest), ["tls", "fast-hash"]);
    }
}
