//! `build_info!()`: what only the author's own crate knows of its build.
//!
//! The package and its features come from cargo. The commit is read from `.git` when the crate is compiled, and the files it was
//! read from are named in the expansion, so that the crate is compiled anew when they change: a commit that is no longer true
//! would be worse than none.

use std::path::{Path, PathBuf};
use std::{env, fs};

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::LitStr;

pub(crate) fn build_info(input: TokenStream) -> TokenStream {
    if !input.is_empty() {
        let error = syn::Error::new_spanned(input, "`build_info!` takes nothing");
        return error.to_compile_error();
    }
    let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    let manifest = fs::read_to_string(package.join("Cargo.toml")).unwrap_or_default();
    let features = feature_names(&manifest);
    let features = features.iter().map(|name| literal(name));
    let commit = Commit::above(&package);
    let hash = match &commit {
        Some(commit) => {
            let hash = literal(&commit.hash);
            quote!(::core::option::Option::Some(#hash))
        }
        None => quote!(::core::option::Option::None),
    };
    let read_from =
        commit.iter().flat_map(|commit| &commit.read_from).filter_map(|path| path.to_str()).map(literal);
    quote! {{
        #(const _: &[::core::primitive::u8] = ::core::include_bytes!(#read_from);)*
        ::backdoor_runtime::private::build_info(
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

/// The names under `[features]`, but for `default`, which says nothing by itself.
fn feature_names(manifest: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut inside = false;
    // A value may go on over several lines, which begin with a quote or a bracket.
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

/// The commit that is checked out.
struct Commit {
    hash: String,
    read_from: Vec<PathBuf>,
}

impl Commit {
    /// Looks for `.git` in the directory and those above it.
    fn above(directory: &Path) -> Option<Self> {
        let dot_git = directory.ancestors().map(|above| above.join(".git")).find(|path| path.exists())?;
        let git = match fs::read_to_string(&dot_git) {
            // A worktree or a submodule: a file that names the directory.
            Ok(link) => dot_git.parent()?.join(link.trim().strip_prefix("gitdir: ")?),
            Err(_) => dot_git,
        };
        Self::of(&git)
    }

    fn of(git: &Path) -> Option<Self> {
        let head_file = git.join("HEAD");
        let head = fs::read_to_string(&head_file).ok()?;
        let Some(reference) = head.trim().strip_prefix("ref: ") else {
            return Self { hash: head.trim().to_owned(), read_from: vec![head_file] }.checked();
        };
        let common = match fs::read_to_string(git.join("commondir")) {
            Ok(path) => git.join(path.trim()),
            Err(_) => git.to_owned(),
        };
        let loose = common.join(reference);
        if let Ok(hash) = fs::read_to_string(&loose) {
            return Self { hash: hash.trim().to_owned(), read_from: vec![head_file, loose] }.checked();
        }
        let packed_file = common.join("packed-refs");
        let packed = fs::read_to_string(&packed_file).ok()?;
        let hash = packed.lines().find_map(|line| line.strip_suffix(reference)?.strip_suffix(' '))?;
        Self { hash: hash.to_owned(), read_from: vec![head_file, packed_file] }.checked()
    }

    fn checked(self) -> Option<Self> {
        let is_hash = self.hash.len() >= 40 && self.hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hash.then_some(self)
    }
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

    #[test]
    fn a_commit_is_read_from_a_head_a_reference_or_a_packed_one() {
        let git = env::temp_dir().join(format!("backdoor-git-{}", std::process::id()));
        let (one, two, three) = ("1".repeat(40), "2".repeat(40), "3".repeat(40));
        fs::create_dir_all(git.join("refs/heads")).unwrap();
        let hash = || Commit::of(&git).map(|commit| commit.hash);
        fs::write(git.join("HEAD"), format!("{one}\n")).unwrap();
        assert_eq!(hash(), Some(one));
        fs::write(git.join("HEAD"), "ref: refs/heads/main\n").unwrap();
        assert_eq!(hash(), None);
        fs::write(git.join("packed-refs"), format!("# pack-refs\n{two} refs/heads/main\n")).unwrap();
        assert_eq!(hash(), Some(two));
        fs::write(git.join("refs/heads/main"), format!("{three}\n")).unwrap();
        assert_eq!(hash(), Some(three));
        fs::write(git.join("refs/heads/main"), "nonsense\n").unwrap();
        assert_eq!(hash(), None);
        fs::remove_dir_all(&git).unwrap();
    }
}
